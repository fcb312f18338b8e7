"""The owner moves, stretches or deletes our event: they hear of it once, and nothing else changes."""

import time
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling.calendar import Calendar
from mcp_platform.scheduling.calendar_looks import EVERY
from mcp_platform.scheduling.calendar_watch import CalendarWatch
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant
from tests.scheduling.shop import NOW, SHOP_CALENDAR, Shop
from tests.scheduling.test_own_events import booked, owner_drags, settle

OWNER = "5511999990000"


@pytest.fixture
async def watched(shop: Shop) -> Shop:
    await change(shop, "UPDATE tenants SET owner_whatsapp = :owner WHERE id = :tenant", owner=OWNER)
    return shop


async def change(shop: Shop, statement: str, **values: Any) -> list[Any]:
    async with shop.sessions.everywhere.begin() as session:
        done = await session.execute(text(statement), {"tenant": shop.tenant.id, **values})
        return list(done) if done.returns_rows else []


_MOMENTS = (NOW + timedelta(seconds=count) for count in range(1000))


async def look(
    shop: Shop, *, now: datetime | None = None, template: str | None = None
) -> list[str]:
    """Let the owner's calendars be looked at, and return all that the owner was told so far."""

    async def calendar_of(tenant: Tenant) -> Calendar:
        assert tenant.id == shop.tenant.id, "another tenant's look"
        return shop.calendar

    now = now or next(_MOMENTS)
    # Other tests' tenants are not this one's: theirs are due some other day.
    await change(
        shop,
        "UPDATE calendar_looks SET next_due_at ="
        " CASE WHEN tenant_id = :tenant THEN CAST(:now AS timestamptz) ELSE 'infinity' END",
        now=now,
    )
    watch = CalendarWatch(
        sessions=shop.sessions,
        tenants=TenantDirectory(sessions=shop.sessions, timer=time.monotonic),
        catalogues=Catalogues(sessions=shop.sessions, timer=time.monotonic),
        calendar_of=calendar_of,
        notices=Notices(shop.sessions, template=template),
        pinned=False,
        clock=lambda: now,
    )
    await watch.run(stopping=lambda: False)
    found = await change(
        shop,
        "SELECT coalesce(body #>> '{message,text,body}',"
        " body #>> '{message,template,components,0,parameters,0,text}') FROM outbox"
        " WHERE tenant_id = :tenant AND lane = 'owner' ORDER BY id",
    )
    return [body for (body,) in found]


async def test_a_dragged_event_is_told_once_with_what_to_do(watched: Shop) -> None:
    mine = await booked(watched, "01 10:00")
    await settle(watched)
    assert await look(watched) == []
    await owner_drags(watched, mine, "01 14:00", minutes=60)

    [notice] = await look(watched)
    assert "ter 01/12 10:00, Corte: no Google está ter 01/12 14:00–15:00" in notice
    assert "o cliente conta com o horário marcado" in notice
    assert await look(watched) == [notice]

    await owner_drags(watched, mine, "02 09:00")
    [_, again] = await look(watched)
    assert "no Google está qua 02/12 09:00–09:30" in again


async def test_a_deleted_event_is_told_once_and_the_appointment_stands(watched: Shop) -> None:
    mine = await booked(watched, "01 10:00")
    await settle(watched)
    await watched.calendar.remove(calendar_id=SHOP_CALENDAR, event_id=mine.hex)

    [notice] = await look(watched)
    assert "ter 01/12 10:00, Corte: foi apagado do Google" in notice
    assert await look(watched) == [notice]
    assert [row.status for row in await watched.rows()] == ["booked"]


async def test_in_a_template_a_notice_is_one_line_as_meta_wants_it(watched: Shop) -> None:
    mine = await booked(watched, "01 10:00")
    await settle(watched)
    await watched.calendar.remove(calendar_id=SHOP_CALENDAR, event_id=mine.hex)

    [notice] = await look(watched, template="mcp_notice")
    assert "por aqui: • ter 01/12 10:00, Corte: foi apagado do Google Aqui nada mudou" in notice


async def test_an_event_that_was_put_back_and_dragged_again_is_told_again(watched: Shop) -> None:
    mine = await booked(watched, "01 10:00")
    await settle(watched)
    for _ in range(2):
        await owner_drags(watched, mine, "01 14:00")
        told = await look(watched)
        await owner_drags(watched, mine, "01 10:00")
        assert await look(watched) == told
    assert len(told) == 2


async def test_an_emptied_calendar_is_one_notice(watched: Shop) -> None:
    for hour in range(8, 17):
        await booked(watched, f"01 {hour:02}:00")
    await settle(watched)
    watched.calendar.events.clear()

    [notice] = await look(watched)
    assert notice.count("foi apagado") == 5
    assert "• e mais 4" in notice


async def test_what_is_still_to_be_written_is_nobodys_doing(watched: Shop) -> None:
    await booked(watched, "01 10:00")
    assert await look(watched) == []  # not written yet
    await settle(watched)
    await watched.cancel((await watched.rows())[0].id)
    assert await look(watched) == []


async def test_an_unreadable_calendar_says_nothing_of_its_events(watched: Shop) -> None:
    await booked(watched, "01 10:00")
    await settle(watched)
    watched.calendar.events.clear()
    watched.calendar.unreadable.add(SHOP_CALENDAR)
    assert await look(watched) == []


async def test_a_look_that_fails_ends_no_other(
    watched: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await booked(watched, "01 10:00")
    await settle(watched)

    async def failing(*_: Any, **__: Any) -> None:
        raise ValueError("a fault of ours")

    with monkeypatch.context() as broken:
        broken.setattr(watched.calendar, "read", failing)
        assert await look(watched) == []


async def test_a_tenant_is_looked_at_every_few_minutes_while_something_is_ahead(
    watched: Shop,
) -> None:
    due = "SELECT next_due_at FROM calendar_looks WHERE tenant_id = :tenant"
    assert await change(watched, due) == []
    await booked(watched, "01 10:00")
    assert len(await change(watched, due)) == 1
    await look(watched)
    [(again,)] = await change(watched, due)
    assert EVERY <= again - NOW < 2 * EVERY
    await look(watched, now=watched.at("01 10:00") + timedelta(minutes=1))
    assert await change(watched, due) == []


async def test_names_of_customers_and_languages_are_the_tenants(watched: Shop) -> None:
    await change(watched, "UPDATE tenants SET language = 'en' WHERE id = :tenant")
    outcome = await watched.book("01 10:00", name="Ana\nPaula")
    await settle(watched)
    await watched.calendar.remove(
        calendar_id=SHOP_CALENDAR, event_id=uuid.UUID(str(outcome.appointment.id)).hex
    )
    [notice] = await look(watched)
    assert "Tue Dec 1 10:00 AM, Corte — Ana Paula: was deleted from Google" in notice
