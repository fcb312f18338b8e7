"""Checks of the Meta app, the token, the number, the account and the way messages take to us.

Three calls show the number, the token and the app's secret; one each the account's numbers, its
apps and its templates.
"""

import re
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from mcp_platform.doctor.case import Chart
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.outbox.delivery import WINDOW
from mcp_platform.templates.templates import REVIEWED
from mcp_platform.templates.texts import APPROVED
from mcp_platform.templates.watch import unsendable
from mcp_platform.whatsapp.account import LONGEST_CALLBACK, AccountRefused
from mcp_platform.whatsapp.messages import template_language

CALLS = 6
"""Calls to Graph that one examination makes, when nothing is fixed."""
SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
SOON = timedelta(days=14)  # time for a person to make another token
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_TOKEN_REFUSED = frozenset({0, 190})
_UNKNOWN_OBJECT = frozenset({33, 100, 803})
_APP_REFUSED = frozenset({1, 100, 101})  # secret, app of the token, app id
# Source: Graph API, WhatsAppBusinessPhoneNumber.status
_UNREGISTERED = frozenset({"PENDING", "DISCONNECTED", "MIGRATED", "UNVERIFIED", "DELETED"})
_RESTRICTED = frozenset({"BANNED", "RESTRICTED"})
_LIMITED = frozenset({"FLAGGED", "RATE_LIMITED"})
_FALLING = frozenset({"YELLOW", "RED"})
_NAMED = frozenset({"APPROVED", "AVAILABLE_WITHOUT_REVIEW", ""})
_NAME_IN_REVIEW = frozenset({"PENDING_REVIEW", "NONE"})
_HAS_THROUGHPUT = frozenset({"STANDARD", "HIGH", ""})


async def app_secret(chart: Chart) -> CheckOutcome:
    """Prove that the secret belongs to the token's app, as Graph checks before anything else."""
    secrets = chart.case.secrets
    if not secrets.whatsapp_app_secret:
        return CheckOutcome("whatsapp.app_secret", "missing")
    try:
        await chart.doors.meta.prove_secret(
            token=secrets.whatsapp_api_token,
            number_id=chart.case.number_id or "me",
            app_secret=secrets.whatsapp_app_secret,
        )
    except AccountRefused as refused:
        if refused.about_proof:
            return CheckOutcome("whatsapp.app_secret", "wrong")
        if refused.code in _TOKEN_REFUSED:
            return CheckOutcome("whatsapp.app_secret", "token_refused")
    return CheckOutcome("whatsapp.app_secret", "matches")


async def token(chart: Chart) -> CheckOutcome:
    """Look what the token is, and until when."""
    secrets = chart.case.secrets
    if not secrets.whatsapp_api_token:
        return CheckOutcome("whatsapp.token", "missing")
    if not _is_id(secrets.whatsapp_app_id):
        return CheckOutcome("whatsapp.token", "no_app_id")
    try:
        shown = await chart.token()
    except AccountRefused as refused:
        if refused.code in _APP_REFUSED:
            return CheckOutcome("whatsapp.token", "other_app", {"app_id": secrets.whatsapp_app_id})
        return CheckOutcome("whatsapp.token", "invalid")
    expires = shown.expires_at
    details = {"kind": shown.kind, "date": expires.date().isoformat() if expires else "–"}
    if expires is not None and expires <= chart.now:
        return CheckOutcome("whatsapp.token", "expired", details)
    if not shown.valid:
        return CheckOutcome("whatsapp.token", "invalid")
    if shown.app_id != secrets.whatsapp_app_id:
        return CheckOutcome("whatsapp.token", "other_app", {"app_id": secrets.whatsapp_app_id})
    if shown.kind == "USER":
        return CheckOutcome("whatsapp.token", "personal", details)
    if expires is None:
        return CheckOutcome("whatsapp.token", "permanent", details)
    if expires - chart.now <= SOON:
        return CheckOutcome("whatsapp.token", "expires_soon", details)
    return CheckOutcome("whatsapp.token", "lasting", details)


async def scopes(chart: Chart) -> CheckOutcome:
    """Look whether the token may do what is needed, and for this account."""
    shown = await chart.token()
    missing = [scope for scope in SCOPES if scope not in shown.scopes]
    if missing:
        return CheckOutcome("whatsapp.scopes", "missing", {"scopes": ", ".join(missing)})
    account = chart.case.secrets.whatsapp_business_account_id
    limited = [scope for scope in SCOPES if account not in shown.targets.get(scope, {account})]
    if account and limited:
        return CheckOutcome("whatsapp.scopes", "not_this_account", {"account": account})
    return CheckOutcome("whatsapp.scopes", "granted")


async def number(chart: Chart) -> CheckOutcome:
    """Look whether the number can send and receive."""
    number_id = chart.case.number_id
    if not _is_id(number_id):
        return CheckOutcome("whatsapp.number", "missing")
    try:
        shown = await chart.number()
    except AccountRefused as refused:
        details = {"number_id": number_id, "error": str(refused.code)}
        if refused.about_proof:
            return CheckOutcome("whatsapp.number", "proof_required")
        if refused.code in _TOKEN_REFUSED:
            return CheckOutcome("whatsapp.number", "token_refused", details)
        if refused.code in _UNKNOWN_OBJECT:
            return CheckOutcome("whatsapp.number", "not_found", details)
        return CheckOutcome("whatsapp.number", "refused", details)
    details = {"number": shown.display_number or number_id}
    if shown.platform != "CLOUD_API" or shown.status in _UNREGISTERED:
        details["status"] = f"{shown.platform or '–'}, {shown.status or '–'}"
        return CheckOutcome("whatsapp.number", "not_registered", details)
    details["status"] = f"{shown.status or '–'}, {shown.can_send or '–'}"
    if shown.status in _RESTRICTED or shown.can_send == "BLOCKED":
        return CheckOutcome("whatsapp.number", "restricted", details)
    if shown.status in _LIMITED or shown.can_send == "LIMITED":
        return CheckOutcome("whatsapp.number", "limited", details)
    return CheckOutcome("whatsapp.number", "connected", details)


async def quality(chart: Chart) -> CheckOutcome:
    rating = (await chart.number()).quality
    if rating in _FALLING:
        return CheckOutcome("whatsapp.quality", "falling", {"rating": rating})
    return CheckOutcome("whatsapp.quality", "good", {"rating": rating or "–"})


async def name(chart: Chart) -> CheckOutcome:
    status = (await chart.number()).name_status
    if status in _NAMED:
        return CheckOutcome("whatsapp.name", "approved")
    if status in _NAME_IN_REVIEW:
        return CheckOutcome("whatsapp.name", "in_review", {"status": status})
    return CheckOutcome("whatsapp.name", "declined", {"status": status})


async def throughput(chart: Chart) -> CheckOutcome:
    level = (await chart.number()).throughput
    if level in _HAS_THROUGHPUT:
        return CheckOutcome("whatsapp.throughput", "available", {"level": level or "–"})
    return CheckOutcome("whatsapp.throughput", "none", {"level": level})


async def account(chart: Chart) -> CheckOutcome:
    """Look whether the number belongs to the account."""
    secrets = chart.case.secrets
    account_id = secrets.whatsapp_business_account_id
    if not _is_id(account_id):
        return CheckOutcome("whatsapp.account", "missing")
    details = {"account": account_id}
    try:
        numbers = await chart.doors.meta.number_ids(
            token=secrets.whatsapp_api_token, account_id=account_id
        )
    except AccountRefused as refused:
        details["error"] = str(refused.code)
        return CheckOutcome("whatsapp.account", "not_found", details)
    if chart.case.number_id not in numbers:
        return CheckOutcome("whatsapp.account", "other", details)
    return CheckOutcome("whatsapp.account", "contains", details)


async def subscription(chart: Chart) -> CheckOutcome:
    """Look whether the app gets the account's webhooks; subscribe it if that was asked for."""
    secrets = chart.case.secrets
    account_id, access = secrets.whatsapp_business_account_id, secrets.whatsapp_api_token
    meta = chart.doors.meta
    try:
        apps = await meta.subscribed_apps(token=access, account_id=account_id)
    except AccountRefused as refused:
        return CheckOutcome("whatsapp.subscription", "refused", {"error": str(refused.code)})
    # Without our app's id any subscribed app counts: better than an alarm that nobody can check.
    if secrets.whatsapp_app_id in apps or (apps and not secrets.whatsapp_app_id):
        return CheckOutcome("whatsapp.subscription", "subscribed")
    if not chart.case.fix:
        return CheckOutcome("whatsapp.subscription", "not_subscribed")
    try:
        await meta.subscribe(token=access, account_id=account_id)
    except AccountRefused as refused:
        return CheckOutcome("whatsapp.subscription", "fix_refused", {"error": str(refused.code)})
    return CheckOutcome("whatsapp.subscription", "subscribed_now")


async def callback(chart: Chart) -> CheckOutcome:
    """Compare where messages go with our public address; point them here if that was asked for.

    The number's own override is set, not its account's: other tenants may share the account.
    """
    if chart.doors.public is None:
        return CheckOutcome("whatsapp.callback", "no_public_url")
    expected = chart.doors.public.url(chart.case.webhook)
    actual = (await chart.number()).callback
    details = {"expected": expected, "actual": _without_secrets(actual)}
    if actual == expected:
        return CheckOutcome("whatsapp.callback", "here", details)
    if len(expected) > LONGEST_CALLBACK:
        return CheckOutcome("whatsapp.callback", "too_long", details)
    if chart.case.fix:
        return await _override(chart, details)
    if not actual:
        return CheckOutcome("whatsapp.callback", "none", details)
    return CheckOutcome("whatsapp.callback", "elsewhere", details)


async def _override(chart: Chart, details: dict[str, str]) -> CheckOutcome:
    secrets, meta, number_id = chart.case.secrets, chart.doors.meta, chart.case.number_id
    try:
        await meta.override(
            token=secrets.whatsapp_api_token,
            number_id=number_id,
            url=details["expected"],
            verify_token=secrets.whatsapp_webhook_verify_token,
        )
        shown = await meta.number(token=secrets.whatsapp_api_token, number_id=number_id)
    except AccountRefused as refused:
        details["error"] = str(refused.code)
        return CheckOutcome("whatsapp.callback", "fix_refused", details)
    if shown.callback != details["expected"]:
        details["actual"] = _without_secrets(shown.callback)
        return CheckOutcome("whatsapp.callback", "elsewhere", details)
    return CheckOutcome("whatsapp.callback", "overridden_now", details)


async def template(chart: Chart) -> CheckOutcome:
    """Look whether a notice to the owner would be delivered: at any time, now, or not at all."""
    wanted, secrets = chart.case.template, chart.case.secrets
    if wanted is None:
        return _window(chart)
    language = template_language(chart.case.tenant.language)
    details = {"template": wanted, "language": language}
    try:
        found = await chart.doors.meta.templates(
            token=secrets.whatsapp_api_token,
            account_id=secrets.whatsapp_business_account_id,
            name=wanted,
        )
    except AccountRefused as refused:
        return CheckOutcome("whatsapp.template", "refused", {**details, "error": str(refused.code)})
    ours = next((each for each in found if each.language == language), None)
    if ours is None:
        return CheckOutcome("whatsapp.template", "absent", details)
    if ours.status != "APPROVED":
        return CheckOutcome("whatsapp.template", "not_approved", {**details, "status": ours.status})
    if ours.variables not in (None, 1):
        count = str(ours.variables)
        return CheckOutcome("whatsapp.template", "wrong_variables", {**details, "count": count})
    return CheckOutcome("whatsapp.template", "approved", details)


async def templates(chart: Chart) -> CheckOutcome:
    """Tell of the templates for customers as Meta last described them: a worker asks every hour."""
    known = chart.case.templates
    if not known:
        return CheckOutcome("whatsapp.templates", "none")
    wrong = unsendable(known, marketing=chart.case.marketing)
    told = {
        "path": chart.case.tenant.path,
        "templates": ", ".join(f"{each.name} ({each.status})" for each in wrong),
    }
    if wrong and all(each.status == APPROVED for each in wrong):
        return CheckOutcome("whatsapp.templates", "marketing", told)
    if wrong:
        return CheckOutcome("whatsapp.templates", "unsendable", told)
    if waiting := [each.name for each in known if each.status in REVIEWED]:
        waits = {**told, "templates": ", ".join(waiting)}
        return CheckOutcome("whatsapp.templates", "reviewed", waits)
    return CheckOutcome("whatsapp.templates", "sendable", {"count": str(len(known))})


def _window(chart: Chart) -> CheckOutcome:
    tenant, wrote = chart.case.tenant, chart.case.owner_wrote_at
    if not tenant.owner_whatsapp:
        return CheckOutcome("whatsapp.template", "not_configured")
    if wrote is None or wrote + WINDOW <= chart.now:
        return CheckOutcome("whatsapp.template", "window_closed")
    until = (wrote + WINDOW).astimezone(ZoneInfo(tenant.time_zone))
    return CheckOutcome("whatsapp.template", "window_open", {"until": f"{until:%d/%m %H:%M}"})


def _is_id(value: str) -> bool:
    """Tell whether a value may stand in an address of Graph's."""
    return _ID.fullmatch(value) is not None


def _without_secrets(url: str) -> str:
    """Return a URL that somebody else chose, without what may hold a secret."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]  # with its port: it may be all that differs
    return f"{parts.scheme}://{host}{parts.path}" if url else ""
