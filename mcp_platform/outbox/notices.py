"""Telling the owner what the system cannot do, in words and with the next step.

Notices are effects like any other: recorded, sent, retried. The same trouble is told once an hour.
"""

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
from mcp_platform.tenants.languages import primary
from mcp_platform.tenants.tenant import Tenant, TenantId
from mcp_platform.whatsapp.messages import Recipient, template_message
from mcp_platform.whatsapp.reply import Reply

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

# On one line, as a template's variable must be.
_WANTS_A_PERSON = {
    "pt": "👋 {who} quer falar com uma pessoa. O assistente fica em silêncio nessa conversa até"
    " {until}. ",
    "en": "👋 {who} wants to talk to a person. The assistant is silent in that conversation until"
    " {until}. ",
    "es": "👋 {who} quiere hablar con una persona. El asistente queda en silencio en esa"
    " conversación hasta {until}. ",
}
_LEFT_ALONE = {
    "pt": "👋 {who} escreveu e ninguém respondeu. O assistente só volta a responder quando a pessoa"
    " escrever de novo. ",
    "en": "👋 {who} wrote, and nobody has answered. The assistant answers only when they write"
    " again. ",
    "es": "👋 {who} escribió y nadie respondió. El asistente solo vuelve a responder cuando la"
    " persona escriba de nuevo. ",
}
_TAKE = {
    "pt": "Para responder pelo número da empresa, assuma a conversa: conversations take {path}"
    " {name} (peça ao suporte).",
    "en": "To answer from the business's number, take the conversation: conversations take {path}"
    " {name} (ask support).",
    "es": "Para responder desde el número del negocio, tome la conversación: conversations take"
    " {path} {name} (pida a soporte).",
}
_CALL = {
    "pt": "Ligue, ou escreva do seu celular. ",
    "en": "Call, or write from your own phone. ",
    "es": "Llame, o escriba desde su teléfono. ",
}
_SOMEBODY = {"pt": "Um cliente", "en": "A customer", "es": "Un cliente"}
_TROUBLES: dict[Trouble, dict[str, str]] = {
    "calendar_unreadable": {
        "pt": "⚠️ A agenda do Google não responde, e por isso não estou marcando horários."
        " Tento de novo sozinho; se continuar, avise o suporte.",
        "en": "⚠️ Google Calendar does not answer, so I am not booking. I keep trying; if it goes"
        " on, tell support.",
        "es": "⚠️ Google Calendar no responde, y por eso no estoy agendando. Sigo intentando; si"
        " continúa, avise a soporte.",
    },
    "calendar_refused": {
        "pt": "⚠️ O acesso à agenda do Google foi recusado, e por isso não estou marcando horários."
        " Confira se a agenda continua compartilhada com o assistente.",
        "en": "⚠️ Google Calendar refuses access, so I am not booking. Check that the calendar is"
        " still shared with the assistant.",
        "es": "⚠️ Google Calendar rechaza el acceso, y por eso no estoy agendando. Verifique que"
        " el calendario siga compartido con el asistente.",
    },
    "calendar_behind": {
        "pt": "⚠️ Há dias não consigo atualizar a agenda do Google: os horários marcados por aqui"
        " podem faltar nela. Avise o suporte.",
        "en": "⚠️ For days I could not update Google Calendar: bookings made here may be missing"
        " in it. Tell support.",
        "es": "⚠️ Hace días que no puedo actualizar Google Calendar: las citas hechas por aquí"
        " pueden faltar. Avise a soporte.",
    },
    "not_understood": {
        "pt": "⚠️ Não consegui responder a um cliente, depois de várias tentativas. Confira as"
        " conversas recentes; o suporte vê o motivo.",
        "en": "⚠️ I could not answer a customer, after several tries. Look at the recent"
        " conversations; support sees why.",
        "es": "⚠️ No pude responder a un cliente, después de varios intentos. Revise las"
        " conversaciones recientes; soporte ve el motivo.",
    },
    "too_late": {
        "pt": "⚠️ Há mensagens de clientes com mais de 24 horas que não respondi: o WhatsApp já não"
        " permite. Confira as conversas recentes.",
        "en": "⚠️ There are customers' messages of more than 24 hours ago that I did not answer:"
        " WhatsApp no longer lets me. Look at the recent conversations.",
        "es": "⚠️ Hay mensajes de clientes de hace más de 24 horas que no respondí: WhatsApp ya no"
        " lo permite. Revise las conversaciones recientes.",
    },
    "reply_lost": {
        "pt": "⚠️ Uma resposta a um cliente não pôde ser entregue pelo WhatsApp. Confira as"
        " conversas recentes; o suporte vê o motivo.",
        "en": "⚠️ A reply to a customer could not be delivered by WhatsApp. Look at the recent"
        " conversations; support sees why.",
        "es": "⚠️ No se pudo entregar una respuesta a un cliente por WhatsApp. Revise las"
        " conversaciones recientes; soporte ve el motivo.",
    },
    "model_refused": {
        "pt": "⚠️ A chave do Gemini foi recusada. Os clientes estão sendo atendidos pelo menu de"
        " botões. Avise o suporte para trocar a chave.",
        "en": "⚠️ The Gemini key is refused. Customers are served by the menu of buttons. Tell"
        " support to replace the key.",
        "es": "⚠️ La clave de Gemini fue rechazada. Los clientes son atendidos por el menú de"
        " botones. Avise a soporte para cambiar la clave.",
    },
}

_EXAMINED = {
    "pt": "⚠️ A verificação diária encontrou: {what} Avise o suporte.",
    "en": "⚠️ The daily check found: {what} Tell support.",
    "es": "⚠️ La verificación diaria encontró: {what} Avise a soporte.",
}


OWNER = Sql("SELECT owner_whatsapp, language, current_date FROM tenants WHERE id = :tenant")
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
        self, session: AsyncSession, tenant: Tenant, contact: NamedContact, *, until: str, key: str
    ) -> None:
        """Tell the owner, in the transaction of the handoff, who wants to talk, and how to answer.

        `until` is when the assistant answers again, as the owner reads it.
        """
        said = _WANTS_A_PERSON[primary(tenant.language)].format(
            who=_who(tenant, contact), until=until
        )
        text = said + _how_to_answer(tenant, contact)
        await self._record(session, tenant, text, key=f"n:person:{key}")
        NOTICES.labels(about="wants_a_person").inc()

    async def left_alone(
        self, session: AsyncSession, tenant: Tenant, contact: NamedContact, *, key: str
    ) -> None:
        """Tell the owner who wrote to a person, and has no answer as the assistant is back."""
        said = _LEFT_ALONE[primary(tenant.language)].format(who=_who(tenant, contact))
        text = said + _how_to_answer(tenant, contact)
        await self._record(session, tenant, text, key=f"n:alone:{key}")
        NOTICES.labels(about="left_alone").inc()

    async def trouble(self, tenant: Tenant, about: Trouble, *, now: datetime) -> None:
        """Tell the owner of a trouble, at most once an hour."""
        NOTICES.labels(about=about).inc()
        text = _TROUBLES[about][primary(tenant.language)]
        async with self._sessions.of(tenant.id).begin() as session:
            await self._record(session, tenant, text, key=f"n:{about}:{now:%Y%m%d%H}")

    async def examined(
        self, session: AsyncSession, tenant: Tenant, what: str, *, now: datetime
    ) -> None:
        """Tell the owner, in the transaction that records it, what a check found newly wrong."""
        NOTICES.labels(about="examined").inc()
        text = _EXAMINED[primary(tenant.language)].format(what=what)
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
        text = _TROUBLES["not_understood"][primary(tenant.language)]
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
        text = _TROUBLES[about][primary(language)]
        key = f"n:{about}:{today:%Y%m%d}"
        await self._send(session, tenant_id, owner, text, language=language, key=key)

    async def _record(self, session: AsyncSession, tenant: Tenant, text: str, *, key: str) -> None:
        owner, language = tenant.owner_whatsapp, tenant.language
        await self._send(session, tenant.id, owner, text, language=language, key=key)

    async def _send(
        self,
        session: AsyncSession,
        tenant_id: TenantId,
        owner: str | None,
        text: str,
        *,
        language: str,
        key: str,
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
        )


def _who(tenant: Tenant, contact: NamedContact) -> str:
    # A name that a stranger gave themself: on one line, it cannot pass for words of ours.
    who = " ".join((contact.name or "").split()) or _SOMEBODY[primary(tenant.language)]
    return f"{who} (+{contact.wa_id})" if contact.wa_id else who


def _how_to_answer(tenant: Tenant, contact: NamedContact) -> str:
    language = primary(tenant.language)
    call = _CALL[language] if contact.wa_id else ""
    return call + _TAKE[language].format(path=tenant.path, name=contact.wa_id or contact.id)
