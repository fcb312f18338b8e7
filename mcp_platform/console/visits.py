"""One visit of a browser: who is there, in which language, and the page that answers.

Handlers get a visit and return an answer. Nothing here knows a page.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args
from urllib.parse import urlencode
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mcp_platform.access.browser_sign_ins import BrowserSession
from mcp_platform.access.guard import FRESH_FOR, client_address
from mcp_platform.audit.actor import Role
from mcp_platform.console import sentences
from mcp_platform.console.browser import KEYS, MOST_BYTES, token_of
from mcp_platform.console.sentences import Tongue
from mcp_platform.console.static_files import StaticFiles
from mcp_platform.console.times import WrittenTimes
from mcp_platform.errors import NotFound, Unauthorized

Theme = Literal["auto", "light", "dark"]
THEMES: Final[tuple[Theme, ...]] = get_args(Theme)
ROOT: Final = "/console"


class Pages:
    """Makes HTML of templates. What stands in a value is text: everything is escaped."""

    def __init__(self, files: StaticFiles) -> None:
        self._templates = Environment(
            loader=PackageLoader(__package__),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.globals.update(file=files.address, icon_at=files.icon, ROOT=ROOT)
        self._templates.globals["ui"] = self._templates.get_template("macros.html").module

    def html(self, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class NavigationItem:
    """A place of the navigation: its address, its sentence and its icon.

    `{tenant}` in the address is the tenant of who is there, for staff, who have one. `within` is how
    the paths begin that belong to it, its own left out. `narrow` False: not in the bar of narrow
    screens, which holds four, but on the page of one's account.
    """

    path: str
    label: str
    icon: str
    roles: tuple[Role, ...]
    within: str | None = None
    narrow: bool = True

    def of(self, tenant: str | None) -> "NavigationItem":
        """Return the place of who works for one tenant, or for all."""
        within = self.within and self.within.format(tenant=tenant)
        return replace(self, path=self.path.format(tenant=tenant), within=within)

    def holds(self, path: str) -> bool:
        """Tell whether a path belongs to this place."""
        within = self.within is not None and path.startswith(f"{ROOT}{self.within}")
        return within or path == f"{ROOT}{self.path}"


@dataclass(slots=True, kw_only=True)
class PageVisit:
    """One request. `keeps` is a cookie that the browser is to have from now on."""

    request: Request
    pages: Pages
    navigation: tuple[NavigationItem, ...]
    session: BrowserSession | None
    cookie: str
    tongue: Tongue
    theme: Theme
    now: datetime
    form: Mapping[str, str] = field(default_factory=dict)
    keeps: str | None = None
    badges: Mapping[str, int] = field(default_factory=dict)
    """Numbers beside places of the navigation, by their path."""

    @property
    def is_fragment(self) -> bool:
        """Tell whether htmx asks for a part of the page."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def signed_in(self) -> BrowserSession:
        """Who is there. Raises Unauthorized if nobody is; pages that admit some know it before."""
        if self.session is None or self.session.awaits_code:
            raise Unauthorized("Nobody is signed in.")
        return self.session

    @property
    def role(self) -> Role | None:
        inside = self.session is not None and not self.session.awaits_code
        return self.session.account.role if inside and self.session is not None else None

    @property
    def fresh(self) -> bool:
        """Tell whether who is there gave a password or a code just now."""
        proved_at = self.signed_in.proved_at
        return self.now - proved_at < FRESH_FOR

    @property
    def address(self) -> str | None:
        return client_address(self.request)

    @property
    def agent(self) -> str:
        return self.request.headers.get("user-agent", "")

    @property
    def times(self) -> WrittenTimes:
        return WrittenTimes(tongue=self.tongue, now=self.now)

    def say(self, name: str, **values: object) -> str:
        return sentences.sentence(self.tongue, name, **values)

    def uuid(self, name: str) -> UUID:
        """Return an id of the path, the form or the query. Raises NotFound: it is none."""
        asked = self.request.path_params.get(name) or self.form.get(name)
        try:
            return UUID(asked or self.request.query_params.get(name, ""))
        except ValueError as error:
            raise NotFound("There is no such thing.") from error

    def said(self, known: frozenset[str]) -> str | None:
        """Return what the page before has done, as the address says it; None: nothing it may say."""
        said = self.request.query_params.get("said")
        return said if said in known else None

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Answer with a page, or with the fragment of it that htmx asks for."""
        html = self.pages.html(
            template,
            visit=self,
            t=self.say,
            times=self.times,
            csrf=token_of(self.cookie),
            fragment=self.is_fragment,
            places=self.places(),
            keys=self.request.cookies.get(KEYS) != "off",
            **values,
        )
        return HTMLResponse(html, status_code=status)

    def places(self) -> list[NavigationItem]:
        """Return the navigation of who is there."""
        tenant = self.session.account.tenant if self.session is not None else None
        return [each.of(tenant) for each in self.navigation if self.role in each.roles]

    @staticmethod
    def download(content: str | bytes, *, name: str, kind: str = "application/json") -> Response:
        """Answer with a file. `kind` is its media type."""
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type=kind, headers=headers)

    def to(self, path: str, **query: str) -> Response:
        """Answer a change with the page to look at then."""
        asked = f"?{urlencode(query)}" if query else ""
        return RedirectResponse(f"{ROOT}{path}{asked}", status_code=303)


Handler = Callable[[PageVisit], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsolePage:
    """One path: what it shows and does, and for whom. `roles` None: signed in or not.

    `temporary`: it is also for users who must change their password first. `most_bytes`: of its form.
    `fresh`: it asks for a password or code of the last minutes. `secret`: what its form holds is not
    kept meanwhile.
    """

    path: str
    roles: tuple[Role, ...] | None
    show: Handler | None = None
    act: Handler | None = None
    temporary: bool = False
    most_bytes: int = MOST_BYTES
    fresh: bool = False
    secret: bool = False

    def __post_init__(self) -> None:
        if self.roles == () or (self.show is None) == (self.act is None):
            raise ValueError(f"{self.path}: a page says for whom it is, and shows or does")
