"""What a customer was sent, held against the files of words and the database."""

from datetime import datetime
from itertools import groupby
from typing import Any

import pytest

from tests.factories import BUSINESS, ZONE
from tests.sentences import Proposal, Truth, Visit
from tests.world import ANA, World, choices_of, text_of

LANGUAGES = ["pt", *(pytest.param(each, marks=pytest.mark.full) for each in ("en", "es"))]
EVERY = pytest.mark.parametrize(
    "every", [pytest.param(True, marks=pytest.mark.full, id="all"), pytest.param(False, id="few")]
)
"""Tries all of a list under `--tier full`, and one of each kind in the usual tier: each is a turn."""
STANDING = ("booked", "confirmed")


async def truth_of(here: World, *, phone: str | None = ANA) -> Truth:
    """Read what is true for a tenant's customer; for all of them where `phone` is None."""
    only = "" if phone is None else " AND c.wa_id = :phone"
    values: dict[str, Any] = {} if phone is None else {"phone": phone}
    appointments = await here.rows(
        "SELECT s.name, p.name, a.starts_at, a.status, a.id, a.person, a.notes IS NOT NULL"
        " FROM appointments a"
        " JOIN contacts c ON c.id = a.contact_id"
        " JOIN services s ON s.tenant_id = a.tenant_id AND s.id = a.service_id"
        " JOIN professionals p ON p.tenant_id = a.tenant_id AND p.id = a.professional_id"
        f" WHERE a.tenant_id = :tenant AND a.status <> 'held'{only}",
        **values,
    )
    held = await here.rows(
        "SELECT a.proposal_id, s.name, p.name, a.starts_at, a.hold_expires_at, a.person,"
        " a.notes IS NOT NULL, (SELECT max(o.action->>'moving') FROM offers o"
        " WHERE o.tenant_id = a.tenant_id AND o.contact_id = a.contact_id"
        " AND o.action->>'proposal' = a.proposal_id::text) FROM appointments a"
        " JOIN contacts c ON c.id = a.contact_id"
        " JOIN services s ON s.tenant_id = a.tenant_id AND s.id = a.service_id"
        " JOIN professionals p ON p.tenant_id = a.tenant_id AND p.id = a.professional_id"
        " WHERE a.tenant_id = :tenant AND a.status = 'held' AND a.proposal_id IS NOT NULL"
        f"{only} ORDER BY a.proposal_id, a.starts_at",
        **values,
    )
    offered = await here.rows(
        "SELECT o.action->>'start' FROM offers o JOIN contacts c ON c.id = o.contact_id"
        f" WHERE o.tenant_id = :tenant AND o.action->>'do' = 'slot'{only}",
        **values,
    )
    services = await here.rows(
        "SELECT name, price_cents, duration_minutes FROM services WHERE tenant_id = :tenant"
    )
    people = await here.rows("SELECT name FROM professionals WHERE tenant_id = :tenant")
    visits = {
        str(id_): Visit(
            service, who, start.astimezone(ZONE), stands=status in STANDING, person=whom, note=note
        )
        for service, who, start, status, id_, whom, note in appointments
    }
    return Truth(
        today=datetime.now(ZONE).date(),
        business=BUSINESS,
        services={name: (cents, minutes) for name, cents, minutes in services},
        people=tuple(name for (name,) in people),
        visits=tuple(visits.values()),
        proposals=tuple(
            _proposal(list(of_one), visits) for _, of_one in groupby(held, key=lambda row: row[0])
        ),
        offered=tuple(datetime.fromisoformat(start).astimezone(ZONE) for (start,) in offered),
        names=("Ana",),
        address="Rua das Flores, 123",
    )


def _proposal(rows: list[Any], visits: dict[str, Visit]) -> Proposal:
    """Return what the held rows of one proposal ask for."""
    _, _, _, _, until, for_whom, note, moving = rows[0]
    return Proposal(
        slots=tuple(
            Visit(service, person, start.astimezone(ZONE)) for _, service, person, start, *_ in rows
        ),
        until=until.astimezone(ZONE),
        moving=visits.get(moving),
        person=for_whom,
        note=note,
    )


def untruths(message: dict[str, Any], truth: Truth) -> list[str]:
    """Return what a message says that nobody may say, or that is not so; nothing for a good one."""
    text, choices = text_of(message), choices_of(message)
    wrong = [rest] if (rest := truth.unsaid(text)) else []
    shown = [each["title"] for each in choices]
    shown += [each["description"] for each in choices if each.get("description")]
    return wrong + truth.unknown_labels(shown)


def claims(message: dict[str, Any], truth: Truth) -> list[str]:
    """Return the sentences which state that an appointment was made, moved or cancelled."""
    return truth.claims(text_of(message))


def replying(*parts: tuple[str, str]) -> dict[str, Any]:
    """Return a scripted answer that chooses (phrase, about) to say."""
    say = [{"phrase": phrase, "about": about} for phrase, about in parts]
    return {"call": {"name": "reply", "args": {"say": say}}}
