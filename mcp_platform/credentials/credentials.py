"""A tenant's credentials as an operator sees and changes them: names, times, fingerprints.

A change has three steps: what will change is written down, the store is written, and that it is done
is written down. A process that dies between leaves a key marked as changing. A later reading of the
store, or the next change, puts it right. No value is ever told.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor, system
from mcp_platform.audit.trail import AuditEntry
from mcp_platform.credentials.forms import IDENTIFYING, OURS, check_form
from mcp_platform.credentials.proofs import OUTCOMES, SKIPPED, ChangeProving, Outcome, Proof
from mcp_platform.doctor.proving import refused, unanswered
from mcp_platform.doctor.results import CheckResult
from mcp_platform.errors import Conflict, Invalid, PlatformError, Unavailable
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.environments import EnvironmentChange, Environments
from mcp_platform.tenants.credentials import (
    KEYS,
    CredentialsForbidden,
    CredentialStore,
    fingerprint_of,
    held_by,
)
from mcp_platform.tenants.key_rows import is_of
from mcp_platform.tenants.models import CredentialKeyRow, TenantRow
from mcp_platform.tenants.provisioning import Provisioner
from mcp_platform.tenants.sealing import Sealer
from mcp_platform.tenants.tenant import Tenant, TenantId

# Longer than a store is waited for: the process that marked a key has finished, or is dead.
CHANGING_FOR = timedelta(minutes=1)
CHANGED = "credentials.change"
MOST_CHANGES = 100  # that are looked through for who set a key: years of them
ASK_AGAIN = timedelta(minutes=2)  # most of what vendors call an outage is shorter


class ProofFailed(Invalid):
    """A vendor does not accept these credentials. `fields` says which checks failed, and why."""

    def __init__(self, results: Sequence[CheckResult]) -> None:
        fields = {each.check: f"{each.what} {each.next_step}" for each in refused(results)}
        super().__init__("These credentials do not work; nothing was saved.", fields=fields)
        self.results = tuple(results)


class ProofUnanswered(Unavailable):
    """Nobody refuses these credentials, and not everybody who was asked answered."""

    def __init__(self, results: Sequence[CheckResult]) -> None:
        said = "; ".join(f"{each.check}: {each.what}" for each in unanswered(results))
        super().__init__(
            f"Nothing was saved, since it could not be proved whether these credentials work. {said}"
            " Try again in some minutes, or have them saved unproved: `?unproved=true`, --unproved.",
            retry_after=ASK_AGAIN,
        )
        self.results = tuple(results)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """What is told of one credential."""

    key: str
    present: bool
    changed_at: datetime | None
    fingerprint: str
    sealed: bool
    unsure: bool
    """Its writer died while it was written: set it again."""
    changed_by: str | None
    """Who set it, as the audit trail has it; None: the store was written elsewhere."""
    proof: Outcome | None
    """How that change was proved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialChange:
    """The change that is wished, already of the right form."""

    values: Mapping[str, str]
    remove: frozenset[str] = frozenset()
    proof: Proof = SKIPPED

    @property
    def keys(self) -> list[str]:
        return sorted({*self.values, *self.remove})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCredentials:
    """What is known after a change, and how it was proved."""

    known: Sequence[KnownKey]
    proof: Proof


class CredentialKeys:
    """What is known of all tenants' credentials, and changes of them."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        store: CredentialStore,
        provisioner: Provisioner,
        proving: ChangeProving,
        sealer: Sealer | None,
        clock: Callable[[], datetime],
        made_elsewhere: bool = False,
    ) -> None:
        """With `made_elsewhere` a controller makes the store from the manifests, some time later.

        Then what the store holds corrects nothing that is remembered.
        """
        self._sessions = sessions
        self._store = store
        self._provisioner = provisioner
        self._proving = proving
        self._sealer = sealer
        self._clock = clock
        self._made_elsewhere = made_elsewhere

    async def known(self, client_name: str, environment: str, *, actor: Actor) -> list[KnownKey]:
        """Return what is known of each key, after a look into the store where that is allowed.

        Raises:
            NotFound: there is no such tenant.
        """
        tenant = await self._tenant(client_name, environment, actor=actor)
        held = await held_by(self._store, tenant)
        now = self._clock()
        async with self._sessions.everywhere.begin() as session:
            if held is not None and not self._made_elsewhere:
                await self._put_right(session, tenant, held=held, now=now)
            rows = await _rows(session, tenant.id)
            changes = await _changes(session, tenant.id)
        return [_known(key, rows.get(key), changes.get(key), now=now) for key in KEYS]

    async def change(
        self,
        client_name: str,
        environment: str,
        *,
        actor: Actor,
        values: Mapping[str, str],
        remove: Collection[str] = (),
        whole: bool = False,
        prove: bool = True,
        unproved: bool = False,
        force: bool = False,
    ) -> ChangedCredentials:
        """Set `values` and take away `remove`; with `whole`, all others too.

        Vendors are asked first, unless `prove` is False. What one does not accept is saved with
        `force` alone; what one does not answer, with `unproved` or `force`.

        Raises:
            NotFound: there is no such tenant.
            Invalid: a value has not the form of its key; nothing of it is told.
            ProofFailed: a vendor does not accept it.
            ProofUnanswered: a vendor does not answer.
            Conflict: another tenant answers on this number, this one is off-boarded, or somebody
                else is changing it. Nothing was written.
            Unavailable: the store is away; what was to change is marked as unsure if it may have
                been written.
        """
        given = check_form(values, remove=remove)
        tenant = await self._tenant(client_name, environment, actor=actor)
        held = await held_by(self._store, tenant)
        gone = {*remove, *(await self._others(tenant, held, given) if whole else ())}
        proof = SKIPPED
        if prove and given:
            results = await self._proving.prove(tenant, values=given, remove=gone)
            proof = Proof.of(results)
            if not force:
                _check(proof, unproved=unproved)
        wish = CredentialChange(values=given, remove=frozenset(gone), proof=proof)
        if wish.keys:
            await self.write(tenant, wish, actor=actor)
        known = await self.known(client_name, environment, actor=actor)
        return ChangedCredentials(known=known, proof=proof)

    async def differ(
        self, client_name: str, environment: str, *, actor: Actor, values: Mapping[str, str]
    ) -> bool:
        """Tell whether `values` are not what the store holds, as far as that can be known here."""
        tenant = await self._tenant(client_name, environment, actor=actor)
        held = await held_by(self._store, tenant)
        return held is None or any(
            held.get(key, "").strip() != value.strip() for key, value in check_form(values).items()
        )

    async def write(self, tenant: Tenant, wish: CredentialChange, *, actor: Actor) -> None:
        """Write what `wish` says, and remember that. Raises as `change`, but proves nothing."""
        before = await self._announce(tenant, wish, actor=actor)
        try:
            await self._provisioner.write_credentials(
                tenant, values=wish.values, remove=wish.remove
            )
        except PlatformError as error:
            if not _may_be_written(error):
                await self._take_back(tenant, wish, before=before, actor=actor)
            raise
        await self._remember(tenant, wish)

    async def rotate_database_password(
        self, client_name: str, environment: str, *, actor: Actor
    ) -> list[KnownKey]:
        """Give the tenant's login another password, in the database and in the store.

        Raises:
            NotFound: there is no such tenant, or it has no login yet.
            Unavailable: then repeat it: until it succeeds the old one may be void.
        """
        tenant = await self._tenant(client_name, environment, actor=actor)
        if tenant.status == "offboarded":
            raise _leaves(tenant)
        async with self._sessions.everywhere.begin() as session:
            await audit.record(
                session,
                actor=actor,
                action="credentials.rotate_database_password",
                target=tenant.path,
                tenant_id=tenant.id,
            )
        await self._provisioner.rotate_database_password(tenant)
        return await self.known(client_name, environment, actor=actor)

    async def _tenant(self, client_name: str, environment: str, *, actor: Actor) -> Tenant:
        async with self._sessions.everywhere() as session:
            return await Environments(session, actor).tenant(client_name, environment)

    async def _others(
        self, tenant: Tenant, held: Mapping[str, str] | None, given: Mapping[str, str]
    ) -> set[str]:
        async with self._sessions.everywhere() as session:
            remembered = await _rows(session, tenant.id)
        return {*remembered, *(held or {})} - set(given) - OURS

    async def _announce(
        self, tenant: Tenant, wish: CredentialChange, *, actor: Actor
    ) -> dict[str, Any]:
        """Write down what is about to change; return the identifying values as they were."""
        now = self._clock()
        async with self._sessions.everywhere.begin() as session:
            row = (
                await session.scalars(
                    select(TenantRow).where(TenantRow.id == tenant.id).with_for_update()
                )
            ).one()
            if row.status == "offboarded":
                raise _leaves(tenant)
            rows = await _rows(session, tenant.id)
            if any(_is_changing(each, now=now) for each in rows.values()):
                raise Conflict(f"The credentials of {tenant.path} are being changed just now.")
            before = {column: getattr(row, column) for column in IDENTIFYING.values()}
            await self._identify(session, tenant, _identity(wish), actor=actor)
            marks = [
                {"tenant_id": tenant.id, "key": key, "changing_since": now} for key in wish.keys
            ]
            marking = insert(CredentialKeyRow).values(marks)
            await session.execute(
                marking.on_conflict_do_update(
                    index_elements=["tenant_id", "key"],
                    set_={"changing_since": marking.excluded.changing_since},
                )
            )
            await self._record(session, tenant, wish, CHANGED, actor=actor)
        return before

    async def _take_back(
        self, tenant: Tenant, wish: CredentialChange, *, before: Mapping[str, Any], actor: Actor
    ) -> None:
        async with self._sessions.everywhere.begin() as session:
            touched = {column: before[column] for column in _identity(wish)}
            await self._identify(session, tenant, touched, actor=actor)
            of_wish = (CredentialKeyRow.tenant_id == tenant.id) & CredentialKeyRow.key.in_(
                wish.keys
            )
            await session.execute(
                delete(CredentialKeyRow).where(of_wish, CredentialKeyRow.changed_at.is_(None))
            )
            await session.execute(
                update(CredentialKeyRow).where(of_wish).values(changing_since=None)
            )
            await self._record(session, tenant, wish, "credentials.change_refused", actor=actor)

    async def _remember(self, tenant: Tenant, wish: CredentialChange) -> None:
        now = self._clock()
        certificate = None if self._sealer is None else self._sealer.certificate
        async with self._sessions.everywhere.begin() as session:
            rows = await _rows(session, tenant.id)
            changed = []
            for key, value in wish.values.items():
                if key in rows and is_of(rows[key], value, certificate=certificate):
                    rows[key].changing_since = None
                else:
                    changed.append(self._row(tenant, key, value, now=now))
            await _put(session, changed)
            await session.execute(
                delete(CredentialKeyRow).where(
                    CredentialKeyRow.tenant_id == tenant.id, CredentialKeyRow.key.in_(wish.remove)
                )
            )

    async def _put_right(
        self, session: AsyncSession, tenant: Tenant, *, held: Mapping[str, str], now: datetime
    ) -> None:
        """Make what is remembered agree with what the store holds."""
        rows = await _rows(session, tenant.id)
        if any(_is_changing(each, now=now) for each in rows.values()):
            return
        broken_off = {
            column: held.get(key)
            for key, column in IDENTIFYING.items()
            if key in rows and rows[key].changing_since is not None
        }
        with suppress(Conflict):  # the number went to another tenant meanwhile
            await self._identify(session, tenant, broken_off, actor=system("credentials"))
        changed = [
            self._row(tenant, key, value, now=now)
            for key, value in held.items()
            if not self._agrees(rows.get(key), fingerprint_of(key, value))
        ]
        await _put(session, changed)
        await session.execute(
            delete(CredentialKeyRow).where(
                CredentialKeyRow.tenant_id == tenant.id,
                CredentialKeyRow.key.in_(set(rows) - set(held)),
            )
        )

    def _row(self, tenant: Tenant, key: str, value: str, *, now: datetime) -> dict[str, Any]:
        sealer = self._sealer
        return {
            "tenant_id": tenant.id,
            "key": key,
            "changed_at": now,
            "fingerprint": fingerprint_of(key, value),
            "changing_since": None,
            "sealed": None
            if sealer is None
            else sealer.seal(value, client_name=tenant.client_name, environment=tenant.environment),
            "certificate": None if sealer is None else sealer.certificate,
        }

    def _agrees(self, row: CredentialKeyRow | None, fingerprint: str) -> bool:
        return (
            row is not None
            and row.changing_since is None
            and row.fingerprint == fingerprint
            and (row.sealed is not None or self._sealer is None)
        )

    async def _identify(
        self, session: AsyncSession, tenant: Tenant, columns: Mapping[str, Any], *, actor: Actor
    ) -> None:
        if columns:
            await Environments(session, actor).update(
                tenant.client_name, tenant.environment, EnvironmentChange(**columns), versions=None
            )

    async def _record(
        self,
        session: AsyncSession,
        tenant: Tenant,
        wish: CredentialChange,
        action: str,
        *,
        actor: Actor,
    ) -> None:
        await audit.record(
            session,
            actor=actor,
            action=action,
            target=tenant.path,
            tenant_id=tenant.id,
            after={
                "set": sorted(wish.values),
                "removed": sorted(wish.remove),
                **wish.proof.told(),
            },
        )


def _check(proof: Proof, *, unproved: bool) -> None:
    if proof.outcome == "overruled":
        raise ProofFailed(proof.results)
    if proof.outcome == "unanswered" and not unproved:
        raise ProofUnanswered(proof.results)


def _leaves(tenant: Tenant) -> Conflict:
    return Conflict(f"{tenant.path} is off-boarded: its credentials change no more.")


def _identity(wish: CredentialChange) -> dict[str, str | None]:
    return {column: wish.values.get(key) for key, column in IDENTIFYING.items() if key in wish.keys}


def _may_be_written(error: PlatformError) -> bool:
    """Tell whether the store may hold the new values after `error`."""
    return not isinstance(error, Invalid | Conflict | CredentialsForbidden)


def _is_changing(row: CredentialKeyRow, *, now: datetime) -> bool:
    return row.changing_since is not None and now - row.changing_since < CHANGING_FOR


def _known(
    key: str, row: CredentialKeyRow | None, change: AuditEntry | None, *, now: datetime
) -> KnownKey:
    # What changed later than the trail says, a store told us that somebody else wrote.
    if change is None or row is None or (row.changed_at or now) - change.at > CHANGING_FOR:
        change = None
    proof = ((change.after if change else None) or {}).get("proof")
    return KnownKey(
        key=key,
        present=row is not None and row.changed_at is not None,
        changed_at=None if row is None else row.changed_at,
        fingerprint="" if row is None else row.fingerprint,
        sealed=row is not None and row.sealed is not None,
        unsure=row is not None
        and row.changing_since is not None
        and not _is_changing(row, now=now),
        changed_by=None if change is None else change.actor,
        proof=next((each for each in OUTCOMES if each == proof), None),
    )


async def _changes(session: AsyncSession, tenant_id: TenantId) -> dict[str, AuditEntry]:
    """Return the last entry of the trail that set each key."""
    wanted = audit.AuditFilter(action=CHANGED, tenant_id=tenant_id)
    found = await audit.entries(session, wanted, before_id=None, limit=MOST_CHANGES)
    return {key: entry for entry in reversed(found) for key in (entry.after or {}).get("set", ())}


async def _rows(session: AsyncSession, tenant_id: TenantId) -> dict[str, CredentialKeyRow]:
    rows = await session.scalars(
        select(CredentialKeyRow)
        .where(CredentialKeyRow.tenant_id == tenant_id)
        .execution_options(populate_existing=True)
    )
    return {row.key: row for row in rows}


async def _put(session: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    putting = insert(CredentialKeyRow).values(list(rows))
    await session.execute(
        putting.on_conflict_do_update(
            index_elements=["tenant_id", "key"],
            set_={
                name: putting.excluded[name] for name in rows[0] if name not in ("tenant_id", "key")
            },
        )
    )
