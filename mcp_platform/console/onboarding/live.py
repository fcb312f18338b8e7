"""`…/live`: what is left to do outside until a customer's message is answered, and the test of it."""

import secrets
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.console.credentials.vendors import VENDORS, check_notes, missing_keys
from mcp_platform.console.forms import at_of
from mcp_platform.console.me import qr_path
from mcp_platform.console.places import TENANT, may_change, served_tenant_of, tenant_of, tenant_page
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.credentials.credentials import CredentialKeys
from mcp_platform.doctor.case import WEBHOOK
from mcp_platform.doctor.examining import Examinations
from mcp_platform.doctor.findings import Finding, Findings
from mcp_platform.doctor.sentences import state
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.fleet.fleet import fleet_row
from mcp_platform.tenants.directory import TenantDirectory

PATH: Final = f"{TENANT}/live"
VERIFY: Final = "WHATSAPP_WEBHOOK_VERIFY_TOKEN"
TOKEN_BYTES: Final = 24
CHECKED: Final = (
    "whatsapp.callback",
    "whatsapp.subscription",
    "public.handshake",
    "public.webhook",
)
SAID: Final = frozenset({"checked"})
HELLO: Final = "oi"


class LivePages:
    """The steps outside, with what has to be copied, and a code that opens WhatsApp."""

    def __init__(
        self,
        keys: CredentialKeys,
        *,
        sessions: Sessions,
        tenants: TenantDirectory,
        examinations: Examinations,
        public_url: str | None,
    ) -> None:
        self._keys = keys
        self._sessions = sessions
        self._tenants = tenants
        self._examinations = examinations
        self._public_url = public_url

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=PATH, roles=READERS, show=self.show),
            ConsolePage(path=f"{PATH}/token", roles=WRITERS, act=self.make_token, fresh=True),
            ConsolePage(path=f"{PATH}/check", roles=WRITERS, act=self.check),
        )

    async def show(self, visit: PageVisit) -> Response:
        return await self._page(visit)

    async def make_token(self, visit: PageVisit) -> Response:
        """Make a verify token, keep it, and show it this once."""
        at, token = at_of(visit), secrets.token_urlsafe(TOKEN_BYTES)
        await self._keys.change(
            at.client_name, at.environment, actor=at.actor, values={VERIFY: token}, prove=False
        )
        self._tenants.forget()
        return await self._page(visit, token=token)

    async def check(self, visit: PageVisit) -> Response:
        """Subscribe the webhooks at Meta, and examine everything."""
        tenant = await served_tenant_of(visit, self._tenants)
        await self._examinations.run(tenant, actor=visit.signed_in.user.actor, fix=True)
        return visit.to(f"/t/{tenant.path}/live", said="checked")

    async def _page(self, visit: PageVisit, *, token: str = "") -> Response:
        at = at_of(visit)
        tenant = await tenant_of(visit, self._tenants)
        known = await self._keys.known(at.client_name, at.environment, actor=at.actor)
        async with self._sessions.everywhere() as session:
            findings = await Findings(session, tenant.id).last()
            row = await fleet_row(session, at.client_name, at.environment, now=visit.now)
        number = _number(findings)
        chat = f"https://wa.me/{number}?text={quote(HELLO)}" if number else ""
        outside = [each.found for each in findings if each.found.check in CHECKED]
        address = (self._public_url or "https://…").rstrip("/")
        return tenant_page(
            visit,
            tenant,
            "onboarding/live.html",
            webhook=f"{address}/{tenant.path}/{WEBHOOK}",
            public=self._public_url is not None,
            token=token,
            token_set=any(each.key == VERIFY and each.present for each in known),
            missing=any(missing_keys(mark, known) for mark in VENDORS),
            number=number,
            chat=chat,
            qr=qr_path(chat) if chat else None,
            examined=bool(outside),
            well=bool(outside) and all(state(each) == "ok" for each in outside),
            notes=check_notes(outside, tongue=visit.tongue),
            last_message_at=row.last_message_at,
            unpublished=tenant.topology == "isolated" and row.last_message_at is None,
            may_change=may_change(visit, tenant),
            said=visit.said(SAID),
        )


def _number(findings: list[Finding]) -> str:
    """Return the number's digits as Meta told the doctor; nothing: it is not known yet."""
    shown = next(
        (
            each.found.details.get("number", "")
            for each in findings
            if each.found.check == "whatsapp.number" and state(each.found) in ("ok", "warning")
        ),
        "",
    )
    return "".join(mark for mark in shown if mark in "0123456789")
