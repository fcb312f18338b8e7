"""What a business offers, who does it, when, and under which rules: the values booking reasons on.

They refuse what is impossible. `catalogue_store.py` stores them, and `availability.py` says what is
still free.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NewType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mcp_platform.errors import Invalid, NotFound
from mcp_platform.scheduling.holidays import HolidayRules

ServiceId = NewType("ServiceId", str)  # a slug, unique in the tenant
ProfessionalId = NewType("ProfessionalId", str)  # a slug, unique in the tenant

# What a new client starts with: the usual day of a Brazilian barber or salon. The owner changes it.
DEFAULT_OPENS = time(8)
DEFAULT_CLOSES = time(18)
DEFAULT_SLOT_STEP = timedelta(minutes=30)
DEFAULT_TIME_ZONE = "America/Sao_Paulo"
DEFAULT_MINIMUM_NOTICE = timedelta(0)  # a walk-in who writes from the pavement is welcome
DEFAULT_HORIZON = timedelta(days=60)  # the next visit, and the one after it, of a monthly customer

MIDNIGHT = time(0)
DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is offered. Buffers keep the professional busy around it; the customer never sees them.

    `price_cents` counts the currency's minor units; None means the price is not told.
    """

    id: ServiceId
    name: str
    duration: timedelta
    buffer_before: timedelta = timedelta(0)
    buffer_after: timedelta = timedelta(0)
    price_cents: int | None = None
    currency: str = "BRL"

    def __post_init__(self) -> None:
        _require(self.duration > timedelta(0), "duration", "must be longer than nothing")
        _require(self.buffer_before >= timedelta(0), "buffer_before", "must not be negative")
        _require(self.buffer_after >= timedelta(0), "buffer_after", "must not be negative")
        _require((self.price_cents or 0) >= 0, "price_cents", "must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class OpeningSpan:
    """Working hours without a break, on one weekday (0 = Monday), by the clock on the wall.

    Several a day leave breaks between them. `closes` 00:00 is midnight at the end of the day; hours
    that run past midnight are two spans.
    """

    weekday: int
    opens: time
    closes: time

    def __post_init__(self) -> None:
        _require(0 <= self.weekday < DAYS_A_WEEK, "weekday", "must be 0 (Monday) to 6 (Sunday)")
        _require(
            self.closes == MIDNIGHT or self.opens < self.closes, "closes", "must be after `opens`"
        )

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Return opening and closing on `day` as the wall clock shows them, without a zone."""
        ends = day + timedelta(days=1) if self.closes == MIDNIGHT else day
        return datetime.combine(day, self.opens), datetime.combine(ends, self.closes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDay:
    """A day without bookings: of one professional, or of everyone when `professional_id` is None.

    With `begins` and `ends` only these hours are closed; `ends` 00:00 is the end of the day.
    """

    day: date
    professional_id: ProfessionalId | None = None
    begins: time | None = None
    ends: time | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        both = (self.begins is None) == (self.ends is None)
        _require(both, "ends" if self.ends is None else "begins", "is missing")
        if self.begins is not None and self.ends is not None:
            ordered = self.ends == MIDNIGHT or self.begins < self.ends
            _require(ordered, "ends", "must be after `begins`")

    def hours(self) -> tuple[datetime, datetime]:
        """Return what is closed as the wall clock shows it, without a zone."""
        ends = self.ends or MIDNIGHT
        last = self.day + timedelta(days=1) if ends == MIDNIGHT else self.day
        return datetime.combine(self.day, self.begins or MIDNIGHT), datetime.combine(last, ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Professional:
    """Who does the work. `calendar_id` None means the tenant's own calendar."""

    id: ProfessionalId
    name: str
    calendar_id: str | None = None
    service_ids: frozenset[ServiceId]
    hours: tuple[OpeningSpan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRules:
    """When a booking may be made: grid, shortest notice and furthest day, in an IANA time zone.

    Attributes:
        free_days_close: Whether an all-day event that the calendar counts as free closes the day.
            Google marks all-day events so unless told otherwise, a holiday among them.
        unanswered_close: Whether an invitation that the owner did not answer closes its time.
            Anybody can send one, and would close the shop.
    """

    time_zone: str = DEFAULT_TIME_ZONE
    slot_step: timedelta = DEFAULT_SLOT_STEP
    minimum_notice: timedelta = DEFAULT_MINIMUM_NOTICE
    horizon: timedelta = DEFAULT_HORIZON
    free_days_close: bool = True
    unanswered_close: bool = False

    def __post_init__(self) -> None:
        _require(self.slot_step > timedelta(0), "slot_step", "must be longer than nothing")
        _require(self.minimum_notice >= timedelta(0), "minimum_notice", "must not be negative")
        _require(self.horizon >= timedelta(0), "horizon", "must not be negative")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder's name
            raise Invalid(
                f"{self.time_zone!r} is not a time zone.",
                fields={"time_zone": "must be an IANA name such as America/Sao_Paulo"},
            ) from error

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)  # zoneinfo keeps one object per name

    def moment(self, wall: datetime) -> datetime:
        """Return when, in UTC, the tenant's clock shows `wall`."""
        return wall.replace(tzinfo=self.zone).astimezone(UTC)

    def local(self, moment: datetime) -> datetime:
        """Return `moment` (aware) by the tenant's clock, as `wording.py` and `Slot` want it."""
        # Through UTC: converting to the zone a value already has would leave it untouched, even if
        # it is a wall time that the clocks skipped.
        return moment.astimezone(UTC).astimezone(self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All that one tenant offers."""

    services: tuple[Service, ...]
    professionals: tuple[Professional, ...]
    closed_days: tuple[ClosedDay, ...] = ()
    rules: BookingRules
    holidays: HolidayRules | None = field(default=None, compare=False)  # offered, not in force

    def service(self, service_id: str) -> Service:
        """Find a service.

        Raises:
            NotFound: this tenant offers no such service.
        """
        for service in self.services:
            if service.id == service_id:
                return service
        raise NotFound(f"There is no service {service_id!r}.")

    def professional(self, professional_id: str) -> Professional:
        """Find a professional.

        Raises:
            NotFound: nobody of that id works for this tenant.
        """
        for professional in self.professionals:
            if professional.id == professional_id:
                return professional
        raise NotFound(f"There is no professional {professional_id!r}.")

    def offering(self, service_id: str) -> tuple[Professional, ...]:
        """Return the professionals who do a service, in the catalogue's order."""
        return tuple(each for each in self.professionals if service_id in each.service_ids)

    def closed_for(self, professional_id: ProfessionalId) -> Mapping[date, tuple[ClosedDay, ...]]:
        """Return by day what is closed for a professional, the tenant's own included."""
        found: dict[date, tuple[ClosedDay, ...]] = {}
        for closed in self.closed_days:
            if closed.professional_id in (None, professional_id):
                found[closed.day] = (*found.get(closed.day, ()), closed)
        return found


def every_day(
    *, weekdays: Iterable[int], opens: time = DEFAULT_OPENS, closes: time = DEFAULT_CLOSES
) -> tuple[OpeningSpan, ...]:
    """Return the same hours for each of `weekdays`."""
    return tuple(OpeningSpan(weekday=day, opens=opens, closes=closes) for day in weekdays)


def _require(holds: bool, field: str, message: str) -> None:  # noqa: FBT001 reads as a sentence
    if not holds:
        raise Invalid(f"`{field}` {message}.", fields={field: message})
