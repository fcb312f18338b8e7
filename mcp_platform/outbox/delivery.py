"""Does recorded effects: one of a lane at a time, in order, and finds out what came of each.

No transaction is open while a vendor is called. If a process dies, its claim runs out, and others
find what it left:

    pending ─claim─► sending ─► sent (message) or done (calendar)
                        │  ├─ refused for now ──────► pending, later
                        │  ├─ refused for good ─────► dead
                        │  └─ nobody knows ─────────► uncertain ─status─► sent, delivered, …
                        └─ the claimer died: message ─► uncertain ─two minutes─► sent again, once
                                             calendar ─► claimed again, since twice is once

A reminder that is true no more when its turn comes is `dropped`.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import CredentialRefused, NotFound, PlatformError, Unavailable
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.kit.queue import OUTBOX, WakeUp, wake_forgotten
from mcp_platform.outbox import lanes, metrics, troubles
from mcp_platform.outbox.effects import Effect, Effects
from mcp_platform.outbox.lanes import LaneHead
from mcp_platform.outbox.notices import Notices
from mcp_platform.outbox.outbox import OWNER_LANE
from mcp_platform.outbox.retry import Uniform, pause
from mcp_platform.tenants.credentials import CredentialSource
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.tenant import Tenant, TenantId, Topology
from mcp_platform.whatsapp.graph_errors import WINDOW_CLOSED, Action, SendRejected, SendUncertain

_log = structlog.get_logger(__name__)

WINDOW = timedelta(hours=24)  # since the contact's last message; Meta's rule
_UNWRITTEN_WAIT = timedelta(seconds=1)  # a shorter wait is not worth a write
# What the number's 80 a second make one wait is less. Who waits it out keeps one of its tenant's own
# places; to come back for it would keep the queue and the database busy with nothing.
_WAITED_OUT = timedelta(seconds=0.25)
_AT_ONCE = timedelta(0)


class Tenants(Protocol):
    async def by_id(self, tenant_id: TenantId, /) -> Tenant: ...


class Condition(Protocol):
    """What a message depends on that is not sent at any price."""

    async def why_not(self, session: AsyncSession, effect: Effect, *, now: datetime) -> str | None:
        """Return why `effect` must not be sent any more; None: it may."""

    async def lost(self, session: AsyncSession, effect: Effect, *, code: int | None) -> None:
        """Hear, in the transaction that gives it up, that `effect` was not sent."""

    async def dropped(self, session: AsyncSession, effect: Effect) -> None:
        """Hear, in the transaction that drops it, that `effect` is not sent any more."""


class Pace(Protocol):
    async def wait_time(self, *, phone_number_id: str, contact_key: str) -> timedelta: ...


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    claim: timedelta = timedelta(seconds=60)
    """After this a claimer is taken for dead: more than the HTTP clients' timeouts together."""
    doubt: timedelta = timedelta(minutes=2)
    """How long statuses may settle an uncertain send."""
    message_limit: timedelta = timedelta(hours=24)
    calendar_limit: timedelta = timedelta(days=7)
    suspended_pause: timedelta = timedelta(minutes=5)
    lane_batch: int = 20
    """Effects of one lane done in a row before other lanes get their turn."""
    sweep_grace: timedelta = timedelta(seconds=30)
    """A due lane is left to its wake-up for this long."""
    sweep_limit: int = 500
    topology: Topology = "shared"
    """Of which tenants the forgotten lanes are woken."""


class Delivery:
    """Does the effects of all tenants that this process serves."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        tenants: Tenants,
        credentials: CredentialSource,
        effects: Effects,
        pacing: Pace,
        health: TenantHealth,
        notices: Notices,
        reminding: Condition,
        clock: Callable[[], datetime],
        settings: DeliverySettings = DeliverySettings(),
        uniform: Uniform = random.uniform,
    ) -> None:
        self._sessions = sessions
        self._tenants = tenants
        self._credentials = credentials
        self._effects = effects
        self._pacing = pacing
        self._health = health
        self._notices = notices
        self._reminding = reminding
        self._clock = clock
        self._settings = settings
        self._uniform = uniform

    async def handle(self, wakeup: WakeUp) -> timedelta | None:
        """Do what is due in the lane; return None if this wake-up is done, else when to come back.

        Safe to call twice at once, and to be killed at any point: the sweeper finds what is left.
        """
        tenant_id = TenantId(wakeup.tenant_id)
        try:
            tenant = await self._tenants.by_id(tenant_id)
        except NotFound:
            _log.warning("outbox.tenant.unknown", tenant_id=tenant_id)
            return None
        for _ in range(self._settings.lane_batch):
            async with self._sessions.of(tenant_id)() as session:
                head = await lanes.head_of(session, tenant_id=tenant_id, lane=wakeup.key)
            if head is None:
                return None
            with structlog.contextvars.bound_contextvars(
                trace_id=head.effect.trace_id, tenant=tenant.path, outbox_id=head.effect.id
            ):
                step = await self._step(head, tenant)
            if not step.go_on:
                return step.again_in
        return _AT_ONCE

    async def sweep(self) -> int:
        """Wake lanes that are due and that nobody works on; return how many."""
        now = self._clock()
        async with self._sessions.everywhere.begin() as session:
            found = await lanes.overdue(
                session,
                before=now - self._settings.sweep_grace,
                now=now,
                limit=self._settings.sweep_limit,
                topology=self._settings.topology,
            )
            await wake_forgotten(session, OUTBOX, found)
        metrics.SWEPT.inc(len(found))
        await self._health.look()
        return len(found)

    async def _step(self, head: LaneHead, tenant: Tenant) -> "_Next":
        """Do what the head of a lane needs now."""
        effect, now = head.effect, self._clock()
        if effect.due_at > now:
            # Somebody is doing it, and will go on with the lane; or it is for later.
            return _STOP if effect.state == "sending" else _after(effect.due_at - now)
        if effect.state == "sending":
            metrics.INTERRUPTED.labels(effect.kind).inc()
            _log.warning("outbox.effect.interrupted", kind=effect.kind, attempts=effect.attempts)
            if effect.is_message:
                return await self._doubt(effect, now=now)
        if hopeless := _hopeless(head, now=now):
            return await self._give_up(effect, now=now, why=hopeless)
        if wait := await self._wait(effect, tenant):
            if wait <= _WAITED_OUT:
                await asyncio.sleep(wait.total_seconds())
                return _GO_ON
            return await self._hold(effect, now + wait, now=now)
        return await self._attempt(effect, tenant, now=now)

    async def _wait(self, effect: Effect, tenant: Tenant) -> timedelta:
        """Return how long the effect has to wait although it is due."""
        if tenant.status != "active":
            return self._settings.suspended_pause
        if not effect.is_message:
            return _AT_ONCE
        return await self._pacing.wait_time(
            phone_number_id=tenant.phone_number_id or f"tenant-{tenant.id}",
            contact_key=f"{tenant.id}:{effect.lane}",
        )

    async def _hold(self, effect: Effect, until: datetime, *, now: datetime) -> "_Next":
        if until - now >= _UNWRITTEN_WAIT:
            async with self._sessions.of(effect.tenant_id).begin() as session:
                await lanes.move(session, effect, state=effect.state, due_at=until)
        return _after(until - now)

    async def _doubt(self, effect: Effect, *, now: datetime) -> "_Next":
        """Wait for what statuses say of a message whose sender died while sending it."""
        error = "The process that was sending this died before it wrote down what came of it."
        async with self._sessions.of(effect.tenant_id).begin() as session:
            await lanes.move(
                session, effect, state="uncertain", due_at=now + self._settings.doubt, error=error
            )
        metrics.SENDS.labels(effect.kind, "uncertain", "").inc()
        return _after(self._settings.doubt)

    async def _give_up(self, effect: Effect, *, now: datetime, why: "_Hopeless") -> "_Next":
        """Give up what nobody is doing, and go on with the lane."""
        code, error = why.code, why.error
        async with self._sessions.of(effect.tenant_id).begin() as session:
            if await lanes.move(session, effect, state="dead", due_at=now, code=code, error=error):
                await self._tell(session, effect, code=code, error=error)
        return _GO_ON

    async def _tell(
        self, session: AsyncSession, effect: Effect, *, code: int | None, error: str
    ) -> None:
        metrics.DEAD.labels(effect.kind, metrics.code_label(code)).inc()
        _log.error("outbox.effect.dead", kind=effect.kind, code=code, reason=error)
        if effect.reminds:  # staff sees who has not confirmed
            await self._reminding.lost(session, effect, code=code)
        elif effect.lane == OWNER_LANE:  # a notice about a notice would go the same way
            await troubles.notice_lost(session, effect.tenant_id, code=code, error=error)
        else:
            await self._notices.gave_up(session, effect=effect, code=code, error=error)

    async def _attempt(self, effect: Effect, tenant: Tenant, *, now: datetime) -> "_Next":
        """Claim, call, write down."""
        by, resend = uuid.uuid4(), effect.state == "uncertain"
        until = now + self._settings.claim
        async with self._sessions.of(effect.tenant_id).begin() as session:
            if effect.reminds and (why := await self._reminding.why_not(session, effect, now=now)):
                _log.info("outbox.reminder.dropped", reason=why)
                if not await lanes.move(session, effect, state="dropped", due_at=now, error=why):
                    return _STOP
                await self._reminding.dropped(session, effect)
                return _GO_ON
            if not await lanes.claim(
                session,
                effect,
                by=by,
                until=until,
                give_up_at=now + self._limit(effect),
                resend=resend,
            ):
                return _STOP  # another worker changed it, and goes on with the lane
        failpoint("outbox.after_claim")
        if resend:
            metrics.RESENDS.inc()
            _log.warning("outbox.message.resent")
        started = time.perf_counter()
        try:
            credentials = await self._credentials.of(tenant)
            if self._clock() >= until:
                return _fenced(effect)  # we slept, and the claim ran out: another worker does it
            wamid = await self._effects.do(effect, tenant=tenant, credentials=credentials)
        except PlatformError as error:
            failpoint("outbox.after_call")
            then = await self._write_failure(effect, by=by, error=error)
        else:
            failpoint("outbox.after_call")
            then = await self._write_success(effect, by=by, wamid=wamid)
        finally:
            metrics.CALL_SECONDS.labels(effect.kind).observe(time.perf_counter() - started)
        failpoint("outbox.after_done")
        return then

    def _limit(self, effect: Effect) -> timedelta:
        settings = self._settings
        return settings.message_limit if effect.is_message else settings.calendar_limit

    async def _write_success(self, effect: Effect, *, by: uuid.UUID, wamid: str | None) -> "_Next":
        async with self._sessions.of(effect.tenant_id).begin() as session:
            ours = await lanes.write_success(session, effect, by=by, wamid=wamid)
        metrics.SENDS.labels(effect.kind, "done", "").inc()
        waited = self._clock() - effect.created_at
        metrics.DELAY_SECONDS.labels(effect.kind).observe(max(0.0, waited.total_seconds()))
        _log.info("outbox.effect.done", kind=effect.kind, attempts=effect.attempts + 1)
        await self._health.accepted(effect.tenant_id, effect.vendor)
        return _GO_ON if ours else _fenced(effect)

    async def _write_failure(
        self, effect: Effect, *, by: uuid.UUID, error: PlatformError
    ) -> "_Next":
        now = self._clock()
        verdict = self._judge(effect, error, now=now)
        code = getattr(error, "code", None)
        async with self._sessions.of(effect.tenant_id).begin() as session:
            ours = await lanes.write_failure(
                session,
                effect,
                by=by,
                state=verdict.state,
                due_at=verdict.due_at,
                code=code,
                error=str(error),
            )
            if ours and verdict.state == "dead":
                await self._tell(session, effect, code=code, error=str(error))
        metrics.SENDS.labels(effect.kind, verdict.outcome, metrics.code_label(code)).inc()
        _log.warning(
            "outbox.effect.failed",
            kind=effect.kind,
            outcome=verdict.outcome,
            code=code,
            reason=str(error),
            attempts=effect.attempts + 1,
        )
        if isinstance(error, CredentialRefused):
            await self._health.refused(effect.tenant_id, effect.vendor, str(error))
        if not ours:
            return _fenced(effect)
        return _GO_ON if verdict.state == "dead" else _after(verdict.due_at - now)

    def _judge(self, effect: Effect, error: PlatformError, *, now: datetime) -> "_Verdict":
        """Decide what a failure means for the effect. `effect.attempts` does not count this one."""
        match error:
            case SendUncertain():
                return _Verdict("uncertain", "uncertain", now + self._settings.doubt)
            case CredentialRefused():
                outcome, action = "refused", Action.CREDENTIAL
            case Unavailable():
                outcome, action = "retry", getattr(error, "action", Action.RETRY)
            case SendRejected():
                return _Verdict("dead", "rejected", now)
            case _:
                return _Verdict("dead", "failed", now)
        after = getattr(error, "retry_after", None)
        wait = pause(
            attempts=effect.attempts + 1, action=action, after=after, uniform=self._uniform
        )
        give_up_at = effect.give_up_at or now + self._limit(effect)
        if wait is None or now + wait > give_up_at:
            return _Verdict("dead", "given_up", now)
        return _Verdict("pending", outcome, now + wait)


@dataclass(frozen=True, slots=True)
class _Verdict:
    state: str
    outcome: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class _Next:
    """Whether to go on with the lane; if not, when to come back. None: no need to."""

    go_on: bool
    again_in: timedelta | None = None


_GO_ON = _Next(go_on=True)
_STOP = _Next(go_on=False)


def _after(wait: timedelta) -> _Next:
    return _Next(go_on=False, again_in=wait)


def _fenced(effect: Effect) -> _Next:
    metrics.FENCED.inc()
    _log.warning("outbox.effect.fenced", kind=effect.kind)
    return _GO_ON


@dataclass(frozen=True, slots=True)
class _Hopeless:
    """Why an effect must not be tried: Meta's code, if it has one, and a sentence."""

    code: int | None
    error: str


def _hopeless(head: LaneHead, *, now: datetime) -> _Hopeless | None:
    effect = head.effect
    if effect.state == "uncertain" and effect.resends:
        return _Hopeless(
            None, "Sent twice, and Meta never said what became of it: not sent a third time."
        )
    if effect.give_up_at is not None and effect.give_up_at <= now:
        return _Hopeless(None, f"Given up after {effect.attempts} attempts, without a last answer.")
    # Where we do not know when the contact last wrote, Meta decides.
    inbound = head.last_inbound_at
    if effect.needs_window and inbound is not None and now - inbound >= WINDOW:
        error = "The customer last wrote more than 24 hours ago: WhatsApp takes only templates."
        return _Hopeless(WINDOW_CLOSED, error)
    return None
