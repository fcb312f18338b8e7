"""What an object of a Kubernetes API server has to be, before it is kept.

Here are the rules for names, labels, Secrets, roles and bindings.
Source: `k8s.io/kubernetes/pkg/apis/{core,rbac}/validation`, and what a server was seen to answer.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from mcp_platform.simulators.kubernetes import errors

Object = Mapping[str, Any]

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
_WORD = r"[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = re.compile(rf"([a-z0-9]([-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_WORD}", re.ASCII)
_LABEL_VALUE = re.compile(rf"({_WORD})?", re.ASCII)
_DATA_KEY = re.compile(r"(?!\.\.)[-._a-zA-Z0-9]{1,253}", re.ASCII)
_LARGEST_SECRET = 1024 * 1024
_MUST = "must consist of alphanumeric characters, '-', '_' or '.'"


def check(kind: str, name: str, body: Object, *, before: Object) -> None:
    """Refuse what a server would not keep; `before` is what it kept so far, or empty.

    Raises:
        Refusal: 400, or 422 with the field.
    """
    _check_labels(kind, name, body)
    match kind:
        case "Namespace":
            _check_name(kind, name, _LABEL)
        case "Secret":
            _check_name(kind, name, _SUBDOMAIN)
            _check_secret(name, body, before)
        case "Role" | "ClusterRole":
            for number, rule in enumerate(body.get("rules") or ()):
                if not rule.get("verbs"):
                    why = "Required value: verbs must contain at least one value"
                    raise errors.invalid(kind, name, field=f"rules[{number}].verbs", why=why)
        case "RoleBinding" | "ClusterRoleBinding":
            _check_binding(kind, name, body, before)
        case _:
            _check_name(kind, name, _SUBDOMAIN)


def _check_name(kind: str, name: str, form: re.Pattern[str]) -> None:
    if form.fullmatch(name) is None:
        why = f'Invalid value: "{name}": a lowercase RFC 1123 name must consist of lower case'
        raise errors.invalid(kind, name, field="metadata.name", why=why)


def _check_labels(kind: str, name: str, body: Object) -> None:
    for key, value in (body.get("metadata", {}).get("labels") or {}).items():
        if not isinstance(value, str):
            message = f'{kind} in version "v1" cannot be handled as a {kind}: labels: expects "'
            raise errors.bad_request(message)
        for text, form, what in ((key, _LABEL_KEY, "name part"), (value, _LABEL_VALUE, "a label")):
            if form.fullmatch(text) is None:
                why = f'Invalid value: "{text}": {what} {_MUST}, and no more than 63 characters'
                raise errors.invalid(kind, name, field="metadata.labels", why=why)


def _check_secret(name: str, body: Object, before: Object) -> None:
    size = 0
    for key, value in (body.get("data") or {}).items():
        if _DATA_KEY.fullmatch(key) is None:
            why = "Invalid value: a valid config key must consist of alphanumeric characters"
            raise errors.invalid("Secret", name, field=f"data[{key}]", why=why)
        try:
            size += len(base64.b64decode(str(value), validate=True))
        except binascii.Error as error:
            raise errors.bad_request(
                'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at'
                f" input byte 4, error found in #10 byte of ...|{key}: {value}|..."
            ) from error
    if size > _LARGEST_SECRET:
        why = "Too long: may not be more than 1048576 bytes"
        raise errors.invalid("Secret", name, field="data", why=why)
    if before and before.get("type") != body.get("type"):
        why = f'Invalid value: "{body.get("type")}": field is immutable'
        raise errors.invalid("Secret", name, field="type", why=why)
    if before.get("immutable"):
        for field in ("immutable", "data"):
            if before.get(field) != body.get(field):
                why = "Forbidden: field is immutable when `immutable` is set"
                raise errors.invalid("Secret", name, field=field, why=why)


def _check_binding(kind: str, name: str, body: Object, before: Object) -> None:
    reference = body.get("roleRef") or {}
    if reference.get("kind") not in ("Role", "ClusterRole") or not reference.get("name"):
        raise errors.invalid(kind, name, field="roleRef", why="Required value")
    if before and before["roleRef"] != reference:
        raise errors.invalid(
            kind, name, field="roleRef", why="Invalid value: cannot change roleRef"
        )
    if kind == "RoleBinding":
        return  # whose accounts are by default those of its own namespace
    for number, subject in enumerate(body.get("subjects") or ()):
        if subject.get("kind") == "ServiceAccount" and not subject.get("namespace"):
            field = f"subjects[{number}].namespace"
            raise errors.invalid(kind, name, field=field, why="Required value")
