"""The templates of one tenant: wanted by somebody, made at Meta by a worker, sent when approved.

Owns the rows. Nobody but a worker asks Meta (`watch.py`): who administers may not read a tenant's
credentials, and what is only written down is lost by no crash.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import Conflict
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.templates.texts import (
    APPROVED,
    MOST_VERSIONS,
    UTILITY,
    Purpose,
    check_words,
    labels,
    own_words,
    template_name,
)
from mcp_platform.tenants.languages import Language
from mcp_platform.tenants.tenant import TenantId

# How late a change at Meta is noticed where no webhook tells of it. One call for each look.
EVERY: Final = timedelta(hours=1)
WHILE_REVIEWED: Final = timedelta(minutes=5)
WANTED, REFUSED, DIFFERS, ABSENT = "WANTED", "REFUSED", "DIFFERS", "ABSENT"
REVIEWED: Final = frozenset({WANTED, "PENDING", "IN_APPEAL"})
"""Still to be decided by Meta."""
# Of these nothing comes any more: only another version helps.
OVER: Final = frozenset(
    {REFUSED, DIFFERS, ABSENT, "REJECTED", "DISABLED", "DELETED", "PENDING_DELETION", "ARCHIVED"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """One version of a template in one language."""

    purpose: Purpose
    language: Language
    version: int
    name: str
    words: str
    buttons: tuple[str, ...]
    own: bool
    """The words are the business's."""
    status: str
    category: str | None
    reason: str | None
    wanted_at: datetime
    changed_at: datetime

    def sendable(self, *, marketing: bool) -> bool:
        """Tell whether it may be sent; `marketing`: also where Meta counts it as that."""
        return self.status == APPROVED and (self.category == UTILITY or marketing)


_COLUMNS = ", ".join(field.name for field in fields(MessageTemplate))
ALL = Sql(f"""
    SELECT {_COLUMNS} FROM message_templates WHERE tenant_id = :tenant
    ORDER BY purpose, language, version
""")  # noqa: S608  # names of columns
LATEST = Sql(f"""
    SELECT {_COLUMNS} FROM message_templates
    WHERE tenant_id = :tenant AND purpose = :purpose AND language = :language
    ORDER BY version DESC
""")  # noqa: S608  # names of columns
ONE = Sql(f"""
    SELECT {_COLUMNS} FROM message_templates
    WHERE tenant_id = :tenant AND name = :name AND language = :language
""")  # noqa: S608  # names of columns
INSERT = Sql("""
    INSERT INTO message_templates (
        tenant_id, purpose, language, version, name, words, buttons, own, wanted_at, changed_at)
    VALUES (:tenant, :purpose, :language, :version, :name, :words, :buttons, :own, :now, :now)
    ON CONFLICT DO NOTHING
""")
WRITE = Sql("""
    UPDATE message_templates
    SET status = :status, category = :category, reason = :reason, changed_at = :now
    WHERE tenant_id = :tenant AND name = :name AND language = :language
      AND (status, category, reason) IS DISTINCT FROM
        (CAST(:status AS text), CAST(:category AS text), CAST(:reason AS text))
""")
LOOK = Sql("""
    INSERT INTO template_looks (tenant_id, due_at)
    SELECT CAST(:tenant AS bigint), '-infinity'
    WHERE EXISTS (SELECT FROM message_templates WHERE tenant_id = :tenant)
    ON CONFLICT (tenant_id) DO UPDATE SET due_at = excluded.due_at
""")
LOOKED = Sql("SELECT looked_at, error FROM template_looks WHERE tenant_id = :tenant")
NOTE = Sql("""
    UPDATE template_looks
    SET looked_at = :now, error = :error, due_at = least(due_at, CAST(:soon AS timestamptz))
    WHERE tenant_id = :tenant
""")
CLAIM = Sql("""
    UPDATE template_looks SET due_at = :again
    WHERE tenant_id = (
        SELECT l.tenant_id FROM template_looks l JOIN tenants t ON t.id = l.tenant_id
        WHERE l.due_at <= :now AND t.status = 'active'
          AND (CAST(:topology AS text) IS NULL OR t.topology = :topology)
        ORDER BY l.due_at
        LIMIT 1
        FOR UPDATE OF l SKIP LOCKED)
    RETURNING tenant_id
""")
BUSINESS = Sql("""
    SELECT c.business_name AS business, t.article
    FROM tenants t JOIN clients c ON c.name = t.client_name
    WHERE t.id = :tenant
""")
# The setting stands with the tenant: whether it pays for what Meta counts as MARKETING.
PAYS = Sql("SELECT templates_as_marketing FROM tenants WHERE id = :tenant")


class MessageTemplates:
    """The templates of one tenant, in one transaction. Every statement names it."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._driver = Driver(session)
        self._tenant = tenant_id

    async def all(self) -> list[MessageTemplate]:
        """Return every version, the oldest of each first."""
        return _templates(await self._driver.rows(ALL, tenant=self._tenant))

    async def want(
        self, purpose: Purpose, language: Language, *, words: str | None = None, now: datetime
    ) -> MessageTemplate:
        """Have a template made at Meta; return the version that stands for it.

        `words` are the business's own; None: as they are, or the product's. What is wanted already
        stays, and a text that is new, or whose last version Meta will never approve, becomes the next
        version.

        Raises:
            Invalid: Meta would not take these words.
            Conflict: there are as many versions as there may be.
        """
        known = _templates(
            await self._driver.rows(LATEST, tenant=self._tenant, purpose=purpose, language=language)
        )
        last = known[0] if known else None
        own = words is not None
        if words is not None:
            words = check_words(purpose, language, words)
        elif last is not None and last.own:
            words, own = last.words, True
        else:
            business = await self._driver.row(BUSINESS, tenant=self._tenant)
            words = own_words(purpose, language, **dict(business or {}))
        buttons = labels(purpose, language)
        if last and (last.words, last.buttons) == (words, buttons) and last.status not in OVER:
            return last
        version = last.version + 1 if last else 1
        if version > MOST_VERSIONS:
            raise Conflict(f"There are {MOST_VERSIONS} versions of this template already.")
        name = template_name(purpose, version)
        await self._driver.execute(
            INSERT,
            tenant=self._tenant,
            purpose=purpose,
            language=language,
            version=version,
            name=name,
            words=words,
            buttons=list(buttons),
            own=own,
            now=now,
        )
        await self.look()
        made = await self.named(name, language)
        if made is None:
            raise Conflict("Somebody else has just made this version: try again.")
        return made

    async def want_first(self, purpose: Purpose, language: Language, *, now: datetime) -> None:
        """Have a template made at Meta, if there has been no version of it yet."""
        if not await self._driver.rows(
            LATEST, tenant=self._tenant, purpose=purpose, language=language
        ):
            await self.want(purpose, language, now=now)

    async def named(self, name: str, language: Language) -> MessageTemplate | None:
        """Return the template of this name, if the tenant has it."""
        found = await self._driver.rows(ONE, tenant=self._tenant, name=name, language=language)
        return next(iter(_templates(found)), None)

    async def sendable(self, purpose: Purpose, language: Language) -> MessageTemplate | None:
        """Return the newest version that may be sent now, if there is one."""
        marketing = await self.pays_for_marketing()
        found = await self._driver.rows(
            LATEST, tenant=self._tenant, purpose=purpose, language=language
        )
        return next((t for t in _templates(found) if t.sendable(marketing=marketing)), None)

    async def pays_for_marketing(self) -> bool:
        """Tell whether the tenant sends what Meta counts as MARKETING, too."""
        return bool(await self._driver.value(PAYS, tenant=self._tenant))

    async def write(
        self,
        template: MessageTemplate,
        *,
        status: str,
        category: str | None,
        reason: str | None,
        now: datetime,
    ) -> bool:
        """Write down what Meta says of a template; return whether that is new."""
        changed = await self._driver.execute(
            WRITE,
            tenant=self._tenant,
            name=template.name,
            language=template.language,
            status=status,
            category=category or None,
            reason=reason or None,
            now=now,
        )
        return changed > 0

    async def look(self) -> None:
        """Have Meta asked soon, if the tenant has templates."""
        await self._driver.execute(LOOK, tenant=self._tenant)

    async def looked(self) -> tuple[datetime | None, str | None]:
        """Return when Meta was last asked, and what went wrong then."""
        row = await self._driver.row(LOOKED, tenant=self._tenant)
        return (None, None) if row is None else (row["looked_at"], row["error"])

    async def note_look(self, *, error: str | None, now: datetime) -> None:
        """Note that Meta was asked; what it still reviews is looked at again sooner."""
        reviewed = any(each.status in REVIEWED for each in await self.all())
        soon = now + (WHILE_REVIEWED if reviewed else EVERY)
        await self._driver.execute(NOTE, tenant=self._tenant, now=now, error=error, soon=soon)


async def claim_look(
    session: AsyncSession, *, topology: str | None, now: datetime
) -> TenantId | None:
    """Take the next tenant whose templates are to be looked at. `topology` None: of any."""
    claimed = await Driver(session).value(CLAIM, topology=topology, now=now, again=now + EVERY)
    return None if claimed is None else TenantId(claimed)


def _templates(rows: Sequence[object]) -> list[MessageTemplate]:
    return [MessageTemplate(**{**dict(row), "buttons": tuple(row["buttons"])}) for row in rows]  # type: ignore[call-overload, index]
