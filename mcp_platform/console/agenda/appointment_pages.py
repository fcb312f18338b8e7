"""One appointment: what is known of it, and moving, cancelling and marking it.

Before a change its customer hears of, the page shows how they will, and in which words.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast, get_args
from urllib.parse import urlencode

from starlette.responses import Response

from mcp_platform.audit.trail import ActorTrail
from mcp_platform.console.agenda.sheet_pages import AGENDA
from mcp_platform.console.agenda.visitors import Visitors, day_of, moment_said
from mcp_platform.console.agenda.wishes import RefusedWish, refusal, start_of, wall_of
from mcp_platform.console.forms import version_of
from mcp_platform.console.places import may_change, tenant_of, tenant_page
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid, NotFound, PlatformError, Unavailable
from mcp_platform.kit.http import PreconditionFailed
from mcp_platform.registry.staff_api import READERS, WORKERS
from mcp_platform.scheduling.appointment import MARKS, Appointment, Mark
from mcp_platform.scheduling.appointments import SlotTaken
from mcp_platform.scheduling.catalogue import Catalogue, Professional, Service
from mcp_platform.scheduling.outcome import SlotsFound, SlotView
from mcp_platform.scheduling.tenant_appointments import AppointmentChange, TenantAppointments
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant

ONE: Final = f"{AGENDA}/appointments/{{appointment}}"
OFFERED_MARKS: Final[tuple[Mark, ...]] = ("confirmed", "completed", "no_show")
NEAREST: Final = 3  # times that are shown first
ANYBODY: Final = "_any"  # nobody is called so: an id begins with a letter or digit


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The appointment that a path names, and what its tenant offers."""

    tenant: Tenant
    catalogue: Catalogue
    appointment: Appointment
    trail: ActorTrail

    @property
    def path(self) -> str:
        return f"/t/{self.tenant.path}/agenda/appointments/{self.appointment.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where an appointment is to be instead."""

    service: Service
    professional: Professional
    start: datetime

    @property
    def change(self) -> AppointmentChange:
        return AppointmentChange(
            service=self.service.id, professional=self.professional.id, start=self.start
        )


class AppointmentPages:
    """The pages of one appointment."""

    def __init__(self, appointments: TenantAppointments, *, tenants: TenantDirectory) -> None:
        self._appointments = appointments
        self._tenants = tenants

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=ONE, roles=READERS, show=self.show),
            ConsolePage(path=f"{ONE}/move", roles=WORKERS, show=self.times),
            ConsolePage(path=f"{ONE}/move", roles=WORKERS, act=self.move),
            ConsolePage(path=f"{ONE}/move/review", roles=WORKERS, show=self.review),
            ConsolePage(path=f"{ONE}/cancel", roles=WORKERS, show=self.review_cancelling),
            ConsolePage(path=f"{ONE}/cancel", roles=WORKERS, act=self.cancel),
            ConsolePage(path=f"{ONE}/mark", roles=WORKERS, act=self.mark),
            ConsolePage(path=f"{ONE}/called", roles=WORKERS, act=self.called),
            ConsolePage(path=f"{ONE}/undo", roles=WORKERS, act=self.undo),
        )

    async def show(self, visit: PageVisit) -> Response:
        return await self._shown(visit, await self._asked(visit))

    async def times(self, visit: PageVisit) -> Response:
        """Show what is free: on the appointment's day, or on another."""
        asked = await self._asked(visit)
        current, rules = asked.appointment, asked.catalogue.rules
        query = visit.request.query_params
        who = query.get("who") or current.professional_id
        known = {each.id for each in asked.catalogue.professionals}
        stands = rules.local(current.starts_at)
        day = day_of(query.get("day")) or max(stands.date(), rules.local(visit.now).date())
        found: SlotsFound | None = None
        away = False
        try:
            found = await self._appointments.available(
                asked.tenant,
                day=day,
                service=current.service_id,
                minutes=None,
                professional=who if who in known else None,
                moving=current.id,
            )
        except Unavailable:
            away = True
        except Invalid:  # whoever was chosen does not do it, or nobody does any more
            found = None
        slots = [each for each in found.slots if each.start != stands] if found else []
        return self._page(
            visit,
            asked,
            "agenda/times.html",
            day=day,
            who=who if who in known else ANYBODY,
            anybody=ANYBODY,
            choices=[
                (ANYBODY, visit.say("agenda.anybody")),
                *((each.id, each.name) for each in asked.catalogue.offering(current.service_id)),
            ],
            found=found,
            away=away,
            slots=[(each, self._review_path(asked, each)) for each in slots],
            nearest=[
                (each, self._review_path(asked, each))
                for each in sorted(
                    slots, key=lambda each: abs(each.start.timestamp() - stands.timestamp())
                )[:NEAREST]
            ],
        )

    async def review(self, visit: PageVisit) -> Response:
        """Show a move with what the customer will be told of it."""
        asked = await self._asked(visit)
        query = visit.request.query_params
        target = _target(asked, start=query.get("start"), who=query.get("who"))
        if target is None:
            return visit.to(f"{asked.path}/move")
        return await self._reviewed(visit, asked, target)

    async def move(self, visit: PageVisit) -> Response:
        asked = await self._asked(visit)
        target = _target(asked, start=visit.form.get("start"), who=visit.form.get("who"))
        if target is None:
            raise Invalid("There is no such time.")
        try:
            moved = await self._appointments.move(
                asked.tenant,
                asked.appointment,
                target.change,
                trail=asked.trail,
                tell=visit.form.get("tell") == "yes",
                versions=version_of(visit),
                undoable=True,
            )
        except PreconditionFailed:
            return await self._changed_meanwhile(visit)
        except (Conflict, Invalid, Unavailable) as error:
            refused = refusal(error, visit, wanted=target.start)
            return await self._reviewed(visit, asked, target, refused=refused)
        return self._done(visit, asked, moved, "moved")

    async def review_cancelling(self, visit: PageVisit) -> Response:
        """Show a cancelling with what the customer will be told of it."""
        return await self._reviewed(visit, await self._asked(visit), None)

    async def cancel(self, visit: PageVisit) -> Response:
        asked = await self._asked(visit)
        try:
            cancelled = await self._appointments.cancel(
                asked.tenant,
                asked.appointment.id,
                trail=asked.trail,
                tell=visit.form.get("tell") == "yes",
                versions=version_of(visit),
                undoable=True,
            )
        except PreconditionFailed:
            return await self._changed_meanwhile(visit)
        except Conflict as error:
            refused = refusal(error, visit, wanted=asked.appointment.starts_at)
            return await self._shown(visit, asked, refused=refused)
        return self._done(visit, asked, cancelled, "cancelled")

    async def mark(self, visit: PageVisit) -> Response:
        """Say what became of it."""
        asked = await self._asked(visit)
        mark = visit.form.get("mark")
        if mark not in get_args(Mark):
            raise Invalid("There is no such mark.")
        try:
            marked = await self._appointments.mark(
                asked.tenant,
                asked.appointment.id,
                cast("Mark", mark),
                trail=asked.trail,
                versions=version_of(visit),
            )
        except PreconditionFailed:
            return await self._changed_meanwhile(visit)
        except Conflict as error:
            refused = refusal(error, visit, wanted=asked.appointment.starts_at)
            return await self._shown(visit, asked, refused=refused)
        return self._done(visit, asked, marked, "marked")

    async def called(self, visit: PageVisit) -> Response:
        """Note that the customer was called."""
        asked = await self._asked(visit)
        await self._appointments.called(asked.tenant, asked.appointment.id, trail=asked.trail)
        return self._done(visit, asked, asked.appointment, "called")

    async def undo(self, visit: PageVisit) -> Response:
        """Take back the last change, before its customer hears of it."""
        asked = await self._asked(visit)
        try:
            restored = await self._appointments.undo(
                asked.tenant, asked.appointment.id, trail=asked.trail
            )
        except Conflict as error:
            why = "undo_taken" if isinstance(error, SlotTaken) else "undo_late"
            refused = RefusedWish(text=visit.say(f"agenda.{why}"), status=409)
            return await self._shown(visit, await self._asked(visit), refused=refused)
        return self._done(visit, asked, restored, "undone")

    async def _asked(self, visit: PageVisit) -> _Asked:
        tenant = await tenant_of(visit, self._tenants)
        appointment_id = visit.uuid("appointment")
        return _Asked(
            tenant=tenant,
            catalogue=await self._appointments.catalogue(tenant),
            appointment=await self._appointments.get(tenant, appointment_id),
            trail=ActorTrail(visit.signed_in.user.actor),
        )

    async def _shown(
        self, visit: PageVisit, asked: _Asked, *, refused: RefusedWish | None = None
    ) -> Response:
        contact = await self._appointments.contact(asked.tenant, asked.appointment.contact_id)
        return self._page(
            visit,
            asked,
            "agenda/appointment.html",
            status=refused.status if refused else 200,
            contact=contact,
            refused=refused,
            marks=_marks(asked.appointment, visit.now),
        )

    async def _changed_meanwhile(self, visit: PageVisit) -> Response:
        """Show what it is now, with nothing done."""
        changed = RefusedWish(text=visit.say("agenda.changed_meanwhile"), status=412)
        return await self._shown(visit, await self._asked(visit), refused=changed)

    async def _reviewed(
        self,
        visit: PageVisit,
        asked: _Asked,
        target: _Target | None,
        *,
        refused: RefusedWish | None = None,
    ) -> Response:
        try:
            told = await self._appointments.preview_change(
                asked.tenant,
                asked.appointment,
                None if target is None else target.change,
                trail=asked.trail,
            )
        except PlatformError as error:
            wanted = asked.appointment.starts_at if target is None else target.start
            refused, told = refused or refusal(error, visit, wanted=wanted), None
        return self._page(
            visit,
            asked,
            "agenda/review.html",
            status=refused.status if refused else 200,
            contact=await self._appointments.contact(asked.tenant, asked.appointment.contact_id),
            target=target,
            wall=None if target is None else wall_of(target.start),
            told=told,
            refused=refused,
            alternatives=[
                (each, self._review_path(asked, each))
                for each in (refused.alternatives if refused else ())
            ],
        )

    @staticmethod
    def _review_path(asked: _Asked, slot: SlotView) -> str:
        query = {"start": wall_of(slot.start), "who": slot.professional_id}
        return f"{ROOT}{asked.path}/move/review?{urlencode(query)}"

    @staticmethod
    def _page(
        visit: PageVisit, asked: _Asked, template: str, *, status: int = 200, **values: Any
    ) -> Response:
        rules = asked.catalogue.rules
        return tenant_page(
            visit,
            asked.tenant,
            template,
            status=status,
            one=asked.appointment,
            starts=rules.local(asked.appointment.starts_at),
            ends=rules.local(asked.appointment.ends_at),
            here=f"{ROOT}{asked.path}",
            visitors=Visitors(visit),
            when=lambda local: moment_said(local, visit),
            may_change=may_change(visit, asked.tenant, roles=WORKERS),
            **values,
        )

    @staticmethod
    def _done(visit: PageVisit, asked: _Asked, now: Appointment, said: str) -> Response:
        day = asked.catalogue.rules.local(now.starts_at).date()
        return visit.to(f"/t/{asked.tenant.path}/agenda", day=str(day), said=said, on=str(now.id))


def _target(asked: _Asked, *, start: str | None, who: str | None) -> _Target | None:
    """Return where it is to be; None: the address names no such time or person."""
    moment = start_of(start, asked.catalogue.rules)
    if moment is None:
        return None
    try:
        return _Target(
            service=asked.catalogue.service(asked.appointment.service_id),
            professional=asked.catalogue.professional(who or asked.appointment.professional_id),
            start=moment,
        )
    except NotFound:
        return None


def _marks(appointment: Appointment, now: datetime) -> list[Mark]:
    """Return what it may be marked as: what is to come, only as confirmed."""
    return [
        mark
        for mark in OFFERED_MARKS
        if appointment.status in MARKS[mark]
        and (appointment.starts_at <= now) == (mark != "confirmed")
    ]
