"""The objects of a Kubernetes API server: kept, versioned, patched, applied by field managers.

`simulators/kubernetes/access.py` says who may do what.
Source: kubernetes.io/docs/reference/using-api/server-side-apply/, RFC 7396 (merge patch).
"""

import base64
import copy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from mcp_platform.simulators.kubernetes import errors, quota
from mcp_platform.simulators.kubernetes.kinds import NAMESPACES, ResourceKind
from mcp_platform.simulators.kubernetes.validation import check

Object = dict[str, Any]
Path = tuple[str, ...]


# Written by the server, whatever a client sends; owned by nobody.
_SERVERS = {"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"}
_SERVERS |= {"deletionTimestamp", "name", "namespace"}


@dataclass(slots=True)
class Stored:
    """One object, and which manager set which of its fields: by apply, or by any other write."""

    body: Object
    applied: dict[str, set[Path]] = field(default_factory=dict)
    updated: dict[str, set[Path]] = field(default_factory=dict)


class Cluster:
    """All objects, by kind, namespace and name."""

    def __init__(self) -> None:
        self._versions = count(1)
        self._objects: dict[tuple[str, str | None, str], Stored] = {}
        self.reset()

    def reset(self) -> None:
        """Forget everything but the namespace that every cluster has."""
        self._objects.clear()
        self.create(NAMESPACES, None, {"metadata": {"name": "default"}}, manager="kube-apiserver")

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Take back, at the end, whatever is done within."""
        kept = copy.deepcopy(self._objects)
        try:
            yield
        finally:
            self._objects = kept

    def every(self, group: str, resource: str, namespace: str | None) -> Iterable[Object]:
        """Return the objects of a kind in a namespace; None: those of the whole cluster."""
        del group  # no two groups here have a resource of one name
        return [
            stored.body
            for (kind, home, _), stored in sorted(
                self._objects.items(), key=lambda each: repr(each[0])
            )
            if kind == resource and namespace in (None, home)
        ]

    def get(self, kind: ResourceKind, namespace: str | None, name: str) -> Object:
        return self._stored(kind, namespace, name).body

    def exists(self, kind: ResourceKind, namespace: str | None, name: str) -> bool:
        return (kind.resource, namespace, name) in self._objects

    def create(
        self, kind: ResourceKind, namespace: str | None, body: Object, *, manager: str
    ) -> Object:
        name = str(body.get("metadata", {}).get("name", ""))
        if self.exists(kind, namespace, name):
            raise errors.already_exists(kind.resource, name)
        self._check_home(kind, namespace, name)
        stored = Stored({})
        self._keep(kind, namespace, name, stored, _completed(kind, body))
        stored.updated[manager] = set(dict(_leaves(stored.body)))
        return self._written(kind, stored)

    def replace(
        self, kind: ResourceKind, namespace: str | None, name: str, body: Object, *, manager: str
    ) -> Object:
        stored = self._stored(kind, namespace, name)
        self._check_version(kind, name, stored, body)
        return self._update(kind, namespace, name, stored, body, manager=manager)

    def merge(
        self, kind: ResourceKind, namespace: str | None, name: str, patch: Object, *, manager: str
    ) -> Object:
        """Merge a patch into an object; null takes a field away."""
        stored = self._stored(kind, namespace, name)
        self._check_version(kind, name, stored, patch)
        body = _merged(stored.body, patch)
        return self._update(kind, namespace, name, stored, body, manager=manager)

    def apply(
        self,
        kind: ResourceKind,
        namespace: str | None,
        name: str,
        config: Object,
        *,
        manager: str,
        force: bool,
    ) -> Object:
        """Make the object as `config` says, as far as it says it, and no less than it said before."""
        if config.get("metadata", {}).get("managedFields"):
            raise errors.bad_request("metadata.managedFields must be nil")
        key = (kind.resource, namespace, name)
        stored = self._objects.get(key)
        if stored is None:
            self._check_home(kind, namespace, name)
            stored = Stored({})
        else:
            self._check_version(kind, name, stored, config)
        wanted = dict(_leaves(_completed(kind, config)))
        _settle_conflicts(stored, wanted, manager=manager, force=force)
        body = copy.deepcopy(stored.body)
        others = _owned_by_others(stored, manager)
        for path in stored.applied.get(manager, set()) - set(wanted) - others:
            _take_away(body, path)
        for path, value in wanted.items():
            _put(body, path, value)
        self._keep(kind, namespace, name, stored, body)
        stored.applied[manager] = set(wanted)
        return self._written(kind, stored)

    def delete(self, kind: ResourceKind, namespace: str | None, name: str) -> None:
        self._stored(kind, namespace, name)
        del self._objects[kind.resource, namespace, name]
        if kind.resource == "namespaces":
            for key in [key for key in self._objects if key[1] == name]:
                del self._objects[key]

    def tell_status(
        self, kind: ResourceKind, namespace: str | None, name: str, status: Object
    ) -> None:
        """Write what a controller has to say of an object; nobody's fields change."""
        self._stored(kind, namespace, name).body["status"] = status

    def _stored(self, kind: ResourceKind, namespace: str | None, name: str) -> Stored:
        stored = self._objects.get((kind.resource, namespace, name))
        if stored is None:
            raise errors.not_found(kind.resource, name)
        return stored

    def _check_home(self, kind: ResourceKind, namespace: str | None, name: str) -> None:
        if not kind.namespaced:
            return
        home = self._objects.get(("namespaces", None, str(namespace)))
        if home is None:
            raise errors.not_found("namespaces", str(namespace))
        if home.body["status"]["phase"] == "Terminating":
            raise errors.terminating(str(namespace), resource=kind.resource, name=name)

    @staticmethod
    def _check_version(kind: ResourceKind, name: str, stored: Stored, body: Object) -> None:
        seen = body.get("metadata", {}).get("resourceVersion")
        if seen not in (None, stored.body["metadata"]["resourceVersion"]):
            raise errors.modified(kind.resource, name)

    def _update(
        self,
        kind: ResourceKind,
        namespace: str | None,
        name: str,
        stored: Stored,
        body: Object,
        *,
        manager: str,
    ) -> Object:
        before = dict(_leaves(stored.body))
        self._keep(kind, namespace, name, stored, _completed(kind, body))
        after = dict(_leaves(stored.body))
        changed = {path for path, value in after.items() if before.get(path) != value}
        for owned in (*stored.applied.values(), *stored.updated.values()):
            owned.difference_update(changed, set(before) - set(after))
        stored.updated.setdefault(manager, set()).update(changed)
        return self._written(kind, stored)

    def _keep(
        self, kind: ResourceKind, namespace: str | None, name: str, stored: Stored, body: Object
    ) -> None:
        check(kind.name, name, body, before=stored.body)
        if not stored.body:
            quota.admit(self, kind, namespace, body)
        old = stored.body.get("metadata", {})
        metadata = {
            "name": name,
            **({"namespace": namespace} if namespace else {}),
            **{key: each for key, each in body.get("metadata", {}).items() if key not in _SERVERS},
            "uid": old.get("uid", str(uuid4())),
            "creationTimestamp": old.get(
                "creationTimestamp", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            ),
            "resourceVersion": str(next(self._versions)),
        }
        stored.body = {**body, "apiVersion": kind.api_version, "kind": kind.name}
        stored.body["metadata"] = metadata
        if kind.resource == "namespaces":
            stored.body.setdefault("status", {"phase": "Active"})
            metadata["labels"] = {
                **metadata.get("labels", {}),
                "kubernetes.io/metadata.name": name,
            }
        self._objects[kind.resource, namespace, name] = stored

    @staticmethod
    def _written(kind: ResourceKind, stored: Stored) -> Object:
        stored.body["metadata"]["managedFields"] = [
            {
                "manager": manager,
                "operation": operation,
                "apiVersion": kind.api_version,
                "fieldsType": "FieldsV1",
                "fieldsV1": _fields(owned),
            }
            for operation, owners in (("Apply", stored.applied), ("Update", stored.updated))
            for manager, owned in owners.items()
            if owned
        ]
        return stored.body


def _completed(kind: ResourceKind, body: Object) -> Object:
    """Return `body` as a server keeps it: what is written as text becomes bytes, as base64."""
    done = copy.deepcopy(body)
    if kind.name == "Secret":
        for key, text in (done.pop("stringData", None) or {}).items():
            done.setdefault("data", {})[key] = base64.b64encode(str(text).encode()).decode()
        done.setdefault("type", "Opaque")
    return done


def _leaves(body: Mapping[str, Any], before: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the fields that somebody owns; a list is one field."""
    for key, value in body.items():
        path = (*before, key)
        if path in {("apiVersion",), ("kind",), ("status",)}:
            continue
        if before == ("metadata",) and key in _SERVERS:
            continue
        if isinstance(value, dict):
            yield from _leaves(value, path)
        else:
            yield path, value


def _settle_conflicts(
    stored: Stored, wanted: Mapping[Path, Any], *, manager: str, force: bool
) -> None:
    """Refuse what changes others' fields, or take these fields over."""
    present = dict(_leaves(stored.body))
    conflicts: list[tuple[str, str]] = []
    for owners in (stored.applied, stored.updated):
        for other, owned in owners.items():
            if other == manager and owners is stored.applied:
                continue
            taken = {path for path in owned & set(wanted) if present[path] != wanted[path]}
            conflicts += [(other, "." + ".".join(path)) for path in sorted(taken)]
            if force:
                owned.difference_update(taken)
    if conflicts and not force:
        raise errors.apply_conflict(conflicts)


def _owned_by_others(stored: Stored, manager: str) -> set[Path]:
    applied = [owned for other, owned in stored.applied.items() if other != manager]
    return set().union(*applied, *stored.updated.values())


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _put(body: Object, path: Path, value: Any) -> None:
    *parents, last = path
    for each in parents:
        body = body.setdefault(each, {})
    body[last] = value


def _take_away(body: Object, path: Path) -> None:
    *parents, last = path
    for each in parents:
        body = body.get(each, {})
    body.pop(last, None)


def _fields(owned: set[Path]) -> Object:
    shown: Object = {}
    for path in sorted(owned):
        _put(shown, tuple(f"f:{each}" for each in path), {})
    return shown
