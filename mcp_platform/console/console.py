"""The console as an application: each request becomes a visit, is admitted or not, and answered.

Whom a page admits stands in its row of the table of pages. What a browser must not do is refused
here, before a page hears of it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Final
from urllib.parse import urlencode

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mcp_platform.access.browser_sign_ins import BrowserSession, BrowserSignIns
from mcp_platform.access.guard import client_address
from mcp_platform.audit.actor import Role
from mcp_platform.console.browser import (
    HEADERS,
    LANGUAGE,
    MOST_BYTES,
    SAFE,
    THEME,
    ForeignRequest,
    check_own,
    keep_session,
    read_form,
    session_cookie,
)
from mcp_platform.console.proving import FreshProofs
from mcp_platform.console.sentences import SENTENCES, TONGUES, Tongue, preferred
from mcp_platform.console.static_files import StaticFiles
from mcp_platform.console.visits import (
    ROOT,
    THEMES,
    ConsolePage,
    NavigationItem,
    Pages,
    PageVisit,
    Theme,
)
from mcp_platform.errors import Forbidden, NotFound, PlatformError, Unavailable
from mcp_platform.kit.problem import headers_of, status_of

log = structlog.get_logger(__name__)

AWAY: Final = (OperationalError, InterfaceError, PoolTimeout, ConnectionError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """What lets browsers in. `tls_outside`: the public address is https.

    `badge` returns the numbers that stand beside places of the navigation, by their path, for a role.
    """

    sign_ins: BrowserSignIns
    clock: Callable[[], datetime]
    proofs: FreshProofs
    badge: Callable[[Role, datetime], Awaitable[Mapping[str, int]]]
    tls_outside: bool


class ConsoleRoutes:
    """Serves a table of pages."""

    def __init__(
        self,
        reception: Reception,
        pages: tuple[ConsolePage, ...],
        navigation: tuple[NavigationItem, ...],
    ) -> None:
        self._reception = reception
        self._table = pages
        self._navigation = navigation
        self._files = StaticFiles()
        self._pages = Pages(self._files)

    def application(self) -> Starlette:
        """Return what is mounted under `/console`."""
        by_path: dict[str, dict[str, ConsolePage]] = {}
        for page in self._table:
            method = "GET" if page.show else "POST"
            if method in by_path.setdefault(page.path, {}):
                raise ValueError(f"{page.path} stands twice in the table")
            by_path[page.path][method] = page
        return Starlette(
            routes=[
                Route("/static/{name}", self._static),
                *(
                    Route(path, self._endpoint(methods), methods=list(methods))
                    for path, methods in by_path.items()
                ),
                Route("/{path:path}", self._endpoint({}), methods=["GET", "POST"]),
            ]
        )

    async def _static(self, request: Request) -> Response:
        try:
            return self._files.serve(request)
        except NotFound:
            return Response("Not found", status_code=404, headers=HEADERS)

    def _endpoint(
        self, methods: Mapping[str, ConsolePage]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            page = methods.get("GET" if request.method in SAFE else request.method)
            cookie_name = session_cookie(request, tls_outside=self._reception.tls_outside)
            cookie = request.cookies.get(cookie_name)
            visit = self._visit(request, cookie)
            try:
                if cookie is not None:
                    visit.session = await self._reception.sign_ins.find(
                        cookie, address=client_address(request)
                    )
                response = await self._answer(page, visit, cookie)
            except PlatformError as error:
                response = _apology(visit, error)
            except AWAY as error:
                log.warning("console.database.away", error=repr(error))
                response = _apology(visit, Unavailable("The database is away."))
            except Exception as error:  # a bug: told as such, and never as a bare 500
                log.exception("console.request.failed", path=request.url.path)
                response = _apology(visit, PlatformError(str(error)))
            kept = visit.keeps or (visit.cookie if cookie is None else None)
            if kept is not None:
                keep_session(response, cookie_name, kept)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            response.headers["cache-control"] = "no-store"
            response.headers["vary"] = "HX-Request, Cookie, Accept-Language"
            return response

        return endpoint

    async def _answer(
        self, page: ConsolePage | None, visit: PageVisit, cookie: str | None
    ) -> Response:
        request = visit.request
        if page is None:
            raise NotFound("There is no such page.")
        if page.act is not None:
            signed_in = (
                visit.role is not None
            )  # large ones are not taken from somebody nobody knows
            most = page.most_bytes if signed_in else MOST_BYTES
            visit.form = await read_form(request, most=most)
            check_own(request, cookie=cookie, form=visit.form)
        turned_away = _admission(page, visit)
        if turned_away is not None:
            return turned_away
        if page.fresh and not visit.fresh:
            asked = await self._reception.proofs.ask(visit, secret=page.secret)
            if asked is not None:
                return asked
        if visit.role is not None and not visit.is_fragment:
            visit.badges = await self._reception.badge(visit.role, visit.now)
        handler = page.act or page.show
        if handler is None:  # never: a page shows or does
            raise NotFound("There is no such page.")
        return await handler(visit)

    def _visit(self, request: Request, cookie: str | None) -> PageVisit:
        return PageVisit(
            request=request,
            pages=self._pages,
            navigation=self._navigation,
            session=None,
            cookie=cookie or token_urlsafe(32),
            tongue=_tongue(request),
            theme=_theme(request),
            now=self._reception.clock(),
        )


def _admission(page: ConsolePage, visit: PageVisit) -> Response | None:
    """Return where who is not admitted is sent; None: they are.

    Raises:
        Forbidden: the page is not for this role.
        NotFound: it is of another tenant than the staff's own.
    """
    if page.roles is None:
        return None
    session: BrowserSession | None = visit.session
    if session is None or session.awaits_code:
        back = visit.request.url.path if page.show else None
        query = visit.request.url.query
        next_ = f"{back}?{query}" if back and query else back
        return _to_sign_in(visit, next_)
    if session.user.temporary and not page.temporary:
        return visit.to("/me", must="password")
    if session.account.role not in page.roles:
        raise Forbidden("This page is not for your role.")
    where = visit.request.path_params
    tenant = f"{where['client']}/{where['environment']}" if "client" in where else None
    if session.account.role == "staff" and tenant not in (None, session.account.tenant):
        raise NotFound("There is no such page.")
    return None


def _to_sign_in(visit: PageVisit, next_: str | None) -> Response:
    query = f"?{urlencode({'next': next_})}" if next_ and next_ != f"{ROOT}/" else ""
    address = f"{ROOT}/sign-in{query}"
    if visit.request.headers.get("hx-request") == "true":  # the whole page goes, not a fragment
        return Response(status_code=401, headers={"hx-redirect": address})
    return RedirectResponse(address, status_code=303)


def _apology(visit: PageVisit, error: PlatformError) -> Response:
    """Say what happened, what was kept and what to do."""
    status = status_of(error)
    kind = "foreign" if isinstance(error, ForeignRequest) else str(status)
    if f"error.{kind}_title" not in SENTENCES[visit.tongue]:
        kind = "422" if 400 <= status < 500 else "500"  # noqa: PLR2004  # HTTP's classes
    response = visit.page(
        "error.html",
        status=status,
        kind=kind,
        trace_id=visit.request.scope.get("trace_id", ""),
    )
    if "retry-after" in (headers := headers_of(error)):
        response.headers["retry-after"] = headers["retry-after"]
    return response


def _tongue(request: Request) -> Tongue:
    chosen = request.cookies.get(LANGUAGE)
    known = next((each for each in TONGUES if each == chosen), None)
    return known or preferred(request.headers.get("accept-language", ""))


def _theme(request: Request) -> Theme:
    chosen = request.cookies.get(THEME)
    return next((each for each in THEMES if each == chosen), "auto")
