"""Plays a dialogue through the whole service: webhooks in, messages out, vendors simulated over HTTP."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from mcp_platform.audit.actor import Actor
from mcp_platform.conversations.models import MESSAGES
from mcp_platform.registry.answers.forms import AnswerWish
from mcp_platform.registry.answers.service import TenantAnswers
from mcp_platform.registry.environments import Environments
from mcp_platform.scheduling.catalogue import ServiceId
from tests import factories
from tests.dialogues.businesses import BUSINESSES, Business, morning_zone
from tests.dialogues.dialogues import Dialogue, Turn, written
from tests.dialogues.judge import Booked, Evidence, Message, wrong
from tests.world import ANA, World, choices_of

OPERATOR = Actor(kind="command", subject="tests", role="admin")
CUSTOMER = "Carla"
A_WHILE = timedelta(minutes=20)  # since a customer who is known wrote before
EARLIER = {  # what they wrote then, and what was answered
    "pt-BR": ("oi, tem horário?", "Bom dia, Carla! Como posso ajudar?"),
    "en": ("hi, any openings?", "Good morning, Carla! How can I help?"),
    "es": ("hola, ¿hay hora?", "¡Buenos días, Carla! ¿En qué puedo ayudar?"),
}
AT_ONCE = 6  # dialogues; each has a business of its own


@dataclass(frozen=True, slots=True)
class Played:
    """A dialogue as it went: what is wrong, and what was said."""

    dialogue: Dialogue
    wrong: tuple[str, ...]
    transcript: str

    @property
    def good(self) -> bool:
        return not self.wrong


async def play_all(service: World, dialogues: Sequence[Dialogue]) -> list[Played]:
    """Play dialogues beside each other, in their order."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(dialogue: Dialogue) -> Played:
        async with turn:
            return await play(service, dialogue)

    return list(await asyncio.gather(*map(one, dialogues)))


async def play(service: World, dialogue: Dialogue) -> Played:
    """Play one dialogue in a business of its own."""
    now = datetime.now(UTC)
    stage = _Stage(
        world=replace(service, tenants=[]),
        dialogue=dialogue,
        business=BUSINESSES[dialogue.business],
        zone=morning_zone(now),
        now=now,
    )
    await stage.prepare()
    return await stage.play()


@dataclass(slots=True)
class _Stage:
    world: World
    dialogue: Dialogue
    business: Business
    zone: ZoneInfo
    now: datetime

    @property
    def today(self) -> datetime:
        return self.now.astimezone(self.zone)

    async def prepare(self) -> None:
        """Make the business, and what is so before the first word."""
        business = self.business
        await self.world.add_tenant(
            catalogue=business.catalogue(zone=self.zone.key, today=self.today),
            business_name=business.name,
            language=business.language,
            time_zone=self.zone.key,
            notes="\n".join(each.text for each in business.answers) or None,
            **business.columns,
        )
        await self._know_answers()
        before = self.dialogue.before
        if "booked" in before or "person" in before:
            await self._known(before)
        for busy in before.get("busy", ()):
            await self._keep_busy(**busy)

    async def _know_answers(self) -> None:
        async with self.world.session() as session:
            tenant = self.world.tenant
            located = await Environments(session, OPERATOR).locate(
                tenant.client_name, tenant.environment
            )
            answers = TenantAnswers(session, OPERATOR, located)
            for each in self.business.answers:
                wish = {"title": each.title, "questions": each.questions, "text": each.text}
                await answers.create(AnswerWish.model_validate(wish))

    async def _known(self, before: Mapping[str, Any]) -> None:
        tenant = self.world.tenant.id
        waits = {"answered_by": "human", "human_until": self.now + timedelta(hours=8)}
        async with self.world.session() as session:
            contact = await factories.add_contact(
                session,
                tenant,
                wa_id=ANA,
                name=CUSTOMER,
                last_inbound_at=self.now - A_WHILE,
                **(waits if before.get("person") else {}),
            )
            asked, done = EARLIER[self.business.language]
            for direction, author, text in (("in", "contact", asked), ("out", "model", done)):
                said = {"direction": direction, "author": author, "text": text}
                await session.execute(
                    insert(MESSAGES).values(
                        tenant_id=tenant, contact_id=contact, at=self.now - A_WHILE, **said
                    )
                )
            for each in before.get("booked", ()):
                service = next(
                    one for one in self.business.services if one.id == ServiceId(each["service"])
                )
                await factories.add_appointment(
                    session,
                    tenant,
                    contact,
                    starts_at=self._at(each["day"], each["at"]),
                    minutes=int(service.duration.total_seconds() // 60),
                    service_id=service.id,
                    professional_id=each["who"],
                    price_cents=service.price_cents,
                    currency=service.currency,
                )

    async def _keep_busy(self, *, who: str, day: int, **span: str) -> None:
        """Let somebody else have booked this time."""
        start, end = self._at(day, span["from"]), self._at(day, span["to"])
        tenant = self.world.tenant.id
        service = self.business.staff[who][1][0]
        async with self.world.session() as session:
            other = await factories.add_contact(session, tenant, wa_id="5511900001111")
            await factories.add_appointment(
                session,
                tenant,
                other,
                starts_at=start,
                minutes=int((end - start).total_seconds() // 60),
                service_id=service,
                professional_id=who,
            )

    def _at(self, day: int, at: str) -> datetime:
        on = self.today.date() + timedelta(days=day)
        return datetime.combine(on, time.fromisoformat(at), self.zone)

    async def play(self) -> Played:
        failures, lines = [], []
        for number, turn in enumerate(self.dialogue.turns, 1):
            evidence = await self._turn(turn)
            lines += _transcript(turn, evidence)
            found = wrong(evidence) if evidence else [f"taps: there is no row {turn.taps}"]
            failures += [f"turn {number}: {why}" for why in found]
            lines += [f"    ✗ {why}" for why in found]
        return Played(self.dialogue, tuple(failures), "\n".join(lines))

    async def _turn(self, turn: Turn) -> Evidence | None:
        """Let the customer write or tap, and wait until all that follows has happened."""
        here = self.world
        sent = await here.sent()
        told = len(await self._told())
        before = await self._booked()
        if turn.script:
            await here.script(*turn.script)
        if turn.taps is not None:
            offered = choices_of(sent[-1]) if sent else []
            if len(offered) < turn.taps:
                return None
            await here.tap(offered[turn.taps - 1])
        else:
            typed = written(turn.they, today=self.today.date(), language=self.dialogue.language)
            await here.say(typed, name=CUSTOMER)
        await here.idle()
        return Evidence(
            turn=turn,
            today=self.today.date(),
            replies=[_message(each) for each in (await here.sent())[len(sent) :]],
            earlier=[_message(each) for each in sent],
            owner=(await self._told())[told:],
            called=await self._called(),
            before=before,
            after=await self._booked(),
        )

    async def _told(self) -> list[str]:
        """Return what the owner was told so far."""
        sent = await self.world.sent(as_=self.world.tenant.owner)
        return [_message(each).text for each in sent]

    async def _called(self) -> bool:
        answering = await self.world.value(
            "SELECT answered_by FROM contacts WHERE tenant_id = :tenant AND wa_id = :ana", ana=ANA
        )
        return bool(answering == "human")

    async def _booked(self) -> dict[str, Booked]:
        """Return the customer's appointments that stand."""
        rows = await self.world.rows(
            "SELECT a.id, a.service_id, a.professional_id, a.starts_at FROM appointments a"
            " JOIN contacts c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id"
            " WHERE a.tenant_id = :tenant AND a.status IN ('booked', 'confirmed')"
            " AND c.wa_id = :ana",
            ana=ANA,
        )
        return {
            str(id_): Booked(service, who, start.astimezone(self.zone))
            for id_, service, who, start in rows
        }


def _message(sent: Mapping[str, Any]) -> Message:
    payload = sent["payload"]
    if payload["type"] == "template":
        parameters = payload["template"].get("components", [{}])[0].get("parameters", [])
        return Message("\n".join(each["text"] for each in parameters))
    if payload["type"] not in ("text", "interactive"):  # a reaction
        return Message()
    inside = payload.get("interactive", {})
    texts = [payload.get("text", {}).get("body", "")]
    texts += [inside.get(part, {}).get("text", "") for part in ("header", "body", "footer")]
    choices = tuple(
        f"{each['title']} {each.get('description', '')}".strip() for each in choices_of(dict(sent))
    )
    return Message("\n".join(filter(None, texts)), choices)


def _transcript(turn: Turn, evidence: Evidence | None) -> list[str]:
    lines = [f"  > {turn.they or f'(taps {turn.taps})'}"]
    for each in evidence.replies if evidence else ():
        lines += [f"    {line}" for line in each.text.splitlines()]
        lines += [f"    [{choice}]" for choice in each.choices]
    lines += [f"    (owner: {each})" for each in (evidence.owner if evidence else ())]
    return lines
