"""Signing in, with the password and then the code, signing out, and how pages look before that."""

from typing import Final

from starlette.responses import Response

from mcp_platform.access.browser_sign_ins import BrowserSignIns
from mcp_platform.access.sign_ins import USED, SignIns
from mcp_platform.console.browser import KEYS, LANGUAGE, SESSION, THEME, keep_choice, place_after
from mcp_platform.console.sentences import TONGUES
from mcp_platform.console.visits import ROOT, THEMES, ConsolePage, PageVisit
from mcp_platform.errors import Invalid, Throttled, Unauthorized

LONGEST: Final = 1024  # characters of a field here; a password has fewer


class SignInPages:
    """What is there for who is not signed in."""

    def __init__(self, browser_sign_ins: BrowserSignIns, sign_ins: SignIns) -> None:
        self._browser_sign_ins = browser_sign_ins
        self._sign_ins = sign_ins

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path="/sign-in", roles=None, show=self.ask_password),
            ConsolePage(path="/sign-in", roles=None, act=self.take_password),
            ConsolePage(path="/sign-in/code", roles=None, show=self.ask_code),
            ConsolePage(path="/sign-in/code", roles=None, act=self.take_code),
            ConsolePage(path="/sign-out", roles=None, act=self.sign_out),
            ConsolePage(path="/preferences", roles=None, act=self.prefer),
        )

    async def ask_password(self, visit: PageVisit) -> Response:
        if visit.role is not None:
            return visit.to(_after(visit))
        return _password_page(visit)

    async def take_password(self, visit: PageVisit) -> Response:
        email, password = _field(visit, "email"), _field(visit, "password")
        try:
            cookie, awaits_code = await self._browser_sign_ins.begin(
                email=email, password=password, address=visit.address, agent=visit.agent
            )
        except Unauthorized:
            return _password_page(visit, status=401, wrong=visit.say("sign_in.wrong"), email=email)
        except Throttled as error:
            return _password_page(visit, status=429, wrong=_wait(visit, error), email=email)
        visit.keeps = cookie
        return _on(visit, "/sign-in/code") if awaits_code else visit.to(_after(visit))

    async def ask_code(self, visit: PageVisit) -> Response:
        if visit.session is None or not visit.session.awaits_code:
            return _on(visit, "/sign-in")
        return _code_page(visit)

    async def take_code(self, visit: PageVisit) -> Response:
        if visit.session is None or not visit.session.awaits_code:
            return _on(visit, "/sign-in")
        code = "".join(_field(visit, "code").split())
        try:
            visit.keeps = await self._browser_sign_ins.confirm(
                visit.cookie, code=code, address=visit.address
            )
        except Unauthorized as error:
            used = str(error) == USED
            wrong = visit.say("sign_in.code_used" if used else "sign_in.code_wrong")
            return _code_page(visit, status=401, wrong=wrong)
        except Throttled as error:
            return _code_page(visit, status=429, wrong=_wait(visit, error))
        return visit.to(_after(visit))

    async def sign_out(self, visit: PageVisit) -> Response:
        if visit.session is not None:
            await self._sign_ins.end(visit.session.user)
        return visit.to("/sign-in", said="signed_out")

    async def prefer(self, visit: PageVisit) -> Response:
        """Keep how pages look: a matter of the browser, not of the user."""
        response = visit.to(_after(visit))
        secure = visit.request.url.scheme == "https" or SESSION in visit.request.cookies
        choices = (
            (THEME, "theme", THEMES),
            (LANGUAGE, "language", TONGUES),
            (KEYS, "keys", ("on", "off")),
        )
        for cookie, name, known in choices:
            if visit.form.get(name) in known:
                keep_choice(response, cookie, visit.form[name], secure=secure)
        return response


def _password_page(visit: PageVisit, *, status: int = 200, **more: str) -> Response:
    shown = {"wrong": "", "email": "", **more}
    said = visit.request.query_params.get("said") == "signed_out"
    return visit.page("sign_in.html", status=status, next=_next(visit), signed_out=said, **shown)


def _code_page(visit: PageVisit, *, status: int = 200, wrong: str = "") -> Response:
    return visit.page("sign_in_code.html", status=status, next=_next(visit), wrong=wrong)


def _field(visit: PageVisit, name: str) -> str:
    said = visit.form.get(name, "")
    if len(said) > LONGEST or "\0" in said:
        raise Invalid("This is too long.")
    return said


def _wait(visit: PageVisit, error: Throttled) -> str:
    left = visit.times.wait(error.retry_after)
    return visit.say("sign_in.throttled", wait=left)


def _next(visit: PageVisit) -> str:
    said = visit.form.get("next") or visit.request.query_params.get("next")
    return place_after(said, otherwise="")


def _after(visit: PageVisit) -> str:
    return (_next(visit) or f"{ROOT}/").removeprefix(ROOT)


def _on(visit: PageVisit, path: str) -> Response:
    next_ = _next(visit)
    return visit.to(path, **({"next": next_} if next_ else {}))
