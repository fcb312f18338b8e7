"""Proving credentials before they are saved: the doctor's checks on values that nobody stored yet."""

from collections.abc import Callable, Collection, Iterable

from mcp_platform.doctor.case import Case
from mcp_platform.doctor.checks import CREDENTIALS
from mcp_platform.doctor.examination import Examiner
from mcp_platform.doctor.results import CheckOutcome, CheckResult
from mcp_platform.doctor.sentences import result
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.tenants.credentials import Credentials
from mcp_platform.tenants.languages import StaffLanguage
from mcp_platform.tenants.tenant import Tenant

# What becomes of a question to which there was no answer: see `examination.py`.
SILENT = frozenset({"away", "timed_out", "too_many_calls", "broken"})
NAMES = tuple(check.name for check in CREDENTIALS)
# Which checks a credential has a part in, by the beginning of its name.
_PARTS = {
    "GOOGLE_": tuple(name for name in NAMES if name.startswith("google.")),
    "GEMINI_": tuple(name for name in NAMES if name.startswith("gemini.")),
    "WHATSAPP_": tuple(name for name in NAMES if name.startswith("whatsapp.")),
}


def proofs_of(keys: Iterable[str]) -> frozenset[str]:
    """Return the checks that credentials of these names have a part in."""
    return frozenset(
        name
        for key in keys
        for prefix, names in _PARTS.items()
        if key.startswith(prefix)
        for name in names
    )


class CredentialProofs:
    """Asks the vendors whether they take credentials. Writes nothing, here or there."""

    def __init__(self, examiner: Examiner) -> None:
        self._examiner = examiner

    async def prove(
        self,
        tenant: Tenant,
        credentials: Credentials,
        *,
        only: Collection[str] = NAMES,
        catalogue: Catalogue | None = None,
        language: StaffLanguage = "en",
        tell: Callable[[CheckResult], None] | None = None,
    ) -> list[CheckResult]:
        """Return what each vendor says of `credentials`: all that the tenant would have.

        `only` names checks, as `proofs_of` does for the keys that change. `tenant` may be one that
        is not stored yet. With a `catalogue`, the calendars of its professionals are looked at,
        too. `tell` hears of each result as it comes. Nothing is raised: a vendor that is away is a
        result whose state is `unknown`.
        """

        def told(found: CheckOutcome) -> None:
            if tell is not None:
                tell(result(found, language=language))

        case = Case(tenant=tenant, credentials=credentials, catalogue=catalogue)
        wanted = frozenset(only).intersection(NAMES)
        found = await self._examiner.examine(case, only=wanted, tell=told)
        return [result(each, language=language) for each in found]


def unanswered(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Return the results of questions that nobody answered: the vendor said neither yes nor no."""
    return [each for each in results if each.code in SILENT]


def refused(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Return the results for which credentials should not be saved."""
    return [each for each in results if each.state == "failed"]
