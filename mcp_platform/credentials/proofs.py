"""Proves a change of credentials together with those that stay, as the tenant will be.

The doctor knows the checks. Where the store cannot be read, another process proves: see
`provisioning/client.py`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol, get_args

from mcp_platform.doctor.proving import proofs_of, refused, unanswered
from mcp_platform.doctor.results import CheckResult
from mcp_platform.tenants.credentials import Credentials, CredentialStore, held_by
from mcp_platform.tenants.tenant import Tenant

Outcome = Literal["passed", "unanswered", "overruled", "skipped"]
"""`passed`: no vendor said no, and all that were asked said something. `unanswered`: one said nothing.
`overruled`: one said no, and somebody insisted. `skipped`: nobody was asked."""
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Proof:
    """How a change of credentials was proved before it was saved."""

    outcome: Outcome
    results: tuple[CheckResult, ...] = ()

    @classmethod
    def of(cls, results: Sequence[CheckResult]) -> "Proof":
        """Judge what the vendors said."""
        outcome: Outcome = "passed"
        if refused(results):
            outcome = "overruled"
        elif unanswered(results):
            outcome = "unanswered"
        return cls(outcome, tuple(results))

    @property
    def open(self) -> list[CheckResult]:
        """What does not work, or is not known to."""
        return [each for each in self.results if each.state in ("failed", "unknown")]

    def told(self) -> dict[str, object]:
        """Return what the audit trail keeps of it."""
        open_ = [each.check for each in self.open]
        return {"proof": self.outcome} | ({"not_proved": open_} if open_ else {})


SKIPPED = Proof("skipped")


class ChangeProving(Protocol):
    """Asks the vendors whether changed credentials work: here, or where the store can be read."""

    async def prove(
        self, tenant: Tenant, *, values: Mapping[str, str], remove: Collection[str] = ()
    ) -> Sequence[CheckResult]:
        """Return what the checks that `values` have a part in found, beside what stays.

        Changes nothing, here or there.
        """


class Checks(Protocol):
    """Asks the vendors whether credentials work. The doctor does."""

    async def prove(
        self, tenant: Tenant, credentials: Credentials, *, only: Collection[str]
    ) -> Sequence[CheckResult]:
        """Return what each of the checks `only` found of `credentials`. Changes nothing outside."""


class ProvingHere:
    """Proves changes in a process that reads the store."""

    def __init__(self, checks: Checks, *, store: CredentialStore) -> None:
        self._checks = checks
        self._store = store

    async def prove(
        self, tenant: Tenant, *, values: Mapping[str, str], remove: Collection[str] = ()
    ) -> Sequence[CheckResult]:
        held = await held_by(self._store, tenant) or {}
        whole = {key: value for key, value in {**held, **values}.items() if key not in remove}
        number, calendar = "WHATSAPP_PHONE_NUMBER_ID", "GOOGLE_CALENDAR_ID"
        as_it_will_be = replace(
            tenant,
            phone_number_id=None if number in remove else whole.get(number, tenant.phone_number_id),
            calendar_id=None if calendar in remove else whole.get(calendar, tenant.calendar_id),
        )
        return await self._checks.prove(
            as_it_will_be, Credentials.from_mapping(whole), only=proofs_of(values)
        )
