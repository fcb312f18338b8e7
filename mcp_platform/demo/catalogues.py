"""What the two businesses of the demonstration offer, when, and for how much."""

from datetime import time, timedelta

from mcp_platform.demo.businesses import BARBEARIA, GUANABARA, TIME_ZONE, Business
from mcp_platform.scheduling.catalogue import (
    BookingRules,
    Catalogue,
    OpeningSpan,
    Professional,
    ProfessionalId,
    Service,
    ServiceId,
)

NOON, ONE = time(12), time(13)
RULES = BookingRules(time_zone=TIME_ZONE, minimum_notice=timedelta(minutes=30))


def _hours(
    weekdays: range, *, opens: time, closes: time, until: dict[int, time]
) -> tuple[OpeningSpan, ...]:
    """Return the week with its lunch break; on the days of `until` the break ends the day."""
    spans = []
    for day in weekdays:
        spans.append(OpeningSpan(weekday=day, opens=opens, closes=NOON))
        if until.get(day) != NOON:
            spans.append(OpeningSpan(weekday=day, opens=ONE, closes=until.get(day, closes)))
    return tuple(spans)


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


SHOP = (
    Service(
        id=ServiceId("visita"),
        name="Visita técnica",
        duration=_minutes(60),
        price_cents=8000,
    ),
    Service(
        id=ServiceId("instalacao"),
        name="Instalação",
        duration=_minutes(90),
        buffer_after=_minutes(30),  # the way back
        price_cents=25000,
    ),
)
BARBERS = (
    Service(
        id=ServiceId("corte"),
        name="Corte",
        duration=_minutes(25),
        buffer_after=_minutes(5),  # the chair is swept
        price_cents=4500,
    ),
    Service(
        id=ServiceId("barba"),
        name="Barba",
        duration=_minutes(25),
        buffer_after=_minutes(5),
        price_cents=3500,
    ),
    Service(
        id=ServiceId("corte-e-barba"),
        name="Corte e barba",
        duration=_minutes(50),
        buffer_after=_minutes(10),
        price_cents=7000,
    ),
)


def catalogue_of(business: Business) -> Catalogue:
    """Return what a business of the demonstration offers."""
    services, hours = {
        GUANABARA.client_name: (
            SHOP,
            _hours(range(6), opens=time(8), closes=time(18), until={5: NOON}),
        ),
        BARBEARIA.client_name: (
            BARBERS,
            _hours(range(1, 6), opens=time(9), closes=time(19), until={5: time(17)}),
        ),
    }[business.client_name]
    tenants_own = business.agendas[0].calendar_id
    return Catalogue(
        services=services,
        professionals=tuple(
            Professional(
                id=ProfessionalId(agenda.professional_id),
                name=agenda.professional,
                calendar_id=None if agenda.calendar_id == tenants_own else agenda.calendar_id,
                service_ids=frozenset(service.id for service in services),
                hours=hours,
            )
            for agenda in business.agendas
        ),
        rules=RULES,
    )
