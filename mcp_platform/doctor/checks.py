"""All checks, in the order in which they are shown, and what each builds on."""

from mcp_platform.doctor import (
    checks_gemini,
    checks_google,
    checks_here,
    checks_public,
    checks_whatsapp,
)
from mcp_platform.doctor.examination import Check

SECRET = ("secret",)

HERE = (
    Check("secret", "here", checks_here.secret),
    Check("secret.keys", "here", checks_here.keys, needs=SECRET),
    Check("database.role", "here", checks_here.database_role),
    Check(
        "tenant.rollout",
        "here",
        checks_here.rollout,
        unless_failed=SECRET,  # which pods mount
        asked_for=lambda case, doors: (
            case.tenant.topology != "isolated" or doors.rollouts is not None
        ),
    ),
    Check("owner.number", "here", checks_here.owner),
    Check("catalogue", "here", checks_here.catalogue),
)
GOOGLE = (
    Check("google.key", "google", checks_google.key, needs=SECRET),
    Check("google.token", "google", checks_google.token, needs=("google.key",)),
    Check("google.calendar", "google", checks_google.calendar, needs=("google.token",)),
    Check("google.events", "google", checks_google.events, needs=("google.calendar",)),
    Check(
        "google.write",
        "google",
        checks_google.write,
        needs=("google.calendar",),
        asked_for=lambda case, _: case.write,
    ),
)
GEMINI = (
    Check("gemini.key", "gemini", checks_gemini.key, needs=SECRET),
    Check("gemini.model", "gemini", checks_gemini.model, needs=("gemini.key",)),
)
_NUMBER, _ACCOUNT = ("whatsapp.number",), ("whatsapp.account",)
WHATSAPP = (
    Check("whatsapp.app_secret", "meta", checks_whatsapp.app_secret, needs=SECRET),
    Check(
        "whatsapp.token",
        "meta",
        checks_whatsapp.token,
        needs=SECRET,
        unless_failed=("whatsapp.app_secret",),
    ),
    Check("whatsapp.scopes", "meta", checks_whatsapp.scopes, needs=("whatsapp.token",)),
    Check(
        "whatsapp.number",
        "meta",
        checks_whatsapp.number,
        needs=SECRET,
        unless_failed=("whatsapp.token",),
    ),
    Check("whatsapp.quality", "meta", checks_whatsapp.quality, needs=_NUMBER),
    Check("whatsapp.name", "meta", checks_whatsapp.name, needs=_NUMBER),
    Check("whatsapp.throughput", "meta", checks_whatsapp.throughput, needs=_NUMBER),
    Check(
        "whatsapp.account",
        "meta",
        checks_whatsapp.account,
        needs=SECRET,
        unless_failed=("whatsapp.token", "whatsapp.number"),
    ),
)
WEBHOOKS = (
    Check("whatsapp.subscription", "meta", checks_whatsapp.subscription, needs=_ACCOUNT),
    Check("whatsapp.callback", "meta", checks_whatsapp.callback, needs=_NUMBER),
    Check("whatsapp.template", "meta", checks_whatsapp.template, needs=_ACCOUNT),
    Check("whatsapp.templates", "here", checks_whatsapp.templates),
    Check("public.proxies", "here", checks_public.proxies),
    Check("public.handshake", "public", checks_public.handshake, needs=SECRET),
    Check("public.webhook", "public", checks_public.webhook, needs=("public.handshake",)),
)

CHECKS = (*HERE, *GOOGLE, *GEMINI, *WHATSAPP, *WEBHOOKS)
CREDENTIALS = (*GOOGLE, *GEMINI, *WHATSAPP)
"""Those that say whether credentials are good, before anything was stored or set up with them."""
