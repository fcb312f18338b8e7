"""The refusals of the Graph API: codes, sentences, HTTP statuses and the JSON they come in.

Source: Meta's list of WhatsApp error codes (May 2026). Meta documents no HTTP statuses any more;
these are the ones last documented or seen.
"""

import secrets
from http import HTTPStatus
from typing import Any

EXPIRED_TOKEN_SUBCODE = 463
UNKNOWN_OBJECT_SUBCODE = 33

# code → what Meta calls it, and the HTTP status it comes with
_CODES: dict[int, tuple[str, int]] = {
    0: ("AuthException", 401),
    1: ("API Unknown", 500),
    2: ("API Service", 503),
    3: ("API Method", 500),
    4: ("API Too Many Calls", 429),
    10: ("API Permission Denied", 403),
    33: ("Parameter value is not valid", 400),
    100: ("Invalid parameter", 400),
    190: ("Invalid OAuth access token - Cannot parse access token", 401),
    200: ("Permission denied", 403),
    368: ("Temporarily blocked for policies violations", 403),
    613: ("Calls to this api have exceeded the rate limit.", 400),
    2200: ("Callback verification failed", 400),
    2500: ("Unknown path components", 400),
    80007: ("Rate limit issues", 429),
    130403: ("User blocked by business", 400),
    130429: ("Rate limit hit", 429),
    130472: ("User's number is part of an experiment", 400),
    130497: ("Business account is restricted from messaging users in this country.", 403),
    131000: ("Something went wrong", 500),
    131005: ("Access denied", 403),
    131008: ("Required parameter is missing", 400),
    131009: ("Parameter value is not valid", 400),
    131016: ("Service unavailable", 503),
    131021: ("Recipient cannot be sender", 400),
    131026: ("Message undeliverable", 400),
    131030: ("Recipient phone number not in allowed list", 400),
    131031: ("Account has been locked", 403),
    131037: ("Business phone number display name not approved", 400),
    131042: ("Business eligibility payment issue", 400),
    131045: ("Incorrect certificate", 500),
    131047: ("Re-engagement message", 400),
    131048: ("Spam rate limit hit", 429),
    131049: ("This message was not delivered to maintain healthy ecosystem engagement.", 400),
    131050: ("User has stopped receiving marketing messages", 400),
    131051: ("Unsupported message type", 400),
    131052: ("Media download error", 400),
    131053: ("Media upload error", 400),
    131055: ("Method not allowed", 400),
    131056: ("(Business Account, Consumer Account) pair rate limit hit", 429),
    131057: ("Account in maintenance mode", 500),
    131062: ("Business-scoped user IDs are not supported for this message", 400),
    132000: ("Number of parameters does not match the expected number of params", 400),
    132001: ("Template name does not exist in the translation", 400),
    132015: ("Template is paused", 400),
    132016: ("Template is disabled", 400),
    132018: ("There's an issue with the parameters in your template", 400),
    133004: ("Server temporarily unavailable", 503),
    133010: ("Phone number not registered", 400),
    135000: ("Generic user error", 400),
}

_DETAILS: dict[int, str] = {
    130429: "Cloud API message throughput has been reached.",
    131026: "Message Undeliverable.",
    131047: (
        "Message failed to send because more than 24 hours have passed since the customer last "
        "replied to this number."
    ),
    131056: (
        "Message failed to send because there were too many messages sent from this phone number "
        "to the same phone number in a short period of time."
    ),
}


def title_of(code: int) -> str:
    """Return Meta's name for `code`."""
    return _CODES.get(code, ("Something went wrong", 400))[0]


class GraphError(Exception):
    """A request that Graph refuses."""

    def __init__(
        self,
        code: int,
        *,
        message: str | None = None,
        details: str | None = None,
        subcode: int | None = None,
        status: int | None = None,
        kind: str = "OAuthException",
    ) -> None:
        """Fill in from the list of codes what is not given; `message` replaces `(#code) title`."""
        title, usual = _CODES.get(code, ("Something went wrong", HTTPStatus.BAD_REQUEST))
        super().__init__(message or f"(#{code}) {title}")
        self.code = code
        self.details = details or _DETAILS.get(code)
        self.subcode = subcode
        self.status = status or usual
        self.kind = kind

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the refusal."""
        error: dict[str, Any] = {"message": str(self), "type": self.kind, "code": self.code}
        if self.details is not None:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": {**error, "fbtrace_id": f"A{secrets.token_urlsafe(10)}"}}


def token_refused(*, expired: bool = False) -> GraphError:
    """Return the refusal of an access token."""
    if expired:
        return GraphError(
            190,
            message="Error validating access token: Session has expired.",
            subcode=EXPIRED_TOKEN_SUBCODE,
        )
    return GraphError(190, message="Invalid OAuth access token - Cannot parse access token")


def unknown_object(object_id: str, *, method: str) -> GraphError:
    """Return the refusal of an id that is unknown, or that the token has no access to."""
    return GraphError(
        100,
        message=(
            f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, "
            "cannot be loaded due to missing permissions, or does not support this operation. "
            "Please read the Graph API documentation at "
            "https://developers.facebook.com/docs/graph-api"
        ),
        subcode=UNKNOWN_OBJECT_SUBCODE,
        kind="GraphMethodException",
    )


def webhook_error(code: int, *, details: str | None = None) -> dict[str, Any]:
    """Return the form an error has inside a webhook's `errors` array."""
    title = title_of(code)
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or _DETAILS.get(code, title)},
        "href": "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes",
    }
