"""The scripted conversation, and the appointments that must stand when it is over.

Owns who says what. Days are chosen so that it plays on any day of the week: both are days on which
both businesses are open, and near enough to be called by their names.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mcp_platform.demo.businesses import BARBEARIA, GUANABARA, TIME_ZONE, Business, Person
from mcp_platform.demo.customer import Customer, Option
from mcp_platform.demo.failures import ScriptFailed

ZONE = ZoneInfo(TIME_ZONE)
NAMES = ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo")
BOTH_OPEN = range(1, 5)  # Tuesday to Friday
SOONEST = 2  # days ahead: never today nor "amanhã", so that a weekday's name is clear

BOOKED, MOVED, CANCELLED = "✅ Agendado", "✅ Remarcado", "❌ Cancelado"

Casts = Callable[[Person, Business], Customer]
Scene = Callable[[str, str], None]
Breaks = Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class ExpectedAppointment:
    """An appointment that must stand, or must have been cancelled, when all is said."""

    business: Business
    customer: Person
    service_id: str
    service: str
    professional_id: str
    start: datetime
    status: str = "booked"

    @property
    def calendar_id(self) -> str:
        return {each.professional_id: each.calendar_id for each in self.business.agendas}[
            self.professional_id
        ]

    def __str__(self) -> str:
        return (
            f"{self.service} of {self.customer.name} at {self.business.name},"
            f" {self.start:%d/%m %H:%M}, {self.status}"
        )


def chosen_days(today: date) -> tuple[date, date]:
    """Return two days to talk about, less than a week ahead."""
    ahead = (today + timedelta(days=count) for count in range(SOONEST, 7))
    first, second, *_ = [day for day in ahead if day.weekday() in BOTH_OPEN]
    return first, second


def play(
    *, casts: Casts, scene: Scene, model_off: Breaks, today: date
) -> list[ExpectedAppointment]:
    """Play all scenes and return what must have come of them.

    Raises:
        ScriptFailed: a reply was not what the script expects, or did not come.
    """
    first, second = chosen_days(today)
    scene(GUANABARA.name, "Ana books, books again, moves one and drops the other")
    ana = GUANABARA.customers[0]
    done = _ana(casts(ana, GUANABARA), first=first, second=second)
    scene(BARBEARIA.name, "Rafael types in bursts, and wants one barber")
    rafael = BARBEARIA.customers[0]
    done.append(_rafael(casts(rafael, BARBEARIA), day=first))
    scene(BARBEARIA.name, "Gemini is down: Bia is served by lists and buttons alone")
    model_off(True)
    bia = BARBEARIA.customers[1]
    done.append(_bia(casts(bia, BARBEARIA)))
    model_off(False)
    return done


def _ana(ana: Customer, *, first: date, second: date) -> list[ExpectedAppointment]:
    ana.writes("Oi, bom dia!")
    ana.writes(f"Tem horário para visita técnica na {_named(first)} à tarde?")
    ana.taps(1)
    ana.expect(BOOKED, "Visita técnica")
    ana.writes("Quanto custa a instalação?")
    ana.expect("R$ 250,00")
    ana.writes(f"Então marca também uma instalação na {_named(second)} às 15h")
    ana.taps("Confirmar")
    ana.expect(BOOKED, "Instalação", "15:00")
    ana.writes(f"Preciso mudar a visita para {_named(second)} às 10h")
    ana.taps("Sim, trocar")
    ana.expect(MOVED, "Visita técnica", "10:00")
    ana.writes("E a previsão do tempo, você sabe?")
    ana.writes("Então quero cancelar a instalação")
    ana.writes("Sim")
    ana.expect(CANCELLED, "Instalação")
    visit = ExpectedAppointment(
        GUANABARA, ana.person, "visita", "Visita técnica", "marina", _at(second, time(10))
    )
    dropped = ExpectedAppointment(
        *(GUANABARA, ana.person, "instalacao", "Instalação", "marina", _at(second, time(15))),
        status="cancelled",
    )
    return [visit, dropped]


def _rafael(rafael: Customer, *, day: date) -> ExpectedAppointment:
    rafael.writes("Opa", "queria cortar o cabelo com o Beto", f"na {_named(day)} de manhã")
    chosen, _ = rafael.taps(2)
    rafael.expect(BOOKED, "Corte com Beto")
    start = _start_of(chosen, near=day)
    return ExpectedAppointment(BARBEARIA, rafael.person, "corte", "Corte", "beto", start)


def _bia(bia: Customer) -> ExpectedAppointment:
    bia.writes("Oi, quero marcar um horário")
    bia.taps("Agendar")
    bia.taps("Barba")
    bia.taps("Zé")
    bia.taps(1)
    chosen, _ = bia.taps(0)
    bia.expect(BOOKED, "Barba com Zé")
    start = _start_of(chosen, near=datetime.now(ZONE).date())
    return ExpectedAppointment(BARBEARIA, bia.person, "barba", "Barba", "ze", start)


def _named(day: date) -> str:
    return NAMES[day.weekday()]


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=ZONE)


def _start_of(option: Option, *, near: date) -> datetime:
    """Read the day and the time off a row such as "qua 25/11 13:30"."""
    found = re.search(r"(\d{2})/(\d{2}) (\d{2}):(\d{2})", option.title)
    if found is None:
        raise ScriptFailed(f"A row with a day and a time was expected; what came was {option}.")
    day, month, hour, minute = map(int, found.groups())
    year = near.year + (month < near.month)  # December talks about January
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)
