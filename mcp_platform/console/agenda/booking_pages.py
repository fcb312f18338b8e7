"""Booking for a customer: what, with whom and when; for whom; and what they will be told.

What is typed of a person goes by POST and stands in no address.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from starlette.responses import Response

from mcp_platform.audit.trail import ActorTrail
from mcp_platform.console.agenda.sheet_pages import AGENDA
from mcp_platform.console.agenda.visitors import day_of, moment_said
from mcp_platform.console.agenda.wishes import (
    RefusedWish,
    clock_of,
    on,
    refusal,
    start_of,
    wall_of,
    why,
)
from mcp_platform.console.places import tenant_of, tenant_page
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.conversations.contacts import Contact
from mcp_platform.conversations.phones import WRITTEN
from mcp_platform.errors import Conflict, Invalid, NotFound, Unavailable
from mcp_platform.registry.staff_api import WORKERS
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.outcome import SlotsFound, SlotView
from mcp_platform.scheduling.tenant_appointments import Booking, TenantAppointments
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant

_PHONE = re.compile(WRITTEN, re.ASCII)
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
_KEY = re.compile(r"[0-9a-f-]{36}", re.ASCII)
LEAST_DIGITS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was chosen and typed so far. `slot`: a start by the tenant's clock, and who."""

    service: str
    who: str | None
    day: date
    at: str | None = None
    contact: Contact | None = None
    slot: str = ""
    name: str = ""
    phone: str = ""
    tell: bool = True
    wrong: Mapping[str, str] = field(default_factory=dict)


class BookingPages:
    """The pages on which staff books."""

    def __init__(self, appointments: TenantAppointments, *, tenants: TenantDirectory) -> None:
        self._appointments = appointments
        self._tenants = tenants

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=f"{AGENDA}/new", roles=WORKERS, show=self.show),
            ConsolePage(path=f"{AGENDA}/new", roles=WORKERS, act=self.book),
            ConsolePage(path=f"{AGENDA}/new/review", roles=WORKERS, show=self.again),
            ConsolePage(path=f"{AGENDA}/new/review", roles=WORKERS, act=self.review),
        )

    async def show(self, visit: PageVisit) -> Response:
        tenant, catalogue = await self._offered(visit)
        wish = await self._wish(visit, tenant, catalogue, visit.request.query_params)
        return await self._form(visit, tenant, catalogue, wish)

    async def again(self, visit: PageVisit) -> Response:
        """Lead who reloads the review, which only a form shows, to the form."""
        tenant, _ = await self._offered(visit)
        return visit.to(f"/t/{tenant.path}/agenda/new")

    async def review(self, visit: PageVisit) -> Response:
        """Show the booking with what the customer will be told of it."""
        tenant, catalogue = await self._offered(visit)
        wish = await self._wish(visit, tenant, catalogue, visit.form)
        if wrong := _wrong(wish, visit):
            return await self._form(visit, tenant, catalogue, wish, wrong=wrong)
        return await self._reviewed(visit, tenant, catalogue, wish)

    async def book(self, visit: PageVisit) -> Response:
        tenant, catalogue = await self._offered(visit)
        wish = await self._wish(visit, tenant, catalogue, visit.form)
        key = visit.form.get("key", "")
        if wrong := _wrong(wish, visit) or ({} if _KEY.fullmatch(key) else {"slot": ""}):
            return await self._form(visit, tenant, catalogue, wish, wrong=wrong)
        booking = _booking(wish, catalogue, key=key)
        try:
            booked = await self._appointments.book(
                tenant,
                booking,
                trail=ActorTrail(visit.signed_in.user.actor),
                tell=wish.tell,
                undoable=True,
            )
        except (Conflict, Invalid, Unavailable) as error:
            refused = self._refusal(error, visit, wanted=booking.start)
            return await self._form(visit, tenant, catalogue, wish, refused=refused)
        day = catalogue.rules.local(booked.starts_at).date()
        return visit.to(f"/t/{tenant.path}/agenda", day=str(day), said="booked", on=str(booked.id))

    async def _offered(self, visit: PageVisit) -> tuple[Tenant, Catalogue]:
        tenant = await tenant_of(visit, self._tenants)
        return tenant, await self._appointments.catalogue(tenant)

    async def _wish(
        self, visit: PageVisit, tenant: Tenant, catalogue: Catalogue, given: Mapping[str, str]
    ) -> _Wish:
        services = [each.id for each in catalogue.services]
        people = [each.id for each in catalogue.professionals]
        who, service = given.get("who"), given.get("service")
        if service not in services:
            theirs = catalogue.professional(who).service_ids if who in people and who else services
            service = next((each for each in services if each in theirs), "")
        return _Wish(
            service=service,
            who=who if who in people else None,
            day=day_of(given.get("day")) or catalogue.rules.local(visit.now).date(),
            at=given.get("at") or None,
            contact=await self._contact(tenant, given.get("contact")),
            slot=given.get("slot", ""),
            name=" ".join(given.get("name", "").split()),
            phone=given.get("phone", "").strip(),
            tell=given.get("tell") == "yes" or given is not visit.form,
        )

    async def _contact(self, tenant: Tenant, named: str | None) -> Contact | None:
        if not named:
            return None
        try:
            contact_id = UUID(named)
        except ValueError as error:
            raise NotFound("There is no such contact.") from error
        return await self._appointments.contact(tenant, contact_id)

    async def _reviewed(
        self, visit: PageVisit, tenant: Tenant, catalogue: Catalogue, wish: _Wish
    ) -> Response:
        booking = _booking(wish, catalogue, key=None)
        try:
            told = await self._appointments.preview_booking(
                tenant, booking, trail=ActorTrail(visit.signed_in.user.actor)
            )
        except Invalid as error:
            if "whatsapp_number" in error.fields:
                wrong = {"phone": visit.say("agenda.no_phone")}
                return await self._form(visit, tenant, catalogue, wish, wrong=wrong)
            refused = self._refusal(error, visit, wanted=booking.start)
            return await self._form(visit, tenant, catalogue, wish, refused=refused)
        return tenant_page(
            visit,
            tenant,
            "agenda/new_review.html",
            wish=wish,
            service=catalogue.service(wish.service),
            professional=catalogue.professional(booking.professional or ""),
            starts=catalogue.rules.local(booking.start),
            when=lambda local: moment_said(local, visit),
            told=told,
            key=str(uuid4()),
        )

    async def _form(
        self,
        visit: PageVisit,
        tenant: Tenant,
        catalogue: Catalogue,
        wish: _Wish,
        *,
        wrong: Mapping[str, str] | None = None,
        refused: RefusedWish | None = None,
    ) -> Response:
        found, away = None, False
        if wish.service:
            try:
                found = await self._appointments.available(
                    tenant,
                    day=wish.day,
                    service=wish.service,
                    minutes=None,
                    professional=wish.who,
                )
            except Unavailable:
                away = True
            except Invalid:  # they do not do it
                found = None
        slots = list(refused.alternatives if refused else ()) or list(found.slots if found else ())
        chosen = wish.slot or _at(wish, slots, catalogue)
        return tenant_page(
            visit,
            tenant,
            "agenda/new.html",
            status=refused.status if refused else 422 if wrong else 200,
            wish=wish,
            wrong=wrong or {},
            refused=refused,
            services=[(each.id, each.name) for each in catalogue.services],
            people=[(each.id, each.name) for each in catalogue.professionals],
            found=found,
            away=away,
            slots=[(_value(each), each) for each in slots],
            chosen=chosen,
            why=await self._why(visit, tenant, catalogue, wish, found),
            when=lambda local: moment_said(local, visit),
            may_change=tenant.status != "offboarded",
        )

    async def _why(
        self,
        visit: PageVisit,
        tenant: Tenant,
        catalogue: Catalogue,
        wish: _Wish,
        found: SlotsFound | None,
    ) -> dict[str, Any] | None:
        """Return why the time that was asked for is not among those found, where it is asked."""
        clock = clock_of(wish.at)
        if clock is None or wish.who is None or found is None:
            return None
        start = on(wish.day, clock, catalogue.rules)
        if found.status == "ok" and any(each.start == start for each in found.slots):
            return None
        try:
            check = await self._appointments.check(
                tenant, service=wish.service, professional=wish.who, start=start
            )
        except Invalid:
            return None
        said = why(check, visit)
        return None if said is None else {"at": wish.at, "text": said}

    @staticmethod
    def _refusal(error: Any, visit: PageVisit, *, wanted: datetime) -> RefusedWish:
        if type(error) is Conflict:  # the only one of its kind: the contact has too many ahead
            return RefusedWish(text=visit.say("agenda.limit"), status=409)
        return refusal(error, visit, wanted=wanted)


def _value(slot: SlotView) -> str:
    return f"{wall_of(slot.start)}|{slot.professional_id}"


def _at(wish: _Wish, slots: list[SlotView], catalogue: Catalogue) -> str:
    """Return the slot that begins when the address says; nothing if none does."""
    clock = clock_of(wish.at)
    if clock is None:
        return ""
    start = on(wish.day, clock, catalogue.rules)
    return next((_value(each) for each in slots if each.start == start), "")


def _wrong(wish: _Wish, visit: PageVisit) -> dict[str, str]:
    """Return by field what is missing or cannot be."""
    wrong = {}
    if "|" not in wish.slot:
        wrong["slot"] = visit.say("agenda.choose_time")
    if wish.contact is None:
        if _NAME.fullmatch(wish.name) is None:
            wrong["name"] = visit.say("agenda.no_name")
        digits = sum(each.isdigit() for each in wish.phone)
        if _PHONE.fullmatch(wish.phone) is None or digits < LEAST_DIGITS:
            wrong["phone"] = visit.say("agenda.no_phone")
    return wrong


def _booking(wish: _Wish, catalogue: Catalogue, *, key: str | None) -> Booking:
    """Return what is to be booked. Raises Invalid or NotFound for what no form of ours sends."""
    wall, _, who = wish.slot.partition("|")
    start = start_of(wall, catalogue.rules)
    if start is None:
        raise Invalid("There is no such time.")
    catalogue.professional(who)
    return Booking(
        service=wish.service,
        professional=who,
        start=start,
        contact_id=None if wish.contact is None else wish.contact.id,
        name=wish.name if wish.contact is None else wish.contact.name,
        whatsapp_number=None if wish.contact is not None else wish.phone,
        request_key=key,
    )
