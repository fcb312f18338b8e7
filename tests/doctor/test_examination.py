"""How checks are run: what becomes of silence, of limits and of defects."""

import asyncio
from datetime import timedelta

import pytest

from mcp_platform.doctor.examination import AT_ONCE, Check, Examiner
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.doctor.sentences import state
from mcp_platform.scheduling.calendar import CalendarUnreadable
from tests.doctor.examined_tenant import NOW, ExaminedTenant


def running(here: ExaminedTenant, *checks: Check, patience: float = 20) -> Examiner:
    return Examiner(
        checks=checks,
        doors=here.doors,
        clock=lambda: NOW,
        patience=timedelta(seconds=patience),
    )


async def test_a_check_that_takes_too_long_is_unknown_and_holds_up_no_other(
    here: ExaminedTenant,
) -> None:
    async def forever(_: object) -> CheckOutcome:
        await asyncio.Event().wait()
        raise AssertionError

    async def at_once(_: object) -> CheckOutcome:
        return CheckOutcome("owner.number", "set")

    examiner = running(
        here,
        Check("secret", "here", forever),
        Check("owner.number", "here", at_once),
        patience=0.05,
    )

    slow, quick = await examiner.examine(here.case)

    assert (slow.code, state(slow)) == ("timed_out", "unknown")
    assert quick.code == "set"


async def test_a_defect_of_one_check_is_told_apart_from_what_it_checks(
    here: ExaminedTenant,
) -> None:
    async def broken(_: object) -> CheckOutcome:
        raise RuntimeError("boom")

    (found,) = await running(here, Check("secret", "here", broken)).examine(here.case)

    assert (found.code, found.details) == ("broken", {"reason": "RuntimeError"})


async def test_an_unreadable_answer_is_unknown_and_what_builds_on_it_waits(
    here: ExaminedTenant,
) -> None:
    async def away(_: object) -> CheckOutcome:
        raise CalendarUnreadable("Google Calendar answered 503")

    async def never(_: object) -> CheckOutcome:
        raise AssertionError

    examiner = running(
        here,
        Check("google.token", "google", away),
        Check("google.calendar", "google", never, needs=("google.token",)),
    )

    token, calendar = await examiner.examine(here.case)

    assert (token.code, state(token)) == ("away", "unknown")
    assert calendar.code == "because"


@pytest.mark.parametrize("vendor", ["google", "gemini", "meta", "public"])
async def test_no_vendor_is_asked_by_more_checks_at_once_than_agreed(
    here: ExaminedTenant, vendor: str
) -> None:
    under_way, most = 0, 0

    async def ask(_: object) -> CheckOutcome:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        under_way -= 1
        return CheckOutcome("secret", "readable")

    examiner = running(here, Check("secret", vendor, ask))  # type: ignore[arg-type]

    await asyncio.gather(*(examiner.examine(here.case) for _ in range(20)))

    assert most == AT_ONCE[vendor]  # type: ignore[index]


@pytest.mark.parametrize(
    ("check", "fault"), [("whatsapp.account", "phone_numbers"), ("whatsapp.number", "node")]
)
async def test_meta_s_call_limit_says_so(here: ExaminedTenant, check: str, fault: str) -> None:
    here.meta_fault("error", kind=fault, code=80007)

    found = await here.examine()

    assert (found[check].code, state(found[check])) == ("too_many_calls", "unknown")


@pytest.mark.parametrize(
    "check",
    [
        "whatsapp.app_secret",
        "whatsapp.token",
        "whatsapp.number",
        "whatsapp.account",
        "whatsapp.subscription",
        "whatsapp.template",
    ],
)
async def test_meta_being_away_is_nobody_s_fault(here: ExaminedTenant, check: str) -> None:
    kinds = {
        "whatsapp.app_secret": "node",
        "whatsapp.token": "debug_token",
        "whatsapp.number": "node",
        "whatsapp.account": "phone_numbers",
        "whatsapp.subscription": "subscribed_apps",
        "whatsapp.template": "templates",
    }
    here.meta_fault("server_error", kind=kinds[check])

    found = await here.examine()

    assert found[check].code == "away"


@pytest.mark.parametrize("fault", ["server_error", "reset", "malformed_body", "rate_limited_429"])
async def test_google_being_away_is_nobody_s_fault(here: ExaminedTenant, fault: str) -> None:
    await here.google_fault(fault, match={"method": "events.list"})

    found = await here.examine()

    assert found["google.calendar"].code == "away"


@pytest.mark.parametrize("fault", ["unavailable", "reset", "malformed_json"])
async def test_gemini_being_away_is_nobody_s_fault(here: ExaminedTenant, fault: str) -> None:
    await here.gemini_fault(fault)

    found = await here.examine()

    assert found["gemini.key"].code == "away"
    assert found["gemini.model"].details == {"checks": "gemini.key"}
