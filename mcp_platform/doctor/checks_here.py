"""Checks of the platform's own part: they ask nobody outside."""

from mcp_platform.conversations.phones import exists
from mcp_platform.doctor.case import Case, Chart
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.tenants.cluster_names import namespace_of
from mcp_platform.tenants.credentials import (
    CredentialsForbidden,
    CredentialsGarbled,
    CredentialsMissing,
    CredentialsUnreadable,
)

_NEEDED = (
    "GOOGLE_CLIENT_EMAIL",
    "GOOGLE_PRIVATE_KEY",
    "WHATSAPP_API_TOKEN",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_WEBHOOK_VERIFY_TOKEN",
)
_ADVISED = ("WHATSAPP_APP_ID", "WHATSAPP_BUSINESS_ACCOUNT_ID")


async def secret(chart: Chart) -> CheckOutcome:
    """Look whether the credentials can be read."""
    match chart.case.unreadable:
        case None:
            sealing = chart.doors.sealing
            if sealing is not None and sealing.warning(now=chart.now) is not None:
                return CheckOutcome(
                    "secret", "certificate_ends", {"day": f"{sealing.expires:%Y-%m-%d}"}
                )
            return CheckOutcome("secret", "readable")
        case CredentialsMissing() as error:
            return CheckOutcome(
                "secret", "missing", {"reason": str(error), "path": chart.case.tenant.path}
            )
        case CredentialsForbidden() as error:
            return CheckOutcome("secret", "forbidden", {"reason": str(error)})
        case CredentialsGarbled() as error:
            return CheckOutcome("secret", "garbled", {"reason": str(error)})
        case error:
            return CheckOutcome("secret", "unreadable", {"reason": str(error)})


async def keys(chart: Chart) -> CheckOutcome:
    """Look which credentials are missing."""
    missing, path = _missing(chart), chart.case.tenant.path
    if missing:
        return CheckOutcome("secret.keys", "missing", {"keys": ", ".join(missing), "path": path})
    advised = [key for key in _ADVISED if not _value(chart.case, key)]
    if advised:
        return CheckOutcome("secret.keys", "advised", {"keys": ", ".join(advised), "path": path})
    return CheckOutcome("secret.keys", "complete")


def _missing(chart: Chart) -> list[str]:
    case = chart.case
    missing = [key for key in _NEEDED if not _value(case, key)]
    if not case.number_id:
        missing.append("WHATSAPP_PHONE_NUMBER_ID")
    if not case.calendars:
        missing.append("GOOGLE_CALENDAR_ID")
    asks_a_model = chart.doors.gemini is not None and case.tenant.model_enabled
    if asks_a_model and not case.secrets.gemini_api_key:
        missing.append("GEMINI_API_KEY")
    if case.tenant.topology == "isolated":
        missing += [key for key in ("DATABASE_USER", "DATABASE_PASSWORD") if not _value(case, key)]
    return missing


def _value(case: Case, key: str) -> str:
    value: str = getattr(case.secrets, key.lower())
    return value


async def database_role(chart: Chart) -> CheckOutcome:
    """Look at the tenant's own role: enough power, and no more, whether it is in use or not yet."""
    role = chart.case.role
    if role is None or not (role.exists or chart.case.tenant.topology == "isolated"):
        return CheckOutcome("database.role", "shared")
    details = {"role": role.name}
    if not role.exists:
        return CheckOutcome("database.role", "absent", details)
    if role.powers:
        return CheckOutcome(
            "database.role", "too_powerful", {**details, "powers": ", ".join(role.powers)}
        )
    if not role.is_tenants:
        return CheckOutcome("database.role", "not_member", details)
    if not role.may_log_in:
        return CheckOutcome("database.role", "no_login", details)
    return CheckOutcome("database.role", "sound", details)


async def rollout(chart: Chart) -> CheckOutcome:
    """Look whether an isolated tenant's pods are of the present release and settings."""
    tenant, rollouts = chart.case.tenant, chart.doors.rollouts
    if rollouts is None or tenant.topology != "isolated":
        return CheckOutcome("tenant.rollout", "shared")
    client_name, environment = tenant.client_name, tenant.environment
    where = {"namespace": namespace_of(client_name=client_name, environment=environment)}
    try:
        found = await rollouts.rollout(client_name=client_name, environment=environment)
    except CredentialsUnreadable as error:
        return CheckOutcome("tenant.rollout", "not_seen", {"reason": str(error)})
    if found is None:
        return CheckOutcome("tenant.rollout", "absent", where)
    pods = {each: str(getattr(found, each)) for each in ("wanted", "updated", "available")}
    if found.complete:
        return CheckOutcome("tenant.rollout", "complete", pods)
    if found.held_up_by is not None:
        return CheckOutcome("tenant.rollout", "stands_still", {**where, "reason": found.held_up_by})
    return CheckOutcome("tenant.rollout", "under_way", {**where, **pods})


async def owner(chart: Chart) -> CheckOutcome:
    """Look whether notices have somebody to go to."""
    number = chart.case.tenant.owner_whatsapp
    if not number:
        return CheckOutcome("owner.number", "missing")
    if not exists(number):
        return CheckOutcome("owner.number", "no_number", {"number": number})
    return CheckOutcome("owner.number", "set")


async def catalogue(chart: Chart) -> CheckOutcome:
    """Look whether anything can be booked: with somebody, at some hour, into some calendar."""
    offered = chart.case.catalogue
    if offered is None or not offered.services:
        return CheckOutcome("catalogue", "no_service")
    if not offered.professionals:
        return CheckOutcome("catalogue", "no_professional")
    if not any(each.hours for each in offered.professionals):
        return CheckOutcome("catalogue", "no_hours")
    if not chart.case.calendar_id:
        without = [each.name for each in offered.professionals if not each.calendar_id]
        if without:
            return CheckOutcome("catalogue", "no_calendar", {"who": ", ".join(without)})
    alone = [each.name for each in offered.services if not offered.offering(each.id)]
    if len(alone) == len(offered.services):
        return CheckOutcome("catalogue", "nobody")
    if alone:
        return CheckOutcome("catalogue", "not_offered", {"services": ", ".join(alone)})
    if offered.holidays is not None:
        local = offered.rules.local(chart.now)
        language = chart.case.tenant.language
        next_one = offered.holidays.undecided(today=local.date(), language=language)
        if next_one is not None:
            details = {
                "day": next_one.day.isoformat(),
                "name": next_one.name,
                "year": str(next_one.day.year),
                "tenant": chart.case.tenant.path,
            }
            return CheckOutcome("catalogue", "holidays", details)
    return CheckOutcome(
        "catalogue",
        "complete",
        {
            "services": str(len(offered.services)),
            "professionals": str(len(offered.professionals)),
        },
    )
