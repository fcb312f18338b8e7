"""Why a tenant is as it is, in words: of the doctor, of what vendors refuse, of who waits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mcp_platform.console.sentences import Tongue
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.doctor.sentences import TITLES, result
from mcp_platform.registry.fleet.fleet import FleetRow

# What the platform notes of a tenant, by name; a name that is new here is shown as it is.
TROUBLES: Final = frozenset(
    {"calendar", "doctor", "gemini", "owner_notice", "owner_number", "whatsapp", "whatsapp_account"}
)


# Where what a check finds is mended: below a tenant's own path, and the sentence of that page's name.
# The longest beginning of a check's name counts.
MENDED_AT: Final = {
    "secret": ("/credentials", "credentials.title"),
    "google": ("/credentials", "credentials.title"),
    "gemini": ("/credentials", "credentials.title"),
    "whatsapp": ("/credentials", "credentials.title"),
    "whatsapp.subscription": ("/live", "live.title"),
    "whatsapp.callback": ("/live", "live.title"),
    "public": ("/live", "live.title"),
    "owner.number": ("/settings", "settings.title"),
    "catalogue": ("/services", "catalogue.services"),
    "tenant.rollout": ("/deployment", "deployment.title"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A sentence, and since when it is so."""

    text: str
    since: datetime | None


def reason_of(row: FleetRow, *, say: Callable[..., str], tongue: Tongue) -> Reason | None:
    """Return why a tenant is not well; None: it is."""
    why = row.reason
    if why is None:
        return None
    match why.kind:
        case "trouble":
            text = say(f"trouble.{why.what}") if why.what in TROUBLES else str(why.what)
        case "finding":
            text = finding_title(why.check or "", tongue=tongue)
        case "waiting":
            text = say("fleet.waiting", n=row.waiting)
        case kind:
            text = say(f"fleet.{kind}")
    return Reason(text=text, since=why.since)


def finding_title(check: str, *, tongue: Tongue) -> str:
    """Return what a check is called; one of another version is called by its name."""
    return TITLES[check][tongue] if check in TITLES else check


def finding_said(found: CheckOutcome, *, tongue: Tongue) -> tuple[str, str]:
    """Return what was found and the next step; of another version's code, the code alone."""
    try:
        said = result(found, language=tongue)
    except KeyError:
        return found.code, ""
    return said.what, said.next_step


def mended_at(check: str) -> tuple[str, str] | None:
    """Return where what a check finds is mended in the console; None: nowhere in it."""
    name = check
    while name:
        if name in MENDED_AT:
            return MENDED_AT[name]
        name = name.rpartition(".")[0]
    return None
