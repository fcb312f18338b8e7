"""The refusals of a Kubernetes API server, as the `Status` objects it answers with.

Source: `k8s.io/apimachinery/pkg/api/errors` and what servers from 1.25 on were seen to answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse


class StatusError(Exception):
    """A request that the API server refuses."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = dict(details or {})
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": str(self),
            "reason": self.reason,
            "code": self.code,
        }
        if self.details:
            body["details"] = self.details
        return JSONResponse(body, status_code=self.code, headers=self.headers)


def unauthorized() -> StatusError:
    return StatusError(401, "Unauthorized", "Unauthorized")


def forbidden(
    *, user: str, verb: str, resource: str, group: str, namespace: str | None, name: str
) -> StatusError:
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    named = f'{resource} "{name}"' if name else resource
    return StatusError(
        403,
        "Forbidden",
        f'{named} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API group'
        f' "{group}" {where}',
        details={**({"name": name} if name else {}), "kind": resource},
    )


def not_found(resource: str, name: str) -> StatusError:
    return StatusError(
        404,
        "NotFound",
        f'{resource} "{name}" not found',
        details={"name": name, "kind": resource},
    )


def no_such_path() -> StatusError:
    return StatusError(404, "NotFound", "the server could not find the requested resource")


def already_exists(resource: str, name: str) -> StatusError:
    return StatusError(
        409,
        "AlreadyExists",
        f'{resource} "{name}" already exists',
        details={"name": name, "kind": resource},
    )


def modified(resource: str, name: str) -> StatusError:
    return StatusError(
        409,
        "Conflict",
        f'Operation cannot be fulfilled on {resource} "{name}": the object has been modified;'
        " please apply your changes to the latest version and try again",
        details={"name": name, "kind": resource},
    )


def apply_conflict(conflicts: Sequence[tuple[str, str]]) -> StatusError:
    """Refuse an apply; `conflicts` are pairs of the other manager and the field."""
    plural = "conflict" if len(conflicts) == 1 else "conflicts"
    said = "; ".join(f'conflict with "{manager}": {path}' for manager, path in conflicts)
    return StatusError(
        409,
        "Conflict",
        f"Apply failed with {len(conflicts)} {plural}: {said}",
        details={
            "causes": [
                {
                    "reason": "FieldManagerConflict",
                    "message": f'conflict with "{manager}"',
                    "field": path,
                }
                for manager, path in conflicts
            ]
        },
    )


def terminating(namespace: str, *, resource: str, name: str) -> StatusError:
    return StatusError(
        403,
        "Forbidden",
        f'{resource} "{name}" is forbidden: unable to create new content in namespace {namespace}'
        " because it is being terminated",
        details={
            "name": name,
            "kind": resource,
            "causes": [
                {
                    "reason": "NamespaceTerminating",
                    "message": f"namespace {namespace} is being terminated",
                    "field": "metadata.namespace",
                }
            ],
        },
    )


def invalid(kind: str, name: str, *, field: str, why: str) -> StatusError:
    return StatusError(
        422,
        "Invalid",
        f'{kind} "{name}" is invalid: {field}: {why}',
        details={
            "name": name,
            "kind": kind,
            "causes": [{"reason": "FieldValueInvalid", "message": why, "field": field}],
        },
    )


def bad_request(message: str) -> StatusError:
    return StatusError(400, "BadRequest", message)


def expired() -> StatusError:
    return StatusError(410, "Expired", "The resourceVersion for the provided watch is too old.")


def too_many(retry_after_s: int) -> StatusError:
    return StatusError(
        429,
        "TooManyRequests",
        "Too many requests, please try again later.",
        details={"retryAfterSeconds": retry_after_s},
        headers={"Retry-After": str(retry_after_s)},
    )
