"""A fresh proof of who is there: asked for before what is sensitive, with the form kept meanwhile."""

from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response

from mcp_platform.access.account import OwnAccount
from mcp_platform.audit.actor import ROLES
from mcp_platform.console.browser import CSRF_FIELD, place_after
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.errors import Invalid, Throttled

PATH: Final = "/me/prove"
FIELD: Final = "proof"
CODE_DIGITS: Final = 6


class FreshProofs:
    """Asks for the password, or for a code where codes are on."""

    def __init__(self, account: OwnAccount) -> None:
        self._account = account

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=PATH, roles=ROLES, show=self.show),
            ConsolePage(path=PATH, roles=ROLES, act=self.prove),
        )

    async def show(self, visit: PageVisit) -> Response:
        return _page(visit, next_=_next(visit.request.query_params.get("next")))

    async def prove(self, visit: PageVisit) -> Response:
        next_ = _next(visit.form.get("next"))
        if wrong := await self._wrong(visit):
            return _page(visit, next_=next_, wrong=wrong)
        return visit.to(next_.removeprefix(ROOT))

    async def ask(self, visit: PageVisit, *, secret: bool) -> Response | None:
        """Return the page that asks before a form is taken; None: what was given is right.

        Of a form the fields are in that page, and are sent on with the proof; not of one that is
        `secret`, which begins again.
        """
        before = urlsplit(visit.request.headers.get("referer", "")).path
        if visit.is_fragment or secret:
            there = visit.to(PATH, next=_next(before))
            if visit.is_fragment:
                return Response(status_code=403, headers={"hx-redirect": there.headers["location"]})
            return there
        wrong = await self._wrong(visit) if FIELD in visit.form else ""
        if wrong is None:
            return None
        kept = {
            name: value for name, value in visit.form.items() if name not in (FIELD, CSRF_FIELD)
        }
        return _page(visit, next_=None, kept=kept, wrong=wrong)

    async def _wrong(self, visit: PageVisit) -> str | None:
        """Take what was given; return what is wrong with it, or None."""
        given = visit.form.get(FIELD, "").strip()
        user = visit.signed_in
        code = "".join(given.split())
        is_code = user.account.totp and len(code) == CODE_DIGITS and code.isdecimal()
        try:
            if is_code:
                await self._account.prove_again(user.user, code=code)
            else:
                await self._account.prove_again(user.user, password=given)
        except Invalid:
            return visit.say("prove.wrong")
        except Throttled as error:
            return visit.say("me.throttled", wait=visit.times.wait(error.retry_after))
        return None


def _next(path: str | None) -> str:
    return place_after(path, otherwise=f"{ROOT}/me")


def _page(
    visit: PageVisit,
    *,
    next_: str | None,
    kept: dict[str, str] | None = None,
    wrong: str = "",
) -> Response:
    """Ask. `next_` None: the form is sent where it was sent."""
    return visit.page(
        "prove.html",
        status=422 if wrong else 200 if next_ else 403,
        action=f"{ROOT}{PATH}" if next_ else visit.request.url.path,
        next=next_,
        kept=kept or {},
        wrong=wrong,
        codes=visit.signed_in.account.totp,
        email=visit.signed_in.account.email,
    )
