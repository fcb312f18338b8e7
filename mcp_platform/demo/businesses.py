"""Who is in the demonstration: two businesses, their calendars, their customers.

Owns names and identifiers that the seeding, the script and the page must agree on. Values only;
what the businesses offer is the platform's to keep, and is not told to the simulators.
"""

from dataclasses import dataclass
from datetime import time

TIME_ZONE = "America/Sao_Paulo"
ENVIRONMENT = "production"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone. The number is Meta's `wa_id`: digits alone."""

    name: str
    wa_id: str


@dataclass(frozen=True, slots=True)
class OwnersEvent:
    """What the owner has in the calendar every week; 0 is Monday."""

    title: str
    weekday: int
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class DemoCalendar:
    """One professional's Google calendar, with what is in it before anyone books."""

    calendar_id: str
    professional_id: str
    professional: str
    own: tuple[OwnersEvent, ...]


@dataclass(frozen=True, slots=True)
class Business:
    """One tenant as the vendors know it."""

    client_name: str
    name: str
    about: str
    phone_number_id: str
    display_phone_number: str
    owner: Person
    agendas: tuple[DemoCalendar, ...]
    customers: tuple[Person, ...]

    @property
    def path(self) -> str:
        return f"{self.client_name}/{ENVIRONMENT}"

    @property
    def service_account(self) -> str:
        return f"agenda@{self.client_name}.iam.gserviceaccount.com"


GUANABARA = Business(
    client_name="comercial-guanabara",
    name="Comercial Guanabara",
    about="Ar-condicionado e eletrodomésticos",
    phone_number_id="106540352242922",
    display_phone_number="+55 21 4000-1001",
    owner=Person("Marina Prado", "5521998887001"),
    agendas=(
        DemoCalendar(
            "marina@comercial-guanabara.example",
            "marina",
            "Marina",
            (
                OwnersEvent("Estoque", 1, time(14), time(15)),
                OwnersEvent("Fornecedor", 2, time(17), time(18)),
                OwnersEvent("Banco", 4, time(9), time(10)),
            ),
        ),
    ),
    customers=(Person("Ana Souza", "5521999990001"), Person("Caio Lima", "5521999990002")),
)
BARBEARIA = Business(
    client_name="barbearia-do-ze",
    name="Barbearia do Zé",
    about="Corte e barba",
    phone_number_id="108230048812345",
    display_phone_number="+55 11 4000-2002",
    owner=Person("Zé", "5511998887002"),
    agendas=(
        DemoCalendar(
            "ze@barbearia-do-ze.example",
            "ze",
            "Zé",
            (
                OwnersEvent("Escola da Júlia", 1, time(15), time(16)),
                OwnersEvent("Contador", 4, time(9), time(10)),
            ),
        ),
        DemoCalendar(
            "beto@barbearia-do-ze.example",
            "beto",
            "Beto",
            (
                OwnersEvent("Fisioterapia", 3, time(9), time(10)),
                OwnersEvent("Futebol", 5, time(16), time(18)),
            ),
        ),
    ),
    customers=(Person("Rafael Dias", "5511999990003"), Person("Bia Martins", "5511999990004")),
)
BUSINESSES = (GUANABARA, BARBEARIA)
