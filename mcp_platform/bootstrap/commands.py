"""What a command is built from that runs none of the parts that serve."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network

from mcp_platform.bootstrap.agendas import Agendas
from mcp_platform.bootstrap.clock import now
from mcp_platform.bootstrap.doctor import open_doctoring
from mcp_platform.bootstrap.doors import open_calendars, own_gemini
from mcp_platform.bootstrap.logins import own_queue, pinned_to
from mcp_platform.bootstrap.provisioners import provisioner
from mcp_platform.bootstrap.stores import credential_store, sealer_of
from mcp_platform.credentials.credentials import CredentialKeys
from mcp_platform.credentials.proofs import ProvingHere
from mcp_platform.doctor.doctor import Doctor
from mcp_platform.doctor.proving import CredentialProofs
from mcp_platform.kit.connections import Connections
from mcp_platform.kit.database import Sessions, create_engine, create_sessions
from mcp_platform.kit.queue import schema_for
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.outbox.notices import Notices
from mcp_platform.registry.answers.translating import Translator
from mcp_platform.registry.isolation import Isolation
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.scheduling.tenant_appointments import TenantAppointments
from mcp_platform.settings import Settings
from mcp_platform.tenants.credential_cache import CachedCredentials
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.provisioning import Namespaces, Store
from mcp_platform.tenants.tenant import Tenant


@asynccontextmanager
async def cluster_alone() -> AsyncIterator[tuple[Store, Namespaces]]:
    """Build what writes a cluster's Secrets for a command, also where the service has another store.

    Raises:
        CredentialsUnreadable: no cluster is configured.
    """
    from mcp_platform.tenants.kubernetes_api import KubernetesApi  # noqa: PLC0415  # 24 MB
    from mcp_platform.tenants.kubernetes_store import KubernetesStore  # noqa: PLC0415  # as above

    store = KubernetesStore(KubernetesApi())
    try:
        yield store, store
    finally:
        await store.close()


async def api_server_ranges() -> list[str]:
    """Return where the API of the cluster answers that KUBECONFIG names, a range an address.

    Raises:
        CredentialsUnreadable: no cluster is configured, or it does not answer.
        CredentialsForbidden: it may not be asked.
    """
    from mcp_platform.tenants.kubernetes_api import KubernetesApi  # noqa: PLC0415  # 24 MB

    api = KubernetesApi()
    try:
        return sorted(str(ip_network(each)) for each in await api.own_addresses())
    finally:
        await api.close()


@dataclass(frozen=True, slots=True)
class DoctorServices:
    """What a command needs that examines tenants.

    Pinned, all of it as the tenant's own login, which sees no other tenant and no audit trail.
    """

    sessions: Sessions
    admin_sessions: Sessions | None
    """Of the audit trail."""
    tenants: TenantDirectory
    doctor: Doctor


@asynccontextmanager
async def doctor_alone(settings: Settings, *, database_url: str) -> AsyncIterator[DoctorServices]:
    """Build the doctor for a command, without the parts that serve."""
    async with AsyncExitStack() as stack:
        database = Connections(url=database_url, pinned=settings.pinned, most=2)
        engine = database.engine(DatabaseRole.WORKER, name="mcp-doctor")
        stack.push_async_callback(engine.dispose)
        tenants = TenantDirectory(
            sessions=create_sessions(engine), timer=time.monotonic, only=pinned_to(settings)
        )
        # Notices to the owner wake the worker that sends them.
        sessions = create_sessions(engine, queue=await own_queue(settings, tenants))
        calendars = open_calendars(settings)
        stack.push_async_callback(calendars.close)
        made = await open_doctoring(
            stack,
            settings,
            sessions=sessions,
            store=credential_store(settings, closing=stack),
            calendars=calendars,
            health=TenantHealth(sessions, timer=time.monotonic),
            notices=Notices(sessions, template=settings.owner_notice_template),
        )
        admin_sessions = None
        if not settings.pinned:
            admin_engine = database.engine(DatabaseRole.ADMIN, name="mcp-doctor")
            stack.push_async_callback(admin_engine.dispose)
            admin_sessions = create_sessions(admin_engine)
        yield DoctorServices(
            sessions=sessions, admin_sessions=admin_sessions, tenants=tenants, doctor=made.doctor
        )


@dataclass(frozen=True, slots=True)
class OperatingServices:
    """What a command needs that changes credentials."""

    admin_sessions: Sessions
    keys: CredentialKeys
    proving: CredentialProofs


@asynccontextmanager
async def operating_alone(
    settings: Settings, *, database_url: str
) -> AsyncIterator[OperatingServices]:
    """Build what changes credentials for a command, without the parts that serve."""
    async with AsyncExitStack() as stack:
        engine = create_engine(
            database_url, pool_size=2, application_name="mcp-cli", role=DatabaseRole.ADMIN
        )
        stack.push_async_callback(engine.dispose)
        sessions = create_sessions(engine)
        calendars = open_calendars(settings)
        stack.push_async_callback(calendars.close)
        store = credential_store(settings, closing=stack)
        doctoring = await open_doctoring(
            stack,
            settings,
            sessions=sessions,
            store=store,
            calendars=calendars,
            health=TenantHealth(sessions, timer=time.monotonic),
            notices=Notices(sessions, template=settings.owner_notice_template),
        )
        keys = CredentialKeys(
            sessions=sessions,
            store=store,
            provisioner=await provisioner(settings, stack, database_url=database_url, here=False),
            proving=ProvingHere(doctoring.proving, store=store),
            sealer=sealer_of(settings),
            clock=now,
            made_elsewhere=settings.sealed,
        )
        yield OperatingServices(admin_sessions=sessions, keys=keys, proving=doctoring.proving)


@dataclass(frozen=True, slots=True)
class AppointmentServices:
    """What a command needs that books, moves and cancels at one tenant."""

    appointments: TenantAppointments
    tenant: Tenant


@asynccontextmanager
async def appointments_alone(
    settings: Settings, *, database_url: str, path: tuple[str, str]
) -> AsyncIterator[AppointmentServices]:
    """Build what changes the appointments of one tenant for a command, without the parts that serve.

    Raises:
        NotFound: there is no such tenant.
    """
    async with AsyncExitStack() as stack:
        engine = create_engine(
            database_url, pool_size=3, application_name="mcp-cli", role=DatabaseRole.ADMIN
        )
        stack.push_async_callback(engine.dispose)
        tenants = TenantDirectory(sessions=create_sessions(engine), timer=time.monotonic)
        tenant = await tenants.by_path(*path)
        sessions = create_sessions(engine, queue=schema_for(tenant.id, tenant.topology))
        calendars = open_calendars(settings)
        stack.push_async_callback(calendars.close)
        agendas = Agendas(
            sessions=sessions,
            calendars=calendars,
            credentials=CachedCredentials(
                credential_store(settings, closing=stack), timer=time.monotonic
            ),
            health=TenantHealth(sessions, timer=time.monotonic),
            notices=Notices(sessions, template=settings.owner_notice_template),
            hold_for=settings.hold_s,
            clock=now,
        )
        catalogues = Catalogues(sessions=sessions, timer=time.monotonic)
        appointments = TenantAppointments(
            sessions=sessions, catalogues=catalogues, agendas=agendas, clock=now
        )
        yield AppointmentServices(appointments=appointments, tenant=tenant)


@asynccontextmanager
async def translating_alone(settings: Settings) -> AsyncIterator[Translator]:
    """Build what asks the model for translations, for a command."""
    async with AsyncExitStack() as stack:
        store = credential_store(settings, closing=stack)
        yield Translator(model=await own_gemini(settings, stack), store=store)


@asynccontextmanager
async def isolating_alone(settings: Settings, *, database_url: str) -> AsyncIterator[Isolation]:
    """Build what prepares isolated tenants for a command."""
    async with AsyncExitStack() as stack:
        engine = create_engine(
            database_url, pool_size=1, application_name="mcp-cli", role=DatabaseRole.ADMIN
        )
        stack.push_async_callback(engine.dispose)
        yield Isolation(
            sessions=create_sessions(engine),
            provisioner=await provisioner(settings, stack, database_url=database_url, here=False),
        )
