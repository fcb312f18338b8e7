"""Proposals: held all or none, confirmed all or none, and nothing booked or moved before."""

import asyncio
import random
import uuid
from collections import Counter
from datetime import timedelta
from itertools import combinations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from mcp_platform.errors import Conflict, Invalid
from mcp_platform.scheduling.agenda import MOST_AHEAD
from mcp_platform.scheduling.appointment import OCCUPYING, PROPOSAL_LASTS, Proposal
from mcp_platform.scheduling.availability import SearchWindow
from mcp_platform.scheduling.finding.searching import SlotSearch
from mcp_platform.scheduling.models import AppointmentRow
from mcp_platform.scheduling.outcome import (
    Booked,
    BookedTogether,
    CalendarClosed,
    LimitReached,
    Moved,
    Proposed,
    Released,
    Taken,
    UnknownAppointment,
)
from tests.scheduling.shop import (
    ANA,
    BARBA,
    CORTE,
    NOW,
    PACOTE,
    SHOP_CALENDAR,
    ZE,
    Shop,
)
from tests.scheduling.test_agenda_booking import PowerCutError, cut_power_at

AFTER_IT = NOW + PROPOSAL_LASTS + timedelta(minutes=1)


async def statuses(shop: Shop) -> list[str]:
    return [row.status for row in await shop.rows()]


async def test_what_is_proposed_is_held_and_nothing_is_booked(shop: Shop) -> None:
    contact, journal = await shop.contact(), shop.journal()
    proposal = shop.proposal(
        shop.choice("01 10:00"), shop.choice("01 10:00", who=ANA), contact=contact, person="Theo"
    )
    outcome = await shop.propose(proposal, work=journal)

    assert isinstance(outcome, Proposed)
    assert [each.slot.professional_name for each in outcome.slots] == ["Zé", "Ana"]
    assert [(each.price_cents, each.currency) for each in outcome.slots] == [(4500, "BRL")] * 2
    assert (outcome.proposal_id, outcome.moving, outcome.person) == (proposal.id, None, "Theo")
    assert outcome.until == NOW + PROPOSAL_LASTS
    assert outcome.until.isoformat() == "2026-11-30T10:00:00-03:00"
    assert journal.concluded == [outcome]
    assert journal.statuses_seen == [["held", "held"]]
    assert await shop.effects() == []
    assert isinstance(await shop.book("01 10:00"), Taken)


async def test_a_proposal_is_not_held_past_its_first_start(shop: Shop) -> None:
    contact = await shop.contact()
    proposal = shop.proposal(
        shop.choice("01 14:00"), shop.choice("2026-11-30 10:00"), contact=contact
    )
    now = NOW + timedelta(minutes=-30)
    outcome = await shop.propose(proposal, now=now)
    assert isinstance(outcome, Proposed)
    assert outcome.until == shop.at("2026-11-30 09:30") == now + PROPOSAL_LASTS
    soon = shop.proposal(shop.choice("2026-11-30 10:00"), contact=contact)
    outcome = await shop.propose(soon, now=NOW)
    assert isinstance(outcome, Proposed)
    assert outcome.until == shop.at("2026-11-30 10:00")


async def test_confirming_books_everything_with_its_events_and_again_changes_nothing(
    shop: Shop,
) -> None:
    contact, journal = await shop.contact(), shop.journal()
    proposal = shop.proposal(
        shop.choice("01 10:00"),
        shop.choice("01 10:30", service=PACOTE),
        contact=contact,
        contact_name="Bia",
        person=" Theo\n",
        note=" não gosta\u202e de <b>máquina</b>",
    )
    await shop.propose(proposal)
    outcome = await shop.confirm(proposal, work=journal)

    assert isinstance(outcome, BookedTogether)
    assert [each.id for each in outcome.appointments] == list(proposal.holds)
    assert [each.visitor for each in outcome.appointments] == ["Theo (Bia)"] * 2
    assert journal.concluded == [outcome]
    assert journal.statuses_seen == [["booked", "booked"]]
    events = [each.body["event"] for each in await shop.effects()]
    assert [each["summary"] for each in events] == ["Corte — Theo (Bia)", "Pacote — Theo (Bia)"]
    assert events[0]["description"] == "Corte\nZé\n“não gosta de ‹b›máquina‹/b›”"
    assert "Theo" not in repr(outcome)
    assert "máquina" not in repr(outcome) + repr(proposal)

    again = await shop.confirm(proposal)
    assert again == outcome
    assert len(await shop.effects()) == 2
    assert await shop.propose(proposal) == outcome


async def test_confirming_asks_the_owners_calendar_and_books_all_or_none(shop: Shop) -> None:
    contact = await shop.contact()
    proposal = shop.proposal(shop.choice("01 10:00"), shop.choice("01 14:00"), contact=contact)
    await shop.propose(proposal)
    shop.calendar.block(shop.at("01 14:00"))
    outcome = await shop.confirm(proposal)
    assert isinstance(outcome, Taken)
    assert shop.at("01 14:30") in [each.start for each in outcome.alternatives]
    assert await shop.rows() == []
    assert await shop.effects() == []


async def test_proposing_asks_the_owners_calendar_too(shop: Shop) -> None:
    contact = await shop.contact()
    shop.calendar.block(shop.at("01 14:00"))
    both = shop.proposal(shop.choice("01 10:00"), shop.choice("01 14:00"), contact=contact)
    assert isinstance(await shop.propose(both), Taken)
    shop.calendar.unreadable = {SHOP_CALENDAR}
    one = shop.proposal(shop.choice("01 10:00"), contact=contact)
    assert await shop.propose(one) == CalendarClosed()
    assert await shop.rows() == []


async def test_of_slots_one_of_which_is_taken_none_is_held(shop: Shop) -> None:
    await shop.book("01 11:00")
    contact = await shop.contact()
    proposal = shop.proposal(shop.choice("01 10:00"), shop.choice("01 11:00"), contact=contact)
    outcome = await shop.propose(proposal)
    assert isinstance(outcome, Taken)
    offered = [each.start for each in outcome.alternatives]
    assert shop.at("01 11:30") in offered  # near the one that is taken
    assert await statuses(shop) == ["booked"]


async def test_slots_of_one_proposal_overlap_for_no_professional_buffers_included(
    shop: Shop,
) -> None:
    contact = await shop.contact()
    pairs = {
        (shop.choice("01 10:00"), shop.choice("01 10:30")): Proposed,
        (shop.choice("01 10:00", service=PACOTE), shop.choice("01 10:30")): Taken,
        (shop.choice("01 10:00"), shop.choice("01 10:30", service=BARBA)): Taken,
        (shop.choice("01 10:00"), shop.choice("01 11:00", service=BARBA)): Proposed,
        (shop.choice("01 10:00"), shop.choice("01 10:00", who=ANA)): Proposed,
    }
    found = {
        pair: type(await shop.propose(shop.proposal(*pair, contact=contact))) for pair in pairs
    }
    assert found == pairs


async def test_a_new_proposal_or_booking_lets_go_of_the_one_before(shop: Shop) -> None:
    contact = await shop.contact()
    first = shop.proposal(shop.choice("01 10:00"), shop.choice("01 11:00"), contact=contact)
    await shop.propose(first)
    second = shop.proposal(shop.choice("01 10:30"), contact=contact)
    assert isinstance(await shop.propose(second), Proposed)
    assert [row.starts_at for row in await shop.rows()] == [shop.at("01 10:30")]
    assert isinstance(await shop.book("01 15:00", contact=contact), Booked)
    assert [row.starts_at for row in await shop.rows()] == [shop.at("01 15:00")]


async def test_the_database_refuses_holds_of_two_proposals_for_one_contact(shop: Shop) -> None:
    contact = await shop.contact()
    proposal = shop.proposal(shop.choice("01 10:00"), shop.choice("01 11:00"), contact=contact)
    await shop.propose(proposal)
    other = (
        update(AppointmentRow)
        .where(AppointmentRow.id == proposal.hold_id(1))
        .values(proposal_id=uuid.uuid4())
    )
    with pytest.raises(IntegrityError, match="one_proposal_per_contact"):
        async with shop.sessions.everywhere.begin() as session:
            await session.execute(other)


async def test_what_is_released_is_free_and_what_is_confirmed_stays(shop: Shop) -> None:
    contact, journal = await shop.contact(), shop.journal()
    proposal = shop.proposal(shop.choice("01 10:00"), shop.choice("01 11:00"), contact=contact)
    await shop.propose(proposal)
    assert await shop.release(proposal, work=journal) == Released(proposal_id=proposal.id)
    assert journal.concluded == [Released(proposal_id=proposal.id)]
    assert await shop.rows() == []

    assert isinstance(await shop.confirm(proposal), BookedTogether)  # who taps after all
    await shop.release(proposal)
    assert await statuses(shop) == ["booked", "booked"]


async def test_an_expired_proposal_is_confirmed_if_its_time_is_free_and_not_otherwise(
    shop: Shop,
) -> None:
    contact = await shop.contact()
    kept = shop.proposal(shop.choice("01 10:00"), contact=contact)
    await shop.propose(kept)
    assert isinstance(await shop.confirm(kept, now=AFTER_IT), Booked)

    lost = shop.proposal(shop.choice("01 14:00"), contact=contact)
    await shop.propose(lost)
    assert isinstance(await shop.book("01 14:00", now=NOW + timedelta(minutes=59)), Taken)
    assert isinstance(await shop.book("01 14:00", now=AFTER_IT), Booked)
    assert isinstance(await shop.confirm(lost, now=AFTER_IT), Taken)


async def test_the_price_that_was_shown_is_kept_while_it_is_held(
    shop: Shop,
) -> None:
    contact = await shop.contact()
    proposal = shop.proposal(shop.choice("01 10:00"), contact=contact)
    await shop.propose(proposal)
    async with shop.sessions.everywhere.begin() as session:
        await session.execute(
            update(AppointmentRow)
            .where(AppointmentRow.tenant_id == shop.tenant.id)
            .values(price_cents=4000)  # as the price was when it was shown
        )
    booked = await shop.confirm(proposal)
    assert isinstance(booked, Booked)
    assert booked.appointment.price_cents == 4000


async def test_the_limit_counts_every_slot_of_a_proposal(shop: Shop) -> None:
    contact = await shop.contact()
    for day in range(1, MOST_AHEAD):
        await shop.book(f"{day:02} 10:00", contact=contact)
    two = shop.proposal(shop.choice("05 10:00"), shop.choice("05 11:00"), contact=contact)
    assert await shop.propose(two) == LimitReached(limit=MOST_AHEAD)
    assert await shop.confirm(two) == LimitReached(limit=MOST_AHEAD)
    one = shop.proposal(shop.choice("05 10:00"), contact=contact)
    assert isinstance(await shop.propose(one), Proposed)


async def test_what_the_contact_has_already_is_not_proposed_again(shop: Shop) -> None:
    contact = await shop.contact()
    first = await shop.book("01 10:00", contact=contact)
    one = shop.proposal(shop.choice("01 10:00"), contact=contact)
    assert await shop.propose(one) == first

    both = shop.proposal(shop.choice("01 10:00"), shop.choice("01 11:00"), contact=contact)
    proposed = await shop.propose(both)
    assert isinstance(proposed, Proposed)
    assert [each.slot.start for each in proposed.slots] == [shop.at("01 11:00")]
    booked = await shop.confirm(both)
    assert isinstance(booked, BookedTogether)
    assert booked.appointments[0] == first.appointment
    assert len(await shop.rows()) == 2


async def test_a_proposal_of_another_contact_is_not_confirmed(shop: Shop) -> None:
    mine, theirs = await shop.contacts(2)
    proposal = shop.proposal(shop.choice("01 10:00"), contact=mine)
    await shop.propose(proposal)
    stolen = shop.proposal(shop.choice("01 10:00"), contact=theirs, id_=proposal.id)
    for attempt in (shop.propose, shop.confirm):
        with pytest.raises(Conflict):
            await attempt(stolen)
    await shop.release(stolen)
    assert await statuses(shop) == ["held"]


async def test_own_holds_are_free_to_their_contact_and_taken_for_others(shop: Shop) -> None:
    contact = await shop.contact()
    await shop.propose(shop.proposal(shop.choice("01 10:00"), contact=contact))
    wanted = SearchWindow(
        first=shop.at("01 10:00").date(),
        last=shop.at("01 10:00").date(),
        from_time=shop.at("01 10:00").time(),
        to_time=shop.at("01 10:00").time(),
    )
    status = {
        who: (
            await shop.agenda.openings.find(
                SlotSearch(service_ids=(CORTE,), professional_id=ZE, window=wanted),
                now=NOW,
                contact_id=who,
            )
        ).status
        for who in (contact, None, uuid.uuid4())
    }
    assert list(status.values()) == ["ok", "full", "full"]


# -- moves -------------------------------------------------------------------------------------


async def test_for_a_move_the_old_time_stays_until_it_is_confirmed(shop: Shop) -> None:
    contact = await shop.contact()
    booked = await shop.book("01 10:00", contact=contact, name="Bia")
    proposal = shop.proposal(
        shop.choice("02 15:00"), contact=contact, moving=booked.appointment.id, note="de carro"
    )
    outcome = await shop.propose(proposal)
    assert isinstance(outcome, Proposed)
    assert outcome.moving == booked.appointment
    assert isinstance(await shop.book("01 10:00"), Taken)
    assert isinstance(await shop.book("02 15:00"), Taken)

    moved = await shop.confirm(proposal)
    assert isinstance(moved, Moved)
    assert (moved.appointment.id, moved.previous_start) == (
        booked.appointment.id,
        shop.at("01 10:00"),
    )
    (row,) = await shop.rows()
    assert (row.starts_at, row.status, row.notes) == (shop.at("02 15:00"), "booked", "de carro")
    *_, effect = await shop.effects()
    assert effect.body["event"]["description"].endswith("“de carro”")
    again = await shop.confirm(proposal)
    assert again.appointment == moved.appointment
    assert isinstance(await shop.book("01 10:00"), Booked)


async def test_a_released_move_leaves_the_old_time_alone(shop: Shop) -> None:
    contact = await shop.contact()
    booked = await shop.book("01 10:00", contact=contact)
    proposal = shop.proposal(shop.choice("02 15:00"), contact=contact, moving=booked.appointment.id)
    await shop.propose(proposal)
    await shop.release(proposal)
    assert [row.starts_at for row in await shop.rows()] == [shop.at("01 10:00")]


@pytest.mark.parametrize(
    ("booked", "to", "held"),
    [
        (("01 10:00", PACOTE), ("01 10:30", PACOTE), [("01 11:00", "01 11:30")]),
        (("01 10:00", PACOTE), ("01 09:30", PACOTE), [("01 09:30", "01 10:00")]),
        (("01 10:00", PACOTE), ("01 10:30", CORTE), []),
        (
            ("01 10:00", CORTE),
            ("01 10:00", BARBA),  # with a quarter of an hour before it and after it
            [("01 09:45", "01 10:00"), ("01 10:30", "01 10:45")],
        ),
    ],
)
async def test_of_a_move_into_its_own_time_the_rest_is_held(
    shop: Shop, booked: tuple[str, str], to: tuple[str, str], held: list[tuple[str, str]]
) -> None:
    contact = await shop.contact()
    (stamp, service), (new_stamp, new_service) = booked, to
    known = await shop.book(stamp, service=service, contact=contact)
    proposal = shop.proposal(
        shop.choice(new_stamp, service=new_service), contact=contact, moving=known.appointment.id
    )
    assert isinstance(await shop.propose(proposal), Proposed)
    spans = [
        (row.blocked.lower, row.blocked.upper) for row in await shop.rows() if row.status == "held"
    ]
    assert sorted(spans) == [(shop.at(start), shop.at(end)) for start, end in held]
    assert isinstance(await shop.confirm(proposal), Moved)
    assert await statuses(shop) == ["booked"]


async def test_a_move_is_proposed_of_ones_own_appointment_ahead_alone(shop: Shop) -> None:
    mine, theirs = await shop.contacts(2)
    booked = await shop.book("01 10:00", contact=theirs)
    proposal = shop.proposal(shop.choice("02 15:00"), contact=mine, moving=booked.appointment.id)
    assert await shop.propose(proposal) == UnknownAppointment()
    assert await shop.confirm(proposal) == UnknownAppointment()

    own = shop.proposal(shop.choice("02 15:00"), contact=theirs, moving=booked.appointment.id)
    await shop.propose(own)
    await shop.cancel(booked.appointment.id)
    assert await shop.confirm(own) == UnknownAppointment()


async def test_a_move_that_cannot_be_had_is_offered_others_and_holds_nothing(shop: Shop) -> None:
    contact = await shop.contact()
    booked = await shop.book("01 10:00", contact=contact)
    await shop.book("01 14:00")
    shop.calendar.block(shop.at("01 15:00"))
    for stamp in ("01 14:00", "01 15:00", "01 21:00"):
        proposal = shop.proposal(shop.choice(stamp), contact=contact, moving=booked.appointment.id)
        outcome = await shop.propose(proposal)
        assert isinstance(outcome, Taken), stamp
        assert outcome.alternatives, stamp
    assert await statuses(shop) == ["booked", "booked"]
    shop.calendar.unreadable = {SHOP_CALENDAR}
    proposal = shop.proposal(shop.choice("01 16:00"), contact=contact, moving=booked.appointment.id)
    assert await shop.propose(proposal) == CalendarClosed()
    assert await statuses(shop) == ["booked", "booked"]


# -- racing and crashes ------------------------------------------------------------------------


async def test_customers_racing_to_be_proposed_one_slot_are_proposed_it_once(shop: Shop) -> None:
    contacts = await shop.contacts(30)
    proposals = [
        shop.proposal(shop.choice("01 10:00"), shop.choice("01 11:00"), contact=each)
        if number % 2
        else shop.proposal(shop.choice("01 11:00"), shop.choice("01 10:00"), contact=each)
        for number, each in enumerate(contacts)
    ]
    outcomes = await asyncio.gather(*map(shop.propose, proposals))
    assert Counter(type(each) for each in outcomes) == {Proposed: 1, Taken: 29}
    assert await statuses(shop) == ["held", "held"]


async def test_customers_racing_to_confirm_what_has_expired_book_it_once(shop: Shop) -> None:
    contacts = await shop.contacts(20)
    proposals = [shop.proposal(shop.choice("01 10:00"), contact=each) for each in contacts]
    for number, each in enumerate(proposals):  # each was held once, one after the other
        now = NOW + (PROPOSAL_LASTS + timedelta(minutes=1)) * number / len(proposals)
        await shop.propose(each, now=now)
    outcomes = await asyncio.gather(*(shop.confirm(each, now=AFTER_IT) for each in proposals))
    assert Counter(type(each) for each in outcomes) == {Booked: 1, Taken: 19}
    assert await statuses(shop) == ["booked"]
    assert len(await shop.effects()) == 1


async def test_one_proposal_confirmed_from_several_tasks_is_booked_once(shop: Shop) -> None:
    contact = await shop.contact()
    proposal = shop.proposal(shop.choice("01 10:00"), shop.choice("01 11:00"), contact=contact)
    await shop.propose(proposal)
    outcomes = await asyncio.gather(*(shop.confirm(proposal) for _ in range(8)))
    assert any(isinstance(each, BookedTogether) for each in outcomes)
    assert {row.id for row in await shop.rows()} == set(proposal.holds)
    assert await statuses(shop) == ["booked", "booked"]
    assert len(await shop.effects()) == 2


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("doing", ["propose", "confirm"])
@pytest.mark.parametrize("place", ["turn.after_hold", "turn.after_calendar"])
async def test_what_was_cut_off_is_finished_by_its_replay_with_the_same_ids(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, place: str, doing: str, *, moving: bool
) -> None:
    contact = await shop.contact()
    more: dict[str, uuid.UUID] = {}
    choices = [shop.choice("02 10:00"), shop.choice("02 11:00")]
    if moving:
        more["moving"] = (await shop.book("01 10:00", contact=contact)).appointment.id
        choices.pop()
    proposal = shop.proposal(*choices, contact=contact, **more)
    act = getattr(shop, doing)
    cut = 0
    if doing == "confirm":
        await shop.propose(proposal)
    with monkeypatch.context() as patched:
        cut_power_at(patched, place)
        try:
            await act(proposal)
        except PowerCutError:
            cut = 1
    # A move that is confirmed holds nothing of its own: what was proposed is held already.
    assert cut or (moving, doing, place) == (True, "confirm", "turn.after_hold")

    outcome = await act(proposal)
    expected = Proposed if doing == "propose" else Moved if moving else BookedTogether
    assert isinstance(outcome, expected)
    await shop.confirm(proposal)
    assert {row.id for row in await shop.rows()} == set(more.values() or proposal.holds)
    assert len(await shop.effects()) == 2


async def test_a_proposal_that_is_lost_while_the_calendar_is_asked_is_not_shown(
    shop: Shop,
) -> None:
    contact = await shop.contact()
    proposal = shop.proposal(shop.choice("01 10:00"), shop.choice("01 11:00"), contact=contact)

    async def overtake() -> None:
        shop.calendar.while_asked = None
        other = await shop.book("01 11:00", now=NOW + timedelta(minutes=6))
        assert isinstance(other, Booked)

    shop.calendar.while_asked = overtake
    assert isinstance(await shop.propose(proposal), Taken)
    assert await statuses(shop) == ["booked"]


async def test_an_effect_whose_record_fails_did_not_happen(shop: Shop) -> None:
    contact = await shop.contact()
    proposal = shop.proposal(shop.choice("01 10:00"), shop.choice("01 11:00"), contact=contact)
    await shop.propose(proposal)
    with pytest.raises(PowerCutError):
        await shop.confirm(proposal, work=shop.journal(fail=PowerCutError()))
    assert await statuses(shop) == ["held", "held"]
    assert await shop.effects() == []


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_proposed_confirmed_and_let_go_in_any_order_nothing_overlaps(
    shop: Shop, seed: int
) -> None:
    dice, now = random.Random(seed), NOW
    contacts = await shop.contacts(3)
    proposals: list[Proposal] = []
    for _ in range(40):
        now += timedelta(minutes=dice.choice([0, 1, 40]))
        contact = dice.choice(contacts)
        mine = [each for each in proposals if each.contact_id == contact]
        what = dice.choice(["propose", "propose", "confirm", "release", "cancel", "move"])
        choices = {
            (hour, who): shop.choice(
                f"02 {hour}", who=who, service=dice.choice([CORTE, PACOTE, BARBA])
            )
            for hour in dice.sample(["10:00", "10:30", "11:00", "11:30"], dice.randint(1, 3))
            for who in [dice.choice([ZE, ANA])]
        }
        ahead = await shop.agenda.upcoming(contact_id=contact, now=now)
        before = {row.id for row in await shop.rows() if row.status == "booked"}
        if what == "propose":
            proposals.append(shop.proposal(*choices.values(), contact=contact))
            await shop.propose(proposals[-1], now=now)
        elif what == "move" and ahead:
            choice = next(iter(choices.values()))
            moving = dice.choice(ahead).id
            proposals.append(shop.proposal(choice, contact=contact, moving=moving))
            await shop.propose(proposals[-1], now=now)
        elif what == "confirm" and mine:
            proposal = dice.choice(mine)
            outcome = await shop.confirm(proposal, now=now)
            after = {row.id for row in await shop.rows() if row.status == "booked"}
            wanted = set(proposal.holds) if proposal.moving is None else set()
            if isinstance(outcome, Taken | LimitReached):
                assert after == before
            elif isinstance(outcome, BookedTogether) and not before & wanted:
                assert {each.id for each in outcome.appointments} <= after | before
        elif what == "release" and mine:
            await shop.release(dice.choice(mine))
        elif what == "cancel" and ahead:
            await shop.cancel(dice.choice(ahead).id, now=now)
        _check(await shop.rows())


def _check(rows: list[AppointmentRow]) -> None:
    taken = [row for row in rows if row.status in OCCUPYING]
    for one, other in combinations(taken, 2):
        if one.professional_id == other.professional_id:
            assert one.blocked.upper <= other.blocked.lower or (
                other.blocked.upper <= one.blocked.lower
            )
    held = {(row.contact_id, row.proposal_id) for row in rows if row.status == "held"}
    assert len(held) == len({contact for contact, _ in held})


# -- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 5])
async def test_a_proposal_has_one_to_four_slots_and_none_twice(shop: Shop, count: int) -> None:
    contact = uuid.uuid4()
    with pytest.raises(Invalid):
        shop.proposal(*(shop.choice(f"01 {10 + n}:00") for n in range(count)), contact=contact)
    twice = [shop.choice("01 10:00")] * 2
    with pytest.raises(Invalid):
        shop.proposal(*twice, contact=contact)
    with pytest.raises(Invalid):
        shop.proposal(
            shop.choice("01 10:00"), shop.choice("01 11:00"), contact=contact, moving=uuid.uuid4()
        )
