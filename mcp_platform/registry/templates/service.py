"""The message templates of one tenant for who administers it: listed, wanted, looked at again.

Nothing here asks Meta: a worker does, within seconds, with the tenant's own credentials.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from mcp_platform.audit import trail as audit
from mcp_platform.errors import Invalid
from mcp_platform.kit.forms import Form
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.tenant_bound import TenantBound
from mcp_platform.templates.templates import MessageTemplate, MessageTemplates
from mcp_platform.templates.texts import LONGEST_BODY, PURPOSES, Purpose
from mcp_platform.tenants.languages import Language, supported


class TemplateWish(Form):
    """Templates to be made at Meta: all, or one; in the product's words or the business's own."""

    purpose: Annotated[Purpose | None, Field(description="Null: all of them.")] = None
    language: Annotated[Language | None, Field(description="Null: the tenant's.")] = None
    text: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=LONGEST_BODY,
            description="The business's own words, with the same variables as the product's, each"
            " as `{name}`; for one purpose. Null: as they are.",
        ),
    ] = None


class TemplateOut(BaseModel):
    """One version of a template, and what Meta says of it."""

    purpose: Purpose
    language: Language
    version: int
    name: Annotated[str, Field(description="What it is called at Meta.")]
    words: str
    buttons: list[str]
    own: Annotated[bool, Field(description="The words are the business's.")]
    status: Annotated[
        str,
        Field(
            description="Meta's word, such as PENDING, APPROVED, REJECTED or PAUSED; or WANTED: not"
            " asked for yet; REFUSED: Meta would not take it; DIFFERS: another text has its name;"
            " ABSENT: it is gone there."
        ),
    ]
    category: Annotated[str | None, Field(description="At which price Meta counts it.")]
    reason: str | None
    sendable: Annotated[bool, Field(description="It may be sent now.")]
    wanted_at: datetime
    changed_at: datetime


class TemplatesOut(BaseModel):
    """The templates of a tenant, the oldest version of each first."""

    templates: list[TemplateOut]
    looked_at: Annotated[datetime | None, Field(description="When Meta was last asked.")]
    error: Annotated[str | None, Field(description="Why it gave no answer then.")]


class TenantTemplates(TenantBound):
    """The templates of one tenant."""

    async def all(self) -> TemplatesOut:
        """Return every version of each template."""
        templates = self._templates
        marketing = await templates.pays_for_marketing()
        looked_at, error = await templates.looked()
        return TemplatesOut(
            templates=[_shown(each, marketing=marketing) for each in await templates.all()],
            looked_at=looked_at,
            error=error,
        )

    async def create(self, wish: TemplateWish, *, now: datetime) -> TemplatesOut:
        """Have templates made at Meta. Repeatable: what is wanted or approved already stays.

        Raises:
            Invalid: Meta would not take these words, or they are for no one purpose.
            Conflict: the tenant is off-boarded, or there are too many versions.
        """
        await self._alone()
        if wish.text is not None and wish.purpose is None:
            raise _no_purpose()
        client_name, _, environment = self._tenant.path.partition("/")
        tenant = await Environments(self.session, self._actor).tenant(client_name, environment)
        language = wish.language or supported(tenant.language)
        for purpose in PURPOSES if wish.purpose is None else (wish.purpose,):
            await self._templates.want(purpose, language, words=wish.text, now=now)
        await self._note("template.create")
        return await self.all()

    async def sync(self) -> TemplatesOut:
        """Have Meta asked again, within seconds; return what is known until then."""
        await self._templates.look()
        await self._note("template.sync")
        return await self.all()

    async def _note(self, action: str) -> None:
        await audit.record(
            self.session,
            actor=self._actor,
            action=action,
            target=f"{self._tenant.path}/templates",
            tenant_id=self._tenant.id,
        )

    @property
    def _templates(self) -> MessageTemplates:
        return MessageTemplates(self.session, self._tenant.id)


def _no_purpose() -> Invalid:
    return Invalid("purpose: say which template has these words.", fields={"purpose": "is missing"})


def _shown(template: MessageTemplate, *, marketing: bool) -> TemplateOut:
    return TemplateOut(
        purpose=template.purpose,
        language=template.language,
        version=template.version,
        name=template.name,
        words=template.words,
        buttons=list(template.buttons),
        own=template.own,
        status=template.status,
        category=template.category,
        reason=template.reason,
        sendable=template.sendable(marketing=marketing),
        wanted_at=template.wanted_at,
        changed_at=template.changed_at,
    )
