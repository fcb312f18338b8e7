"""Makes wanted templates at Meta, and writes down what Meta says of them, for one worker.

What is read off the list decides. A webhook only makes this look sooner: it may come twice, late, out
of order or not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import Counter

from mcp_platform.errors import CredentialRefused, NotFound, Unavailable
from mcp_platform.kit.database import Sessions, is_away
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.templates.templates import (
    ABSENT,
    DIFFERS,
    REFUSED,
    REVIEWED,
    WANTED,
    MessageTemplate,
    MessageTemplates,
    claim_look,
)
from mcp_platform.templates.texts import APPROVED, UTILITY, definition, named
from mcp_platform.tenants import health
from mcp_platform.tenants.credentials import CredentialSource
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant
from mcp_platform.whatsapp.account import AccountRefused, TemplateState, WhatsAppAccount
from mcp_platform.whatsapp.messages import template_language

log = structlog.get_logger(__name__)

CHANGED = Counter(
    "mcp_templates_changed_total", "States of templates that became known.", ["status"]
)
TROUBLE: Final = "templates"
"""What a tenant is degraded by whose templates cannot be sent."""
PART: Final = "mcp_"
# Source: Meta, "Error codes" of templates: the text itself is refused.
_OF_THE_TEXT = range(2388000, 2389000)
_TOO_MANY = 2388019  # templates in the account: there is room once somebody deletes one
_STATUSES = frozenset(
    {WANTED, REFUSED, DIFFERS, ABSENT, APPROVED, "PENDING", "REJECTED", "PAUSED", "DISABLED"}
)


class TemplateWatch:
    """Looks at the templates of tenants that are due; several workers share the work."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        tenants: TenantDirectory,
        credentials: CredentialSource,
        account: WhatsAppAccount,
        pinned: bool,
        clock: Callable[[], datetime],
    ) -> None:
        """Look at the shared tenants, or at the one to which this process is `pinned`."""
        self._sessions = sessions
        self._tenants = tenants
        self._credentials = credentials
        self._account = account
        self._topology = None if pinned else "shared"
        self._clock = clock

    async def run(self, *, stopping: Callable[[], bool]) -> None:
        """Look at what is due until nothing is, or `stopping`."""
        while not stopping() and await self._one():
            pass

    async def _one(self) -> bool:
        async with self._sessions.everywhere.begin() as session:
            tenant_id = await claim_look(session, topology=self._topology, now=self._clock())
        if tenant_id is None:
            return False
        error = None
        try:
            await self._look(await self._tenants.by_id(tenant_id))
        except NotFound:
            return True  # purged since it was claimed
        except (Unavailable, CredentialRefused) as away:
            log.warning("templates.look.unreadable", tenant_id=tenant_id, reason=str(away))
            error = str(away)
        except Exception as bug:
            if is_away(bug):
                raise
            log.exception("templates.look.failed", tenant_id=tenant_id)  # it is due again, later
            return True
        async with self._sessions.of(tenant_id).begin() as session:
            await MessageTemplates(session, tenant_id).note_look(error=error, now=self._clock())
        return True

    async def _look(self, tenant: Tenant) -> None:
        async with self._sessions.of(tenant.id)() as session:
            ours = await MessageTemplates(session, tenant.id).all()
        credentials = await self._credentials.of(tenant)
        token = credentials.whatsapp_api_token
        account_id = credentials.whatsapp_business_account_id
        listed = await self._account.templates_like(token=token, account_id=account_id, part=PART)
        changed, refused = False, None
        there = {(each.name, each.language): each for each in listed}
        for template in ours:
            found = there.get((template.name, template_language(template.language)))
            if found is None and template.status == WANTED:
                try:
                    found = await self._create(template, token=token, account_id=account_id)
                except AccountRefused as why:  # the next one may be taken
                    refused = why
                    continue
                failpoint("templates.after_create")
            changed |= await self._write(tenant, template, _state(template, found))
        if changed:
            await self._conclude(tenant)
        if refused is not None:
            raise refused

    async def _create(
        self, template: MessageTemplate, *, token: str, account_id: str
    ) -> TemplateState:
        """Ask for a template. Done twice it is made once: whoever died finds it in the list."""
        wanted = definition(
            template.purpose,
            template.language,
            name=template.name,
            words=template.words,
            buttons=template.buttons,
        )
        try:
            return await self._account.create_template(
                token=token, account_id=account_id, definition=wanted
            )
        except AccountRefused as refused:
            if refused.subcode not in _OF_THE_TEXT:
                raise
            return TemplateState(
                name=template.name,
                language=template_language(template.language),
                status=WANTED if refused.subcode == _TOO_MANY else REFUSED,
                variables=None,
                reason=str(refused.subcode),
            )

    async def _write(
        self, tenant: Tenant, template: MessageTemplate, now_is: MessageTemplate
    ) -> bool:
        async with self._sessions.of(tenant.id).begin() as session:
            changed = await MessageTemplates(session, tenant.id).write(
                template,
                status=now_is.status,
                category=now_is.category,
                reason=now_is.reason,
                now=self._clock(),
            )
        if changed:
            CHANGED.labels(now_is.status if now_is.status in _STATUSES else "other").inc()
            log.debug(
                "templates.state.changed",
                tenant=tenant.path,
                template=template.name,
                status=now_is.status,
                category=now_is.category,
                reason=now_is.reason,
            )
        return changed

    async def _conclude(self, tenant: Tenant) -> None:
        """Tell the operator of what cannot be sent, until it can."""
        async with self._sessions.of(tenant.id).begin() as session:
            templates = MessageTemplates(session, tenant.id)
            marketing = await templates.pays_for_marketing()
            wrong = unsendable(await templates.all(), marketing=marketing)
            await health.strike(session, tenant.id, TROUBLE)
            if wrong:
                await health.note(session, tenant.id, TROUBLE, _reason(wrong))


def unsendable(templates: Sequence[MessageTemplate], *, marketing: bool) -> list[MessageTemplate]:
    """Return the newest version of each template of which none may be sent and none is reviewed."""
    of_each: dict[tuple[str, str], list[MessageTemplate]] = {}
    for each in templates:
        of_each.setdefault((each.purpose, each.language), []).append(each)
    return [
        versions[-1]
        for versions in of_each.values()
        if (versions[-1].status not in REVIEWED or versions[-1].reason == str(_TOO_MANY))
        and not any(each.sendable(marketing=marketing) for each in versions)
    ]


def _reason(wrong: Sequence[MessageTemplate]) -> str:
    told = "; ".join(
        f"{each.name} ({each.language}): {each.status}"
        + (f", {each.category}" if each.status == APPROVED and each.category != UTILITY else "")
        + (f", {each.reason}" if each.reason else "")
        for each in wrong
    )
    return f"Templates that cannot be sent: {told}. See `templates list`."


def _state(template: MessageTemplate, found: TemplateState | None) -> MessageTemplate:
    """Return a template as Meta has it now."""
    if found is None:
        gone = template.status not in (WANTED, REFUSED)
        return replace(template, status=ABSENT, reason=None) if gone else template
    # Another text, or buttons in another order: what is tapped would mean another thing.
    shown = found.body != "" and (found.body, found.buttons) != (
        named(template.words),
        template.buttons,
    )
    return replace(
        template,
        status=DIFFERS if shown else found.status,
        category=found.category or template.category,
        reason=found.reason or None,
    )


def looks(content: Mapping[str, object]) -> bool:
    """Tell whether a change that Meta told of is about templates: then it is time to look."""
    field = content.get("field")
    return isinstance(field, str) and field in TEMPLATE_FIELDS


TEMPLATE_FIELDS: Final = frozenset(
    {
        "message_template_status_update",
        "message_template_quality_update",
        "message_template_components_update",
        "template_category_update",
    }
)
