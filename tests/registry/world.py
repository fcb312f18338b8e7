"""The registry's routes over a real database, asked by users whom a token names by their role."""

import time
import uuid
from datetime import UTC, datetime
from typing import Any, cast

import httpx
from fastapi import FastAPI
from sqlalchemy import select, text

from mcp_platform.access.guard import AdminGuard, SignedInUser
from mcp_platform.audit.actor import ROLES, Actor
from mcp_platform.audit.models import AuditRow
from mcp_platform.doctor.examining import Examinations
from mcp_platform.errors import Unauthorized, Unavailable
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import handle_problems
from mcp_platform.registry.answers.translating import Translator
from mcp_platform.registry.api import Registry, registry_router
from mcp_platform.registry.fleet.jobs import FleetJobs
from mcp_platform.registry.isolation import Isolation
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.catalogue_store import Catalogues, save_catalogue
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.models import TenantRow
from mcp_platform.tenants.stores import NoStore
from mcp_platform.tenants.tenant import Tenant, TenantId
from tests.factories import add_appointment, add_contact

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
NOBODY = Translator(model=None, store=NoStore("There is no store here."))
ME = Actor(kind="command", subject="tests", role="admin")


class RoleGuard(AdminGuard):
    """A token is a role; after a slash, the name of the user."""

    async def admit(self, token: str | None, *, address: str | None) -> SignedInUser:
        role, _, name = (token or "").partition("/")
        if role not in ROLES:
            raise Unauthorized("A bearer token is required.")
        tenant = "somebody/production" if role == "staff" else None
        actor = Actor(kind="user", subject=name or role, role=role, tenant=tenant, address=address)
        return SignedInUser(
            user_id=uuid.UUID(int=1), sign_in_id=uuid.UUID(int=2), actor=actor, temporary=False
        )


class RecordingProvisioner:
    """Prepares tenants, as far as a test lets it, and does nothing else."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.prepared: list[tuple[str, str]] = []
        self.away: Unavailable | None = None

    async def prepare(self, tenant: Tenant) -> None:
        if self.away is not None:
            raise self.away
        self.prepared.append((tenant.path, tenant.topology))

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is none of the registry's business")


class NotAsked:
    """Stands where something is needed that no route of these is to use."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is none of the registry's business")


class RegistryWorld:
    def __init__(self, sessions: Sessions, translator: Translator = NOBODY) -> None:
        self.sessions, self.now = sessions, NOW
        self.provisioner = RecordingProvisioner()
        self.tenants = TenantDirectory(sessions=sessions, timer=time.monotonic)
        self.catalogues = Catalogues(sessions=sessions, timer=time.monotonic)
        self.app = FastAPI()
        handle_problems(self.app)
        self.app.include_router(
            registry_router(
                Registry(
                    guard=RoleGuard(),
                    sessions=sessions,
                    isolation=Isolation(sessions=sessions, provisioner=self.provisioner),
                    tenants=self.tenants,
                    catalogues=self.catalogues,
                    translator=translator,
                    jobs=FleetJobs(
                        sessions,
                        examinations=cast("Examinations", NotAsked()),
                        tenants=self.tenants,
                        clock=lambda: self.now,
                    ),
                    clock=lambda: self.now,
                )
            )
        )

    def reset(self) -> None:
        self.now = NOW
        self.provisioner.reset()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        role: str | None = "operator",
        seen: object = None,
        key: str | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Ask; `seen` is a version, or what stands in If-Match."""
        headers = {"content-type": "application/json"} if "content" in more else {}
        if role is not None:
            headers["authorization"] = f"Bearer {role}"
        if seen is not None:
            headers["if-match"] = f'"{seen}"' if isinstance(seen, int) else str(seen)
        if key is not None:
            headers["idempotency-key"] = key
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
            return await client.request(
                method, f"/api/v1/admin{path}", headers=headers, timeout=60, **more
            )

    async def client(self, **more: Any) -> str:
        name = f"shop-{uuid.uuid4().hex[:12]}"
        wish = {"name": name, "business_name": "Barbearia do Zé", **more}
        assert (await self.ask("POST", "/clients", json=wish)).status_code == 201
        return name

    async def environment(self, client: str | None = None, **more: Any) -> str:
        """Make an environment; return its path below `/clients`."""
        client = client or await self.client()
        wish = {"environment": "production", **more}
        made = await self.ask("POST", f"/clients/{client}/environments", json=wish)
        assert made.status_code == 201, made.text
        return f"/clients/{client}/environments/{wish['environment']}"

    async def offering(self) -> str:
        """Make an environment in which Zé cuts hair; return its path."""
        shop = await self.environment()
        for what, wish in (
            ("services", {"id": "corte", "name": "Corte", "duration_minutes": 30}),
            ("professionals", {"id": "ze", "name": "Zé", "service_ids": ["corte"]}),
        ):
            made = await self.ask("POST", f"{shop}/{what}", json=wish)
            assert made.status_code == 201, made.text
        return shop

    async def tenant_id(self, path: str) -> int:
        _, _, client, _, environment = path.split("/")
        async with self.sessions.everywhere() as session:
            return await session.scalar(
                select(TenantRow.id).where(
                    TenantRow.client_name == client, TenantRow.environment == environment
                )
            )

    async def book(self, path: str, *, starts_at: datetime, status: str = "booked") -> None:
        """Put an appointment of Zé's into the rows."""
        tenant_id = TenantId(await self.tenant_id(path))
        async with self.sessions.everywhere.begin() as session:
            contact_id = await add_contact(session, tenant_id, space="api")
            await add_appointment(
                session, tenant_id, contact_id, starts_at=starts_at, status=status
            )

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.sessions.everywhere.begin() as session:
            await session.execute(text(statement), values)

    async def save(self, tenant_id: int, catalogue: Catalogue) -> None:
        async with self.sessions.everywhere.begin() as session:
            await save_catalogue(session, TenantId(tenant_id), catalogue)

    async def trail(self, target: str) -> list[AuditRow]:
        async with self.sessions.everywhere() as session:
            found = await session.scalars(
                select(AuditRow).where(AuditRow.target == target).order_by(AuditRow.id)
            )
            return list(found)


def fields(answer: httpx.Response) -> dict[str, str]:
    """Return what is told to be wrong, by field."""
    return {each["field"]: each["detail"] for each in answer.json().get("errors", [])}
