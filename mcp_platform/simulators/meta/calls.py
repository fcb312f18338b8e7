"""Reads a request to the simulated Graph: its parameters, its token, its fault.

`simulators/meta/graph.py` answers it.
"""

import hmac
import json
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from mcp_platform.simulators.meta.errors import GraphError, token_refused
from mcp_platform.simulators.meta.state import Number


@dataclass(frozen=True, slots=True)
class GraphCall:
    """One request to Graph with its parameters, wherever they were: query, form or JSON."""

    request: Request
    kind: str
    params: dict[str, Any]

    @property
    def node(self) -> str:
        """The id in the path."""
        return str(self.request.path_params.get("node", ""))

    @property
    def token(self) -> str:
        """The access token, from the header or else from the query."""
        scheme, _, token = self.request.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else str(self.params.get("access_token", ""))


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """The file part of a multipart upload."""

    filename: str | None
    mime_type: str
    content: bytes


async def read_params(request: Request) -> dict[str, Any]:
    """Return the parameters of query and body together, as Graph takes them."""
    params: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    body = await request.body()
    if kind.startswith("multipart/form-data"):
        params |= _multipart(kind, body)
    elif kind.startswith("application/x-www-form-urlencoded"):
        params |= {
            key: _perhaps_json(value) for key, value in parse_qsl(body.decode(errors="replace"))
        }
    elif body:
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = None  # as Graph does: what can't be read is as if it were not there
        params |= parsed if isinstance(parsed, dict) else {}
    return params


def _perhaps_json(value: str) -> Any:
    try:
        return json.loads(value) if value[:1] in "{[" else value
    except ValueError:
        return value


def _multipart(content_type: str, body: bytes) -> dict[str, Any]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    params: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        filename = part.get_filename()
        params[str(name)] = (
            content.decode(errors="replace")
            if filename is None
            else UploadedFile(filename, part.get_content_type(), content)
        )
    return params


def fault_context(call: GraphCall) -> dict[str, str]:
    """Return what a fault's `match` can select this call by."""
    read = call.kind == "messages" and "status" in call.params
    context = {"kind": "read" if read else "send" if call.kind == "messages" else call.kind}
    if call.node:
        context["node"] = context["phone_number_id"] = call.node
    for name in ("to", "recipient", "type"):
        if isinstance(call.params.get(name), str):
            context["to" if name == "recipient" else name] = call.params[name]
    return context


def refusal_of(fault: str, params: dict[str, Any]) -> GraphError:
    """Return the refusal that a fault for any call stands for."""
    if fault == "token_expired":
        return token_refused(expired=True)
    if fault == "server_error":
        status = int(params.get("status", 500))
        return GraphError(131000 if status == 500 else 2, status=status)  # noqa: PLR2004 - HTTP
    return GraphError(
        int(params.get("code", 131000)),
        message=params.get("message"),
        details=params.get("details"),
        subcode=params.get("subcode"),
        status=params.get("status"),
    )


def check_proof(call: GraphCall, number: Number) -> None:
    """Check the proof that the caller has the app's secret besides the token.

    Raises:
        GraphError: it is wrong, or it is missing where it is required.
    """
    given = call.params.get("appsecret_proof")
    if given is None:
        if number.require_proof:
            raise GraphError(
                100,
                message="API calls from the server require an appsecret_proof argument",
                kind="GraphMethodException",
            )
        return
    due = hmac.new(number.app_secret.encode(), call.token.encode(), sha256).hexdigest()
    if not hmac.compare_digest(due, str(given)):
        raise GraphError(
            100,
            message="Invalid appsecret_proof provided in the API argument",
            kind="GraphMethodException",
        )
