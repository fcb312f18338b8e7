"""A Kubernetes object as plain data, and the rules that every object obeys.

A wrong spec is refused here, when manifests are made, and not by the cluster when they are applied.
"""

import re
from collections.abc import Mapping
from typing import Any, NewType

Manifest = dict[str, Any]
Namespace = NewType("Namespace", str)

PART_OF = "mcp-platform"
LONGEST_NAME = 63  # a DNS label: what Services, namespaces and label values may be
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


class WrongSpec(ValueError):
    """What was asked for cannot be a Kubernetes object; the sentence names it."""


def manifest(
    *,
    api_version: str,
    kind: str,
    name: str,
    namespace: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **sections: Any,
) -> Manifest:
    """Return an object; `sections` are what stands beside `metadata`, such as `spec` or `data`.

    Raises:
        WrongSpec: the name is no DNS label, or a label's value is not one.
    """
    require_name(name, of=kind)
    metadata: Manifest = {"name": name}
    if namespace is not None:
        metadata["namespace"] = require_name(namespace, of="Namespace")
    if labels:
        for key, value in labels.items():
            if not _LABEL_VALUE.fullmatch(value):
                raise WrongSpec(f"{kind} {name}: label {key} cannot be {value!r}")
        metadata["labels"] = dict(labels)
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **sections}


def require_name(name: str, *, of: str) -> str:
    """Return `name`. Raises WrongSpec unless it is a DNS label of at most 63 characters."""
    if not _LABEL.fullmatch(name):
        raise WrongSpec(
            f"{of}: {name!r} is no name; lower-case letters, digits and dashes, at most"
            f" {LONGEST_NAME} of them"
        )
    return name


def labels_of(
    *, instance: str, component: str, client: str | None = None, environment: str | None = None
) -> dict[str, str]:
    """Return the labels that every object of ours bears; a tenant's also say whose they are."""
    labels = {
        "app.kubernetes.io/name": PART_OF,
        "app.kubernetes.io/instance": instance,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": PART_OF,
        "app.kubernetes.io/managed-by": PART_OF,
    }
    if client is not None and environment is not None:
        labels |= {"mcp-platform/client": client, "mcp-platform/environment": environment}
    return labels


def selector_of(*, instance: str, component: str) -> dict[str, str]:
    """Return the labels that pods are found by. A Deployment's never change, so they are few."""
    return {
        "app.kubernetes.io/name": PART_OF,
        "app.kubernetes.io/instance": instance,
        "app.kubernetes.io/component": component,
    }


def unscanned(reasons: Mapping[str, str]) -> dict[str, str]:
    """Return the annotations by which checkov passes over an object's checks, each with its reason."""
    return {
        f"checkov.io/skip{number}": f"{check}={reason}"
        for number, (check, reason) in enumerate(reasons.items(), start=1)
    }


def in_namespace(name: str) -> Manifest:
    """Return a selector of the one namespace of this name."""
    return {"matchLabels": {"kubernetes.io/metadata.name": name}}
