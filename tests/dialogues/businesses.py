"""The businesses of the dialogues: what they offer, who works there, what they know of themselves.

Each is open every day but the one five days from now, from 9 to 19 o'clock, in a time zone in which
it is now between 10 and 11. So a dialogue reads the same on whatever day and hour it is played.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mcp_platform.scheduling.catalogue import Catalogue, Service, every_day
from tests import factories

CLOSED_IN = 5  # days from now
OPENS, CLOSES = time(9), time(19)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a business wrote about itself, and some of the questions that it answers."""

    title: str
    text: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Business:
    """A business as its owner described it; `staff` says who does which services."""

    name: str
    language: str
    services: tuple[Service, ...]
    staff: dict[str, tuple[str, tuple[str, ...]]]
    answers: tuple[Answer, ...] = ()
    columns: dict[str, Any] = field(default_factory=dict)

    def catalogue(self, *, zone: str, today: datetime) -> Catalogue:
        """Return what can be booked, as of today."""
        closed = (today + timedelta(days=CLOSED_IN)).weekday()
        hours = every_day(
            weekdays=[day for day in range(7) if day != closed], opens=OPENS, closes=CLOSES
        )
        by_id = {each.id: each for each in self.services}
        people = tuple(
            factories.professional(
                id_, name, services=tuple(by_id[each] for each in does), hours=hours
            )
            for id_, (name, does) in self.staff.items()
        )
        return factories.catalogue(services=self.services, professionals=people, time_zone=zone)


def morning_zone(now: datetime) -> ZoneInfo:
    """Return the time zone in which it is now between 10 and 11 o'clock."""
    ahead = 10 - now.astimezone(UTC).hour
    if ahead < -12:  # there is none; the other side of the world has it tomorrow
        ahead += 24
    return ZoneInfo(f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT")  # its signs are reversed


_CUT, _BEARD = 4500, 3500
BUSINESSES = {
    "barbearia": Business(
        name="Barbearia do Zé",
        language="pt-BR",
        services=(
            factories.service("corte", "Corte", price_cents=_CUT),
            factories.service("barba", "Barba", price_cents=_BEARD),
            factories.service("sobrancelha", "Sobrancelha", price_cents=2000),
        ),
        staff={
            "ze": ("Zé", ("corte", "barba", "sobrancelha")),
            "ana": ("Ana", ("corte", "sobrancelha")),
        },
        answers=(
            Answer(
                "Pagamento",
                "Aceitamos pix, débito e crédito em até 2x.",
                ("Aceita pix?", "Pode pagar com cartão?"),
            ),
            Answer(
                "Crianças",
                "Criança até 10 anos vem com um responsável.",
                ("Vocês atendem criança?", "Posso levar meu filho?"),
            ),
            Answer(
                "Estacionamento",
                "Há vagas na rua, em frente à praça.",
                ("Tem estacionamento?", "Onde posso parar o carro?"),
            ),
        ),
        columns={"article": "a", "kind": "barber", "phone": "(11) 4002-8922"},
    ),
    "dentista": Business(
        name="Clínica Sorriso",
        language="pt-BR",
        services=(
            factories.service("avaliacao", "Avaliação"),
            factories.service("limpeza", "Limpeza", minutes=60, price_cents=18000),
        ),
        staff={"lucia": ("Dra. Lúcia", ("avaliacao", "limpeza"))},
        columns={"article": "a", "kind": "dentist", "phone": "(11) 4002-8922"},
    ),
    "petshop": Business(
        name="Pet da Vila",
        language="pt-BR",
        services=(
            factories.service("banho", "Banho", minutes=60, price_cents=5000),
            factories.service("tosa", "Tosa", minutes=60, price_cents=7000),
        ),
        staff={"rafa": ("Rafa", ("banho", "tosa"))},
        columns={"article": "o", "kind": "pets", "phone": "(11) 4002-8922"},
    ),
    "barbershop": Business(
        name="Zoe's Barbershop",
        language="en",
        services=(
            factories.service("haircut", "Haircut", price_cents=_CUT),
            factories.service("beard", "Beard trim", price_cents=_BEARD),
        ),
        staff={"zoe": ("Zoe", ("haircut", "beard")), "max": ("Max", ("haircut", "beard"))},
        answers=(
            Answer(
                "Parking",
                "There is free parking behind the church.",
                ("Where can I park?", "Is there parking?"),
            ),
        ),
        columns={"kind": "barber"},
    ),
    "peluqueria": Business(
        name="Peluquería Lucía",
        language="es",
        services=(
            factories.service("corte", "Corte", price_cents=_CUT),
            factories.service("barba", "Barba", price_cents=_BEARD),
        ),
        staff={"lucia": ("Lucía", ("corte", "barba")), "pablo": ("Pablo", ("corte", "barba"))},
        answers=(
            Answer(
                "Estacionamiento",
                "Hay estacionamiento gratis detrás de la iglesia.",
                ("¿Dónde puedo estacionar?", "¿Hay estacionamiento?"),
            ),
        ),
        columns={"article": "a", "kind": "salon"},
    ),
}
