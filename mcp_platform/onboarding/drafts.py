"""Drafts of new clients: kept without secrets for thirty days, and registered in one transaction.

Everybody who may make a client sees all drafts: who began one need not be who ends it.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.errors import Invalid, NotFound
from mcp_platform.kit.forms import Form, VersionedOut, check_version
from mcp_platform.onboarding.answers import READERS, UnfitAnswer, catalogue, check
from mcp_platform.onboarding.given import Answers
from mcp_platform.onboarding.models import ClientDraftRow
from mcp_platform.onboarding.registering import register
from mcp_platform.onboarding.words import OnboardingWords
from mcp_platform.tenants.tenant import Topology

KEPT_FOR: Final = timedelta(days=30)
NEEDED: Final = ("business_name", "client_name", "environments", "services", "professionals")
MOST_LISTED: Final = 100


class DraftWish(Form):
    """Answers by name, as a file of `onboard` has them. Credentials are none of them."""

    answers: Annotated[dict[str, Any], Field(max_length=len(READERS))]


class ClientDraftOut(VersionedOut):
    """A draft as it is kept."""

    id: UUID
    owner: Annotated[str, Field(description="Who began it.")]
    answers: dict[str, Any]
    missing: Annotated[list[str], Field(description="What must be answered before it is made.")]
    created_at: datetime
    changed_at: datetime
    expires_at: Annotated[datetime, Field(description="Changing it keeps it for longer.")]


class RegisteredOut(Form):
    """What a draft became: paths, `<client>/<environment>`."""

    tenants: list[str]


class ClientDrafts:
    """The drafts, and changes of them."""

    def __init__(self, session: AsyncSession, actor: Actor, *, now: datetime) -> None:
        self._session = session
        self._actor = actor
        self._now = now

    async def create(self, wish: DraftWish) -> ClientDraftOut:
        """Begin a draft; those that are too old go.

        Raises:
            Invalid: an answer will not do; `fields` names it.
        """
        answers = checked(wish.answers)
        await self._session.execute(
            delete(ClientDraftRow).where(ClientDraftRow.changed_at < self._now - KEPT_FOR)
        )
        row = ClientDraftRow(
            id=uuid.uuid4(),
            owner=self._actor.subject,
            answers=answers,
            created_at=self._now,
            changed_at=self._now,
        )
        self._session.add(row)
        await self._session.flush()
        await self._record("client_draft.create", row)
        return _shown(row)

    async def list(self) -> list[ClientDraftOut]:
        """Return the newest drafts."""
        rows = await self._session.scalars(
            select(ClientDraftRow)
            .where(ClientDraftRow.changed_at >= self._now - KEPT_FOR)
            .order_by(ClientDraftRow.changed_at.desc(), ClientDraftRow.id)
            .limit(MOST_LISTED)
        )
        return [_shown(row) for row in rows]

    async def get(self, draft_id: UUID) -> ClientDraftOut:
        """Return a draft. Raises NotFound."""
        return _shown(await self._row(draft_id))

    async def update(
        self, draft_id: UUID, wish: DraftWish, *, versions: frozenset[int] | None
    ) -> ClientDraftOut:
        """Replace the answers of a draft that is in one of `versions`; None: in any.

        Raises:
            NotFound: there is none such.
            PreconditionFailed: it is in none of `versions`.
            Invalid: an answer will not do; `fields` names it.
        """
        answers = checked(wish.answers)
        row = await self._row(draft_id, lock=True)
        check_version(row, versions)
        row.answers = answers
        row.changed_at = self._now
        await self._session.flush()
        return _shown(row)

    async def remove(self, draft_id: UUID) -> None:
        """Throw a draft away. Raises NotFound."""
        row = await self._row(draft_id, lock=True)
        await self._session.delete(row)
        await self._record("client_draft.delete", row)

    async def register(self, draft_id: UUID, *, topology: Topology) -> RegisteredOut:
        """Make the client, its environments and what they offer, and end the draft.

        They are of `topology` where the answers do not say it.

        Raises:
            NotFound: there is no such draft.
            Invalid: something is not answered yet, or somebody does a service that there is not.
            Conflict: an environment was made meanwhile.
        """
        row = await self._row(draft_id, lock=True)
        answers = Answers(dict(row.answers))
        missing = dict.fromkeys(_missing(row.answers), "is missing")
        if missing:
            raise Invalid("Not everything is answered yet.", fields=missing)
        try:
            catalogue(answers)
        except UnfitAnswer as error:
            raise Invalid(_said(error), fields={"professionals": _said(error)}) from error
        await register(
            self._session,
            self._actor,
            answers,
            environments=answers.environments,
            values={},
            topology=topology,
        )
        await self._session.delete(row)
        return RegisteredOut(
            tenants=[f"{answers.client_name}/{each}" for each in answers.environments]
        )

    async def _row(self, draft_id: UUID, *, lock: bool = False) -> ClientDraftRow:
        statement = select(ClientDraftRow).where(
            ClientDraftRow.id == draft_id, ClientDraftRow.changed_at >= self._now - KEPT_FOR
        )
        if lock:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        row = await self._session.scalar(statement)
        if row is None:
            raise NotFound("There is no such draft: it was made a client, or is too old.")
        return row

    async def _record(self, action: str, row: ClientDraftRow) -> None:
        name = row.answers.get("client_name") or row.answers.get("business_name") or row.id
        await audit.record(self._session, actor=self._actor, action=action, target=f"drafts/{name}")


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers as they are kept.

    Raises:
        Invalid: one will not do, or is none of ours; `fields` names it.
    """
    kept, wrong = check(given)
    fields = {name: _said(error) for name, error in wrong.items()}
    if "credentials" in given:
        fields["credentials"] = "credentials are set where they are kept, and not in a draft"
    if fields:
        told = "; ".join(f"{name}: {why}" for name, why in fields.items())
        raise Invalid(told, fields=fields)
    return kept


def _said(error: UnfitAnswer) -> str:
    return OnboardingWords("en").unfit(error)


def _missing(answers: Mapping[str, Any]) -> list[str]:
    return [name for name in NEEDED if not answers.get(name)]


def _shown(row: ClientDraftRow) -> ClientDraftOut:
    return ClientDraftOut(
        version=row.version,
        id=row.id,
        owner=row.owner,
        answers=row.answers,
        missing=_missing(row.answers),
        created_at=row.created_at,
        changed_at=row.changed_at,
        expires_at=row.changed_at + KEPT_FOR,
    )
