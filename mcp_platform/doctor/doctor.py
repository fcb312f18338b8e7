"""The doctor: examines one tenant, writes down what was found, and tells the owner.

The API, the command and the daily check use it. The checks are in `checks.py`.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.contacts import Contacts
from mcp_platform.conversations.phones import spellings
from mcp_platform.doctor.case import Case, RoleState
from mcp_platform.doctor.examination import Examiner, Tell
from mcp_platform.doctor.findings import Findings, failed
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.doctor.sentences import result
from mcp_platform.doctor.visits import Visits
from mcp_platform.kit.database import Sessions
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling.catalogue_store import load_catalogue
from mcp_platform.templates.templates import MessageTemplates
from mcp_platform.tenants.credentials import Credentials, CredentialStore, CredentialsUnreadable
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.languages import for_staff
from mcp_platform.tenants.tenant import Tenant, TenantId

TROUBLE = "doctor"
"""What the trouble of a tenant with failed checks is called."""
TENANTS_ROLE = "mcp_tenant"
_READ_TIMEOUT = timedelta(seconds=10)
_MOST_TOLD = 3  # problems in one notice; the rest stands in the results
_POWERS = ("superuser", "createdb", "createrole", "replication", "bypassrls")
_LOGIN = text("SELECT database_role FROM tenants WHERE id = :tenant_id")
_ROLE = text(
    "SELECT r.rolcanlogin, r.rolsuper, r.rolcreatedb, r.rolcreaterole, r.rolreplication,"
    " r.rolbypassrls, ARRAY(SELECT g.rolname::text FROM pg_auth_members m"
    " JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid ORDER BY 1)"
    " FROM pg_roles r WHERE r.rolname = :name"
)


class Doctor:
    """Examines tenants, for one process."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        store: CredentialStore,
        examiner: Examiner,
        health: TenantHealth,
        notices: Notices,
        template: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._examiner = examiner
        self._health = health
        self._notices = notices
        self._template = template
        self._clock = clock

    async def examine(
        self,
        tenant: Tenant,
        *,
        fix: bool = False,
        write: bool = False,
        only: Collection[str] | None = None,
        tell: Tell | None = None,
        notify: bool = False,
    ) -> list[CheckOutcome]:
        """Run the checks, or those named `only`, and keep what they found.

        `tell` hears of each result as it comes. With `notify`, what is newly failed is told to the
        owner; without, the caller reads it.
        """
        case = await self._case(tenant, fix=fix, write=write)
        now = self._clock()
        sessions = self._sessions.of(tenant.id)
        async with sessions.begin() as session:
            account = case.secrets.whatsapp_business_account_id or None
            await Visits(session).began(tenant.id, account=account, now=now)
        found = await self._examiner.examine(case, only=only, tell=tell)
        now = self._clock()
        async with sessions.begin() as session:
            new = await Findings(session, tenant.id).keep(found, now=now)
            if new and notify:
                await self._notices.examined(session, tenant, _words(new, tenant), now=now)
            last = await Findings(session, tenant.id).last()
        await self._mark([finding.found for finding in last], tenant.id, changed=bool(new))
        return found

    async def _case(self, tenant: Tenant, *, fix: bool, write: bool) -> Case:
        credentials, unreadable = await self._credentials(tenant)
        async with self._sessions.of(tenant.id)() as session:
            catalogue = await load_catalogue(session, tenant.id)
            wrote = await _owner_wrote_at(session, tenant)
            name = await session.scalar(_LOGIN, {"tenant_id": tenant.id})
            templates = MessageTemplates(session, tenant.id)
            known = tuple(await templates.all())
            marketing = await templates.pays_for_marketing()
            role = None
            if name is not None or tenant.topology == "isolated":
                role = await role_state(session, name or "")
        return Case(
            tenant=tenant,
            credentials=credentials,
            unreadable=unreadable,
            catalogue=catalogue,
            role=role,
            template=self._template,
            templates=known,
            marketing=marketing,
            owner_wrote_at=wrote,
            fix=fix,
            write=write,
        )

    async def _credentials(
        self, tenant: Tenant
    ) -> tuple[Credentials | None, CredentialsUnreadable | None]:
        """Read the store itself: what a cache remembers may be gone."""
        try:
            async with asyncio.timeout(_READ_TIMEOUT.total_seconds()):
                return await self._store.read(
                    client_name=tenant.client_name, environment=tenant.environment
                ), None
        except CredentialsUnreadable as error:
            return None, error
        except TimeoutError:
            return None, CredentialsUnreadable("The credential store does not answer.")

    async def _mark(self, found: list[CheckOutcome], tenant_id: TenantId, *, changed: bool) -> None:
        wrong = failed(found)
        if changed or not wrong:
            await self._health.accepted(tenant_id, TROUBLE)
        if wrong:
            reason = ", ".join(f"{each.check}: {each.code}" for each in wrong)
            await self._health.refused(tenant_id, TROUBLE, reason)


async def role_state(session: AsyncSession, name: str) -> RoleState:
    """Return what Postgres says of a role."""
    row = (await session.execute(_ROLE, {"name": name})).one_or_none()
    if row is None:
        return RoleState(name=name or "–", exists=False)
    may_log_in, *flags, groups = row
    powers = [power for power, given in zip(_POWERS, flags, strict=True) if given]
    powers += [group for group in groups if group != TENANTS_ROLE]
    return RoleState(
        name=name,
        exists=True,
        may_log_in=may_log_in,
        is_tenants=TENANTS_ROLE in groups,
        powers=tuple(powers),
    )


async def _owner_wrote_at(session: AsyncSession, tenant: Tenant) -> datetime | None:
    if tenant.owner_whatsapp is None:
        return None
    contacts = Contacts(session, tenant.id)
    for digits in spellings(tenant.owner_whatsapp, time_zone=tenant.time_zone):
        found = await contacts.known_as(f"w:{digits}")
        if found is not None:
            return await contacts.last_wrote(found)
    return None


def _words(found: list[CheckOutcome], tenant: Tenant) -> str:
    """Return what is newly wrong, on one line: a template's variable takes no line ends."""
    language = for_staff(tenant.language)
    said = [result(each, language=language) for each in found[:_MOST_TOLD]]
    return " ".join(f"{each.what} {each.next_step}" for each in said)
