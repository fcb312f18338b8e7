"""The agenda in the console: seen, booked, moved, cancelled and marked as by the API."""

import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from mcp_platform.console.agenda.layout import board
from mcp_platform.console.browser import token_of
from mcp_platform.kit.queue import schema_for
from mcp_platform.scheduling.catalogue import BookingRules, ClosedDay, OpeningSpan
from mcp_platform.scheduling.catalogue_store import save_catalogue
from mcp_platform.scheduling.finding.openings import Standing
from mcp_platform.scheduling.finding.sheets import AgendaSheet, working_days
from mcp_platform.scheduling.tenant_appointments import TenantAppointments
from mcp_platform.tenants.tenant import TenantId
from tests import factories
from tests.api.world import Shops
from tests.console.browser import PlainBrowser
from tests.console.test_pages import CORPUS
from tests.platform_api import Api
from tests.scheduling.shop import OwnersCalendars, catalogue

NUMBER = "5511987654321"
ZONE = ZoneInfo("America/Sao_Paulo")
TODAY = datetime.now(ZONE).date()
DAY = TODAY + timedelta(days=7 - TODAY.weekday())  # a Monday
VERSION = re.compile(r'name="version" value="(\d+)"')
KEY = re.compile(r'name="key" value="([0-9a-f-]+)"')
WRITER = {"service": "corte", "name": "Bia", "phone": "11 98765-4321", "tell": "yes"}


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"{DAY}T{clock}:00").replace(tzinfo=ZONE)


def slot(clock: str, who: str = "ze") -> str:
    return f"{DAY}T{clock}|{who}"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Whoever works at a shop's console, and the owner's calendar. `path` is the tenant's."""

    api: Api
    browser: PlainBrowser
    path: str
    tenant: TenantId
    calendar: OwnersCalendars

    @property
    def agenda(self) -> str:
        return f"/t/{self.path}/agenda"

    async def sign_in(self, role: str = "staff") -> None:
        user = await self.api.make_user(role, tenant=self.path if role == "staff" else None)  # type: ignore[arg-type]  # one of the four
        await self.browser.sign_in(user.email)

    async def see(self, path: str = "", *, status: int = 200) -> str:
        page = await self.browser.get(f"{self.agenda}{path}")
        assert page.status_code == status, page.text
        return unescape(page.text)

    async def do(self, path: str, *, status: int = 200, **fields: str) -> str:
        token = token_of(self.browser.cookie or "")
        page = await self.browser.post(f"{self.agenda}{path}", token=token, **fields)
        assert page.status_code == status, page.text
        return unescape(page.text)

    async def book(self, clock: str, **more: str) -> str:
        """Book by the forms; return the id of what was booked."""
        wish = {**WRITER, "slot": slot(clock), "day": str(DAY), **more}
        reviewed = await self.do("/new/review", **wish)
        page = await self.do("/new", **wish, key=KEY.findall(reviewed)[0])
        assert "Marcado:" in page
        return re.findall(r'class="banner ok".*?appointments/([0-9a-f-]+)"', page, re.DOTALL)[0]

    async def told(self) -> list[str]:
        rows = await self.api.sql(
            "SELECT body #>> '{message,text,body}' AS said FROM outbox"
            " WHERE kind = 'whatsapp' ORDER BY id"
        )
        return [row.said for row in rows]

    async def wrote(self) -> None:
        """Let the customer have written just now."""
        await self.api.sql("UPDATE contacts SET last_inbound_at = now()")

    async def now(self, appointment: str) -> tuple[str, datetime, str]:
        [row] = await self.api.sql(
            "SELECT status, starts_at, professional_id FROM appointments WHERE id = :id",
            id=uuid.UUID(appointment),
        )
        return row.status, row.starts_at, row.professional_id


@pytest.fixture
async def desk(api: Api) -> Desk:
    """A barber's shop over calendars in memory, and a browser."""
    shops = Shops(api.admin.sessions)
    served = TenantAppointments(
        sessions=api.admin.sessions,
        catalogues=api.platform.shared.catalogues,
        agendas=shops,
        clock=api.clock,
        queue_of=lambda tenant: schema_for(tenant.id, tenant.topology),
    )
    made = replace(api.platform, admin=replace(api.admin, appointments=served))
    over = Api(made, api.clock, api.keys)
    path = await over.make_tenant()
    [(tenant,)] = await over.sql(
        "UPDATE tenants SET calendar_id = 'shop@example.com'"
        " WHERE client_name || '/' || environment = :path RETURNING id",
        path=path,
    )
    async with api.platform.shared.admin_sessions.everywhere.begin() as session:
        await save_catalogue(session, TenantId(tenant), catalogue())
    calendar = shops.calendars[TenantId(tenant)] = OwnersCalendars()
    return Desk(
        api=over, browser=PlainBrowser(over), path=path, tenant=TenantId(tenant), calendar=calendar
    )


async def test_staff_begins_at_the_agenda_of_its_business(desk: Desk) -> None:
    user = await desk.api.make_user("staff", tenant=desk.path)
    page = await desk.browser.sign_in(user.email)
    assert page.url.path == f"/console{desk.agenda}"
    assert "/console/fleet" not in page.text


async def test_a_day_shows_what_is_booked_busy_closed_and_free(desk: Desk) -> None:
    await desk.sign_in()
    await desk.book("10:00")
    desk.calendar.block(at("15:00"), minutes=60)
    desk.calendar.asked.clear()
    page = await desk.see(f"?day={DAY}")
    assert desk.calendar.asked == ["shop@example.com"], "one calendar is looked at once"
    hour = 12  # rows; the shop opens at 8:00
    assert re.search(
        rf'<li class="entry booked f{2 * hour} l6[^"]*">.*?Bia.*?10:00', page, re.DOTALL
    )
    assert page.count(f'class="busy f{7 * hour} l12"') == 2, "both use this calendar"
    assert "Horários de São Paulo" in page
    assert "who=ze&at=10:00" not in page
    assert "who=ana&at=10:00" in page
    assert "who=ze&at=15:00" not in page
    week = await desk.see(f"?day={DAY}&view=week&who=ana")
    assert week.count('<section class="col') == 7
    assert "Bia" not in week


async def test_a_calendar_that_cannot_be_read_is_said_and_what_is_known_is_shown(
    desk: Desk,
) -> None:
    await desk.sign_in()
    await desk.book("10:00")
    desk.calendar.unreadable.add("shop@example.com")
    page = await desk.see(f"?day={DAY}")
    assert "de Ana, Zé não pode ser lida agora" in page
    assert "Bia" in page
    assert 'class="cell' not in page
    one = await desk.see(f"/new?day={DAY}&service=corte")
    assert "não pode ser lida agora" in one


async def test_a_booking_shows_first_what_the_customer_will_read(desk: Desk) -> None:
    await desk.sign_in()
    wish = {**WRITER, "slot": slot("10:00")}
    reviewed = await desk.do("/new/review", **wish)
    assert "Ligue e diga:" in reviewed, "who never wrote can be sent nothing"
    assert await desk.api.sql("SELECT id FROM contacts") == [], (
        "nothing is kept of what is only shown"
    )
    await desk.book("10:00", tell="")
    await desk.wrote()
    reviewed = await desk.do("/new/review", **{**wish, "slot": slot("11:00")})
    assert "O cliente recebe no WhatsApp:" in reviewed
    shown = re.findall(r"<blockquote[^>]*><bdi>(.*?)</bdi>", reviewed)[0]
    assert await desk.told() == []
    await desk.book("11:00")
    assert await desk.told() == [shown]
    assert len(await desk.api.sql("SELECT id FROM contacts")) == 1


async def test_a_form_that_is_sent_twice_books_once(desk: Desk) -> None:
    await desk.sign_in()
    wish = {**WRITER, "slot": slot("10:00")}
    key = KEY.findall(await desk.do("/new/review", **wish))[0]
    for _ in range(2):
        assert "Marcado:" in await desk.do("/new", **wish, key=key)
    assert len(await desk.api.sql("SELECT id FROM appointments")) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "Escreva o nome"),
        ({"phone": "123"}, "Escreva um número"),
        ({"phone": "(((((((((("}, "Escreva um número"),
        ({"phone": "55 00 00000 0000"}, "Escreva um número"),
        ({"slot": ""}, "Escolha um horário"),
    ],
)
async def test_what_is_missing_is_said_at_its_field_and_the_rest_is_kept(
    desk: Desk, wrong: dict[str, str], said: str
) -> None:
    await desk.sign_in()
    wish = {**WRITER, "slot": slot("10:00"), "day": str(DAY), **wrong}
    page = await desk.do("/new/review", status=422, **wish)
    assert said in page
    if "name" not in wrong:
        assert 'value="Bia"' in page
    assert await desk.api.sql("SELECT id FROM contacts") == []


@pytest.mark.parametrize("bad", ["x|ze", "2026-13-01T10:00|ze", "2026-12-01T10:00|nobody", "|"])
async def test_a_time_that_no_form_of_ours_sends_is_refused(desk: Desk, bad: str) -> None:
    await desk.sign_in()
    token = token_of(desk.browser.cookie or "")
    page = await desk.browser.post(
        f"{desk.agenda}/new/review", token=token, **{**WRITER, "slot": bad}
    )
    assert page.status_code in (404, 422)


async def test_a_time_that_is_gone_is_said_with_the_nearest(desk: Desk) -> None:
    await desk.sign_in()
    wish = {**WRITER, "slot": slot("10:00"), "day": str(DAY)}
    key = KEY.findall(await desk.do("/new/review", **wish))[0]
    desk.calendar.block(at("10:00"))
    page = await desk.do("/new", status=409, **wish, key=key)
    assert "acaba de ser ocupado" in page
    offered = re.findall(rf'name="slot" value="{DAY}T(\d\d:\d\d)\|', page)
    assert len(offered) == 3
    assert offered == sorted(offered)
    assert await desk.api.sql("SELECT id FROM appointments") == []


async def test_a_move_shows_its_text_first_and_the_customer_gets_just_that(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00", tell="")
    await desk.wrote()
    there = f"/appointments/{one}"
    times = await desk.see(f"{there}/move")
    nearest = re.findall(r"move/review\?start=([\w%-]+)&who=(\w+)", times)[:3]
    assert [unescape(start).replace("%3A", ":")[11:] for start, _ in nearest] == [
        "09:30", "10:30", "09:00",
    ]  # fmt: skip
    reviewed = await desk.see(f"{there}/move/review?start={DAY}T11:00&who=ana")
    shown = re.findall(r"<blockquote[^>]*><bdi>(.*?)</bdi>", reviewed)[0]
    version = VERSION.findall(reviewed)[0]
    assert await desk.told() == []
    page = await desk.do(
        f"{there}/move", start=f"{DAY}T11:00", who="ana", version=version, tell="yes"
    )
    assert "Movido:" in page
    assert await desk.now(one) == ("booked", at("11:00").astimezone(UTC), "ana")
    assert await desk.told() == [shown]
    assert "às 11:00" in shown


async def test_cancelling_shows_its_text_first(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00", tell="")
    await desk.wrote()
    there = f"/appointments/{one}"
    reviewed = await desk.see(f"{there}/cancel")
    shown = re.findall(r"<blockquote[^>]*><bdi>(.*?)</bdi>", reviewed)[0]
    assert (await desk.now(one))[0] == "booked", "looking changes nothing"
    version = VERSION.findall(reviewed)[0]
    page = await desk.do(f"{there}/cancel", version=version, tell="yes")
    assert "1 cancelado" in page
    assert (await desk.now(one))[0] == "cancelled"
    assert await desk.told() == [shown]
    again = await desk.see(f"{there}/cancel")
    assert "já não pode ser mudado" in again


async def test_who_tells_the_customer_themself_has_nothing_sent(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00", tell="")
    await desk.wrote()
    page = await desk.do(f"/appointments/{one}/cancel", version="1")
    assert "não é avisado por nós" in page
    assert await desk.told() == []


async def test_what_changed_meanwhile_is_shown_and_not_overwritten(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00")
    there = f"/appointments/{one}"
    assert "Movido:" in await desk.do(
        f"{there}/move", start=f"{DAY}T14:00", who="ze", version="1", tell=""
    )
    for act, more in (
        ("move", {"start": f"{DAY}T16:00", "who": "ze"}),
        ("cancel", {}),
        ("mark", {"mark": "confirmed"}),
    ):
        page = await desk.do(f"{there}/{act}", status=412, version="1", **more)
        assert "enquanto você olhava" in page
        assert "14:00" in page, "as it is now"
        await desk.do(f"{there}/{act}", status=422, version="x", **more)
    assert await desk.now(one) == ("booked", at("14:00").astimezone(UTC), "ze")


async def test_a_conflict_leaves_it_where_it_was_and_offers_three(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00")
    desk.calendar.block(at("14:00"))
    page = await desk.do(
        f"/appointments/{one}/move", status=409, start=f"{DAY}T14:00", who="ze", version="1"
    )
    assert len(re.findall(rf"move/review\?start={DAY}T", page)) == 3
    assert await desk.now(one) == ("booked", at("10:00").astimezone(UTC), "ze")
    page = await desk.do(
        f"/appointments/{one}/move", status=422, start=f"{DAY}T03:00", who="ze", version="1"
    )
    assert "fora do expediente" in page
    desk.calendar.unreadable.add("shop@example.com")
    page = await desk.do(
        f"/appointments/{one}/move", status=503, start=f"{DAY}T16:00", who="ze", version="1"
    )
    assert "não pode ser lida" in page


async def test_what_became_of_it_is_marked_once_it_has_begun(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00")
    there = f"/appointments/{one}"
    page = await desk.see(there)
    assert "Confirmou" in page
    assert "Não veio" not in page
    await desk.do(f"{there}/mark", status=409, mark="no_show", version="1")
    await desk.api.sql("UPDATE appointments SET starts_at = starts_at - interval '14 days',"
                       " ends_at = ends_at - interval '14 days'")  # fmt: skip
    await desk.do(f"{there}/mark", mark="no_show", version="1")
    assert (await desk.now(one))[0] == "no_show"
    await desk.do(f"{there}/mark", mark="completed", version="2")
    assert (await desk.now(one))[0] == "completed"
    await desk.do(f"{there}/mark", status=422, mark="held", version="3")


async def test_who_must_be_called_is_until_somebody_has(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00")
    assert "ligue para o cliente" in await desk.see(f"/appointments/{one}")
    page = await desk.do(f"/appointments/{one}/called")
    assert "alguém ligou" in page
    assert "Anotar que liguei" not in await desk.see(f"/appointments/{one}")


@pytest.mark.parametrize(
    ("clock", "prepare", "said"),
    [
        ("03:00", None, "fora do expediente"),
        ("10:10", None, "não começa nessa hora"),
        ("10:00", "book", "Outro horário está marcado"),
        ("10:00", "block", "compromisso na agenda do Google"),
        ("10:00", "close", "O dia está fechado. (Feriado)"),
    ],
)
async def test_why_a_time_is_not_free(
    desk: Desk, clock: str, prepare: str | None, said: str
) -> None:
    await desk.sign_in()
    if prepare == "book":
        await desk.book("10:00")
    elif prepare == "block":
        desk.calendar.block(at("10:00"))
    elif prepare == "close":
        await desk.api.sql(
            "INSERT INTO closed_days (tenant_id, day, reason) SELECT id, :day, 'Feriado'"
            " FROM tenants",
            day=DAY,
        )
        desk.api.platform.shared.catalogues.forget(desk.tenant)
    page = await desk.see(f"/new?day={DAY}&who=ze&service=corte&at={clock}")
    assert said in page
    free = await desk.see(f"/new?day={DAY}&who=ze&service=corte&at=16:00")
    assert ("banner info" in free) == (prepare == "close")


async def test_a_viewer_reads_without_numbers_and_can_do_nothing(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00", name=f"Bia {NUMBER}")
    viewer = replace(desk, browser=PlainBrowser(desk.api))
    await viewer.sign_in("viewer")
    for path in (f"?day={DAY}", f"?day={DAY}&view=week&who=ze", f"/appointments/{one}"):
        page = await viewer.see(path)
        assert "Bia …21" in page
        assert NUMBER not in page
        assert "/new" not in page
        assert "/cancel" not in page
    for path in ("/new", f"/appointments/{one}/move", f"/appointments/{one}/cancel"):
        await viewer.see(path, status=403)
        await viewer.do(path, status=403)
    assert (await desk.now(one))[0] == "booked"


async def test_of_another_tenant_nothing_is_there(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00")
    [contact] = await desk.api.sql("SELECT id FROM contacts")
    other = replace(desk, path=await desk.api.make_tenant(), browser=PlainBrowser(desk.api))
    await other.sign_in("operator")
    for path in (
        f"/appointments/{one}", f"/appointments/{one}/move", f"/appointments/{one}/cancel",
        f"/new?contact={contact.id}", "/appointments/x", f"/appointments/{uuid.uuid4()}",
    ):  # fmt: skip
        await other.see(path, status=404)
    for act in ("move", "cancel", "mark", "called"):
        await other.do(f"/appointments/{one}/{act}", status=404, version="1", mark="confirmed")
    await other.do("/new", status=404, contact=str(contact.id), slot=slot("11:00"))
    assert "Bia" not in await other.see(f"?day={DAY}&on={one}&said=moved", status=404)
    assert (await desk.now(one))[0] == "booked"


async def test_a_customer_who_is_known_is_booked_again_without_being_typed(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00")
    page = await desk.see(f"/appointments/{one}")
    (again,) = re.findall(r'href="/console/t/[^"]*/agenda(/new\?contact=[^"]+)"', page)
    form = await desk.see(again)
    assert "Bia" in form
    assert 'name="phone"' not in form
    contact = re.findall(r'name="contact" value="([^"]+)"', form)[0]
    two = await desk.book("11:00", contact=contact, name="", phone="")
    found = await desk.api.sql("SELECT DISTINCT contact_id, booked_for FROM appointments")
    assert [(str(row.contact_id), row.booked_for) for row in found] == [(contact, "Bia")]
    assert two != one


@pytest.mark.parametrize("text", CORPUS)
async def test_what_others_wrote_is_shown_as_text(desk: Desk, text: str) -> None:
    await desk.sign_in()
    one = await desk.book("10:00", name="Bia")
    await desk.api.sql("UPDATE services SET name = :text", text=text)
    await desk.api.sql("UPDATE professionals SET name = :text", text=text)
    await desk.api.sql("UPDATE contacts SET name = :text", text=text)
    await desk.api.sql(
        "UPDATE appointments SET booked_for = :text, person = :text, notes = :text", text=text
    )
    desk.api.platform.shared.catalogues.forget(desk.tenant)
    desk.calendar.block(at("15:00"))
    contact = (await desk.api.sql("SELECT id FROM contacts"))[0].id
    for path in (
        f"?day={DAY}", f"?day={DAY}&view=week&who=ze", f"?day={DAY}&on={one}&said=booked",
        f"/appointments/{one}", f"/appointments/{one}/move", f"/appointments/{one}/cancel",
        f"/appointments/{one}/move/review?start={DAY}T11:00", f"/new?contact={contact}&day={DAY}",
    ):  # fmt: skip
        page = await desk.browser.get(f"{desk.agenda}{path}")
        assert page.status_code == 200, path
        for opened in ("<script>alert", "<img src=x", "<svg/onload", ">49<"):
            assert opened not in page.text, path
    wish = {**WRITER, "name": text, "slot": slot("11:00")}
    token = token_of(desk.browser.cookie or "")
    page = await desk.browser.post(f"{desk.agenda}/new/review", token=token, **wish)
    for opened in ("<script>alert", "<img src=x", "<svg/onload", ">49<"):
        assert opened not in page.text


async def test_nothing_of_a_person_stands_in_an_address(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00")
    for path in (f"?day={DAY}", f"/appointments/{one}", f"/appointments/{one}/move", "/new"):
        for address in re.findall(r'(?:href|action)="([^"]+)"', await desk.see(path)):
            assert "Bia" not in address
            assert NUMBER[2:] not in address


@pytest.mark.parametrize(
    "query", ["day=x", "day=2026-02-31", "day=9999-12-31", "day=0001-01-01", "who=%00", "view=x",
              "day=1970-01-01", "day=2999-12-31&view=week", "said=moved&on=x"],
)  # fmt: skip
async def test_any_address_of_the_sheet_is_answered(desk: Desk, query: str) -> None:
    await desk.sign_in()
    await desk.see(f"?{query}")


async def test_without_anybody_who_works_it_says_what_is_missing(api: Api) -> None:
    path = await api.make_tenant()
    browser = PlainBrowser(api)
    user = await api.make_user("staff", tenant=path)
    page = await browser.sign_in(user.email)
    assert "Ainda não há o que marcar" in page.text
    assert "Ainda não há o que marcar" in (await browser.get(f"/t/{path}/agenda/new")).text


@pytest.mark.parametrize(
    ("day", "hours", "labels"),
    [
        (date(2026, 3, 29), 23, ["00:00", "01:00", "03:00"]),  # 2:00 is skipped
        (date(2026, 10, 25), 25, ["00:00", "01:00", "02:00", "02:00", "03:00"]),  # comes twice
    ],
)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(
    day: date, hours: int, labels: list[str]
) -> None:
    rules = BookingRules(time_zone="Europe/Berlin")
    always = tuple(
        OpeningSpan(weekday=each, opens=datetime.min.time(), closes=datetime.min.time())
        for each in range(7)
    )
    services = (factories.service("corte", "Corte"),)
    offered = factories.catalogue(
        services=services,
        professionals=(factories.professional("ze", "Zé", services=services, hours=always),),
        time_zone="Europe/Berlin",
    )
    midnight = datetime(day.year, day.month, day.day, tzinfo=rules.zone).astimezone(UTC)
    standing = {offered.professionals[0].id: Standing(calendar=(), occupied=())}
    days = working_days(offered, standing, first=day, last=day)
    laid = board(AgendaSheet(days=days, appointments=()), rules, now=midnight)
    assert laid.rows == hours * 12
    assert [each.start.strftime("%H:%M") for each in laid.hours][: len(labels)] == labels
    assert laid.columns[0].closed == ()
    assert laid.columns[0].now == 0


def test_what_is_closed_is_cut_out_of_the_hours_and_not_free() -> None:
    lunch = ClosedDay(day=DAY, begins=time(12), ends=time(13))
    offered = replace(catalogue(), closed_days=(lunch,))
    standing = {each.id: Standing(calendar=(), occupied=()) for each in offered.professionals}
    [first, *_] = working_days(offered, standing, first=DAY, last=DAY)
    wall = [
        (each.start.astimezone(ZONE).hour, each.end.astimezone(ZONE).hour) for each in first.open
    ]
    assert wall == [(8, 12), (13, 18)]
    assert first.free == first.open


Asking = Callable[..., Awaitable[tuple[int, dict[str, object]]]]


async def test_the_api_has_the_sheet_the_check_and_both_previews(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00")
    token = await desk.api.sign_in("staff", tenant=desk.path)
    client, environment = desk.path.split("/")
    base = f"/admin/clients/{client}/environments/{environment}/appointments"

    async def ask(method: str, rest: str, **more: object) -> tuple[int, dict[str, object]]:
        answer = await desk.api.ask(method, f"{base}{rest}", token=token, **more)
        return answer.status_code, answer.json()

    status, sheet = await ask("GET", "/sheet", params={"from": str(DAY), "to": str(DAY)})
    assert status == 200
    days, booked = sheet["days"], sheet["appointments"]
    assert isinstance(days, list)
    assert isinstance(booked, list)
    assert [each["id"] for each in booked] == [one]
    assert days[0]["free"][0]["end"] == at("10:00").isoformat()
    far = str(DAY + timedelta(days=7))
    assert (await ask("GET", "/sheet", params={"from": str(DAY), "to": far}))[0] == 422
    what = {"service": "corte", "professional": "ze", "start": at("10:00").isoformat()}
    found = {"free": False, "obstacle": "appointment", "reason": None}
    assert await ask("GET", "/check", params=what) == (200, found)
    wish = {**what, "start": at("11:00").isoformat(), "whatsapp_number": NUMBER, "name": "Bia"}
    status, told = await ask("POST", "/preview", json=wish)
    assert (status, told["how"]) == (200, "call")
    status, told = await ask("POST", f"/{one}/preview", json={"cancel": True})
    assert (status, told["how"]) == (200, "not"), "they do not know of it yet"
    assert (await ask("POST", f"/{one}/preview", json={}))[0] == 422
