"""What a refusal of Gemini means, and whether to ask again. Values only: waits and logs nothing.

The vendor's sentences are kept as far as they cannot quote a customer or a key.
Source: https://ai.google.dev/gemini-api/docs/troubleshooting and .../rate-limits
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Literal

from google.genai.errors import APIError

from mcp_platform.assistant.model import (
    ModelAway,
    ModelRefused,
    ModelSpoiled,
    QuotaSpent,
    RefusedFor,
)

Outcome = Literal["away", "quota", "refused", "rejected", "spoiled"]

BACKOFF = timedelta(seconds=0.5)  # an overload seldom ends sooner, and a customer waits
LONGEST_WAIT = timedelta(seconds=2)  # asked for by the vendor; for longer the menu answers
_DAY_REST = timedelta(hours=1)  # a daily quota returns at midnight in California; look now and then
_DETAIL_MAX = 300  # characters of a vendor's sentence that are worth keeping
_TRANSIENT = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, 499)  # 499: CANCELLED
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s", re.ASCII)  # google.protobuf.Duration as JSON
# With a limit of zero `quotaValue` is left out; only the sentence says it.
_NO_QUOTA = re.compile(r"\blimit: 0(?![\d.])")


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that failed: what to raise, and what may be tried before."""

    error: ModelAway | ModelSpoiled | ModelRefused
    outcome: Outcome
    again_after: timedelta | None = None
    """Ask once more after so long; None: it would be no use."""
    rest: timedelta | None = None
    """Leave this key alone for so long."""


def away(why: str, *, again: bool) -> Failure:
    """Return the failure of a question that got no answer."""
    return Failure(ModelAway(why), "away", again_after=BACKOFF if again else None)


def spoiled(why: str) -> Failure:
    """Return the failure of an answer that cannot be used; another may be better."""
    return Failure(ModelSpoiled(why), "spoiled", again_after=timedelta(0))


def failure_of(error: APIError, *, model: str, key: str) -> Failure:
    """Return what a refusal means for this model and key."""
    said = _said(error, key=key)
    code = error.code
    if code in _REFUSED or "API_KEY_INVALID" in _reasons(error):
        return _refused(
            f"Gemini refuses the key: {said}. Put a working key of Google AI Studio, allowed to use"
            " the Gemini API, into GEMINI_API_KEY",
            why="key",
        )
    if code == HTTPStatus.NOT_FOUND:
        return _refused(
            f"Gemini has no model {model!r} on this API version: {said}. Choose another with"
            " GEMINI_MODEL or GEMINI_API_VERSION",
            why="model",
        )
    if error.status == "FAILED_PRECONDITION":
        return _refused(
            f"Gemini refuses the key's project: {said}. Set up billing for it, or use a project in"
            " a region that is served",
            why="project",
        )
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        return _quota(error, model=model, said=said)
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _TRANSIENT:
        return away(f"Gemini answered {said}", again=True)
    # The same question would be refused again: a mistake of ours, or a proxy in between.
    return Failure(ModelSpoiled(f"Gemini refused the question: {said}"), "rejected")


def _refused(sentence: str, *, why: RefusedFor) -> Failure:
    return Failure(ModelRefused(sentence, why=why), "refused")


def _quota(error: APIError, *, model: str, said: str) -> Failure:
    if _NO_QUOTA.search(error.message or ""):
        return _refused(
            f"The key's project has no quota at all for {model!r}: {said}. Set up billing for it,"
            " or choose another GEMINI_MODEL",
            why="quota",
        )
    delay = _retry_delay(error)
    if any("PerDay" in quota for quota in _exhausted(error)):
        rest: timedelta | None = _DAY_REST
    else:
        rest = delay
    again = rest if rest is not None and rest <= LONGEST_WAIT else None
    return Failure(
        QuotaSpent(f"The key's quota at Gemini is used up: {said}", retry_after=rest),
        "quota",
        again_after=again,
        rest=rest,
    )


def _said(error: APIError, *, key: str) -> str:
    """Return status and sentence. What the vendor quotes, from the first quotation mark on, is cut."""
    parts = [str(error.code)]
    envelope = _envelope(error)
    # Without the vendor's envelope some proxy wrote the message: a page of HTML.
    if envelope:
        parts += [str(part) for part in (envelope.get("status"), envelope.get("message")) if part]
    said = " ".join(" ".join(parts).split()).replace(key, "[key]")
    return said.partition('"')[0][:_DETAIL_MAX].rstrip(" .,:")


def _envelope(error: APIError) -> Mapping[str, Any]:
    details = error.details
    inner = details.get("error") if isinstance(details, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def _details(error: APIError) -> Iterator[Mapping[str, Any]]:
    details = _envelope(error).get("details")
    for each in details if isinstance(details, list) else ():
        if isinstance(each, Mapping):
            yield each


def _reasons(error: APIError) -> set[str]:
    return {str(each["reason"]) for each in _details(error) if "reason" in each}


def _exhausted(error: APIError) -> Iterator[str]:
    for each in _details(error):
        violations = each.get("violations")
        for violation in violations if isinstance(violations, list) else ():
            if isinstance(violation, Mapping):
                yield str(violation.get("quotaId", ""))


def _retry_delay(error: APIError) -> timedelta | None:
    for each in _details(error):
        found = _DURATION.fullmatch(str(each.get("retryDelay", "")))
        if found:
            return timedelta(seconds=float(found[1]))
    return None
