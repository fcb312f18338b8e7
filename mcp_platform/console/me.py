"""One's own account: the password, one-time codes, how pages look, and where one is signed in."""

import re
from typing import Final

import segno
from starlette.responses import Response

from mcp_platform.access.account import Enrolment, OwnAccount
from mcp_platform.access.browser_sign_ins import BrowserSignIns
from mcp_platform.access.passwords import SHORTEST
from mcp_platform.audit.actor import ROLES
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid, Throttled

SAID: Final = frozenset({"password_changed", "codes_off", "others_ended"})
# What a browser says of itself, from the outside in: Edge and Chrome say Safari too.
BROWSERS: Final = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS: Final = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


class OwnPages:
    """What every user has, whatever their role."""

    def __init__(self, account: OwnAccount, sign_ins: BrowserSignIns) -> None:
        self._account = account
        self._sign_ins = sign_ins

    def table(self) -> tuple[ConsolePage, ...]:
        def act(path: str, handler: object, *, temporary: bool = False) -> ConsolePage:
            return ConsolePage(path=path, roles=ROLES, act=handler, temporary=temporary)  # type: ignore[arg-type]  # a method of ours

        return (
            ConsolePage(path="/me", roles=ROLES, show=self.show, temporary=True),
            act("/me/password", self.change_password, temporary=True),
            act("/me/codes", self.enrol),
            act("/me/codes/confirm", self.confirm),
            act("/me/codes/off", self.turn_off),
            act("/me/sign-ins/end-others", self.end_others),
        )

    async def show(self, visit: PageVisit) -> Response:
        return await self._page(visit)

    async def change_password(self, visit: PageVisit) -> Response:
        user = visit.signed_in.user
        new = visit.form.get("new_password", "")
        if new != visit.form.get("again", ""):
            return await self._wrong(visit, "again", "me.again_differs")
        try:
            await self._account.change_password(
                user, current=visit.form.get("password", ""), new=new
            )
        except Invalid as error:
            field = next(iter(error.fields), "new_password")
            why = "me.password_wrong" if field == "password" else _why_not(new)
            return await self._wrong(visit, field, why)
        except Throttled as error:
            return await self._wrong(visit, "password", "me.throttled", error)
        visit.keeps = await self._sign_ins.rotate(user)
        return visit.to("/me", said="password_changed")

    async def enrol(self, visit: PageVisit) -> Response:
        """Show the secret, this once; it is worth nothing before a code of it was given."""
        try:
            enrolment = await self._account.enrol_totp(
                visit.signed_in.user, password=visit.form.get("password", "")
            )
        except Invalid:
            return await self._wrong(visit, "codes_password", "me.password_wrong")
        except Throttled as error:
            return await self._wrong(visit, "codes_password", "me.throttled", error)
        except Conflict:
            return visit.to("/me")
        return _enrolment_page(visit, enrolment)

    async def confirm(self, visit: PageVisit) -> Response:
        code = "".join(visit.form.get("code", "").split())
        try:
            codes = await self._account.confirm_totp(visit.signed_in.user, code=code)
        except Invalid:
            return _enrolment_page(visit, None, wrong=visit.say("me.code_wrong"))
        except Throttled as error:
            wait = visit.times.wait(error.retry_after)
            return _enrolment_page(visit, None, wrong=visit.say("me.throttled", wait=wait))
        except Conflict:
            return visit.to("/me")
        visit.keeps = await self._sign_ins.rotate(visit.signed_in.user)
        return visit.page("recovery_codes.html", codes=codes)

    async def turn_off(self, visit: PageVisit) -> Response:
        user = visit.signed_in.user
        try:
            await self._account.disable_totp(
                user,
                password=visit.form.get("password", ""),
                code="".join(visit.form.get("code", "").split()),
            )
        except Invalid as error:
            field = "off_code" if "code" in error.fields else "off_password"
            return await self._wrong(
                visit, field, "me.code_wrong" if field == "off_code" else "me.password_wrong"
            )
        except Throttled as error:
            return await self._wrong(visit, "off_password", "me.throttled", error)
        except Conflict:
            return visit.to("/me")
        visit.keeps = await self._sign_ins.rotate(user)
        return visit.to("/me", said="codes_off")

    async def end_others(self, visit: PageVisit) -> Response:
        await self._sign_ins.end_others(visit.signed_in.user)
        return visit.to("/me", said="others_ended")

    async def _wrong(
        self, visit: PageVisit, field: str, why: str, waits: Throttled | None = None
    ) -> Response:
        values = {"wait": visit.times.wait(waits.retry_after)} if waits else {}
        if why == "me.password_short":
            values["n"] = str(SHORTEST)
        wrong = {field: visit.say(why, **values)}
        return await self._page(visit, status=429 if waits else 422, wrong=wrong)

    async def _page(
        self, visit: PageVisit, *, status: int = 200, wrong: dict[str, str] | None = None
    ) -> Response:
        standing = await self._sign_ins.standing(visit.signed_in.user)
        return visit.page(
            "me.html",
            status=status,
            account=visit.signed_in.account,
            here=visit.signed_in.user.sign_in_id,
            sign_ins=[(each, named(each.agent)) for each in standing],
            wrong=wrong or {},
            said=visit.said(SAID),
            shortest=SHORTEST,
        )


def named(agent: str | None) -> str | None:
    """Return a browser's name and system, as it tells them; None: it is no browser."""
    if agent is None:
        return None
    browser = next((name for mark, name in BROWSERS if mark in agent), None)
    system = next((name for mark, name in SYSTEMS if mark in agent), None)
    return " · ".join(each for each in (browser, system) if each) or "?"


def qr_path(text: str) -> tuple[str, int]:
    """Return a QR code as the path of an SVG, one unit a module, and its width with its margin."""
    margin = 4  # modules that must stay white around it: ISO/IEC 18004
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    strokes = [
        f"M{dark.start() + margin} {y + margin}h{dark.end() - dark.start()}v1h-{dark.end() - dark.start()}z"
        for y, row in enumerate(rows)
        for dark in re.finditer(rb"\x01+", row)
    ]
    return "".join(strokes), len(rows) + 2 * margin


def _enrolment_page(visit: PageVisit, enrolment: Enrolment | None, *, wrong: str = "") -> Response:
    """Ask for a first code. After a wrong one the secret is not shown again."""
    path, width = qr_path(enrolment.uri) if enrolment else ("", 0)
    secret = enrolment.secret if enrolment else ""
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return visit.page(
        "enrolment.html",
        status=422 if wrong else 200,
        secret=grouped,
        path=path,
        width=width,
        wrong=wrong,
    )


def _why_not(new: str) -> str:
    return "me.password_short" if len(new) < SHORTEST else "me.password_not_taken"
