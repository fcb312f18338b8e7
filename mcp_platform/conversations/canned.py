"""Canned replies of one tenant: what staff writes often, with variables that code fills in.

A variable that has no value stops the reply: nobody is sent "Olá, {name}".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId

CannedVariable = Literal["name", "business", "appointment"]
"""What the customer calls themself; the business; their next appointment, in words."""
VARIABLES: Final[tuple[CannedVariable, ...]] = get_args(CannedVariable)
MOST: Final = 50  # of a tenant: what a list still shows
LONGEST_TITLE: Final = 40
LONGEST_TEXT: Final = 1_000
_VARIABLE = re.compile(r"\{(\w+)\}")

LIST = Sql(
    "SELECT id, title, text FROM canned_replies WHERE tenant_id = :tenant ORDER BY title, id"
)
# Who adds the last one that there may be is alone.
LOCK = Sql("SELECT id FROM tenants WHERE id = :tenant FOR UPDATE")
ADD = Sql("""
    INSERT INTO canned_replies (tenant_id, id, title, text) VALUES (:tenant, :id, :title, :text)
""")
REMOVE = Sql("DELETE FROM canned_replies WHERE tenant_id = :tenant AND id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedReply:
    """A text that is written often. `text` has its variables as `{name}`."""

    id: UUID
    title: str
    text: str


class MissingValue(Conflict):
    """A variable of a canned reply has no value for this customer."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"Nothing is known for: {', '.join(names)}.")
        self.names = names


class CannedReplies:
    """The canned replies of one tenant, in one transaction."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._driver = Driver(session)
        self._tenant = tenant_id

    async def all(self) -> list[CannedReply]:
        """Return all of them, by title."""
        rows = await self._driver.rows(LIST, tenant=self._tenant)
        return [CannedReply(**row) for row in rows]

    async def get(self, reply_id: UUID) -> CannedReply:
        """Return one. Raises NotFound."""
        for each in await self.all():
            if each.id == reply_id:
                return each
        raise NotFound("There is no such canned reply.")

    async def add(self, *, title: str, text: str) -> CannedReply:
        """Keep a reply.

        Raises:
            Invalid: title or text will not do; `fields` says which.
            Conflict: there are as many as there may be.
        """
        title, text = " ".join(title.split()), text.replace("\r\n", "\n").strip()
        wrong = {}
        if not 0 < len(title) <= LONGEST_TITLE or "\0" in title:
            wrong["title"] = f"1 to {LONGEST_TITLE} characters"
        if not 0 < len(text) <= LONGEST_TEXT or "\0" in text:
            wrong["text"] = f"1 to {LONGEST_TEXT} characters"
        elif set(_VARIABLE.findall(text)) - set(VARIABLES):
            wrong["text"] = f"variables are {', '.join(VARIABLES)}"
        if wrong:
            raise Invalid("The reply cannot be kept.", fields=wrong)
        await self._driver.rows(LOCK, tenant=self._tenant)
        if len(await self.all()) >= MOST:
            raise Conflict(f"There are {MOST} canned replies already: remove one first.")
        reply = CannedReply(id=uuid4(), title=title, text=text)
        await self._driver.execute(ADD, tenant=self._tenant, id=reply.id, title=title, text=text)
        return reply

    async def remove(self, reply_id: UUID) -> None:
        """Remove one. Raises NotFound."""
        if not await self._driver.execute(REMOVE, tenant=self._tenant, id=reply_id):
            raise NotFound("There is no such canned reply.")


def fill(text: str, facts: Mapping[str, str | None]) -> str:
    """Return a reply with its variables filled in. Raises MissingValue."""
    missing = sorted({name for name in _VARIABLE.findall(text) if not facts.get(name)})
    if missing:
        raise MissingValue(missing)
    return _VARIABLE.sub(lambda found: facts[found[1]] or "", text)


def unfilled(text: str) -> list[str]:
    """Return the variables that still stand in a text; other words in braces are just words."""
    return [name for name in _VARIABLE.findall(text) if name in VARIABLES]
