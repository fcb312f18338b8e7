"""Who writes to a tenant: contacts, and the aliases by which they are known.

A contact is Meta's user id (BSUID) where there is one, else the `wa_id`; a phone number is an
alias, never a key. API callers live in a space of their own and never meet a WhatsApp contact.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.phones import EXAMPLE, international, spellings
from mcp_platform.errors import Invalid, NotFound
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId

Space = Literal["whatsapp", "api"]

# Every table that names a contact, but for the lease and the contact itself.
FOLLOWING = (
    *("contact_aliases", "messages", "offers", "appointments", "turns", "outbox"),
    *("question_askers", "waitlist_wishes", "contact_notes"),
)

# Who wrote once and never booked, once all that was said is forgotten: name and numbers go too.
# A contact who writes at this moment is locked, or has no alias any more and is met as a new one.
FORGET = """
    WITH forgotten AS (
        SELECT contact.tenant_id, contact.id FROM contacts contact
        JOIN tenants ON tenants.id = contact.tenant_id AND tenants.topology = :topology
        WHERE coalesce(contact.last_inbound_at, contact.created_at) < now() - CAST(:keep AS interval)
          AND NOT (contact.answered_by = 'human'
                   AND coalesce(contact.human_until, 'infinity') > now())
          {nothing_else}
        LIMIT {batch} FOR UPDATE OF contact SKIP LOCKED
    ), aliases AS (
        DELETE FROM contact_aliases alias USING forgotten
        WHERE alias.tenant_id = forgotten.tenant_id AND alias.contact_id = forgotten.id
    ), leases AS (
        DELETE FROM contact_leases lease USING forgotten
        WHERE lease.tenant_id = forgotten.tenant_id AND lease.contact_id = forgotten.id
    )
    DELETE FROM contacts USING forgotten
    WHERE contacts.tenant_id = forgotten.tenant_id AND contacts.id = forgotten.id
"""


def forgetting(*, batch: int) -> str:
    """Return the statement that forgets contacts nothing else is kept of, so many at once."""
    nothing_else = "\n".join(
        f"AND NOT EXISTS (SELECT FROM {table} WHERE {table}.tenant_id = contact.tenant_id"
        f" AND {table}.contact_id = contact.id)"
        for table in FOLLOWING
        if table != "contact_aliases"
    )
    return FORGET.format(nothing_else=nothing_else, batch=batch)


# Asked for every wake-up and every message.
KNOWN_AS = Sql(
    "SELECT contact_id FROM contact_aliases WHERE tenant_id = :tenant AND alias = :alias"
)

# The worker that loses the race for the alias adds nothing.
MEET = Sql("""
    WITH met AS (
        INSERT INTO contact_aliases (tenant_id, alias, contact_id)
        VALUES (:tenant, :alias, :contact)
        ON CONFLICT DO NOTHING
        RETURNING tenant_id, contact_id
    ), contact AS (
        INSERT INTO contacts (tenant_id, id, space, bsuid, wa_id, api_user_id, name)
        SELECT tenant_id, contact_id, :space, :bsuid, :wa_id, :api_user_id, :name FROM met
    ), lease AS (
        INSERT INTO contact_leases (tenant_id, contact_id) SELECT tenant_id, contact_id FROM met
    )
    SELECT contact_id FROM met
""")
GET = Sql(
    "SELECT id, tenant_id, space, bsuid, wa_id, name, language, answered_by, human_until,"
    " last_inbound_at FROM contacts WHERE tenant_id = :tenant AND id = :contact"
)
ALIAS = Sql(
    "INSERT INTO contact_aliases (tenant_id, alias, contact_id) VALUES (:tenant, :alias, :contact)"
    " ON CONFLICT (tenant_id, alias) DO UPDATE SET contact_id = excluded.contact_id"
)
ALSO = Sql(
    "INSERT INTO contact_aliases (tenant_id, alias, contact_id) VALUES (:tenant, :alias, :contact)"
    " ON CONFLICT DO NOTHING"
)
INBOUND = Sql(
    "UPDATE contacts SET last_inbound_at = greatest(last_inbound_at, :at)"
    " WHERE tenant_id = :tenant AND id = :contact"
)
LEARN = Sql(
    "UPDATE contacts SET bsuid = coalesce(:bsuid, bsuid), wa_id = coalesce(:wa_id, wa_id),"
    " name = coalesce(:name, name) WHERE tenant_id = :tenant AND id = :contact"
)
ALIASES = Sql(
    "SELECT alias FROM contact_aliases"
    " WHERE tenant_id = :tenant AND contact_id = :contact AND alias = ANY(:aliases)"
)
LAST_WROTE = Sql("SELECT last_inbound_at FROM contacts WHERE tenant_id = :tenant AND id = :contact")
ALL_ALIASES = Sql("""
    SELECT alias FROM contact_aliases
    WHERE tenant_id = :tenant AND contact_id = :contact
    ORDER BY alias
""")
# A person who has taken the conversation keeps it from whom it would be handed to.
ANSWERED_BY = Sql("""
    UPDATE contacts
    SET answered_by = CAST(:who AS text), human_until = :until, human_by = NULL,
        human_since = CASE WHEN CAST(:who AS text) = 'human' THEN clock_timestamp() END
    WHERE tenant_id = :tenant AND id = :contact
      AND NOT (CAST(:who AS text) = 'human'
               AND human_by IS NOT NULL AND human_until > clock_timestamp())
""")
ASK_ERASURE = Sql("""
    UPDATE contacts SET erasure_asked_at = coalesce(erasure_asked_at, :now)
    WHERE tenant_id = :tenant AND id = :contact
""")
SPEAKS = Sql("UPDATE contacts SET language = :language WHERE tenant_id = :tenant AND id = :contact")
# The phone number has changed hands.
PART = Sql("""
    UPDATE contacts SET wa_id = NULL
    WHERE tenant_id = :tenant AND id = :contact AND wa_id = :number
""")
BSUID = Sql("SELECT bsuid FROM contacts WHERE tenant_id = :tenant AND id = :contact")

_OTHER = "tenant_id = :tenant AND contact_id = :other"
# One contact becomes part of another, in this order.
MERGE = (
    # Who answers the other one loses its lease: the row is locked, then gone.
    Sql(f"SELECT 1 FROM contact_leases WHERE {_OTHER} FOR UPDATE"),  # noqa: S608  # constants
    # At most one proposal a contact. A turn that the other one had begun comes over with its journal:
    # it is taken up after this one, and does nothing twice. That its worker loses the lease is no
    # failure of it.
    Sql(f"UPDATE turns SET starts = 0 WHERE {_OTHER} AND state = 'open'"),  # noqa: S608
    Sql(f"DELETE FROM appointments WHERE {_OTHER} AND status = 'held'"),  # noqa: S608
    *(
        Sql(f"UPDATE {table} SET contact_id = :into WHERE {_OTHER}")  # noqa: S608
        for table in FOLLOWING
    ),
    Sql(f"DELETE FROM contact_leases WHERE {_OTHER}"),  # noqa: S608
    # Who waits for a person goes on waiting for one, by whatever id they write next.
    Sql("""
        UPDATE contacts mine SET
            last_inbound_at = greatest(mine.last_inbound_at, other.last_inbound_at),
            language = coalesce(mine.language, other.language),
            answered_by = CASE WHEN other.answered_by = 'human' THEN 'human'
                               ELSE mine.answered_by END,
            human_until = CASE WHEN other.answered_by = 'human' THEN other.human_until
                               ELSE mine.human_until END,
            human_by = CASE WHEN other.answered_by = 'human' THEN other.human_by
                            ELSE mine.human_by END,
            human_since = CASE WHEN other.answered_by = 'human' THEN other.human_since
                               ELSE mine.human_since END,
            erasure_asked_at = coalesce(mine.erasure_asked_at, other.erasure_asked_at),
            no_reminders_since = coalesce(mine.no_reminders_since, other.no_reminders_since)
        FROM contacts other
        WHERE mine.tenant_id = :tenant AND mine.id = :into
          AND other.tenant_id = :tenant AND other.id = :other
    """),
    Sql("DELETE FROM contacts WHERE tenant_id = :tenant AND id = :other"),
)


@dataclass(frozen=True, slots=True)
class Identity:
    """How one message names its sender. At least one of the three is set."""

    bsuid: str | None = None
    wa_id: str | None = None
    api_user_id: str | None = None
    name: str | None = None

    @property
    def aliases(self) -> tuple[str, ...]:
        named = (("u", self.bsuid), ("w", self.wa_id), ("a", self.api_user_id))
        return tuple(f"{kind}:{value}" for kind, value in named if value)

    @classmethod
    def of(cls, alias: str) -> "Identity":
        """Return the identity that an alias alone tells."""
        kind, _, value = alias.partition(":")
        field = {"u": "bsuid", "w": "wa_id", "a": "api_user_id"}[kind]
        return cls(**{field: value})

    @property
    def space(self) -> Space:
        return "api" if self.api_user_id else "whatsapp"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person who writes to one tenant."""

    id: ContactId
    tenant_id: TenantId
    space: Space
    bsuid: str | None
    wa_id: str | None
    name: str | None
    language: str | None
    answered_by: Literal["assistant", "human"]
    human_until: datetime | None
    last_inbound_at: datetime | None

    def human_answers(self, now: datetime) -> bool:
        """Tell whether a person has this conversation, so that the assistant is silent."""
        if self.answered_by != "human":
            return False
        return self.human_until is None or now < self.human_until


NO_REMINDERS = Sql("""
    SELECT no_reminders_since IS NOT NULL FROM contacts WHERE tenant_id = :tenant AND id = :contact
""")
REMIND = Sql("""
    UPDATE contacts SET no_reminders_since = :since WHERE tenant_id = :tenant AND id = :contact
""")


class Contacts:
    """The contacts of one tenant. Every statement names it first."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._driver = Driver(session)
        self._tenant = tenant_id

    async def wants_no_reminders(self, contact_id: ContactId) -> bool:
        """Tell whether the contact has asked not to be reminded."""
        return bool(await self._driver.value(NO_REMINDERS, tenant=self._tenant, contact=contact_id))

    async def remind(self, contact_id: ContactId, *, wanted: bool, now: datetime) -> None:
        """Note whether the contact wants to be reminded."""
        since = None if wanted else now
        await self._driver.execute(REMIND, tenant=self._tenant, contact=contact_id, since=since)

    async def get(self, contact_id: ContactId) -> Contact:
        """Return a contact. Raises NotFound."""
        row = await self._driver.row(GET, tenant=self._tenant, contact=contact_id)
        if row is None:
            raise NotFound("There is no such contact.")
        return Contact(*row)

    async def last_wrote(self, contact_id: ContactId) -> datetime | None:
        """Return when the contact last wrote on WhatsApp, as far as is known."""
        wrote: datetime | None = await self._driver.value(
            LAST_WROTE, tenant=self._tenant, contact=contact_id
        )
        return wrote

    async def known_as(self, alias: str) -> ContactId | None:
        found = await self._driver.value(KNOWN_AS, tenant=self._tenant, alias=alias)
        return None if found is None else ContactId(found)

    async def aliases(self, contact_id: ContactId) -> list[str]:
        return await self._driver.column(ALL_ALIASES, tenant=self._tenant, contact=contact_id)

    async def ensure(self, identity: Identity) -> ContactId:
        """Return the contact known by the identity's first alias; make one if there is none.

        Safe when two workers see a stranger at once: one makes the contact, the other finds it.
        """
        alias = identity.aliases[0]
        found = await self.known_as(alias)
        if found is not None:
            return found
        contact_id = ContactId(uuid.uuid4())
        met = await self._driver.value(
            MEET,
            tenant=self._tenant,
            alias=alias,
            contact=contact_id,
            space=identity.space,
            bsuid=identity.bsuid,
            wa_id=identity.wa_id,
            api_user_id=identity.api_user_id,
            name=identity.name,
        )
        # If nobody was met, another worker was first.
        return await self.ensure(identity) if met is None else contact_id

    async def by_phone(self, written: str, *, time_zone: str, name: str | None) -> ContactId:
        """Return whose this number is on WhatsApp, whether or not they have ever written.

        They are found by each spelling of it, once they write.

        Raises:
            Invalid: it is no phone number.
        """
        found, meant = await self.at_phone(written, time_zone=time_zone)
        if found is not None:
            return found
        contact_id = await self.ensure(Identity(wa_id=meant, name=name))
        for digits in spellings(f"+{meant}", time_zone=time_zone):
            await self._driver.execute(
                ALSO, tenant=self._tenant, alias=f"w:{digits}", contact=contact_id
            )
        return contact_id

    async def at_phone(self, written: str, *, time_zone: str) -> tuple[ContactId | None, str]:
        """Return whose this number is, None if nobody's yet, and the digits that are meant.

        Raises:
            Invalid: it is no phone number.
        """
        ways = spellings(written, time_zone=time_zone)
        for digits in ways:
            found = await self.known_as(f"w:{digits}")
            if found is not None:
                return found, digits
        meant = international(written, time_zone=time_zone)
        if meant is None:
            why = f"is no phone number: write it like {EXAMPLE}"
            raise Invalid(f"whatsapp_number: {why}.", fields={"whatsapp_number": why})
        return None, meant

    async def learn(self, contact_id: ContactId, identity: Identity) -> None:
        """Take in what a message says of its sender: name, ids, and aliases seen before apart.

        Call under the contact's lease. An alias that belonged to another contact comes over; that
        contact is merged into this one unless it has a BSUID of its own, in which case the phone
        number has changed hands and only the number comes over.
        """
        names = {"tenant": self._tenant, "contact": contact_id}
        await self._driver.execute(
            LEARN, **names, bsuid=identity.bsuid, wa_id=identity.wa_id, name=identity.name
        )
        mine = set(await self._driver.column(ALIASES, **names, aliases=list(identity.aliases)))
        for alias in identity.aliases:
            if alias not in mine:
                await self.rename(alias, contact_id)

    async def rename(self, alias: str, contact_id: ContactId, *, same_person: bool = False) -> None:
        """Make `alias` mean this contact, merging who was known by it before where apt.

        `same_person`: Meta itself says that a user id is this contact's.
        """
        other = await self.known_as(alias)
        if other == contact_id:
            return
        if other is not None:
            if await self._merge(other, into=contact_id, surely=same_person):
                return
            await self._part(other, alias)
        await self._driver.execute(ALIAS, tenant=self._tenant, alias=alias, contact=contact_id)

    async def follow(self, contact_id: ContactId, renamed: Iterable[str]) -> None:
        """Take in a change of number or user id that Meta told of: old ids and new ones."""
        for alias in renamed:
            # A number can have been somebody else's before; a user id cannot.
            await self.rename(alias, contact_id, same_person=alias.startswith("u:"))
            now = Identity.of(alias)
            await self.learn(contact_id, now)

    async def note_inbound(self, contact_id: ContactId, at: datetime) -> None:
        """Remember when they last wrote; never moves backwards."""
        await self._driver.execute(INBOUND, at=at, tenant=self._tenant, contact=contact_id)

    async def answered_by(
        self,
        contact_id: ContactId,
        who: Literal["assistant", "human"],
        *,
        until: datetime | None = None,
    ) -> None:
        """Hand the conversation to a person until then (None: until told), or back.

        To a person it is not handed away from the one who has it.
        """
        await self._driver.execute(
            ANSWERED_BY, tenant=self._tenant, contact=contact_id, who=who, until=until
        )

    async def speaks(self, contact_id: ContactId, language: str) -> None:
        await self._driver.execute(
            SPEAKS, tenant=self._tenant, contact=contact_id, language=language
        )

    async def ask_erasure(self, contact_id: ContactId, *, now: datetime) -> None:
        """Note that the contact wants all that is kept of them erased. See `rights/requested.py`."""
        await self._driver.execute(ASK_ERASURE, tenant=self._tenant, contact=contact_id, now=now)

    async def _part(self, contact_id: ContactId, alias: str) -> None:
        """Forget the phone number that has changed hands: nothing more is sent there for them."""
        await self._driver.execute(
            PART, tenant=self._tenant, contact=contact_id, number=alias.removeprefix("w:")
        )

    async def _merge(self, other: ContactId, *, into: ContactId, surely: bool) -> bool:
        row = await self._driver.row(BSUID, tenant=self._tenant, contact=other)
        if row is None or (row["bsuid"] is not None and not surely):
            return False
        for statement in MERGE:
            await self._driver.execute(statement, tenant=self._tenant, other=other, into=into)
        return True
