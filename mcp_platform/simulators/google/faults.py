"""The faults of the Google simulator, and how each looks to a caller.

`control.Faults` decides which request a fault strikes.
"""

from starlette.responses import Response

from mcp_platform.simulators.control import DroppedConnection, Fault
from mcp_platform.simulators.google import errors

FAULTS = frozenset(
    [
        "access_not_configured",
        "freebusy_error",
        "gone_sync",
        "invalid_grant",
        "malformed_body",
        "not_shared",
        "precondition_failed",
        "rate_limited_403",
        "rate_limited_429",
        "reset",
        "response_lost",
        "server_error",
        "slow",
        "token_malformed_body",
        "token_unreadable",
        "unauthorized",
        "unreadable",
    ]
)
BEFORE = (
    "access_not_configured",
    "malformed_body",
    "not_shared",
    "rate_limited_403",
    "rate_limited_429",
    "reset",
    "server_error",
    "unauthorized",
    "unreadable",
)


def struck(fault: Fault) -> Response:
    """Act out a fault that strikes before anything is done.

    Raises:
        GoogleError: the fault is one of Google's errors.
    """
    given = fault.params
    if fault.fault == "malformed_body":
        return errors.proxy_page(int(given.get("status", 502)))
    if fault.fault == "reset":
        return DroppedConnection()
    if fault.fault.startswith("rate_limited"):
        status, wait = int(fault.fault[-3:]), given.get("retry_after_s")
        raise errors.rate_limited(status, retry_after_s=wait, reason=given.get("reason"))
    if fault.fault in {"unreadable", "server_error"}:
        default = 503 if fault.fault == "unreadable" else 500
        raise errors.backend_error(int(given.get("status", default)))
    plain = {
        "access_not_configured": errors.access_not_configured,
        "not_shared": errors.not_found,
        "unauthorized": errors.unauthenticated,
    }
    make_error = plain[fault.fault]
    raise make_error()


def token_struck(fault: Fault) -> Response:
    """Act out a fault of the token endpoint.

    Raises:
        TokenError: the fault is one of its errors.
    """
    if fault.fault == "token_malformed_body":
        return errors.proxy_page(int(fault.params.get("status", 502)))
    if fault.fault == "token_unreadable":
        status = int(fault.params.get("status", 503))
        raise errors.TokenError("internal_failure", "Backend Error", status=status)
    description = fault.params.get("description", "Invalid JWT Signature.")
    raise errors.TokenError(str(fault.params.get("error", "invalid_grant")), description)
