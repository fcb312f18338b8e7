"""Quotas of a namespace, counted when an object is made, as a Kubernetes API server counts them.

A quota that is lowered below what is used takes nothing away; it only refuses what comes next.
Source: kubernetes.io/docs/concepts/policy/resource-quotas/
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from mcp_platform.simulators.kubernetes.errors import StatusError
from mcp_platform.simulators.kubernetes.kinds import ResourceKind

_UNITS = {
    "": Decimal(1), "m": Decimal("0.001"),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
}  # fmt: skip
_QUANTITY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)([a-zA-Z]{0,2})", re.ASCII)
_ENDED = ("Succeeded", "Failed")  # a pod that is over takes nothing


class QuotaObjects(Protocol):
    """Where objects are kept."""

    def every(
        self, group: str, resource: str, namespace: str | None
    ) -> Iterable[Mapping[str, Any]]:
        """Return all objects of a kind in a namespace."""


def quantity(text: str) -> Decimal:
    """Return the number that a quantity stands for: `500m` is 0.5."""
    found = _QUANTITY.fullmatch(text)
    if found is None or found[2] not in _UNITS:
        raise ValueError(f"{text!r} is no quantity")
    return Decimal(found[1]) * _UNITS[found[2]]


def admit(
    objects: QuotaObjects, kind: ResourceKind, namespace: str | None, body: Mapping[str, Any]
) -> None:
    """Refuse a new object that some quota of its namespace has no room for.

    Raises:
        Refusal: 403, with what was asked for, what is used and what is the limit.
    """
    for quota in objects.every("", "resourcequotas", namespace):
        hard = quota.get("spec", {}).get("hard") or {}
        asked = _taken(kind.resource, body)
        _require_said(kind, body, hard=hard, asked=asked, quota=quota)
        used = dict.fromkeys(hard, Decimal(0))
        for other in objects.every(kind.group, kind.resource, namespace):
            for what, amount in _taken(kind.resource, other).items():
                if what in used:
                    used[what] += amount
        over = [
            what for what in sorted(hard) if asked.get(what, 0) + used[what] > quantity(hard[what])
        ]
        if over := [what for what in over if what in asked]:
            raise _refusal(
                kind,
                body,
                f"exceeded quota: {quota['metadata']['name']},"
                f" requested: {','.join(f'{what}={_shown(asked[what])}' for what in over)},"
                f" used: {','.join(f'{what}={_shown(used[what])}' for what in over)},"
                f" limited: {','.join(f'{what}={hard[what]}' for what in over)}",
            )


def _taken(resource: str, body: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return what one object counts, by the names that quotas use."""
    if resource != "pods":
        return {resource: Decimal(1), f"count/{resource}": Decimal(1)}
    if body.get("status", {}).get("phase") in _ENDED:
        return {}
    taken = {"pods": Decimal(1), "count/pods": Decimal(1)}
    for container in body["spec"]["containers"]:
        for bound in ("requests", "limits"):
            for what, amount in (container.get("resources", {}).get(bound) or {}).items():
                name = f"{bound}.{what}"
                taken[name] = taken.get(name, Decimal(0)) + quantity(amount)
    return taken


def _require_said(
    kind: ResourceKind,
    body: Mapping[str, Any],
    *,
    hard: Mapping[str, str],
    asked: Mapping[str, Decimal],
    quota: Mapping[str, Any],
) -> None:
    """Refuse a pod that does not say what a quota counts."""
    unsaid = sorted(
        what for what in hard if what.startswith(("requests.", "limits.")) and what not in asked
    )
    if kind.resource == "pods" and unsaid:
        name = quota["metadata"]["name"]
        raise _refusal(kind, body, f"failed quota: {name}: must specify {','.join(unsaid)}")


def _refusal(kind: ResourceKind, body: Mapping[str, Any], why: str) -> StatusError:
    name = body["metadata"]["name"]
    details = {"name": name, "kind": kind.resource}
    return StatusError(
        403, "Forbidden", f'{kind.resource} "{name}" is forbidden: {why}', details=details
    )


def _shown(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
