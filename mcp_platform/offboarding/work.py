"""What follows once a tenant is off-boarded: the callback override, the purge, the last traces.

Each step is a due row: it is claimed, done outside any transaction, and written down. A worker that
dies leaves a claim that runs out. Every step may be done twice.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Table, delete, exists, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from mcp_platform.access.guard import ADMIN_API
from mcp_platform.access.idempotency import forget_of
from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import system
from mcp_platform.errors import PlatformError
from mcp_platform.kit.database import Sessions
from mcp_platform.schema import tables_of_tenants
from mcp_platform.tenants.credentials import CredentialsMissing, CredentialStore
from mcp_platform.tenants.directory import tenant_of
from mcp_platform.tenants.models import ClientRow, OffboardingRow, TenantRow
from mcp_platform.tenants.provisioning import Retiring
from mcp_platform.tenants.tenant import Tenant
from mcp_platform.whatsapp.account import WhatsAppAccount

log = structlog.get_logger(__name__)

EVERY_S = 20.0  # how late a step may begin
CLAIM = timedelta(minutes=5)  # for one step; a purge renews it with every batch
BATCH = 5_000  # rows deleted at once: nobody waits long for a lock
# Meta delivers again for seven days; until then the path answers 200 to what it still sends.
REMEMBERED = timedelta(days=7)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
MOST_DOUBLED = 10
# What outlives the purge: how far it has come, and the trail of who asked for it.
KEPT = frozenset({"offboardings", "audit_entries"})
PURGED_COLUMNS = tuple(each.name for each in TenantRow.__table__.columns if "purged" in each.info)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A row that was claimed, as it was then."""

    tenant: Tenant
    waba_id: str | None
    purge_after: datetime
    override: str
    attempts: int
    purging: bool
    purged: bool


class OffboardingWork:
    """Does what is due, one step at a time. Any number of processes may."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        account: WhatsAppAccount,
        store: CredentialStore,
        provisioner: Retiring,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._account = account
        self._store = store
        self._provisioner = provisioner
        self._clock = clock
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Do what is due until stopped. What fails unexpectedly is logged and comes back."""
        while not self._stopping.is_set():
            try:
                while await self.step() and not self._stopping.is_set():
                    pass
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("admin.offboarding.away", error=repr(error))
            except Exception:
                log.exception("admin.offboarding.failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S * random.uniform(0.8, 1.2)):
                    await self._stopping.wait()

    async def step(self) -> bool:
        """Do the one step that has been due longest; return whether there was one.

        A step that fails as expected is written down and comes back, later each time.
        """
        due = await self._claim()
        if due is None:
            return False
        try:
            if due.purged:
                await self._forget(due)
            elif due.purging or due.purge_after <= self._clock():
                await self._purge(due)
            else:
                await self._remove_override(due)
        except PlatformError as error:
            await self._later(due, error)
        return True

    async def _claim(self) -> _Due | None:
        now = self._clock()
        async with self._sessions.everywhere.begin() as session:
            row = await session.scalar(
                select(OffboardingRow)
                .where(OffboardingRow.due_at <= now)
                .order_by(OffboardingRow.due_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if row is None:
                return None
            row.due_at = now + CLAIM
            found = await session.execute(
                select(TenantRow, ClientRow.business_name)
                .join(ClientRow)
                .where(TenantRow.id == row.tenant_id)
            )
            tenant, business_name = found.one()
            return _Due(
                tenant=tenant_of(tenant, business_name),
                waba_id=tenant.waba_id,
                purge_after=row.purge_after,
                override=row.override,
                attempts=row.attempts,
                purging=row.purging_since is not None,
                purged=row.purged_at is not None,
            )

    async def _later(self, due: _Due, error: PlatformError) -> None:
        pause = min(FIRST_PAUSE * 2 ** min(due.attempts, MOST_DOUBLED), LONGEST_PAUSE)
        now = self._clock()
        again = now + pause
        if due.purge_after > now:  # the purge does not wait for Meta
            again = min(again, due.purge_after)
        log.warning("admin.offboarding.later", tenant=due.tenant.path, error=str(error))
        await self._note(due, error=str(error), attempts=due.attempts + 1, due_at=again)

    async def _note(self, due: _Due, **columns: object) -> None:
        """Write down how far it has come; nothing, if the tenant was restored meanwhile."""
        async with self._sessions.everywhere.begin() as session:
            await session.execute(
                update(OffboardingRow)
                .where(OffboardingRow.tenant_id == due.tenant.id)
                .values(**columns)
            )

    # The callback override.

    async def _remove_override(self, due: _Due) -> None:
        if due.override == "pending":
            await self._take_from_meta(due)
        await self._note(due, override="removed", error=None, attempts=0, due_at=due.purge_after)

    async def _take_from_meta(self, due: _Due) -> None:
        """Have Meta send nothing to this tenant's path any more.

        An account may have other tenants' numbers: its override goes only if it is this tenant's.
        """
        tenant = due.tenant
        try:
            credentials = await self._store.read(
                client_name=tenant.client_name, environment=tenant.environment
            )
        except CredentialsMissing:
            return
        token = credentials.whatsapp_api_token
        number_id = tenant.phone_number_id or credentials.whatsapp_phone_number_id
        account_id = due.waba_id or credentials.whatsapp_business_account_id
        if not (token and number_id):
            return
        callbacks = (await self._account.number(token=token, number_id=number_id)).callbacks
        ours = f"/{tenant.path}/api/v1/webhooks/whatsapp"
        if callbacks.get("phone_number", "").endswith(ours):
            await self._account.override(token=token, number_id=number_id, url="", verify_token="")
        if account_id and callbacks.get("whatsapp_business_account", "").endswith(ours):
            await self._account.subscribe(token=token, account_id=account_id)

    # The purge.

    async def _purge(self, due: _Due) -> None:
        if not await self._begin_purge(due):
            return
        override = due.override
        if override == "pending":
            override = await self._last_try(due)
            await self._note(due, override=override)  # what asks Meta goes next
        # First of all its login: it could add rows to what is emptied, or lock it.
        left_behind = await self._provisioner.retire(due.tenant)
        await self._empty_all(due)
        await self._purged(due, override=override, left_behind=" ".join(left_behind) or None)

    async def _begin_purge(self, due: _Due) -> bool:
        now = self._clock()
        async with self._sessions.everywhere.begin() as session:
            begun = await session.execute(
                update(OffboardingRow)
                .where(OffboardingRow.tenant_id == due.tenant.id, OffboardingRow.purge_after <= now)
                .values(purging_since=now)
                .returning(OffboardingRow.tenant_id)
            )
            return begun.one_or_none() is not None

    async def _last_try(self, due: _Due) -> str:
        try:
            await self._take_from_meta(due)
        except PlatformError as error:
            log.warning("admin.offboarding.override_left", tenant=due.tenant.path, error=str(error))
            return "left"
        return "removed"

    async def _empty_all(self, due: _Due) -> None:
        for table in tables_of_tenants():
            if table.name not in KEPT:
                await self._empty(table, due)

    async def _empty(self, table: Table, due: _Due) -> None:
        batch = text(
            f"DELETE FROM {table.name} WHERE ctid = ANY (ARRAY("  # noqa: S608  # a table of ours
            f"SELECT ctid FROM {table.name} WHERE tenant_id = :tenant_id LIMIT {BATCH}))"
        )
        deleted = BATCH
        while deleted == BATCH:
            async with self._sessions.everywhere.begin() as session:
                connection = await session.connection()
                deleted = (await connection.execute(batch, {"tenant_id": due.tenant.id})).rowcount
                if deleted:
                    await session.execute(
                        update(OffboardingRow)
                        .where(OffboardingRow.tenant_id == due.tenant.id)
                        .values(due_at=self._clock() + CLAIM)
                    )

    async def _purged(self, due: _Due, *, override: str, left_behind: str | None) -> None:
        now = self._clock()
        async with self._sessions.everywhere.begin() as session:
            row = await session.get_one(OffboardingRow, due.tenant.id)
            row.override, row.error, row.attempts = override, None, 0
            row.purged_at, row.left_behind = now, left_behind
            # What a person has to do is to be found for as long.
            since = row.started_at if left_behind is None else now
            row.due_at = max(now, since + REMEMBERED)
            tenant = await session.get_one(TenantRow, due.tenant.id)
            for column in PURGED_COLUMNS:
                setattr(tenant, column, None)
            location = f"{ADMIN_API}/clients/{tenant.client_name}/environments/{tenant.environment}"
            await forget_of(session, location=location, now=now)  # a number may stand in an answer
            await audit.record(
                session,
                actor=system("offboarding"),
                action="tenant.purge",
                target=due.tenant.path,
                tenant_id=due.tenant.id,
                after={"override": override, "left_behind": left_behind},
            )
        log.info(
            "admin.offboarding.purged",
            tenant=due.tenant.path,
            override=override,
            left_behind=left_behind,
        )

    async def _forget(self, due: _Due) -> None:
        await self._empty_all(due)  # what a turn wrote that was under way when the purge began
        async with self._sessions.everywhere.begin() as session:
            await session.execute(
                delete(OffboardingRow).where(OffboardingRow.tenant_id == due.tenant.id)
            )
            await session.execute(delete(TenantRow).where(TenantRow.id == due.tenant.id))
            other = exists().where(TenantRow.client_name == ClientRow.name)
            gone = await session.execute(
                delete(ClientRow)
                .where(ClientRow.name == due.tenant.client_name, ~other)
                .returning(ClientRow.name)
            )
            await audit.record(
                session,
                actor=system("offboarding"),
                action="tenant.forget",
                target=due.tenant.path,
                tenant_id=due.tenant.id,
                after={"client_too": gone.one_or_none() is not None},
            )
