"""Telling the owner what the system cannot do, in words and with the next step.

Notices are effects like any other: recorded, sent, retried. The same trouble is told once an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.database import Sessions
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.effects import Effect
from mcp_platform.outbox.outbox import OWNER_LANE, Outbox
from mcp_platform.tenants import health
from mcp_platform.tenants.languages import supported
from mcp_platform.tenants.tenant import Tenant, TenantId
from mcp_platform.whatsapp.messages import Recipient, template_message
from mcp_platform.whatsapp.reply import Reply
from mcp_platform.words.files import in_every_language

log = structlog.get_logger(__name__)

NOTICES = Counter("mcp_notices_total", "Troubles told to an owner.", ["about"])

Trouble = Literal[
    "calendar_unreadable",
    "calendar_refused",
    "calendar_behind",
    "reply_lost",
    "not_understood",
    "too_late",
    "model_refused",
]


@dataclass(frozen=True, slots=True)
class NoticeTexts:
    """What the owner reads, in one language. Each is one line, as a template's variable must be."""

    wants_a_person: str
    still_waits: str
    left_alone: str
    asked: str
    still_asked: str
    passed_on: str
    file: str
    image: str
    video: str
    document: str
    several_files: str
    urgent: str
    late: str
    late_by: str
    noted: str
    waitlisted: str
    copy_wanted: str
    erased: str
    call: str
    take: str
    somebody: str
    examined: str
    calendar_unreadable: str
    calendar_refused: str
    calendar_behind: str
    reply_lost: str
    not_understood: str
    too_late: str
    model_refused: str

    def trouble(self, about: Trouble) -> str:
        """Return what is said of a trouble, which has a field of its name."""
        text: str = getattr(self, about)
        return text


_TEXTS = in_every_language(NoticeTexts, "notices")

OWNER = Sql("SELECT owner_whatsapp, language, current_date FROM tenants WHERE id = :tenant")
LONGEST_QUOTED = 300  # of a customer's words: with ours, a template's variable may have 1,024
NO_OWNER = "owner_number"
NO_OWNER_REASON = "A notice had nobody to go to: set the owner's WhatsApp number."


class NamedContact(Protocol):
    """A contact, as far as a notice names them."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str | None: ...
    @property
    def wa_id(self) -> str | None: ...


class Notices:
    """Records notices to the owner of a tenant; a tenant without an owner's number has none."""

    def __init__(self, sessions: Sessions, *, template: str | None = None) -> None:
        """Send in `template`, which has one body variable and each tenant's language; else as text."""
        self._sessions = sessions
        self._template = template

    async def wants_a_person(
        self,
        session: AsyncSession,
        tenant: Tenant,
        contact: NamedContact,
        *,
        until: str,
        key: str,
        words: str = "",
    ) -> None:
        """Tell the owner, in the transaction of the handoff, who wants to talk, and how to answer.

        `until` is when the assistant answers again, as the owner reads it. `words` are the
        customer's, if any were written: they are quoted.
        """
        said = _texts(tenant).wants_a_person.format(who=_who(tenant, contact), until=until)
        quoted = f"«{_quoted(words)}» " if words.strip() else ""
        text = f"{said} {quoted}{_how_to_answer(tenant, contact)}"
        await self._record(session, tenant, text, key=f"n:person:{key}", about=contact)
        NOTICES.labels(about="wants_a_person").inc()

    async def still_waits(
        self,
        session: AsyncSession,
        tenant: Tenant,
        contact: NamedContact,
        *,
        words: str,
        key: str,
    ) -> None:
        """Remind the owner, in the transaction of the reply that says so, of who waits for a person."""
        said = _texts(tenant).still_waits.format(who=_who(tenant, contact))
        quoted = f"«{_quoted(words)}» " if words.strip() else ""
        text = f"{said} {quoted}{_how_to_answer(tenant, contact)}"
        await self._record(session, tenant, text, key=f"n:still_waits:{key}", about=contact)
        NOTICES.labels(about="still_waits").inc()

    async def passed_on(
        self,
        session: AsyncSession,
        tenant: Tenant,
        contact: NamedContact,
        *,
        words: str,
        urgent: bool,
        key: str,
    ) -> None:
        """Tell the owner, in the transaction of the reply that says so, what a customer wrote.

        It goes as a quotation on one line, so that it cannot pass for words of ours.
        """
        texts = _texts(tenant)
        said = texts.passed_on.format(who=_who(tenant, contact), words=_quoted(words))
        text = f"{said} {_how_to_answer(tenant, contact)}"
        text = f"{texts.urgent} {text}" if urgent else text
        await self._record(session, tenant, text, key=f"n:passed_on:{key}", about=contact)
        NOTICES.labels(about="passed_on").inc()

    async def file_came(
        self,
        session: AsyncSession,
        tenant: Tenant,
        contact: NamedContact,
        *,
        kinds: Sequence[str],
        words: str,
        key: str,
    ) -> None:
        """Tell the owner, in the transaction that keeps the message, of files that nobody here opens.

        `kinds`: `image`, `video` or `document`. `words` are the customer's below them, if there are
        any: they are quoted.
        """
        texts = _texts(tenant)
        what = texts.several_files.format(count=len(kinds))
        if len(kinds) == 1:
            what = {"image": texts.image, "video": texts.video}.get(kinds[0], texts.document)
        said = texts.file.format(who=_who(tenant, contact), what=what)
        quoted = f"«{_quoted(words)}» " if words.strip() else ""
        text = f"{said} {quoted}{_how_to_answer(tenant, contact)}"
        await self._record(session, tenant, text, key=f"n:file:{key}", about=contact)
        NOTICES.labels(about="file").inc()

    async def running_late(
        self,
        session: AsyncSession,
        tenant: Tenant,
        contact: NamedContact,
        *,
        appointment: str,
        minutes: int | None,
        key: str,
    ) -> None:
        """Tell the owner, in the transaction that notes it, who comes later; once under one key."""
        texts = _texts(tenant)
        said = texts.late if minutes is None else texts.late_by
        text = said.format(who=_who(tenant, contact), appointment=appointment, minutes=minutes)
        await self._record(session, tenant, text, key=f"n:late:{key}", about=contact)
        NOTICES.labels(about="running_late").inc()

    async def noted(
        self,
        session: AsyncSession,
        tenant: Tenant,
        contact: NamedContact,
        *,
        appointment: str,
        note: str,
        key: str,
    ) -> None:
        """Tell the owner, in the transaction that adds it, of a note to an appointment that stands."""
        text = _texts(tenant).noted.format(
            who=_who(tenant, contact), appointment=appointment, words=_quoted(note)
        )
        await self._record(session, tenant, text, key=f"n:noted:{key}", about=contact)
        NOTICES.labels(about="noted").inc()

    async def waitlisted(
        self,
        session: AsyncSession,
        tenant: Tenant,
        contact: NamedContact,
        *,
        wish: str,
        key: str,
    ) -> None:
        """Tell the owner, in the transaction that notes it, who would come if time became free."""
        text = _texts(tenant).waitlisted.format(
            who=_who(tenant, contact), wish=wish, path=tenant.path
        )
        await self._record(session, tenant, text, key=f"n:waitlisted:{key}", about=contact)
        NOTICES.labels(about="waitlisted").inc()

    async def copy_wanted(
        self, session: AsyncSession, tenant: Tenant, contact: NamedContact, *, key: str
    ) -> None:
        """Tell the owner, in the transaction of the wish, who wants a copy of their data, and how."""
        text = _texts(tenant).copy_wanted.format(
            who=_who(tenant, contact), path=tenant.path, name=contact.wa_id or contact.id
        )
        await self._record(session, tenant, text, key=f"n:copy:{key}", about=contact)
        NOTICES.labels(about="copy_wanted").inc()

    async def erased(
        self, session: AsyncSession, tenant: Tenant, *, cancelled: int, receipt: UUID
    ) -> None:
        """Tell the owner, in the transaction that erases, that a customer wished it; not who."""
        text = _texts(tenant).erased.format(count=cancelled, receipt=receipt)
        await self._record(session, tenant, text, key=f"n:erased:{receipt}")
        NOTICES.labels(about="erased").inc()

    async def left_alone(
        self, session: AsyncSession, tenant: Tenant, contact: NamedContact, *, key: str
    ) -> None:
        """Tell the owner who wrote to a person, and has no answer as the assistant is back."""
        said = _texts(tenant).left_alone.format(who=_who(tenant, contact))
        text = f"{said} {_how_to_answer(tenant, contact)}"
        await self._record(session, tenant, text, key=f"n:alone:{key}", about=contact)
        NOTICES.labels(about="left_alone").inc()

    async def asked(
        self,
        session: AsyncSession,
        tenant: Tenant,
        contact: NamedContact,
        words: str,
        *,
        question_id: str,
        key: str,
    ) -> None:
        """Tell the owner, in the transaction that records it, what a customer asks, in their words."""
        text = _texts(tenant).asked.format(
            who=_who(tenant, contact), words=_quoted(words), path=tenant.path, id=question_id
        )
        await self._record(session, tenant, text, key=f"n:asked:{key}", about=contact)
        NOTICES.labels(about="asked").inc()

    async def still_asked(
        self,
        session: AsyncSession,
        tenant: Tenant,
        contact: NamedContact,
        words: str,
        *,
        question_id: str,
        key: str,
    ) -> None:
        """Tell the owner who still waits for an answer, and to what."""
        text = _texts(tenant).still_asked.format(
            who=_who(tenant, contact), words=_quoted(words), path=tenant.path, id=question_id
        )
        await self._record(session, tenant, text, key=f"n:still_asked:{key}", about=contact)
        NOTICES.labels(about="still_asked").inc()

    async def trouble(self, tenant: Tenant, about: Trouble, *, now: datetime) -> None:
        """Tell the owner of a trouble, at most once an hour."""
        NOTICES.labels(about=about).inc()
        text = _texts(tenant).trouble(about)
        async with self._sessions.of(tenant.id).begin() as session:
            await self._record(session, tenant, text, key=f"n:{about}:{now:%Y%m%d%H}")

    async def examined(
        self, session: AsyncSession, tenant: Tenant, what: str, *, now: datetime
    ) -> None:
        """Tell the owner, in the transaction that records it, what a check found newly wrong."""
        NOTICES.labels(about="examined").inc()
        text = _texts(tenant).examined.format(what=what)
        await self._record(session, tenant, text, key=f"n:examined:{now:%Y%m%d}")

    async def misplaced(
        self, session: AsyncSession, tenant: Tenant, text: str, *, now: datetime
    ) -> None:
        """Tell the owner, in the transaction that notes it, which events do not stand as booked."""
        NOTICES.labels(about="misplaced").inc()
        await self._record(session, tenant, text, key=f"n:misplaced:{now.isoformat()}")

    async def parked(self, session: AsyncSession, tenant: Tenant, *, key: str) -> None:
        """Tell the owner, in the transaction that parks a turn, that somebody has no answer."""
        NOTICES.labels(about="not_understood").inc()
        text = _texts(tenant).not_understood
        await self._record(session, tenant, text, key=f"n:parked:{key}")

    async def gave_up(
        self,
        session: AsyncSession,
        *,
        effect: Effect,
        code: int | None,  # noqa: ARG002  # the port's: an owner is not told codes
        error: str,  # noqa: ARG002  # the same
    ) -> None:
        """Tell the owner, in the transaction that gives an effect up."""
        await self._lost(
            session, effect.tenant_id, "reply_lost" if effect.is_message else "calendar_behind"
        )

    async def not_delivered(self, session: AsyncSession, tenant_id: TenantId) -> None:
        """Tell the owner, in the transaction that hears of it, that WhatsApp gave a reply up."""
        await self._lost(session, tenant_id, "reply_lost")

    async def _lost(self, session: AsyncSession, tenant_id: TenantId, about: Trouble) -> None:
        NOTICES.labels(about=about).inc()
        owner, language, today = await Driver(session).row(OWNER, tenant=tenant_id)
        text = _TEXTS[supported(language)].trouble(about)
        key = f"n:{about}:{today:%Y%m%d}"
        await self._send(session, tenant_id, owner, text, language=language, key=key)

    async def _record(
        self,
        session: AsyncSession,
        tenant: Tenant,
        text: str,
        *,
        key: str,
        about: NamedContact | None = None,
    ) -> None:
        owner, language = tenant.owner_whatsapp, tenant.language
        await self._send(session, tenant.id, owner, text, language=language, key=key, about=about)

    async def _send(
        self,
        session: AsyncSession,
        tenant_id: TenantId,
        owner: str | None,
        text: str,
        *,
        language: str,
        key: str,
        about: NamedContact | None = None,
    ) -> None:
        if owner is None:
            # Nobody can be told: health must show that.
            await health.note(session, tenant_id, NO_OWNER, NO_OWNER_REASON)
            return
        await health.strike(session, tenant_id, NO_OWNER)
        await Outbox(session, tenant_id).send(
            key=key,
            lane=OWNER_LANE,
            recipient=Recipient(wa_id=owner),
            content=Reply(text)
            if self._template is None
            else template_message(text, template=self._template, language=language),
            purpose="notice",
            contact_id=None if about is None else about.id,
        )


def _who(tenant: Tenant, contact: NamedContact) -> str:
    # A name that a stranger gave themself: on one line, it cannot pass for words of ours.
    who = " ".join((contact.name or "").split()) or _texts(tenant).somebody
    return f"{who} (+{contact.wa_id})" if contact.wa_id else who


def _quoted(words: str) -> str:
    # On one line and between marks that they cannot close, they cannot pass for words of ours.
    said = " ".join(words.replace("«", "").replace("»", "").split())
    return said if len(said) <= LONGEST_QUOTED else f"{said[: LONGEST_QUOTED - 1].rstrip()}…"


def _how_to_answer(tenant: Tenant, contact: NamedContact) -> str:
    texts = _texts(tenant)
    take = texts.take.format(path=tenant.path, name=contact.wa_id or contact.id)
    return f"{texts.call} {take}" if contact.wa_id else take


def _texts(tenant: Tenant) -> NoticeTexts:
    return _TEXTS[supported(tenant.language)]
