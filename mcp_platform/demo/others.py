"""The other customers: days that are booked already, and two who wait for the team to answer.

What the console is for is seen only where there is work. Staff's bookings go through the admin API, as
the console's do; the customers write on their phones.
"""

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx

from mcp_platform.demo.businesses import BARBEARIA, BUSINESSES, GUANABARA, Business, Person
from mcp_platform.demo.catalogues import catalogue_of
from mcp_platform.demo.customer import Customer
from mcp_platform.demo.stage import Stage

DAYS = 4  # from today on
EVERY = 3  # of the free times one is taken: a day that is full can still be booked
NAMES = (
    "Letícia Moura", "João Batista", "Dona Célia", "Thiago Rocha", "Priscila Nunes", "Seu Antônio",
    "Gabriel Farias", "Renata Campos", "Marcos Vinícius", "Yara Lopes", "Igor Pacheco", "Sônia Reis",
)  # fmt: skip
UNTOLD = {"tell_customer": False}  # their phones are no part of this
WHO_WAITS = (
    (GUANABARA, GUANABARA.customers[1], "Quero falar com uma pessoa, por favor"),
    (BARBEARIA, Person("Yara Lopes", "5511999990005"), "Vocês atendem criança pequena?"),
)


def fill(stage: Stage, *, today: date) -> int:
    """Book the coming days and let two customers write; return how many were booked.

    Raises:
        ScriptFailed: a customer was not answered.
        httpx.HTTPError: the admin API did not do as it was asked.
    """
    who = stage.administrator
    with httpx.Client(base_url=stage.gateway, timeout=30) as api:
        account = {"email": who.email, "password": who.password}
        answer = api.post("/api/v1/auth/token", json=account).raise_for_status()
        api.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        booked = sum(
            _book(api, business, number, wish)
            for business in BUSINESSES
            for number, wish in enumerate(_wishes(api, business, today))
        )
        for business in BUSINESSES:  # else the fleet could not say that they are well
            api.post(f"{_tenant(business)}/doctor", json={}).raise_for_status()
    for business, person, words in WHO_WAITS:
        Customer(person, business, meta=stage.meta, shows=lambda *_: None).writes(words)
    return booked


def _tenant(business: Business) -> str:
    client_name, environment = business.path.split("/")
    return f"/api/v1/admin/clients/{client_name}/environments/{environment}"


def _at(business: Business) -> str:
    return f"{_tenant(business)}/appointments"


def _wishes(api: httpx.Client, business: Business, today: date) -> Iterator[dict[str, Any]]:
    """Yield free times, a few of each day, that do not lie on one another."""
    services = itertools.cycle(each.id for each in catalogue_of(business).services)
    for ahead in range(DAYS):
        asked = {"date": (today + timedelta(days=ahead)).isoformat(), "service": next(services)}
        free = api.get(f"{_at(business)}/available", params=asked).raise_for_status()
        slots = free.json()["slots"]
        for professional in sorted({slot["professional"] for slot in slots}):
            theirs = [slot for slot in slots if slot["professional"] == professional]
            yield from itertools.islice(theirs, 0, None, EVERY)


def _book(api: httpx.Client, business: Business, number: int, wish: dict[str, Any]) -> int:
    name = NAMES[number % len(NAMES)]
    booking = {
        **{each: wish[each] for each in ("service", "professional", "start")},
        "name": name,
        "user_id": f"demo-{number}",
        **UNTOLD,
    }
    answer = api.post(_at(business), json=booking)
    if answer.status_code != httpx.codes.CONFLICT:  # another's took that time
        answer.raise_for_status()
    return int(answer.is_success)
