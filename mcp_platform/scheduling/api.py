"""The tenant API's `/appointments`: what is free, and booking, reading, moving, cancelling."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from mcp_platform.kit.cursor import read_cursor, write_cursor
from mcp_platform.kit.http import (
    ConflictWith,
    RequestKey,
    bodies_up_to,
    expected,
    problems,
    read_if_match,
)
from mcp_platform.scheduling.api_shapes import (
    MOST_NEXT,
    AppointmentOut,
    AppointmentPage,
    Available,
    AvailableQuery,
    CallPage,
    CallQuery,
    ChangeRequest,
    CheckOut,
    CheckQuery,
    CreateRequest,
    ListQuery,
    PreviewOut,
    PreviewRequest,
    SheetOut,
    SheetQuery,
    appointment_out,
    call_out,
    sheet_out,
    slot_out,
)
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.tenant_appointments import (
    AppointmentChange,
    Booking,
    SlotGone,
    TenantAppointments,
)
from mcp_platform.tenants.access import TENANT_API, Caller, Guard, admitted

MOST_BYTES = 16 * 1024

Tell = Annotated[bool, Query(description="False: you tell the customer.")]
Undoable = Annotated[
    bool,
    Query(
        description="True: the customer is told ten seconds later, and until then it can be undone."
    ),
]
_ETAG: dict[str, Any] = {
    "headers": {"ETag": {"description": "Its version.", "schema": {"type": "string"}}}
}
_LOCATION: dict[str, Any] = {
    "headers": {
        **_ETAG["headers"],
        "Location": {"description": "Where it is read.", "schema": {"type": "string"}},
    }
}
_ALTERNATIVES = {
    "alternatives": {"type": "array", "items": {"$ref": "#/components/schemas/SlotOut"}}
}


Admitting = Callable[..., Awaitable[Caller]]
Versions = Callable[..., Awaitable[frozenset[int] | None] | frozenset[int] | None]


def appointments_router(appointments: TenantAppointments, guard: Guard) -> APIRouter:
    """Return the routes of a tenant's API, with their whole paths."""
    router = APIRouter(
        prefix=f"{TENANT_API}/appointments",
        tags=["appointments"],
        route_class=bodies_up_to(MOST_BYTES),
    )
    add_appointments(
        router,
        appointments,
        reading=admitted(guard, "appointments:read"),
        writing=admitted(guard, "appointments:write"),
        versions=_if_match,
        listed_at="/list",
        created_at="/create",
    )
    return router


def add_appointments(
    router: APIRouter,
    appointments: TenantAppointments,
    *,
    reading: Admitting,
    writing: Admitting,
    versions: Versions,
    listed_at: str = "",
    created_at: str = "",
) -> None:
    """Add the routes, for whom two dependencies let in; `versions` reads `If-Match`."""
    _add_reading(router, appointments, reading, at=listed_at)
    _add_changing(router, appointments, writing, versions)
    _add_booking(router, appointments, writing, at=created_at)


def _if_match(
    if_match: Annotated[
        str | None,
        Header(alias="If-Match", description="The ETag it was read with: 412 if it changed since."),
    ] = None,
) -> frozenset[int] | None:
    return read_if_match(if_match)


def _add_reading(
    router: APIRouter, appointments: TenantAppointments, reading: Admitting, *, at: str
) -> None:
    Reader = Annotated[Caller, Depends(reading)]  # noqa: N806  # a type

    @router.get(
        "/available",
        summary="What is free on a day",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def list_free_slots(
        caller: Reader, query: Annotated[AvailableQuery, Query()]
    ) -> Available:
        found = await appointments.available(
            caller.tenant,
            day=query.date,
            service=query.service,
            minutes=query.duration,
            professional=query.professional,
            moving=query.moving,
        )
        slots = [slot_out(each) for each in found.slots]
        return Available(
            date=query.date,
            time_zone=(await appointments.catalogue(caller.tenant)).rules.time_zone,
            service=slots[0].service if slots else query.service,
            status=found.status,
            slots=slots if found.status == "ok" else [],
            next_slots=[] if found.status == "ok" else slots[:MOST_NEXT],
        )

    @router.get(
        at,
        summary="Appointments, earliest first",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def list_appointments(
        caller: Reader, query: Annotated[ListQuery, Query()]
    ) -> AppointmentPage:
        rules = (await appointments.catalogue(caller.tenant)).rules
        first, before = query.span(rules)
        found = await appointments.page(
            caller.tenant,
            first=first,
            before=before,
            user_id=query.user_id,
            status=query.status,
            after=None if query.cursor is None else read_cursor(query.cursor),
            limit=query.limit + 1,
        )
        shown = found[: query.limit]
        more = len(found) > query.limit
        return AppointmentPage(
            appointments=[appointment_out(each, rules, masked=caller.masked) for each in shown],
            next_cursor=write_cursor((shown[-1].starts_at, shown[-1].id)) if more else None,
        )

    @router.get(
        "/calls",
        summary="Whose customers are to be called, the most urgent first",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def list_calls(caller: Reader, query: Annotated[CallQuery, Query()]) -> CallPage:
        """Appointments that the business booked, moved or cancelled, unless a message tells them."""
        after = None if query.cursor is None else read_cursor(query.cursor)
        found = await appointments.calls(caller.tenant, after=after, limit=query.limit + 1)
        rules = (await appointments.catalogue(caller.tenant)).rules
        shown = found[: query.limit]
        more = len(found) > query.limit
        return CallPage(
            calls=[call_out(each, rules, masked=caller.masked) for each in shown],
            next_cursor=write_cursor(shown[-1].place) if more else None,
        )

    @router.get(
        "/sheet",
        summary="The agenda of up to seven days: who works, what is busy, booked and free",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def read_sheet(caller: Reader, query: Annotated[SheetQuery, Query()]) -> SheetOut:
        sheet = await appointments.sheet(caller.tenant, first=query.first, last=query.last)
        rules = (await appointments.catalogue(caller.tenant)).rules
        return sheet_out(sheet, rules, masked=caller.masked)

    @router.get(
        "/check",
        summary="Why a time is not free",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def check_time(caller: Reader, query: Annotated[CheckQuery, Query()]) -> CheckOut:
        found = await appointments.check(
            caller.tenant,
            service=query.service,
            professional=query.professional,
            start=query.start,
        )
        return CheckOut(free=found.obstacle is None, obstacle=found.obstacle, reason=found.reason)

    @router.get(
        "/{appointment_id:uuid}",
        summary="One appointment",
        responses={200: _ETAG, **problems(401, 403, 404, 422, 503)},
    )
    async def read_appointment(
        appointment_id: UUID, caller: Reader, response: Response
    ) -> AppointmentOut:
        return await _shown(
            appointments, caller, await appointments.get(caller.tenant, appointment_id), response
        )


def _add_changing(
    router: APIRouter, appointments: TenantAppointments, writing: Admitting, versions_of: Versions
) -> None:
    Writer = Annotated[Caller, Depends(writing)]  # noqa: N806  # a type
    Versioned = Annotated[frozenset[int] | None, Depends(versions_of)]  # noqa: N806  # as above
    required = (428,) if versions_of is expected else ()

    @router.patch(
        "/{appointment_id:uuid}",
        summary="Move it, or say what became of it",
        responses={
            200: _ETAG,
            **problems(401, 403, 404, 409, 412, 413, 422, *required, 503, s409=_ALTERNATIVES),
        },
    )
    async def change_appointment(
        *,
        appointment_id: UUID,
        wish: ChangeRequest,
        caller: Writer,
        versions: Versioned,
        response: Response,
        undoable: Undoable = False,
    ) -> AppointmentOut:
        if wish.status is not None:
            appointment = await appointments.mark(
                caller.tenant, appointment_id, wish.status, trail=caller.trail, versions=versions
            )
            return await _shown(appointments, caller, appointment, response)
        where = AppointmentChange(
            service=wish.service, professional=wish.professional, start=wish.start
        )
        current = await appointments.get(caller.tenant, appointment_id)
        with _offering_alternatives():
            appointment = await appointments.move(
                caller.tenant,
                current,
                where,
                trail=caller.trail,
                tell=wish.tell_customer,
                versions=versions,
                undoable=undoable,
            )
        return await _shown(appointments, caller, appointment, response)

    @router.delete(
        "/{appointment_id:uuid}",
        summary="Cancel it",
        responses={200: _ETAG, **problems(401, 403, 404, 409, 412, 422, *required, 503)},
    )
    async def cancel_appointment(
        *,
        appointment_id: UUID,
        caller: Writer,
        versions: Versioned,
        response: Response,
        tell_customer: Tell = True,
        undoable: Undoable = False,
    ) -> AppointmentOut:
        """Its customer is told by a message where WhatsApp takes one, or is listed to be called."""
        appointment = await appointments.cancel(
            caller.tenant,
            appointment_id,
            trail=caller.trail,
            tell=tell_customer,
            versions=versions,
            undoable=undoable,
        )
        return await _shown(appointments, caller, appointment, response)

    @router.post(
        "/{appointment_id:uuid}/undo",
        summary="Take back the last change, before its customer is told",
        responses={200: _ETAG, **problems(401, 403, 404, 409, 422, 503)},
    )
    async def undo_change(
        appointment_id: UUID, caller: Writer, response: Response
    ) -> AppointmentOut:
        """Only what was changed with `undoable`, for ten seconds. What was booked is cancelled."""
        appointment = await appointments.undo(caller.tenant, appointment_id, trail=caller.trail)
        return await _shown(appointments, caller, appointment, response)

    @router.post(
        "/{appointment_id:uuid}/preview",
        summary="How its customer would be told of a change",
        responses=problems(401, 403, 404, 413, 422, 503),
    )
    async def preview_change(
        appointment_id: UUID, wish: PreviewRequest, caller: Writer
    ) -> PreviewOut:
        """Change nothing and tell nobody."""
        current = await appointments.get(caller.tenant, appointment_id)
        change = AppointmentChange(
            service=wish.service, professional=wish.professional, start=wish.start
        )
        told = await appointments.preview_change(
            caller.tenant, current, None if wish.cancel else change, trail=caller.trail
        )
        return PreviewOut(how=told.how, text=told.text)

    @router.post(
        "/{appointment_id:uuid}/called",
        status_code=204,
        summary="Note that its customer was called",
        responses=problems(401, 403, 404, 422, 503),
    )
    async def record_call(appointment_id: UUID, caller: Writer) -> None:
        await appointments.called(caller.tenant, appointment_id, trail=caller.trail)


def _add_booking(
    router: APIRouter, appointments: TenantAppointments, writing: Admitting, *, at: str
) -> None:
    Writer = Annotated[Caller, Depends(writing)]  # noqa: N806  # a type

    @router.post(
        at,
        status_code=201,
        summary="Book",
        responses={
            201: _LOCATION,
            **problems(401, 403, 404, 409, 413, 422, 503, s409=_ALTERNATIVES),
        },
    )
    async def create_appointment(
        *,
        request: Request,
        wish: CreateRequest,
        caller: Writer,
        response: Response,
        idempotency_key: RequestKey = None,
        undoable: Undoable = False,
    ) -> AppointmentOut:
        if wish.whatsapp_number is not None or wish.contact_id is not None:
            caller.require("whatsapp:send")
        booking = Booking(**wish.model_dump(exclude={"tell_customer"}), request_key=idempotency_key)
        with _offering_alternatives():
            appointment = await appointments.book(
                caller.tenant,
                booking,
                trail=caller.trail,
                tell=wish.tell_customer,
                undoable=undoable,
            )
        response.headers["location"] = f"{request.url.path.removesuffix(at)}/{appointment.id}"
        return await _shown(appointments, caller, appointment, response)

    @router.post(
        "/preview",
        summary="How the customer of a booking would be told",
        responses=problems(401, 403, 404, 413, 422, 503),
    )
    async def preview_booking(wish: CreateRequest, caller: Writer) -> PreviewOut:
        """Book nothing and tell nobody; whether the time is free is not asked."""
        if wish.whatsapp_number is not None or wish.contact_id is not None:
            caller.require("whatsapp:send")
        booking = Booking(**wish.model_dump(exclude={"tell_customer"}))
        told = await appointments.preview_booking(caller.tenant, booking, trail=caller.trail)
        return PreviewOut(how=told.how, text=told.text)


@contextmanager
def _offering_alternatives() -> Iterator[None]:
    try:
        yield
    except SlotGone as gone:
        slots = [slot_out(each).model_dump(mode="json") for each in gone.alternatives]
        raise ConflictWith(str(gone), alternatives=slots) from gone


async def _shown(
    appointments: TenantAppointments, caller: Caller, appointment: Appointment, response: Response
) -> AppointmentOut:
    response.headers["etag"] = f'"{appointment.version}"'
    rules = (await appointments.catalogue(caller.tenant)).rules
    return appointment_out(appointment, rules, masked=caller.masked)
