"""`config.json` into the database: what would change, and the change.

It creates what is missing and updates what differs, through the registry, in the caller's
transaction. It deletes nothing. Credentials are imported by `config_credentials.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.publishing.config_form import ConfigFile, DeclaredEnvironment, DeclaredResources
from mcp_platform.registry.catalogue_file import (
    CatalogueImport,
    CatalogueKind,
    Said,
    declared,
    stored,
)
from mcp_platform.registry.clients import ClientChange, Clients, NewClient
from mcp_platform.registry.environments import EnvironmentChange, Environments, NewEnvironment
from mcp_platform.tenants.models import ClientRow, ManifestBlockRow, TenantRow, was_purged
from mcp_platform.tenants.tenant import Topology

Action = Literal["create", "update", "unchanged"]
Kind = Literal["client", "tenant", "block"] | CatalogueKind
BATCH = 100  # so that one sees it go on
AMOUNTS = {
    "cpu_request": ("requests", "cpu"),
    "cpu_limit": ("limits", "cpu"),
    "memory_request": ("requests", "memory"),
    "memory_limit": ("limits", "memory"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be done with one client, tenant or block. `changes`: field → (now, wished)."""

    kind: Kind
    name: str
    action: Action
    changes: Mapping[str, tuple[Any, Any]]
    of_tenant: str = ""
    """The path of the tenant whose catalogue it is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an import would do. `not_named` stays as it is."""

    steps: tuple[Step, ...]
    not_named: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def becoming_isolated(self) -> list[str]:
        """The tenants that are there and are not isolated yet: to be prepared before."""
        return [
            each.name
            for each in self.of("tenant", "update")
            if each.changes.get("topology", (None, None))[1] == "isolated"
        ]

    def of(self, kind: str, action: Action) -> list[Step]:
        return [each for each in self.steps if (each.kind, each.action) == (kind, action)]


class ConfigImport:
    """Imports one file, as `actor`, in one transaction.

    A tenant that is new gets the topology `unsaid` where the file is silent; one that is there
    keeps its own.
    """

    def __init__(
        self,
        session: AsyncSession,
        actor: Actor,
        file: ConfigFile,
        *,
        unsaid: Topology,
        now: datetime,
    ) -> None:
        self._session = session
        self._actor = actor
        self._file = file
        self._unsaid = unsaid
        self._now = now

    async def plan(self) -> Plan:
        """Compare the file with what there is.

        Raises:
            Conflict: the file says something of a tenant that is being off-boarded.
        """
        rows = list(await self._session.scalars(select(TenantRow)))
        purged = set(await self._session.scalars(select(TenantRow.id).where(was_purged())))
        tenants = {f"{row.client_name}/{row.environment}": row for row in rows}
        clients = {row.name: row for row in await self._session.scalars(select(ClientRow))}
        blocks = {
            row.name: row.body for row in await self._session.scalars(select(ManifestBlockRow))
        }
        steps: list[Step] = []
        named: set[str] = set()
        for client in self._file.clients:
            names = {"business_name": client.business_name}
            known = clients.get(client.name)
            steps.append(_step("client", client.name, known, names))
            for environment in client.environments:
                named.add(environment.path)
                row = tenants.get(environment.path)
                steps.append(_tenant_step(environment, row, unsaid=self._unsaid))
                steps += await self._catalogue_steps(environment, row)
        steps += [
            _step("block", name, blocks.get(name), said) for name, said in self._file.blocks.items()
        ]
        return Plan(
            steps=tuple(steps),
            not_named=tuple(
                sorted(path for path in tenants.keys() - named if tenants[path].id not in purged)
            ),
            warnings=self._file.warnings,
        )

    async def apply(self, plan: Plan, *, tell: Callable[[int], None] = lambda _: None) -> None:
        """Do what `plan` says; `tell` hears how many more steps are done.

        Raises:
            Invalid, Conflict: the registry refuses it; fields name the tenant.
        """
        if not any(step.action != "unchanged" for step in plan.steps):
            return
        clients, environments = self._registry()
        names = {client.name: client.business_name or client.name for client in self._file.clients}
        for created in _batches(plan.of("client", "create")):
            await clients.create_many(
                [NewClient(name=step.name, business_name=names[step.name]) for step in created]
            )
            tell(len(created))
        for step in plan.of("client", "update"):
            await clients.update(step.name, ClientChange.of(_wished(step)), versions=None)
            tell(1)
        for created in _batches(plan.of("tenant", "create")):
            with _naming([step.name for step in created]):
                await environments.create_many([_new_environment(step) for step in created])
            tell(len(created))
        for step in plan.of("tenant", "update"):
            name, _, environment = step.name.partition("/")
            with _naming([step.name]):
                await environments.update(
                    name, environment, EnvironmentChange.of(_nested(_wished(step))), versions=None
                )
            tell(1)
        await self._apply_catalogues(plan, tell=tell)
        await self._put_blocks(plan)
        await audit.record(
            self._session,
            actor=self._actor,
            action="config.import",
            target="config.json",
            after=summary(plan),
        )

    async def _catalogue_steps(
        self, said: DeclaredEnvironment, row: TenantRow | None
    ) -> Iterable[Step]:
        wished = declared(said.catalogue)
        if not any(wished.values()):
            return []
        now = await stored(self._session, row.id) if row is not None else {}
        return [
            _catalogue_step(said.path, kind, name, now.get(kind, {}).get(name), each)
            for kind, of_kind in wished.items()
            for name, each in of_kind.items()
        ]

    async def _apply_catalogues(self, plan: Plan, *, tell: Callable[[int], None]) -> None:
        importing = CatalogueImport(self._session, self._actor, now=self._now)
        todo = [step for step in plan.steps if step.of_tenant and step.action != "unchanged"]
        for (path, kind, action), group in groupby(
            todo, key=lambda step: (step.of_tenant, step.kind, step.action)
        ):
            steps = list(group)
            with _naming([path]):
                if action == "create":
                    await importing.apply(path, kind, None, [_wished(step) for step in steps])
                else:
                    for step in steps:
                        await importing.apply(path, kind, step.name, [_wished(step)])
            tell(len(steps))

    def _registry(self) -> tuple[Clients, Environments]:
        return Clients(self._session, self._actor), Environments(self._session, self._actor)

    async def _put_blocks(self, plan: Plan) -> None:
        for step in plan.steps:
            if step.kind != "block" or step.action == "unchanged":
                continue
            before = await self._session.get(ManifestBlockRow, step.name)
            body = {**({} if before is None else before.body), **_wished(step)}
            putting = insert(ManifestBlockRow).values(name=step.name, body=body)
            await self._session.execute(
                putting.on_conflict_do_update(index_elements=["name"], set_={"body": body})
            )


def _batches(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    for start in range(0, len(steps), BATCH):
        yield steps[start : start + BATCH]


def _new_environment(step: Step) -> tuple[str, NewEnvironment]:
    name, _, environment = step.name.partition("/")
    wish = {"environment": environment, **_nested(_wished(step))}
    return name, NewEnvironment.of(wish)


def summary(plan: Plan) -> dict[str, dict[str, int]]:
    """Return how many of each kind are created, updated and unchanged."""
    counts: dict[str, dict[str, int]] = {}
    for step in plan.steps:
        of_kind = counts.setdefault(step.kind, {"create": 0, "update": 0, "unchanged": 0})
        of_kind[step.action] += 1
    return counts


def _tenant_step(said: DeclaredEnvironment, row: TenantRow | None, *, unsaid: Topology) -> Step:
    wished = {
        "topology": said.topology or (unsaid if row is None else None),
        # For a tenant that is there, an old file must not undo a suspension.
        "status": said.status if row is None else None,
        **{name: getattr(said.resources, name) for name in DeclaredResources.__slots__},
        **{name: said.catalogue.get(name) for name in ("holidays_of", "own_holidays")},
    }
    if row is None:
        if wished["status"] == "offboarded":
            raise Invalid(
                f"{said.path} is off-boarded in this file: a new tenant cannot be.",
                fields={said.path: "is off-boarded in this file"},
            )
        return _step("tenant", said.path, None, wished)
    step = _step("tenant", said.path, row, wished)
    if step.action == "update" and row.status == "offboarded":
        why = "is off-boarded, and changes no more; restore it first"
        raise Conflict(f"{said.path} {why}.", fields={said.path: why})
    return step


def _catalogue_step(
    path: str, kind: CatalogueKind, name: str, now: Said | None, said: Said
) -> Step:
    """Compare; a closed day that is there counts as it is wished."""
    wished = {field: value for field, value in said.items() if value is not None}
    if now is not None:
        if kind == "closed_day":
            wished = {}
        wished.pop("id", None)
    return _step(kind, name, now, wished, of_tenant=path)


def _step(
    kind: Kind, name: str, row: Any, wished: Mapping[str, Any], *, of_tenant: str = ""
) -> Step:
    """Compare; None in `wished` says nothing, and what is stays."""
    said = {field: value for field, value in wished.items() if value is not None}
    if row is None:
        new = {field: (None, value) for field, value in said.items()}
        return Step(kind=kind, name=name, action="create", changes=new, of_tenant=of_tenant)
    now = row if isinstance(row, dict) else {field: getattr(row, field) for field in said}
    changes = {
        field: (now.get(field), value) for field, value in said.items() if now.get(field) != value
    }
    return Step(
        kind=kind,
        name=name,
        action="update" if changes else "unchanged",
        changes=changes,
        of_tenant=of_tenant,
    )


def _wished(step: Step) -> dict[str, Any]:
    return {field: wished for field, (_, wished) in step.changes.items()}


def _nested(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a tenant in the form in which the registry is asked."""
    wish = {field: value for field, value in columns.items() if field not in AMOUNTS}
    resources: dict[str, dict[str, Any]] = {}
    for field, (edge, what) in AMOUNTS.items():
        if field in columns:
            resources.setdefault(edge, {})[what] = columns[field]
    return {**wish, "resources": resources} if resources else wish


class _naming:  # noqa: N801  # reads as a word in `with`
    """Has the registry's errors name tenants, of which it knows the index alone."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, Invalid | Conflict) or not self._paths:
            return
        fields = {self._named(field): why for field, why in error.fields.items()}
        if fields != error.fields:
            meaning = Invalid if isinstance(error, Invalid) else Conflict
            raise meaning(str(error), fields=fields) from error

    def _named(self, field: str) -> str:
        index, _, rest = field.partition(".")
        if index.isdecimal() and int(index) < len(self._paths):
            return f"{self._paths[int(index)]} {rest}"
        return f"{self._paths[0]} {field}" if len(self._paths) == 1 else field
