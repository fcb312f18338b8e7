"""The events that mirror appointments into the owner's calendar, recorded in the outbox.

The outbox writes them after the commit. The lane is the appointment, so what is recorded later is done
later.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.outbox.outbox import Outbox
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.calendar_looks import look_soon
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.tenants.tenant import Tenant

LONGEST_NAME = 60  # what a phone shows of an event's title
LONGEST_NOTE = 300  # what a phone shows of an event without scrolling


class Mirror:
    """The mirrored events of one tenant. They bear its path, so that we know our own again."""

    def __init__(self, *, tenant: Tenant, rules: BookingRules) -> None:
        self._tenant = tenant
        self._rules = rules

    async def put(
        self, session: AsyncSession, appointment: Appointment, *, existing_only: bool = False
    ) -> None:
        """Record that the appointment's calendar must show it as it is in this version.

        `existing_only`: where the owner has left its event, and only what it says.
        """
        if appointment.calendar_id is None:
            return
        await look_soon(session, self._tenant.id)
        shown = appointment.local(self._rules)
        title = (shown.service_name, appointment.visitor)
        lines = (shown.service_name, shown.professional_name, _quoted(appointment.note))
        await Outbox(session, self._tenant.id).put_event(
            key=_key(appointment),
            appointment_id=appointment.id,
            calendar_id=appointment.calendar_id,
            event_id=appointment.id.hex,
            start=shown.starts_at,
            end=shown.ends_at,
            time_zone=self._rules.time_zone,
            summary=" — ".join(part for part in title if part),
            description="\n".join(line for line in lines if line),
            mark=self._tenant.path,
            existing_only=existing_only,
        )

    async def remove(
        self, session: AsyncSession, appointment: Appointment, *, calendar_id: str | None
    ) -> None:
        """Record that `calendar_id` must not show the appointment from this version on."""
        if calendar_id is not None:
            await Outbox(session, self._tenant.id).remove_event(
                key=f"{_key(appointment)}:remove",
                appointment_id=appointment.id,
                calendar_id=calendar_id,
                event_id=appointment.id.hex,
            )


def presentable(words: str | None, *, longest: int = LONGEST_NAME) -> str | None:
    """Return what may stand in an event of a stranger's words, on one line.

    Nothing unprintable, and no markup: the calendar would show it as such.
    """
    shown = "".join(each for each in words or "" if each.isprintable() or each.isspace())
    return " ".join(shown.translate(_NO_MARKUP).split())[:longest].strip() or None


_NO_MARKUP = str.maketrans("<>", "‹›")


def _quoted(note: str | None) -> str | None:
    return f"“{note}”" if note else None


WRITTEN_AS = "'cal:' || a.id || ':' || a.version"
"""What `_key` returns, in SQL, of an appointment `a`."""


def _key(appointment: Appointment) -> str:
    return f"cal:{appointment.id}:{appointment.version}"
