"""The error bodies of Google Calendar v3 and of Google's token endpoint.

Source: https://developers.google.com/workspace/calendar/api/guides/errors
"""

from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

_PROXY_PAGE = (
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)


class GoogleError(Exception):
    """A request that Calendar refuses, as `error.errors[0]` tells it."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        location: tuple[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        """`location` is the pair of type and name (`header`, `If-Match`); `extra` joins `error`."""
        super().__init__(message)
        self.status = status
        self._detail = {"domain": domain, "reason": reason, "message": message}
        if location:
            self._detail |= {"locationType": location[0], "location": location[1]}
        self._headers = headers
        self._extra = extra

    def response(self) -> JSONResponse:
        """Render the error as Calendar does."""
        error = {"errors": [self._detail], "code": self.status, "message": str(self)}
        return JSONResponse(
            {"error": {**error, **self._extra}},
            status_code=self.status,
            headers=self._headers,
        )


class TokenError(Exception):
    """A request that the token endpoint refuses (RFC 6749 shape, not Calendar's)."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status

    def response(self) -> JSONResponse:
        """Render the error as the token endpoint does."""
        body = {"error": self.error, "error_description": str(self)}
        return JSONResponse(body, status_code=self.status)


def _info(reason: str, **metadata: str) -> list[dict[str, Any]]:
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return [{"@type": kind, "reason": reason, "domain": "googleapis.com", "metadata": metadata}]


def invalid(message: str, *, parameter: str | None = None) -> GoogleError:
    """Return 400 `invalid`."""
    location = ("parameter", parameter) if parameter else None
    return GoogleError(400, "invalid", message, location=location)


def bad_request(message: str = "Bad Request") -> GoogleError:
    """Return 400 `badRequest`."""
    return GoogleError(400, "badRequest", message)


def required(message: str) -> GoogleError:
    """Return 400 `required`."""
    return GoogleError(400, "required", message)


def empty_range() -> GoogleError:
    """Return 400 `timeRangeEmpty`."""
    return GoogleError(
        400,
        "timeRangeEmpty",
        "The specified time range is empty.",
        domain="calendar",
        location=("parameter", "timeMax"),
    )


def unauthenticated() -> GoogleError:
    """Return 401 `authError`."""
    return GoogleError(
        401,
        "authError",
        "Invalid Credentials",
        location=("header", "Authorization"),
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'},
    )


def insufficient_scope() -> GoogleError:
    """Return 403 `insufficientPermissions`: the token's scopes do not cover the method."""
    return GoogleError(
        403,
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
        details=_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", service="calendar-json.googleapis.com"),
    )


def access_not_configured() -> GoogleError:
    """Return 403 `accessNotConfigured`: the API is switched off in the caller's project."""
    return GoogleError(
        403,
        "accessNotConfigured",
        "Google Calendar API has not been used in project 123456789012 before or it is disabled. "
        "Enable it by visiting https://console.developers.google.com/apis/api/"
        "calendar-json.googleapis.com/overview?project=123456789012 then retry.",
        domain="usageLimits",
        details=_info("SERVICE_DISABLED", service="calendar-json.googleapis.com"),
    )


def writer_needed() -> GoogleError:
    """Return 403 `requiredAccessLevel`: the calendar is shared, but not for writing."""
    return GoogleError(
        403,
        "requiredAccessLevel",
        "You need to have writer access to this calendar.",
        domain="calendar",
    )


def no_invitations() -> GoogleError:
    """Return 403 `forbiddenForServiceAccounts`."""
    return GoogleError(
        403,
        "forbiddenForServiceAccounts",
        "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority.",
        domain="calendar",
    )


def not_found() -> GoogleError:
    """Return 404: it does not exist, or is not shared with the caller; Google does not say which."""
    return GoogleError(404, "notFound", "Not Found")


def duplicate() -> GoogleError:
    """Return 409: the id is taken, be its event shown or deleted."""
    return GoogleError(409, "duplicate", "The requested identifier already exists.")


def deleted() -> GoogleError:
    """Return 410 for an event that was deleted before."""
    return GoogleError(410, "deleted", "Resource has been deleted")


def sync_needed() -> GoogleError:
    """Return 410 for a sync token that is no longer valid."""
    return GoogleError(
        410,
        "fullSyncRequired",
        "Sync token is no longer valid, a full sync is required.",
        domain="calendar",
        location=("parameter", "syncToken"),
    )


def condition_not_met() -> GoogleError:
    """Return 412: the resource changed since the caller read it."""
    return GoogleError(
        412, "conditionNotMet", "Precondition Failed", location=("header", "If-Match")
    )


def rate_limited(
    status: int, *, retry_after_s: int | None = None, reason: str | None = None
) -> GoogleError:
    """Return the rate error in its form of `status` 403 or 429; both exist."""
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else None
    said = {
        "userRateLimitExceeded": "User Rate Limit Exceeded",
        "quotaExceeded": "Calendar usage limits exceeded.",
        "dailyLimitExceeded": "Daily Limit Exceeded",
    }
    return GoogleError(
        status,
        reason or "rateLimitExceeded",
        said.get(reason or "", "Rate Limit Exceeded"),
        domain="usageLimits",
        headers=headers,
    )


def backend_error(status: int) -> GoogleError:
    """Return a 5xx as Calendar words it."""
    return GoogleError(status, "backendError", "Backend Error")


def unsupported(what: str) -> GoogleError:
    """Return 501: the real Calendar can, this simulator can't, and says so rather than pretend."""
    return GoogleError(
        501, "notImplemented", f"The simulator does not support {what}.", domain="simulator"
    )


def proxy_page(status: int) -> Response:
    """Return what a proxy on the way may say instead of Google."""
    return HTMLResponse(_PROXY_PAGE, status_code=status)
