"""The door to Meta's Graph API: sends messages, marks them as read.

All tenants share the HTTP client; its maker closes it. Neither a token nor a whole phone number gets
into an error or a log.
"""

import asyncio
import re
from datetime import timedelta
from typing import Any, NoReturn

import httpx
import orjson

from mcp_platform.whatsapp.graph_errors import (
    Action,
    SenderRefused,
    SendRejected,
    SendRetry,
    SendUncertain,
    SendWindowClosed,
    rule_of,
)

_DETAIL_MAX = 300  # characters of a vendor's sentence that are worth keeping
_LONG_NUMBER = re.compile(r"(?<!\d)\d{4,}(\d{4})")
_RETRY_AFTER_MAX = timedelta(hours=1)  # what a header may ask for; longer waits are the table's
# In these, httpx had not begun to write the request.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class WhatsApp:
    """The Cloud API, for the numbers of all tenants."""

    def __init__(self, *, http: httpx.AsyncClient, base_url: str, version: str) -> None:
        """Use `http`, whose timeouts bound every call. `version` is Graph's, such as `v26.0`."""
        self._http = http
        self._root = f"{base_url.rstrip('/')}/{version}"

    async def send(self, *, token: str, phone_number_id: str, message: dict[str, Any]) -> str:
        """Send `message` once and return its wamid. Accepted is not delivered: statuses tell.

        Raises:
            SendRetry: not sent, and may succeed later.
            SendRejected: never will; `SendWindowClosed` if only because of the 24-hour window.
            SenderRefused: the token, number or account is not accepted (a `CredentialRefused`).
            SendUncertain: it may have been sent.
        """
        response = await self._post(token=token, phone_number_id=phone_number_id, body=message)
        try:
            wamid = orjson.loads(response.content)["messages"][0]["id"]
        except (orjson.JSONDecodeError, KeyError, IndexError, TypeError) as error:
            raise SendUncertain("Meta answered 200 without a message id") from error
        if not isinstance(wamid, str) or not wamid:
            raise SendUncertain("Meta answered 200 without a message id")
        return wamid

    async def mark_read(
        self, *, token: str, phone_number_id: str, message_id: str, typing: bool
    ) -> None:
        """Show the contact that the message was read and, if `typing`, that an answer is coming.

        Harmless to repeat. Raises as `send` does.
        """
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": message_id,
        }
        if typing:
            body["typing_indicator"] = {"type": "text"}
        await self._post(token=token, phone_number_id=phone_number_id, body=body)

    async def _post(
        self, *, token: str, phone_number_id: str, body: dict[str, Any]
    ) -> httpx.Response:
        _check_sender(token=token, phone_number_id=phone_number_id)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        url = f"{self._root}/{phone_number_id}/messages"
        # The client's own timeout starts again with every byte of an answer: connecting and reading
        # take it once each, and no more.
        each_s = self._http.timeout.read
        try:
            async with asyncio.timeout(None if each_s is None else 2 * each_s):
                response = await self._http.post(url, content=orjson.dumps(body), headers=headers)
        except TimeoutError as error:
            raise SendUncertain("Meta did not answer in time") from error
        except _NOT_SENT as error:
            raise SendRetry(f"Meta could not be reached ({type(error).__name__})") from error
        except httpx.TransportError as error:
            raise SendUncertain(f"Meta's answer was lost ({type(error).__name__})") from error
        except httpx.DecodingError as error:
            raise SendUncertain("Meta's answer could not be read") from error
        if response.status_code != httpx.codes.OK:
            _refuse(response, token=token)
        return response


def _check_sender(*, token: str, phone_number_id: str) -> None:
    """Raise before the request what Meta, or HTTP itself, could only refuse."""
    if not (token.isascii() and token.isprintable() and token.strip() == token != ""):
        raise SenderRefused("WHATSAPP_API_TOKEN is missing, or no token at all")
    if not (phone_number_id.isascii() and phone_number_id.isdigit()):
        raise SenderRefused("WHATSAPP_PHONE_NUMBER_ID is missing, or no number")


def _refuse(response: httpx.Response, *, token: str) -> NoReturn:
    """Raise what this refusal means."""
    status = response.status_code
    graph = _graph_error(response)
    if graph is None and (status >= httpx.codes.INTERNAL_SERVER_ERROR or response.is_success):
        # Something between us and Graph answered, and does not say whether Graph got it.
        raise SendUncertain(f"HTTP {status} without an error of Graph's")
    graph = graph or {}
    code, subcode = _number(graph.get("code")), _number(graph.get("error_subcode"))
    rule = rule_of(code=code, subcode=subcode, http_status=status)
    detail = _detail(graph, status=status, token=token)
    match rule.action:
        case Action.CREDENTIAL:
            raise SenderRefused(detail, code=code)
        case Action.WINDOW:
            raise SendWindowClosed(code=code or 0, detail=detail)
        case Action.NEVER:
            raise SendRejected(code=code or 0, detail=detail)
        case _:
            after = rule.wait or _retry_after(response)
            raise SendRetry(detail, after=after, action=rule.action, code=code)


def _graph_error(response: httpx.Response) -> dict[str, Any] | None:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else None


def _detail(graph: dict[str, Any], *, status: int, token: str) -> str:
    """Return Meta's own sentence, trimmed; it may quote a malformed token or a number."""
    data = graph.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    said = ": ".join(str(part) for part in (graph.get("message"), details) if part)
    said = said or f"HTTP {status}"
    if token:
        said = said.replace(token, "[token]")
    return _LONG_NUMBER.sub(r"…\1", said)[:_DETAIL_MAX]


def _retry_after(response: httpx.Response) -> timedelta | None:
    value = response.headers.get("Retry-After", "")
    if not value.isascii() or not value.isdigit():
        return None  # a date, or nothing; our own pauses will do
    return min(timedelta(seconds=min(int(value), 10**6)), _RETRY_AFTER_MAX)


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
