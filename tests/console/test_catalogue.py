"""Services, people, hours and closed days: what is saved is what the API reads; errors at fields."""

import re
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from tests.console.browser import PlainBrowser
from tests.console.test_pages import CORPUS
from tests.platform_api import Api

VERSION = re.compile(r'name="version" value="(\d+)"')


@pytest.fixture
async def shop(api: Api, browser: PlainBrowser) -> str:
    """The path of a barbershop with a catalogue; an operator is signed in."""
    sessions = api.platform.shared.admin_sessions
    made = await factories.add_tenant(sessions, offers=factories.catalogue())
    user = await api.make_user("operator")
    await browser.sign_in(user.email)
    return made.path


async def read(api: Api, shop: str, what: str) -> Any:
    """Return what the API says."""
    token = await api.sign_in("viewer")
    client, environment = shop.split("/")
    path = f"/admin/clients/{client}/environments/{environment}/{what}".rstrip("/")
    answer = await api.ask("GET", path, token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()


def marked(html: str) -> set[str]:
    """Return the fields at which something is said to be wrong."""
    return set(
        re.findall(r'<(?:input|select|textarea) id="([\w.-]+)"[^>]*aria-invalid="true"', html)
    )


async def version(browser: PlainBrowser, page: str) -> str:
    return VERSION.findall((await browser.get(page)).text)[0]


async def test_a_service_is_added_changed_and_removed(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    new = f"/t/{shop}/services/_new"
    page = await browser.post(
        new, name="Sobrancelha <3", duration_minutes="15", price="R$ 20,00", active="yes"
    )
    assert "Serviço criado" in page.text
    assert "Sobrancelha &lt;3" in page.text
    service = await read(api, shop, "services/sobrancelha-3")
    assert (service["duration_minutes"], service["price_cents"]) == (15, 2000)

    edit = f"/t/{shop}/services/sobrancelha-3"
    page = await browser.post(
        edit,
        version=await version(browser, edit),
        name="Sobrancelha",
        duration_minutes="20",
        price="",
    )
    assert "Serviço salvo" in page.text
    service = await read(api, shop, "services/sobrancelha-3")
    assert (service["name"], service["price_cents"], service["active"]) == (
        "Sobrancelha", None, False,
    )  # fmt: skip
    page = await browser.post(f"{edit}/remove", page=edit, version=await version(browser, edit))
    assert "Serviço removido" in page.text
    ids = [each["id"] for each in (await read(api, shop, "services"))["items"]]
    assert "sobrancelha-3" not in ids


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "Corte"}),  # its id is taken
        ("duration_minutes", {"duration_minutes": "two"}),
        ("duration_minutes", {"duration_minutes": "3"}),
        ("price", {"price": "forty"}),
        ("buffer_after_minutes", {"buffer_after_minutes": "-1"}),
    ],
)
async def test_what_is_wrong_with_a_service_is_said_at_its_field_and_the_form_kept(
    api: Api, browser: PlainBrowser, shop: str, field: str, fields: dict[str, str]
) -> None:
    before = await api.audited()
    given = {"name": "Sobrancelha", "duration_minutes": "15", "price": "20", "position": "7"}
    page = await browser.post(f"/t/{shop}/services/_new", **{**given, **fields})
    assert page.status_code == 422
    assert marked(page.text) == {field}
    assert 'name="position" type="text" value="7"' in page.text
    assert await api.audited() == before


async def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overwritten(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    edit = f"/t/{shop}/services/corte"
    seen = await version(browser, edit)
    given = {"name": "Corte", "duration_minutes": "30", "active": "yes"}
    await browser.post(edit, version=seen, **{**given, "price": "99,00"})
    page = await browser.post(edit, version=seen, **{**given, "price": "50,00"})
    assert page.status_code == 412
    assert "<bdi>99,00</bdi></td><td><bdi>50,00</bdi>" in page.text
    assert (await read(api, shop, "services/corte"))["price_cents"] == 9900
    again = VERSION.findall(page.text)[0]
    await browser.post(edit, version=again, **{**given, "price": "50,00"})
    assert (await read(api, shop, "services/corte"))["price_cents"] == 5000


async def test_who_is_added_is_asked_for_hours_next(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    new = f"/t/{shop}/people/_new"
    page = await browser.post(
        new, name="Ana", calendar_id="primary", active="yes", **{"service.corte": "yes"}
    )
    assert page.status_code == 422
    assert marked(page.text) == {"calendar_id"}
    assert re.search(r'name="service.corte" value="yes" checked', page.text)
    page = await browser.post(
        new, name="Ana", calendar_id="ana@example.com", active="yes", **{"service.corte": "yes"}
    )
    assert "Diga agora quando ela atende" in page.text
    assert 'name="who" value="ana"' in page.text
    person = await read(api, shop, "professionals/ana")
    assert (person["service_ids"], person["calendar_id"]) == (["corte"], "ana@example.com")


async def test_somebody_is_changed_and_one_who_was_booked_is_not_removed(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    edit = f"/t/{shop}/people/ze"
    await browser.post(
        edit, version=await version(browser, edit), name="José", **{"service.barba": "yes"}
    )
    person = await read(api, shop, "professionals/ze")
    assert (person["name"], person["service_ids"], person["active"]) == ("José", ["barba"], False)
    await booked(api, shop, "beto")
    other = f"/t/{shop}/people/beto"
    page = await browser.post(f"{other}/remove", page=other, version=await version(browser, other))
    assert page.status_code == 409
    assert "Já houve marcações" in page.text
    await read(api, shop, "professionals/beto")


async def booked(api: Api, shop: str, who: str) -> str:
    """Book somebody in three days at ten; return the day."""
    at = (api.clock() + timedelta(days=3)).astimezone(factories.ZONE)
    at = at.replace(hour=10, minute=0, second=0, microsecond=0)
    sessions = api.platform.shared.admin_sessions
    client, environment = shop.split("/")
    tenant = await api.platform.shared.tenants.by_path(client, environment)
    contact = await factories.add_contact(sessions, tenant.id)
    await factories.add_appointment(
        sessions, tenant.id, contact, starts_at=at, professional_id=who, person="Joana"
    )
    return f"{at:%Y-%m-%d}"


async def test_a_day_is_copied_looked_at_and_saved(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    page = f"/t/{shop}/hours"
    seen = await version(browser, f"{page}?who=ze")
    given = {"who": "ze", "version": seen, "opens.0.0": "08:00", "closes.0.0": "12:00"}
    shown = await browser.post(page, do="copy", **given, **{"from": "0", "to.1": "yes"})
    assert "ainda não salvo" in shown.text
    assert 'name="opens.1.0" value="08:00"' in shown.text
    assert len((await read(api, shop, "professionals/ze/hours"))["hours"]) > 2

    copied = {"opens.1.0": "08:00", "closes.1.0": "12:00"}
    shown = await browser.post(page, do="save", **given, **copied)
    assert "Horários salvos" in shown.text
    assert (await read(api, shop, "professionals/ze/hours"))["hours"] == [
        {"weekday": 0, "opens": "08:00", "closes": "12:00"},
        {"weekday": 1, "opens": "08:00", "closes": "12:00"},
    ]
    shown = await browser.post(page, do="save", **given)
    assert shown.status_code == 412
    assert "Alguém mudou isto" in shown.text


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ({"opens.2.0": "09:00", "closes.2.0": ""}, "precisa das duas horas"),
        ({"opens.2.0": "12:00", "closes.2.0": "09:00"}, "fecha depois de abrir"),
        (
            {
                "opens.2.0": "09:00", "closes.2.0": "12:00",
                "opens.2.1": "11:00", "closes.2.1": "14:00",
            },
            "se sobrepõem",
        ),
    ],
)  # fmt: skip
async def test_hours_that_cannot_be_are_said_at_their_day(
    browser: PlainBrowser, shop: str, spans: dict[str, str], said: str
) -> None:
    page = f"/t/{shop}/hours"
    seen = await version(browser, f"{page}?who=ze")
    shown = await browser.post(page, do="save", who="ze", version=seen, **spans)
    assert shown.status_code == 422
    assert re.findall(r'id="day-(\d)-said"', shown.text) == ["2"]
    assert said in shown.text
    assert f'value="{spans["opens.2.0"]}"' in shown.text


async def test_days_are_closed_and_what_lies_there_is_asked_about(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    page = f"/t/{shop}/closed-days"
    day = await booked(api, shop, "ze")
    shown = await browser.post(page, day=day, reason="Reforma")
    assert shown.status_code == 409
    assert "Há 1 marcação nesse período" in shown.text
    assert "Joana" in shown.text
    assert 'value="Reforma"' in shown.text
    assert (await read(api, shop, "closed-days"))["items"] == []

    shown = await browser.post(page, day=day, reason="Reforma", bookings="keep")
    assert "ninguém marca nesses horários" in shown.text
    (closed,) = (await read(api, shop, "closed-days"))["items"]
    assert (closed["day"], closed["reason"]) == (day, "Reforma")
    version_ = VERSION.findall(shown.text)[0]
    shown = await browser.post(f"{page}/{closed['id']}/open", page=page, version=version_)
    assert "aceitam-se marcações de novo" in shown.text
    assert (await read(api, shop, "closed-days"))["items"] == []


async def test_a_vacation_is_several_days_of_one_person(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    page = f"/t/{shop}/closed-days"
    first = (api.clock() + timedelta(days=30)).date()
    last = first + timedelta(days=4)
    shown = await browser.post(page, day=str(last), until=str(first), who="ze")
    assert shown.status_code == 422
    assert marked(shown.text) == {"until"}
    shown = await browser.post(page, day=str(first), until=str(last), begins="10:00")
    assert shown.status_code == 422
    await browser.post(page, day=str(first), until=str(last), who="ze")
    items = (await read(api, shop, "closed-days"))["items"]
    assert [each["professional_id"] for each in items] == ["ze"] * 5


async def test_holidays_are_chosen_as_the_api_offers_them(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    year = api.clock().year + 1
    page = f"/t/{shop}/closed-days"
    shown = await browser.get(page)
    assert "Natal" in shown.text
    shown = await browser.post(
        f"{page}/holidays", page=page, year=str(year), **{f"day.{year}-12-25": "yes"}
    )
    assert "Feriados anotados" in shown.text
    items = (await read(api, shop, "closed-days"))["items"]
    assert [(each["day"], each["reason"]) for each in items] == [(f"{year}-12-25", "Natal")]


async def test_who_only_reads_sees_forms_that_are_closed(api: Api, browser: PlainBrowser) -> None:
    sessions = api.platform.shared.admin_sessions
    made = await factories.add_tenant(sessions, offers=factories.catalogue())
    user = await api.make_user("viewer")
    await browser.sign_in(user.email)
    for page in ("services", "services/corte", "people", "people/ze", "hours", "closed-days"):
        shown = await browser.get(f"/t/{made.path}/{page}")
        assert shown.status_code == 200, page
        assert ">Salvar<" not in shown.text
        assert ">Remover<" not in shown.text


async def test_what_people_are_called_is_shown_as_text(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    for number, text in enumerate(CORPUS):
        await api.sql("UPDATE services SET name = :text", text=text)
        await api.sql("UPDATE professionals SET name = :text, calendar_id = :text", text=text)
        await api.sql("DELETE FROM closed_days")
        await browser.post(
            f"/t/{shop}/closed-days",
            day=str((api.clock() + timedelta(days=90 + number)).date()),
            reason=text,
        )
        for page in ("services", "services/corte", "people", "people/ze", "hours", "closed-days"):
            shown = await browser.get(f"/t/{shop}/{page}")
            for opened in ("<script>alert", "<img src=x", "<svg/onload", ">49<"):
                assert opened not in shown.text, page


@pytest.mark.parametrize("path", ["services", "people", "answers", "questions"])
@pytest.mark.parametrize("id_", ["a%00b", "%F0%9F%92%88", "A b", "a" * 65])
async def test_what_cannot_be_an_id_is_not_found(
    browser: PlainBrowser, shop: str, path: str, id_: str
) -> None:
    if path == "questions":
        answer = await browser.post(f"/t/{shop}/questions/{id_}/dismiss", page=f"/t/{shop}/agenda")
    else:
        answer = await browser.get(f"/t/{shop}/{path}/{id_}")
    assert answer.status_code == 404
