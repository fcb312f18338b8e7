"""What Graph shows of a phone number and of an access token when credentials are checked.

The defaults are those of a number in good order. A number's `node` and `token_info` replace single
fields, so each way to be unfit can be shown.
"""

from typing import Any

from mcp_platform.simulators.meta.errors import GraphError
from mcp_platform.simulators.meta.state import MetaState, Number

SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
_USUAL_FIELDS = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "webhook_configuration",
)
# Fields that exist and that Graph leaves out where they have no value, as here by default.
_OFTEN_ABSENT = frozenset(
    {
        "certificate",
        "conversational_automation",
        "country_code",
        "country_dial_code",
        "eligibility_for_api_business_global_search",
        "last_onboarded_time",
        "new_certificate",
        "new_name_status",
        "quality_score",
        "search_visibility",
        "whatsapp_business_manager_messaging_limit",
    }
)


def phone_node(number: Number, state: MetaState, *, fields: str) -> dict[str, Any]:
    """Return a number with the fields asked for, comma-separated, or the usual ones.

    Raises:
        GraphError: there is no such field.
    """
    node = {**_sound_node(number, state), **number.node}
    names = [name.strip() for name in fields.split(",")] if fields else list(_USUAL_FIELDS)
    for name in names:
        if name not in node and name not in _OFTEN_ABSENT:
            raise GraphError(
                100,
                message=(
                    f"(#100) Tried accessing nonexisting field ({name}) on node type "
                    "(WhatsAppBusinessPhoneNumber)"
                ),
            )
    return {name: node[name] for name in dict.fromkeys([*names, "id"]) if name in node}


def _sound_node(number: Number, state: MetaState) -> dict[str, Any]:
    waba = state.waba(number.waba_id)
    webhooks = {
        "phone_number": number.override_url,
        "whatsapp_business_account": waba.override_url,
        "application": state.app_callbacks.get(number.app_id),
    }
    return {
        "id": number.phone_number_id,
        "verified_name": "Simulated business",
        "display_phone_number": number.display_phone_number,
        "code_verification_status": "VERIFIED",
        "quality_rating": "GREEN",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "status": "CONNECTED",
        "name_status": "APPROVED",
        "account_mode": "LIVE",
        "is_official_business_account": False,
        "is_on_biz_app": False,
        "is_pin_enabled": True,
        "is_preverified_number": False,
        "messaging_limit_tier": "TIER_1K",
        "health_status": {
            "can_send_message": "AVAILABLE",
            "entities": [
                {
                    "entity_type": "PHONE_NUMBER",
                    "id": number.phone_number_id,
                    "can_send_message": "AVAILABLE",
                },
                {"entity_type": "WABA", "id": number.waba_id, "can_send_message": "AVAILABLE"},
                {"entity_type": "APP", "id": number.app_id, "can_send_message": "AVAILABLE"},
            ],
        },
        "webhook_configuration": {level: url for level, url in webhooks.items() if url},
    }


def token_info(token: str, state: MetaState) -> dict[str, Any]:
    """Return the `data` that `debug_token` gives for `token`."""
    numbers = state.of_token(token)
    if not numbers:
        return {
            "error": {"code": 190, "message": "Invalid OAuth access token."},
            "is_valid": False,
            "scopes": [],
        }
    wabas = sorted({number.waba_id for number in numbers})
    return {
        "app_id": numbers[0].app_id,
        "type": "SYSTEM_USER",
        "application": f"App {numbers[0].app_id}",
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": True,
        "issued_at": 1_780_000_000,
        "scopes": list(SCOPES),
        "granular_scopes": [{"scope": scope, "target_ids": wabas} for scope in SCOPES],
        "user_id": "122100000000000001",
        **numbers[0].token_info,
    }
