"""What a rehearsal takes from the real installation: read, and nothing written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.known import KnownAnswer, KnownAnswers
from mcp_platform.answers.wordings import own_wordings
from mcp_platform.audit.actor import system
from mcp_platform.kit.paging import MOST, PageQuery, every
from mcp_platform.registry.answers.forms import AnswerOut, AnswerWish
from mcp_platform.registry.answers.phrases import PhraseWish, TenantPhrases
from mcp_platform.registry.answers.service import TenantAnswers
from mcp_platform.registry.environments import LocatedTenant
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.catalogue_store import load_catalogue, save_catalogue
from mcp_platform.tenants.languages import LANGUAGES, Language, supported
from mcp_platform.tenants.models import ClientRow, TenantRow
from mcp_platform.tenants.tenant import Tenant, TenantId
from mcp_platform.words.own import OwnWordings

REHEARSAL = system("rehearsal")
# How a tenant is known to customers, and by which rules it books. The rest of its row says where it
# is, at the vendors and in a cluster, and how it stands: a copy has that of its own.
COPIED = (
    "language",
    "time_zone",
    "slot_step_minutes",
    "minimum_notice_minutes",
    "horizon_days",
    "free_days_close",
    "unanswered_close",
    "article",
    "kind",
    "holidays_of",
    "own_holidays",
    "holidays_decided",
    "address",
    "phone",
    "notes",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsedTenant:
    """A tenant as its customers and the model see it."""

    tenant: Tenant
    columns: Mapping[str, Any]
    catalogue: Catalogue
    answers: tuple[AnswerOut, ...]
    known: Mapping[Language, tuple[KnownAnswer, ...]]
    """The answers that may be said, by language."""
    wordings: Mapping[Language, OwnWordings]

    @property
    def language(self) -> Language:
        return supported(self.tenant.language)


async def read(session: AsyncSession, tenant: Tenant) -> RehearsedTenant:
    """Read a tenant. The transaction, which must be new, writes nothing: Postgres sees to that."""
    await session.execute(text("SET TRANSACTION READ ONLY"))
    row = await session.get_one(TenantRow, tenant.id, populate_existing=True)
    catalogue = await load_catalogue(session, tenant.id)
    return RehearsedTenant(
        tenant=tenant,
        columns={name: getattr(row, name) for name in COPIED},
        # The copy has one calendar: whose events are in the others is nobody's business here.
        catalogue=replace(
            catalogue,
            professionals=tuple(
                replace(each, calendar_id=None) for each in catalogue.professionals
            ),
        ),
        answers=await _answers(session, tenant),
        known={
            each: tuple(await KnownAnswers(session, tenant.id, language=each).every())
            for each in LANGUAGES
        },
        wordings={each: await own_wordings(session, tenant.id, each) for each in LANGUAGES},
    )


async def write(
    session: AsyncSession, rehearsed: RehearsedTenant, *, client_name: str, **columns: Any
) -> LocatedTenant:
    """Make a copy, of a client of its own, and return where it is."""
    business = rehearsed.tenant.business_name
    session.add(ClientRow(name=client_name, business_name=business))
    await session.flush()
    environment = rehearsed.tenant.environment
    row = TenantRow(
        client_name=client_name, environment=environment, **rehearsed.columns, **columns
    )
    session.add(row)
    await session.flush()
    made = LocatedTenant(id=TenantId(row.id), path=f"{client_name}/{environment}")
    await save_catalogue(session, made.id, rehearsed.catalogue)
    answers = TenantAnswers(session, REHEARSAL, made)
    for each in rehearsed.answers:
        fields = each.model_dump(exclude={"id", "version", "position"})
        await answers.create(AnswerWish.model_validate(fields))
    phrases = TenantPhrases(session, REHEARSAL, made)
    for language, own in rehearsed.wordings.items():
        for phrase, wordings in own.items():
            wish = PhraseWish(wordings=tuple(wordings))
            await phrases.replace(phrase, wish, language=language, versions=None)
    return made


async def _answers(session: AsyncSession, tenant: Tenant) -> tuple[AnswerOut, ...]:
    bound = TenantAnswers(session, REHEARSAL, LocatedTenant(id=tenant.id, path=tenant.path))
    return tuple(await every(lambda cursor: bound.page(PageQuery(limit=MOST, cursor=cursor))))
