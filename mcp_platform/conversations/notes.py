"""Notes on a contact: what staff tells staff. No customer and no model ever reads them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId

LONGEST_NOTE: Final = 1_000
MOST_NOTES: Final = 50  # what somebody still reads before they answer

OF_CONTACT = Sql("""
    SELECT id, text, by, at FROM contact_notes
    WHERE tenant_id = :tenant AND contact_id = :contact ORDER BY at DESC, id
""")
# An erasure waits for this row, or this finds nobody.
LOCK = Sql("""
    SELECT id FROM contacts
    WHERE tenant_id = :tenant AND id = :contact AND space <> 'erased' FOR UPDATE
""")
ADD = Sql("""
    INSERT INTO contact_notes (tenant_id, id, contact_id, text, by, at)
    VALUES (:tenant, :id, :contact, :text, :by, :now)
""")
REMOVE = Sql("""
    DELETE FROM contact_notes WHERE tenant_id = :tenant AND contact_id = :contact AND id = :id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactNote:
    """What somebody of the staff wrote about a contact. `by` is who, as the audit trail has it."""

    id: UUID
    text: str
    by: str
    at: datetime


class ContactNotes:
    """The notes on contacts of one tenant, in one transaction."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._driver = Driver(session)
        self._tenant = tenant_id

    async def of(self, contact_id: UUID) -> list[ContactNote]:
        """Return the notes on a contact, the newest first."""
        rows = await self._driver.rows(OF_CONTACT, tenant=self._tenant, contact=contact_id)
        return [ContactNote(**row) for row in rows]

    async def add(self, contact_id: UUID, text: str, *, by: str, now: datetime) -> ContactNote:
        """Write a note down.

        Raises:
            NotFound: there is no such contact.
            Invalid: it is empty, or too long.
            Conflict: there are as many notes as one contact may have.
        """
        text = text.replace("\r\n", "\n").strip()
        if not 0 < len(text) <= LONGEST_NOTE or "\0" in text:
            raise Invalid(
                "The note cannot be kept.", fields={"text": f"1 to {LONGEST_NOTE} characters"}
            )
        if await self._driver.row(LOCK, tenant=self._tenant, contact=contact_id) is None:
            raise NotFound("There is no such conversation.")
        if len(await self.of(contact_id)) >= MOST_NOTES:
            raise Conflict(f"There are {MOST_NOTES} notes already: remove one first.")
        note = ContactNote(id=uuid4(), text=text, by=by, at=now)
        await self._driver.execute(
            ADD, tenant=self._tenant, id=note.id, contact=contact_id, text=text, by=by, now=now
        )
        return note

    async def remove(self, contact_id: UUID, note_id: UUID) -> None:
        """Remove a note. Raises NotFound."""
        if not await self._driver.execute(
            REMOVE, tenant=self._tenant, contact=contact_id, id=note_id
        ):
            raise NotFound("There is no such note.")
