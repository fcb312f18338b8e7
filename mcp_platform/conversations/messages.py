"""What was heard and said in a tenant's conversations."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.jsons import dumps
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId

WRITE = Sql("""
    INSERT INTO messages (tenant_id, contact_id, turn_id, direction, author, text, key, content, at)
    VALUES (:tenant, :contact, :turn, :direction, :author, :text, :key, CAST(:content AS jsonb), :at)
    ON CONFLICT DO NOTHING
""")
LATEST = Sql("""
    SELECT author, text, at, key, content FROM messages
    WHERE tenant_id = :tenant AND contact_id = :contact AND at >= :since
    ORDER BY id DESC
    LIMIT :most
""")
LAST_SPOKEN = Sql("""
    SELECT at FROM messages
    WHERE tenant_id = :tenant AND contact_id = :contact AND direction = 'out'
    ORDER BY id DESC
    LIMIT 1
""")
SAID = Sql("""
    SELECT text FROM messages
    WHERE tenant_id = :tenant AND contact_id = :contact AND key = :key FOR UPDATE
""")
CORRECT = Sql("""
    UPDATE messages SET text = :text, content = NULL
    WHERE tenant_id = :tenant AND contact_id = :contact AND key = :key
""")
UNSAY = Sql("""
    DELETE FROM messages
    WHERE tenant_id = :tenant AND contact_id = :contact AND key = :key AND direction = 'out'
""")
Author = Literal["contact", "model", "menu", "human", "system"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation. `key` makes writing it twice writing it once."""

    author: Author
    text: str
    at: datetime
    key: str
    content: dict[str, Any] | None = None

    @property
    def inbound(self) -> bool:
        return self.author == "contact"


class Messages:
    """The messages of one tenant. Every statement names it first."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._driver = Driver(session)
        self._tenant = tenant_id

    async def write(
        self, contact_id: ContactId, messages: Iterable[Message], *, turn_id: uuid.UUID | None
    ) -> None:
        """Add messages in their order; those whose key is there already are left as they are."""
        for message in messages:
            await self._driver.execute(
                WRITE,
                tenant=self._tenant,
                contact=contact_id,
                turn=turn_id,
                direction="in" if message.inbound else "out",
                author=message.author,
                text=message.text,
                key=message.key,
                content=message.content and dumps(message.content).decode(),
                at=message.at,
            )

    async def correct(self, contact_id: ContactId, *, key: str, text: str) -> str | None:
        """Say something else where a contact's message was; return what it said, if it is kept."""
        its = {"tenant": self._tenant, "contact": contact_id, "key": key}
        said: str | None = await self._driver.value(SAID, **its)
        await self._driver.execute(CORRECT, **its, text=text)
        return said

    async def unsay(self, contact_id: ContactId, *, key: str) -> None:
        """Forget a message of ours that was written down and then not sent."""
        await self._driver.execute(UNSAY, tenant=self._tenant, contact=contact_id, key=key)

    async def last_spoken(self, contact_id: ContactId) -> datetime | None:
        """Return when a contact last heard from us, if ever."""
        spoken: datetime | None = await self._driver.value(
            LAST_SPOKEN, tenant=self._tenant, contact=contact_id
        )
        return spoken

    async def latest(self, contact_id: ContactId, *, most: int, since: datetime) -> list[Message]:
        """Return the newest messages of a conversation, oldest first."""
        rows = await self._driver.rows(
            LATEST, tenant=self._tenant, contact=contact_id, since=since, most=most
        )
        return [
            Message(author=author, text=said, at=at, key=key or "", content=content)
            for author, said, at, key, content in reversed(rows)
        ]
