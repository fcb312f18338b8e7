"""Plays a dialogue through the whole service: webhooks in, messages out, vendors simulated over HTTP."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mcp_platform.audit.actor import Actor
from mcp_platform.registry.answers.forms import AnswerWish
from mcp_platform.registry.answers.service import TenantAnswers
from mcp_platform.registry.environments import Environments
from mcp_platform.rehearsal.beginnings import Beginning
from mcp_platform.rehearsal.phone import CustomersPhone
from mcp_platform.rehearsal.playing import PlayedDialogue, play
from mcp_platform.tenants.languages import supported
from tests.dialogues.businesses import BUSINESSES, Business, morning_zone
from tests.dialogues.dialogues import Case
from tests.world import World

OPERATOR = Actor(kind="command", subject="tests", role="admin")
AT_ONCE = 6  # dialogues; each has a business of its own


async def play_all(service: World, cases: Sequence[Case]) -> list[PlayedDialogue]:
    """Play dialogues beside each other, in their order."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(case: Case) -> PlayedDialogue:
        async with turn:
            return await _play(service, case)

    return list(await asyncio.gather(*map(one, cases)))


async def _play(service: World, case: Case) -> PlayedDialogue:
    """Play one dialogue in a business of its own."""
    now = datetime.now(UTC)
    world, business, zone = (
        replace(service, tenants=[]),
        BUSINESSES[case.business],
        morning_zone(now),
    )
    catalogue = business.catalogue(zone=zone.key, today=now.astimezone(zone))
    tenant = await world.add_tenant(
        catalogue=catalogue,
        business_name=business.name,
        language=business.language,
        time_zone=zone.key,
        notes="\n".join(each.text for each in business.answers) or None,
        **business.columns,
    )
    await _know_answers(world, business)
    async with world.session() as session:
        beginning = Beginning(
            session=session,
            tenant=tenant.id,
            catalogue=catalogue,
            language=supported(business.language),
            now=now,
        )
        await beginning.prepare(case.dialogue.before, dialogue=case.id)
    assert world.platform is not None
    phone = CustomersPhone(
        meta=world.meta,
        sessions=world.platform.shared.admin_sessions,
        tenant=tenant.id,
        phone_number_id=tenant.phone_number_id,
        owner=tenant.owner,
        zone=zone,
    )
    return await play(case.dialogue, phone=phone, now=now)


async def _know_answers(world: World, business: Business) -> None:
    async with world.session() as session:
        located = await Environments(session, OPERATOR).locate(
            world.tenant.client_name, world.tenant.environment
        )
        answers = TenantAnswers(session, OPERATOR, located)
        for each in business.answers:
            wish = {"title": each.title, "questions": each.questions, "text": each.text}
            await answers.create(AnswerWish.model_validate(wish))
