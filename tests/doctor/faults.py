"""For each code of each check: what puts a tenant in good order into that state."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mcp_platform.doctor.case import RoleState
from mcp_platform.scheduling.holidays import HolidayRules
from mcp_platform.templates.templates import MessageTemplate
from mcp_platform.tenants.credentials import (
    CredentialsForbidden,
    CredentialsGarbled,
    CredentialsMissing,
    CredentialsUnreadable,
)
from mcp_platform.tenants.rollout import Rollout
from tests.doctor.examined_tenant import (
    CALENDAR,
    NOW,
    TEMPLATE,
    VERIFY_TOKEN,
    WABA,
    ZE,
    ExaminedTenant,
    PutOutOfOrder,
)

FAULTS: dict[tuple[str, str], PutOutOfOrder] = {}


def leads_to(check: str, *codes: str) -> Callable[[PutOutOfOrder], PutOutOfOrder]:
    def kept(fault: PutOutOfOrder) -> PutOutOfOrder:
        for code in codes:
            assert (check, code) not in FAULTS
            FAULTS[check, code] = fault
        return fault

    return kept


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@leads_to("secret", "readable")
@leads_to("secret.keys", "complete")
@leads_to("database.role", "shared")
@leads_to("tenant.rollout", "shared")
@leads_to("owner.number", "set")
@leads_to("public.proxies", "named")
@leads_to("catalogue", "complete")
@leads_to("google.key", "sound")
@leads_to("google.token", "granted")
@leads_to("google.calendar", "writable")
@leads_to("google.events", "readable")
@leads_to("gemini.key", "accepted")
@leads_to("gemini.model", "served")
@leads_to("whatsapp.app_secret", "matches")
@leads_to("whatsapp.token", "permanent")
@leads_to("whatsapp.scopes", "granted")
@leads_to("whatsapp.number", "connected")
@leads_to("whatsapp.quality", "good")
@leads_to("whatsapp.name", "approved")
@leads_to("whatsapp.throughput", "available")
@leads_to("whatsapp.account", "contains")
@leads_to("whatsapp.subscription", "subscribed")
@leads_to("whatsapp.callback", "here")
@leads_to("whatsapp.template", "approved")
@leads_to("whatsapp.templates", "none")
@leads_to("public.handshake", "echoed")
@leads_to("public.webhook", "guarded")
def nothing(_: ExaminedTenant) -> None:
    """All is well."""


# -- the platform's own part ---------------------------------------------------------------------


def _unreadable(error: CredentialsUnreadable) -> PutOutOfOrder:
    def fault(here: ExaminedTenant) -> None:
        here.case = replace(here.case, credentials=None, unreadable=error)

    return fault


class EndsSoon:
    """A certificate that is nearly over."""

    expires = NOW

    def warning(self, *, now: datetime) -> str | None:
        return f"Over by {now}."


FAULTS["secret", "missing"] = _unreadable(CredentialsMissing("There is no Secret."))
FAULTS["secret", "forbidden"] = _unreadable(CredentialsForbidden("Kubernetes says no."))
FAULTS["secret", "certificate_ends"] = lambda here: setattr(here, "sealing", EndsSoon())
FAULTS["secret", "garbled"] = _unreadable(CredentialsGarbled("a.env: line 1 is not in UTF-8."))
FAULTS["secret", "unreadable"] = _unreadable(CredentialsUnreadable("The store is away."))


def _credentials(**changes: str) -> PutOutOfOrder:
    return lambda here: here.credentials(**changes)


FAULTS["secret.keys", "missing"] = _credentials(whatsapp_app_secret="")
FAULTS["secret.keys", "advised"] = _credentials(whatsapp_app_id="")


def _role(**state: object) -> PutOutOfOrder:
    def fault(here: ExaminedTenant) -> None:
        sound = {"exists": True, "may_log_in": True, "is_tenants": True}
        role = RoleState(name="t_shop", **{**sound, **state})  # type: ignore[arg-type]
        here.case = replace(here.case, role=role)

    return fault


FAULTS["database.role", "sound"] = _role()
FAULTS["database.role", "not_member"] = _role(is_tenants=False)
FAULTS["database.role", "too_powerful"] = _role(powers=("bypassrls",))
FAULTS["database.role", "no_login"] = _role(may_log_in=False)


@leads_to("database.role", "absent")
def an_isolated_tenant_without_its_role(here: ExaminedTenant) -> None:
    here.tenant(topology="isolated")
    _role(exists=False)(here)


class Sights:
    """A cluster in which every Deployment stands as `found` says, or nothing may be seen."""

    def __init__(self, found: Rollout | CredentialsUnreadable | None) -> None:
        self._found = found

    async def rollout(self, *, client_name: str, environment: str) -> Rollout | None:
        if isinstance(self._found, CredentialsUnreadable):
            raise self._found
        return self._found


def _rollout(found: Rollout | CredentialsUnreadable | None) -> PutOutOfOrder:
    def fault(here: ExaminedTenant) -> None:
        here.tenant(topology="isolated")
        here.rollouts = Sights(found)

    return fault


def _half(**changes: object) -> Rollout:
    half = {"wanted": 2, "updated": 1, "available": 2, "complete": False}
    return Rollout(**{**half, **changes})  # type: ignore[arg-type]


FAULTS["tenant.rollout", "complete"] = _rollout(_half(updated=2, complete=True))
FAULTS["tenant.rollout", "under_way"] = _rollout(_half())
FAULTS["tenant.rollout", "stands_still"] = _rollout(_half(held_up_by="FailedCreate: a quota"))
FAULTS["tenant.rollout", "absent"] = _rollout(None)
FAULTS["tenant.rollout", "not_seen"] = _rollout(CredentialsForbidden("Kubernetes says no."))
FAULTS["owner.number", "no_number"] = lambda here: here.tenant(owner_whatsapp="11987654321")
FAULTS["owner.number", "missing"] = lambda here: here.tenant(owner_whatsapp=None)
FAULTS["catalogue", "no_service"] = lambda here: here.offers(services=())
FAULTS["catalogue", "no_professional"] = lambda here: here.offers(professionals=())
FAULTS["catalogue", "no_hours"] = lambda here: here.offers(professionals=(replace(ZE, hours=()),))
FAULTS["catalogue", "nobody"] = lambda here: here.offers(
    professionals=(replace(ZE, service_ids=frozenset()),)
)


@leads_to("catalogue", "not_offered")
def a_service_nobody_does(here: ExaminedTenant) -> None:
    (corte,) = here.case.catalogue.services
    here.offers(services=(corte, replace(corte, id="barba", name="Barba")))


FAULTS["catalogue", "holidays"] = lambda here: here.offers(holidays=HolidayRules(own={}))


@leads_to("catalogue", "no_calendar")
@leads_to("google.calendar", "none")
def no_calendar(here: ExaminedTenant) -> None:
    here.tenant(calendar_id=None)
    here.credentials(google_calendar_id="")


# -- Google --------------------------------------------------------------------------------------

FAULTS["google.key", "missing"] = _credentials(google_private_key="")
FAULTS["google.key", "email_malformed"] = _credentials(google_client_email="ze@gmail.com")
FAULTS["google.key", "unparseable"] = _credentials(google_private_key="-----BEGIN PRIVATE KEY-----")
FAULTS["google.key", "not_rsa"] = _credentials(
    google_private_key=_pem(ec.generate_private_key(ec.SECP256R1()))
)
FAULTS["google.key", "weak"] = _credentials(
    google_private_key=_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505  # weak is the point
)
FAULTS["google.key", "other_project"] = _credentials(google_project_id="another-1")
FAULTS["google.token", "key_gone"] = _credentials(
    google_private_key=_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
)


def _google(name: str, **settings: object) -> PutOutOfOrder:
    return lambda here: here.google_fault(name, **settings)


def _no_token(error: str, description: str) -> PutOutOfOrder:
    return _google("invalid_grant", error=error, description=description)


FAULTS["google.token", "account_gone"] = _no_token(
    "invalid_grant", "Invalid grant: account not found"
)
FAULTS["google.token", "account_disabled"] = _no_token(
    "disabled_client", "The OAuth client was disabled."
)
FAULTS["google.token", "refused"] = _no_token("unauthorized_client", "Client is unauthorized.")
FAULTS["google.token", "clock"] = _no_token(
    "invalid_grant",
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
)
FAULTS["google.calendar", "nobodys"] = lambda here: here.tenant(calendar_id="primary")
FAULTS["google.calendar", "not_found"] = lambda here: here.share(shared_with=["other@example.com"])
FAULTS["google.calendar", "read_only"] = lambda here: here.share(access_role="reader")
FAULTS["google.calendar", "api_off"] = _google(
    "access_not_configured", match={"method": "events.list"}
)


@leads_to("google.calendar", "refused")
async def without_the_scope(here: ExaminedTenant) -> None:
    """As under an organisation's policy: the token carries less than was asked for."""
    here.calendars.access = _narrowed(here, "https://www.googleapis.com/auth/calendar.freebusy")


def _narrowed(here: ExaminedTenant, scope: str) -> Callable[..., object]:
    access = here.calendars.access

    def narrowed(account: object) -> object:
        made = access(account)
        made._session._scopes = (scope,)
        return made

    return narrowed


_A_DAY = {"start": {"date": "2026-11-25"}, "end": {"date": "2026-11-26"}}
_INVITED = [{"email": CALENDAR, "self": True, "responseStatus": "needsAction"}]


def _rules(here: ExaminedTenant, **changes: bool) -> None:
    here.offers(rules=replace(here.case.catalogue.rules, **changes))


FAULTS["google.events", "zone_fixed"] = lambda here: here.share(
    time_zone="Etc/GMT+3", zone_name="GMT-03:00"
)


@leads_to("google.events", "zone_unknown")
async def a_day_of_an_unknown_zone(here: ExaminedTenant) -> None:
    await here.share(zone_name="Horário de Brasília")
    await here.owner_enters(_A_DAY)


@leads_to("google.events", "free_days_close")
async def a_holiday_shown_as_free(here: ExaminedTenant) -> None:
    await here.owner_enters({**_A_DAY, "summary": "FERIADO", "transparency": "transparent"})


@leads_to("google.events", "free_days_open")
async def a_note_for_the_day(here: ExaminedTenant) -> None:
    _rules(here, free_days_close=False)
    await a_holiday_shown_as_free(here)


@leads_to("google.events", "unanswered_open")
async def an_invitation_nobody_answered(here: ExaminedTenant) -> None:
    await here.owner_enters({**_A_DAY, "attendees": _INVITED})


@leads_to("google.events", "unanswered_close")
async def an_invitation_that_closes_the_day(here: ExaminedTenant) -> None:
    _rules(here, unanswered_close=True)
    await an_invitation_nobody_answered(here)


@leads_to("google.write", "written")
def asked_to_write(here: ExaminedTenant) -> None:
    here.case = replace(here.case, write=True)


@leads_to("google.write", "refused")
async def may_no_longer_write(here: ExaminedTenant) -> None:
    here.case = replace(here.case, write=True)
    await here.google_fault("not_shared", match={"method": "events.insert"})


@leads_to("google.write", "left")
async def cannot_delete(here: ExaminedTenant) -> None:
    here.case = replace(here.case, write=True)
    await here.google_fault("server_error", match={"method": "events.delete"})


# -- Gemini --------------------------------------------------------------------------------------


@leads_to("gemini.key", "switched_off")
@leads_to("gemini.model", "switched_off")
def without_model(here: ExaminedTenant) -> None:
    here.tenant(model_enabled=False)


FAULTS["gemini.key", "missing"] = _credentials(gemini_api_key="")
FAULTS["gemini.key", "refused"] = _credentials(gemini_api_key="AQ.another")


def _gemini(name: str, **settings: object) -> PutOutOfOrder:
    return lambda here: here.gemini_fault(name, **settings)


FAULTS["gemini.key", "project"] = _gemini("billing")
FAULTS["gemini.key", "no_quota"] = _gemini("quota", limit=0)
FAULTS["gemini.key", "quota_spent"] = _gemini("quota")


def _model(name: str, *, now: datetime = NOW) -> PutOutOfOrder:
    def fault(here: ExaminedTenant) -> None:
        here.model, here.now = name, now

    return fault


FAULTS["gemini.model", "absent"] = _model("gemini-9-neon")
FAULTS["gemini.model", "cannot_answer"] = _model("gemini-embedding-001")
FAULTS["gemini.model", "retires_soon"] = _model("gemini-2.5-flash")
FAULTS["gemini.model", "retired"] = _model(
    "gemini-2.5-flash", now=datetime(2026, 12, 1, 9, tzinfo=UTC)
)


# -- WhatsApp ------------------------------------------------------------------------------------

FAULTS["whatsapp.app_secret", "missing"] = _credentials(whatsapp_app_secret="")
FAULTS["whatsapp.app_secret", "wrong"] = _credentials(whatsapp_app_secret="another")
FAULTS["whatsapp.app_secret", "token_refused"] = _credentials(whatsapp_api_token="EAAG-another")
FAULTS["whatsapp.token", "missing"] = _credentials(whatsapp_api_token="")
FAULTS["whatsapp.token", "no_app_id"] = _credentials(whatsapp_app_id="")
FAULTS["whatsapp.token", "invalid"] = _credentials(whatsapp_api_token="EAAG-another")


def _token(**info: object) -> PutOutOfOrder:
    return lambda here: here.number.token_info.update(info)


def _at(moment: datetime) -> int:
    return int(moment.timestamp())


FAULTS["whatsapp.token", "lasting"] = _token(expires_at=_at(NOW + timedelta(days=60)))
FAULTS["whatsapp.token", "expires_soon"] = _token(expires_at=_at(NOW + timedelta(days=3)))
FAULTS["whatsapp.token", "personal"] = _token(
    type="USER", expires_at=_at(NOW + timedelta(hours=20))
)
FAULTS["whatsapp.token", "expired"] = _token(
    is_valid=False, expires_at=_at(NOW - timedelta(hours=1))
)
FAULTS["whatsapp.scopes", "missing"] = _token(scopes=["whatsapp_business_messaging"])
FAULTS["whatsapp.scopes", "not_this_account"] = _token(
    granular_scopes=[{"scope": "whatsapp_business_messaging", "target_ids": ["1"]}]
)


@leads_to("whatsapp.token", "other_app")
def another_app(here: ExaminedTenant) -> None:
    """Its id belongs to an app with the same secret: Meta says so of the token alone."""
    here.meta.state.numbers["2"] = replace(
        here.number, phone_number_id="2", waba_id="3", token="EAAG-2", app_id="12345"
    )
    here.credentials(whatsapp_app_id="12345")


def _node(**node: object) -> PutOutOfOrder:
    return lambda here: here.number.node.update(node)


FAULTS["whatsapp.number", "not_registered"] = _node(platform_type="NOT_APPLICABLE")
FAULTS["whatsapp.number", "restricted"] = _node(status="BANNED")
FAULTS["whatsapp.number", "limited"] = _node(health_status={"can_send_message": "LIMITED"})
FAULTS["whatsapp.quality", "falling"] = _node(quality_rating="RED")
FAULTS["whatsapp.name", "in_review"] = _node(name_status="PENDING_REVIEW")
FAULTS["whatsapp.name", "declined"] = _node(name_status="DECLINED")
FAULTS["whatsapp.throughput", "none"] = _node(throughput={"level": "NOT_APPLICABLE"})


@leads_to("whatsapp.number", "missing")
def no_number(here: ExaminedTenant) -> None:
    here.tenant(phone_number_id=None)
    here.credentials(whatsapp_phone_number_id="")


@leads_to("whatsapp.number", "not_found")
def another_number(here: ExaminedTenant) -> None:
    here.tenant(phone_number_id="999")


@leads_to("whatsapp.number", "proof_required")
def proof_required(here: ExaminedTenant) -> None:
    here.number.require_proof = True


def _meta_says(code: int, *, kind: str) -> PutOutOfOrder:
    return lambda here: here.meta_fault("error", kind=kind, code=code)


FAULTS["whatsapp.number", "refused"] = _meta_says(10, kind="node")


@leads_to("whatsapp.number", "token_refused")
def expired_meanwhile(here: ExaminedTenant) -> None:
    here.meta_fault("token_expired", kind="node")


FAULTS["whatsapp.account", "missing"] = _credentials(whatsapp_business_account_id="")
FAULTS["whatsapp.account", "not_found"] = _credentials(whatsapp_business_account_id="777")


@leads_to("whatsapp.account", "other")
def of_another_account(here: ExaminedTenant) -> None:
    here.meta.state.numbers["2"] = replace(here.number, phone_number_id="2", waba_id="3")
    here.number.token_info["granular_scopes"] = []
    here.credentials(whatsapp_business_account_id="3")


@leads_to("whatsapp.subscription", "not_subscribed")
def unsubscribed(here: ExaminedTenant) -> None:
    here.meta.state.waba(WABA).subscribed.clear()


@leads_to("whatsapp.subscription", "subscribed_now")
def unsubscribed_and_mended(here: ExaminedTenant) -> None:
    unsubscribed(here)
    here.case = replace(here.case, fix=True)


@leads_to("whatsapp.subscription", "fix_refused")
def subscribing_is_refused(here: ExaminedTenant) -> None:
    unsubscribed_and_mended(here)
    # Reading passes, the write after it does not.
    subscribe = here.meta_faults.take

    def second(*names: str, **context: str) -> object:
        if context.get("kind") == "subscribed_apps":
            second.asked += 1
            if second.asked > SLOW_AND_OTHERS:
                here.meta_faults.take = subscribe
                here.meta_fault("error", kind="subscribed_apps", code=200)
        return subscribe(*names, **context)

    second.asked = 0
    here.meta_faults.take = second


SLOW_AND_OTHERS = 2  # the simulator looks for faults so often in one call

FAULTS["whatsapp.subscription", "refused"] = _meta_says(200, kind="subscribed_apps")


@leads_to("public.proxies", "not_named")
def proxies_not_named(here: ExaminedTenant) -> None:
    here.proxies_named = False


@leads_to("whatsapp.callback", "no_public_url")
@leads_to("public.handshake", "no_public_url")
def no_public_url(here: ExaminedTenant) -> None:
    here.public_url = None


@leads_to("whatsapp.callback", "none")
def no_callback(here: ExaminedTenant) -> None:
    here.number.override_url = None


@leads_to("whatsapp.callback", "elsewhere")
def another_callback(here: ExaminedTenant) -> None:
    here.number.override_url = "https://user:word@old.example.com:8443/hook?token=unseen"


@leads_to("whatsapp.callback", "overridden_now")
def another_callback_mended(here: ExaminedTenant) -> None:
    another_callback(here)
    here.case = replace(here.case, fix=True)


@leads_to("whatsapp.callback", "fix_refused")
def not_taken(here: ExaminedTenant) -> None:
    another_callback_mended(here)
    here.gateway.instead = lambda _: (503, b"")


@leads_to("whatsapp.callback", "too_long")
def too_long(here: ExaminedTenant) -> None:
    here.public_url = here.urls["gateway"] + "/very-long" * 20


def _without_template(*, wrote_ago: timedelta | None, **tenant: str | None) -> PutOutOfOrder:
    def fault(here: ExaminedTenant) -> None:
        if tenant:
            here.tenant(**tenant)
        wrote = None if wrote_ago is None else NOW - wrote_ago
        here.case = replace(here.case, template=None, owner_wrote_at=wrote)

    return fault


FAULTS["whatsapp.template", "not_configured"] = _without_template(
    wrote_ago=None, owner_whatsapp=None
)
FAULTS["whatsapp.template", "window_open"] = _without_template(wrote_ago=timedelta(hours=23))
FAULTS["whatsapp.template", "window_closed"] = _without_template(wrote_ago=timedelta(hours=25))
FAULTS["whatsapp.template", "absent"] = lambda here: here.template(name=f"{TEMPLATE}_2")
FAULTS["whatsapp.template", "not_approved"] = lambda here: here.template(status="REJECTED")
FAULTS["whatsapp.template", "wrong_variables"] = lambda here: here.template(
    components=[{"type": "BODY", "text": "{{1}} e {{2}}"}]
)
FAULTS["whatsapp.template", "refused"] = _meta_says(200, kind="templates")


def _template(**about: object) -> PutOutOfOrder:
    made = MessageTemplate(
        purpose="reminder",
        language="pt-BR",
        version=1,
        name="mcp_reminder_v1",
        words="Lembrete",
        buttons=(),
        own=False,
        reason=None,
        wanted_at=NOW,
        changed_at=NOW,
        **{"status": "APPROVED", "category": "UTILITY", **about},
    )

    def fault(here: ExaminedTenant) -> None:
        here.case = replace(here.case, templates=(made,))

    return fault


FAULTS["whatsapp.templates", "sendable"] = _template()
FAULTS["whatsapp.templates", "reviewed"] = _template(status="PENDING")
FAULTS["whatsapp.templates", "marketing"] = _template(category="MARKETING")
FAULTS["whatsapp.templates", "unsendable"] = _template(status="PAUSED")


# -- from outside --------------------------------------------------------------------------------


def _answers(status: int, body: bytes = b"", *, posts: bool = False) -> PutOutOfOrder:
    def fault(here: ExaminedTenant) -> None:
        method = "POST" if posts else "GET"
        here.gateway.instead = lambda scope: (status, body) if scope["method"] == method else None

    return fault


FAULTS["public.handshake", "no_verify_token"] = _credentials(whatsapp_webhook_verify_token="")
FAULTS["public.handshake", "not_found"] = _answers(404)
FAULTS["public.handshake", "answered"] = _answers(302)
FAULTS["public.handshake", "wrong_echo"] = _answers(200, b"<html>")
FAULTS["public.webhook", "unsigned_taken"] = _answers(200, posts=True)
FAULTS["public.webhook", "answered"] = _answers(503, posts=True)


@leads_to("public.handshake", "unreachable")
def nobody_there(here: ExaminedTenant) -> None:
    here.public_url = "http://127.0.0.1:1"


@leads_to("public.handshake", "certificate")
def self_signed(here: ExaminedTenant) -> None:
    here.public_url = here.urls["self_signed"]


@leads_to("public.handshake", "refused")
def other_credentials(here: ExaminedTenant) -> None:
    here.gateway.credentials = replace(
        here.case.secrets, whatsapp_webhook_verify_token=f"old-{VERIFY_TOKEN}"
    )


@leads_to("public.webhook", "signed_refused")
def other_secret(here: ExaminedTenant) -> None:
    here.gateway.credentials = replace(here.case.secrets, whatsapp_app_secret="old")


@leads_to("public.webhook", "offboarded")
def offboarded(here: ExaminedTenant) -> None:
    here.tenant(status="offboarded")
