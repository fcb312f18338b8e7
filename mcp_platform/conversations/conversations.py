"""A tenant's conversations for the people who work on them: who has each, and what was said.

Phone numbers are masked here for those who may not see them, so no page or command can forget it.
What people do in a conversation is in `person.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.contacts import Contacts, Space
from mcp_platform.conversations.masking import NUMBER, masked
from mcp_platform.conversations.messages import Author
from mcp_platform.conversations.phones import spellings
from mcp_platform.errors import NotFound, Unavailable
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.cursor import Place
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.delivery import WINDOW
from mcp_platform.tenants.tenant import Tenant, TenantId
from mcp_platform.whatsapp.messages import LIST_LABEL, fit_buttons
from mcp_platform.whatsapp.reply import ReplyOption

Handling = Literal["assistant", "waiting", "person"]
"""Who answers: the assistant; nobody yet, it waits for a person; the person who has taken it."""
Delivery = Literal["queued", "uncertain", "accepted", "delivered", "read", "failed"]
"""What became of a message of ours. `accepted` is by Meta, and not yet anybody's to read."""

_DELIVERIES: Mapping[str, Delivery] = {
    "pending": "queued",
    "sending": "queued",
    "uncertain": "uncertain",
    "sent": "accepted",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "dead": "failed",
    "dropped": "uncertain",  # had it surely not been sent, it would not stand here
}
_LATEST = "coalesce(c.last_inbound_at, c.created_at)"
_WITH_PERSON = "c.answered_by = 'human' AND (c.human_until IS NULL OR c.human_until > :now)"
WAITS = f"{_WITH_PERSON} AND c.human_by IS NULL"
"""In SQL: the contact `c` waits for a person at `:now`, and nobody has taken them."""
_HANDLED: Mapping[Handling | None, str] = {
    None: "true",
    "assistant": f"NOT ({_WITH_PERSON})",
    "waiting": WAITS,
    "person": f"{_WITH_PERSON} AND c.human_by IS NOT NULL",
}
# What nobody has answered begins with the first message after the last of ours. What the assistant
# says meanwhile, while a person has the conversation, answers nobody.
_FOUND = f"""
    SELECT c.id, c.space, c.name, c.wa_id, c.api_user_id, c.language, {_LATEST} AS latest,
           {_WITH_PERSON} AS with_person, c.human_by, c.human_since, c.human_until,
           c.last_inbound_at, last.author, last.text, last.at, unanswered.since
    FROM contacts c
    LEFT JOIN LATERAL (
        SELECT m.author, m.text, m.at FROM messages m
        WHERE m.tenant_id = c.tenant_id AND m.contact_id = c.id
        ORDER BY m.id DESC LIMIT 1
    ) last ON true
    LEFT JOIN LATERAL (
        SELECT min(m.at) AS since FROM messages m
        WHERE m.tenant_id = c.tenant_id AND m.contact_id = c.id AND m.direction = 'in'
          AND m.id > coalesce((
            SELECT o.id FROM messages o
            WHERE o.tenant_id = c.tenant_id AND o.contact_id = c.id AND o.direction = 'out'
              AND o.content->'meanwhile' IS NULL
            ORDER BY o.id DESC LIMIT 1), 0)
    ) unanswered ON true
    WHERE c.tenant_id = :tenant AND c.space <> 'erased'
"""  # noqa: S608  # constants of this module
ONE = Sql(f"{_FOUND} AND c.id = :contact")
# For whom staff has only booked is a contact in no conversation. Who waits is in one, whatever is kept.
_TALKED = f"(last.at IS NOT NULL OR c.last_inbound_at IS NOT NULL OR {_WITH_PERSON})"
PAGES = {
    handling: Sql(
        f"{_FOUND} AND {handled} AND {_TALKED} AND (CAST(:contact AS uuid) IS NULL OR"
        f" ({_LATEST}, c.id) < (CAST(:latest AS timestamptz), CAST(:contact AS uuid)))"
        f" ORDER BY {_LATEST} DESC, c.id DESC LIMIT :most"
    )
    for handling, handled in _HANDLED.items()
}
# Letters as people search for them: without accents, in any case.
_PLAIN = "translate(lower({words}), 'áàâãäéèêëíìîïóòôõöúùûüçñ', 'aaaaaeeeeiiiiooooouuuucn')"
_SOUGHT = _PLAIN.format(words="CAST(:pattern AS text)")
_SHOWN = "regexp_replace({words}, CAST(:numbers AS text), '…', 'g')"


def _search(name: str, said: str, *, by_number: str = "") -> Sql:
    return Sql(
        f"{_FOUND} AND {_TALKED} AND ({_PLAIN.format(words=name)} LIKE {_SOUGHT}{by_number}"
        " OR EXISTS (SELECT FROM messages said WHERE said.tenant_id = c.tenant_id"
        f" AND said.contact_id = c.id AND {_PLAIN.format(words=said)} LIKE {_SOUGHT}))"
        f" ORDER BY {_LATEST} DESC, c.id DESC LIMIT :most"
    )


SEARCH = _search(
    "c.name",
    "said.text",
    by_number=" OR CAST(:digits AS text) IS NOT NULL AND c.wa_id LIKE CAST(:digits AS text)",
)
# For whom numbers are masked: in what they see. Else a number is found out digit by digit.
MASKED_SEARCH = _search(_SHOWN.format(words="c.name"), _SHOWN.format(words="said.text"))
FEWEST_DIGITS = 4  # fewer are in every number
# It reads all that a tenant keeps. Who waits longer searches again, and the database does it twice.
SEARCH_WITHIN: Final = timedelta(seconds=5)
SEARCH_AGAIN: Final = timedelta(seconds=30)
GIVE_UP = Sql("SELECT set_config('statement_timeout', :within, true)")
GAVE_UP: Final = "57014"  # query_canceled
_SAID = """
    SELECT m.id, m.turn_id, m.at, m.author, m.text, m.content, o.state, o.error_code, o.error
    FROM messages m
    LEFT JOIN outbox o ON o.tenant_id = m.tenant_id AND o.key = m.key AND m.direction = 'out'
    WHERE m.tenant_id = :tenant AND m.contact_id = :contact
"""
SAID = Sql(f"{_SAID} AND m.id < :before ORDER BY m.id DESC LIMIT :most")
SAID_UNDER = Sql(f"{_SAID} AND m.key = :key")
NEWEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMessage:
    """The newest message of a conversation, from either side."""

    author: Author
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One contact's conversation as it is now. `id` is the contact's."""

    id: ContactId
    space: Space
    name: str | None
    phone: str | None
    user_id: str | None
    language: str | None
    handling: Handling
    taken_by: str | None
    since: datetime | None
    until: datetime | None
    last_inbound_at: datetime | None
    window_until: datetime | None
    """Until then WhatsApp takes what a person or the assistant writes; None: it takes nothing."""
    unanswered_since: datetime | None
    last_message: LastMessage | None
    latest: datetime
    """What conversations are ordered by: when the contact last wrote, or was first known."""

    @property
    def place(self) -> Place:
        return self.latest, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMessage:
    """One message of a conversation. `by` is the person who wrote one of author `human`."""

    id: int
    turn_id: UUID | None
    """The turn that it was heard or said in."""
    at: datetime
    author: Author
    by: str | None
    text: str
    kind: str
    """`text`, or `tap` on a choice; of a file, and of what has no text, WhatsApp's name of it."""
    choices: tuple[ReplyOption, ...]
    phrases: tuple[str, ...]
    """The ids of the phrases of the book that it is made of."""
    list_label: str | None
    """What opened the choices as a list; None: they were buttons, or there were none."""
    delivery: Delivery | None
    error_code: int | None
    error: str | None


def trail_target(tenant: Tenant, contact_id: UUID) -> str:
    """Return what the audit trail calls a conversation."""
    return f"{tenant.path}/conversations/{contact_id}"


class SearchTooLong(Unavailable):
    """A search was given up: there is too much to read, or the database is busy."""

    def __init__(self) -> None:
        super().__init__("The search took too long.", retry_after=SEARCH_AGAIN)


class Conversations:
    """The conversations of one tenant in one transaction. Every statement names it first."""

    def __init__(
        self,
        session: AsyncSession,
        tenant_id: TenantId,
        *,
        masked: bool = False,
        time_zone: str = "UTC",
    ) -> None:
        """`time_zone` says in which country a number without its country's code is."""
        self._session = session
        self._driver = Driver(session)
        self._time_zone = time_zone
        self._tenant = tenant_id
        self._masked = masked

    async def page(
        self, *, handling: Handling | None, after: Place | None, limit: int, now: datetime
    ) -> list[Conversation]:
        """Return conversations, those first whose contact wrote last, from `after` on."""
        latest, contact = after or (None, None)
        rows = await self._driver.rows(
            PAGES[handling],
            tenant=self._tenant,
            now=now,
            latest=latest,
            contact=contact,
            most=limit,
        )
        return [self._read(row, now=now) for row in rows]

    async def search(self, words: str, *, limit: int, now: datetime) -> list[Conversation]:
        """Return conversations by a part of a name, of a number, or of what was said.

        Case and accents do not count. Whoever may not see numbers finds nobody by one. The rest of
        the transaction has as little time for a statement.

        Raises:
            SearchTooLong: there is too much to read.
        """
        words = words.strip()
        given = {
            "tenant": self._tenant,
            "now": now,
            "pattern": _containing(words),
            "most": limit,
        }
        if self._masked:
            return await self._sought(MASKED_SEARCH, {**given, "numbers": NUMBER}, now=now)
        digits = "".join(each for each in words if each in "0123456789")
        numeric = not words.strip("+-() .0123456789") and len(digits) >= FEWEST_DIGITS
        sought = _containing(digits) if numeric else None
        return await self._sought(SEARCH, {**given, "digits": sought}, now=now)

    async def _sought(
        self, search: Sql, given: Mapping[str, Any], *, now: datetime
    ) -> list[Conversation]:
        within = str(SEARCH_WITHIN // timedelta(milliseconds=1))
        await self._driver.value(GIVE_UP, within=within)
        try:
            rows = await self._driver.rows(search, **given)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == GAVE_UP:
                raise SearchTooLong from error
            raise
        return [self._read(row, now=now) for row in rows]

    async def get(self, contact_id: UUID, *, now: datetime) -> Conversation:
        """Return a conversation. Raises NotFound."""
        row = await self._driver.row(ONE, tenant=self._tenant, contact=contact_id, now=now)
        if row is None:
            raise NotFound("There is no such conversation.")
        return self._read(row, now=now)

    async def messages(
        self, contact_id: UUID, *, before: int | None, limit: int
    ) -> list[ThreadMessage]:
        """Return messages, newest first, of those older than the message `before`."""
        rows = await self._driver.rows(
            SAID,
            tenant=self._tenant,
            contact=contact_id,
            before=NEWEST if before is None else before,
            most=limit,
        )
        return [self._message(row) for row in rows]

    async def said_under(self, contact_id: UUID, key: str) -> ThreadMessage | None:
        """Return the message that was written under this key, if it is still kept."""
        row = await self._driver.row(SAID_UNDER, tenant=self._tenant, contact=contact_id, key=key)
        return None if row is None else self._message(row)

    async def named(self, name: str) -> ContactId:
        """Return who is meant by an id of ours, a phone number, a user id of Meta's or of the API.

        A number may be written as it is where the business is.

        Raises:
            NotFound: nobody is known by that name.
        """
        plain = name.strip()
        numbers = spellings(plain, time_zone=self._time_zone)
        contacts = Contacts(self._session, self._tenant)
        for alias in (f"u:{plain}", *(f"w:{each}" for each in numbers), f"a:{plain}"):
            found = await contacts.known_as(alias)
            if found is not None:
                return found
        try:
            return (await contacts.get(ContactId(UUID(plain)))).id
        except (ValueError, NotFound) as error:
            raise NotFound("Nobody is known by that name or number.") from error

    def _read(self, row: Mapping[str, Any], *, now: datetime) -> Conversation:
        with_person = bool(row["with_person"])
        handling: Handling = "assistant"
        if with_person:
            handling = "waiting" if row["human_by"] is None else "person"
        inbound, author = row["last_inbound_at"], row["author"]
        window = None if inbound is None else inbound + WINDOW
        return Conversation(
            id=ContactId(row["id"]),
            space=row["space"],
            name=self._shown(row["name"]),
            phone=self._shown(row["wa_id"]),
            user_id=self._shown(row["api_user_id"]),
            language=row["language"],
            handling=handling,
            taken_by=row["human_by"] if with_person else None,
            since=row["human_since"] if with_person else None,
            until=row["human_until"] if with_person else None,
            last_inbound_at=inbound,
            window_until=window if window is not None and window > now else None,
            unanswered_since=row["since"],
            last_message=None
            if author is None
            else LastMessage(author=author, text=self._shown(row["text"]) or "", at=row["at"]),
            latest=row["latest"],
        )

    def _message(self, row: Mapping[str, Any]) -> ThreadMessage:
        content, state = row["content"] or {}, row["state"]
        choices = tuple(ReplyOption(**each) for each in content.get("choices", ()))
        buttons = fit_buttons(row["text"], choices)
        return ThreadMessage(
            id=row["id"],
            turn_id=row["turn_id"],
            at=row["at"],
            author=row["author"],
            by=content.get("by"),
            text=self._shown(row["text"]) or "",
            kind=content.get("kind", "text"),
            choices=choices,
            phrases=tuple(each.partition(":")[0] for each in content.get("said", ())),
            list_label=None if buttons else content.get("list_label") or LIST_LABEL,
            delivery=None if state is None else _DELIVERIES[state],
            error_code=row["error_code"],
            error=row["error"],
        )

    def _shown(self, words: str | None) -> str | None:
        return masked(words) if self._masked and words is not None else words


def _containing(words: str) -> str:
    """Return the pattern of LIKE for texts that contain these words as they are."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
