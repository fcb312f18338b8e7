"""A turn whose worker died, taken up hours later: what is over by then is not offered or booked."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import text

from mcp_platform.scheduling.catalogue import every_day
from mcp_platform.scheduling.catalogue_store import save_catalogue
from tests.factories import ZONE, catalogue
from tests.world import World, choices_of, eventually, text_of

LONG_AGO = timedelta(hours=3)


async def test_a_time_that_has_begun_since_is_not_booked(here: World) -> None:
    await _never_closed(here)
    row = choices_of(await here.ask("Tem horário para corte amanhã com o Zé?"))[0]
    await _write(
        here,
        "UPDATE offers SET action = action || jsonb_build_object('start', CAST(:at AS text))"
        " WHERE tenant_id = :tenant AND id = :id",
        id=row["id"],
        at=_half_hour(before=timedelta(hours=1)).isoformat(),
    )
    await here.change(status="suspended")
    await here.tap(row)
    await _eventually_waiting(here)
    await _write(
        here,
        "WITH turn AS (INSERT INTO turns (tenant_id, id, contact_id, starts, opened_at)"
        " SELECT :tenant, gen_random_uuid(), id, 1, now() - CAST(:ago AS interval) FROM contacts"
        " WHERE tenant_id = :tenant RETURNING id)"
        " UPDATE inbox_events SET state = 'claimed', turn_id = turn.id FROM turn"
        " WHERE tenant_id = :tenant AND state = 'waiting'",
        ago=LONG_AGO,
    )
    await here.change(status="active")
    await here.say("valeu")

    late = (await here.replies(3))[1]

    assert "não está mais livre" in text_of(late)
    assert all(each["id"] != row["id"] for each in choices_of(late))
    assert await here.statuses() == []


async def test_a_search_of_then_shows_only_what_is_still_to_come(here: World) -> None:
    await here.ask("Tem horário para corte amanhã com o Zé?")
    found = await here.value(
        "SELECT content->'ids' FROM turn_steps WHERE tenant_id = :tenant AND name = 'tool:0.0'"
    )
    await _write(
        here,
        "UPDATE turn_steps SET content = jsonb_set(content, '{outcome,slots,0,start}',"
        " to_jsonb(CAST(:at AS text))) WHERE tenant_id = :tenant AND name = 'tool:0.0'",
        at=f"{_half_hour(before=timedelta(hours=1)).isoformat()}[{ZONE.key}]",
    )
    await _begun_and_not_finished(here)
    await here.say("oi")

    again = (await here.replies(3))[1]

    *shown, more = choices_of(again)
    assert [each["id"] for each in shown] == found[1:]
    assert more["title"] == "Mais horários"


async def test_a_search_of_which_everything_is_over_says_so(here: World) -> None:
    await here.ask("Tem horário para corte amanhã com o Zé?")
    await _write(
        here,
        "UPDATE turn_steps SET content = jsonb_set(content, '{outcome,slots}', ("
        " SELECT jsonb_agg(slot || jsonb_build_object('start', CAST(:at AS text)))"
        " FROM jsonb_array_elements(content #> '{outcome,slots}') slot))"
        " WHERE tenant_id = :tenant AND name = 'tool:0.0'",
        at=f"{_half_hour(before=timedelta(hours=1)).isoformat()}[{ZONE.key}]",
    )
    await _begun_and_not_finished(here)
    await here.say("oi")

    again = (await here.replies(3))[1]

    assert "não vale mais" in text_of(again)
    assert [each["title"] for each in choices_of(again) if ":" in each["title"]] == []
    assert "Agendar" in [each["title"] for each in choices_of(again)]  # and there is a way on


def _half_hour(*, before: timedelta) -> datetime:
    at = datetime.now(ZONE) - before
    return at.replace(minute=at.minute // 30 * 30, second=0, microsecond=0)


async def _never_closed(here: World) -> None:
    """Open around the clock, so that a time of a while ago is one of the business's."""
    shop = catalogue()
    hours = every_day(weekdays=range(7), opens=time(0), closes=time(23, 59))
    open_ = replace(
        shop, professionals=tuple(replace(each, hours=hours) for each in shop.professionals)
    )
    async with here.session() as session:
        await save_catalogue(session, here.tenant.id, open_)


async def _begun_and_not_finished(here: World) -> None:
    """Put the last turn back to where its worker died hours ago, with what it had written down."""
    await here.idle()
    await _write(here, "DELETE FROM outbox WHERE tenant_id = :tenant")
    await _write(here, "DELETE FROM offers WHERE tenant_id = :tenant")
    await _write(here, "DELETE FROM messages WHERE tenant_id = :tenant")
    await _write(
        here,
        "UPDATE turns SET state = 'open', closed_at = NULL,"
        " opened_at = opened_at - CAST(:ago AS interval) WHERE tenant_id = :tenant",
        ago=LONG_AGO,
    )
    await _write(
        here,
        "UPDATE inbox_events SET state = 'claimed' WHERE tenant_id = :tenant AND kind = 'message'",
    )


async def _write(here: World, statement: str, **values: Any) -> None:
    async with here.session() as session:
        await session.execute(text(statement), {"tenant": here.tenant.id, **values})


async def _eventually_waiting(here: World) -> None:
    async def waits() -> bool:
        return bool(
            await here.value(
                "SELECT count(*) FROM inbox_events"
                " WHERE tenant_id = :tenant AND state = 'waiting' AND kind = 'message'"
            )
        )

    await eventually(waits, why="the tap is stored")
