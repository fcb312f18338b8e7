"""How the Gemini API says no: google.rpc.Status as JSON.

It has the shapes and sentences; its callers decide when to refuse.
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

STATUS_OF_CODE = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
SIGNATURES_PAGE = "https://ai.google.dev/gemini-api/docs/thought-signatures"
_SERVICE = "generativelanguage.googleapis.com"
_TYPE = "type.googleapis.com/google.rpc."


class GeminiError(Exception):
    """The request is answered with an error in the vendor's shape."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        details: list[Mapping[str, Any]] | None = None,
        status: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or []
        self.status = status or STATUS_OF_CODE[code]

    def response(self) -> JSONResponse:
        """Return the HTTP answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        return JSONResponse({"error": error}, status_code=self.code)


def invalid(message: str) -> GeminiError:
    """Refuse a request whose content makes no sense to the model."""
    return GeminiError(400, message)


def bad_fields(violations: Mapping[str, str]) -> GeminiError:
    """Refuse a request that isn't the proto: sentence by field path."""
    fields = [
        {"field": path, "description": sentence} if path else {"description": sentence}
        for path, sentence in violations.items()
    ]
    return GeminiError(
        400,
        "\n".join(violations.values()),
        details=[{"@type": f"{_TYPE}BadRequest", "fieldViolations": fields}],
    )


def key_invalid() -> GeminiError:
    """Refuse a key that Google doesn't know (400, not 401)."""
    reason = {
        "@type": f"{_TYPE}ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": _SERVICE},
    }
    message = "API key not valid. Please pass a valid API key."
    localised = {"@type": f"{_TYPE}LocalizedMessage", "locale": "en-US", "message": message}
    return GeminiError(400, message, details=[reason, localised])


def key_missing() -> GeminiError:
    """Refuse a request that names no caller."""
    return GeminiError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API.",
    )


def model_unknown(*, model: str, version: str, method: str) -> GeminiError:
    """Refuse a model that this version doesn't serve."""
    return GeminiError(
        404,
        f"models/{model} is not found for API version {version}, or is not supported for "
        f"{method}. Call ModelService.ListModels to see the list of available models and their "
        "supported methods.",
    )


def quota(*, model: str, per: str, retry_after_s: float, limit: str) -> GeminiError:
    """Refuse because the project's quota is used up, `per` "minute" or "day"."""
    period = "PerDay" if per == "day" else "PerMinute"
    metric = f"{_SERVICE}/generate_content_free_tier_requests"
    violation = {
        "quotaMetric": metric,
        "quotaId": f"GenerateRequests{period}PerProjectPerModel-FreeTier",
        "quotaDimensions": {"model": model, "location": "global"},
        "quotaValue": limit,
    }
    return GeminiError(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more "
        "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. \n"
        f"* Quota exceeded for metric: {metric}, limit: {limit}, model: {model}\n"
        f"Please retry in {retry_after_s:g}s.",
        details=[
            {
                "@type": f"{_TYPE}Help",
                "links": [
                    {
                        "description": "Learn more about Gemini API quotas",
                        "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
                    },
                ],
            },
            {"@type": f"{_TYPE}QuotaFailure", "violations": [violation]},
            {"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{retry_after_s:g}s"},
        ],
    )
