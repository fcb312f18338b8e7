"""Who asks a Kubernetes API server, and what they may do: bearer tokens and RBAC.

Roles and bindings are objects like any other, and are read from where the simulator keeps them.
Source: kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mcp_platform.simulators.kubernetes.errors import unauthorized
from mcp_platform.simulators.kubernetes.kinds import RBAC

AUTHENTICATED = "system:authenticated"
MASTERS = "system:masters"  # may do everything, whatever the roles say


@dataclass(frozen=True, slots=True)
class TokenUser:
    """Who a token stands for."""

    name: str
    groups: frozenset[str]


ANONYMOUS = TokenUser("system:anonymous", frozenset({"system:unauthenticated"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What somebody wants to do. `name` is empty where a request names none."""

    verb: str
    group: str
    resource: str
    namespace: str | None
    name: str = ""


class RoleObjects(Protocol):
    """Where roles and bindings are kept."""

    def every(
        self, group: str, resource: str, namespace: str | None
    ) -> Iterable[Mapping[str, Any]]:
        """Return all objects of a kind in a namespace."""


class BearerTokens:
    """Bearer tokens that are live, and who they stand for."""

    def __init__(self) -> None:
        self._users: dict[str, TokenUser] = {}

    def issue(self, user: str, *, groups: Iterable[str] = (), token: str | None = None) -> str:
        """Make `token`, or a new one, stand for `user`."""
        kept = token or f"k8s-{secrets.token_urlsafe(24)}"
        parts = user.split(":")
        if user.startswith("system:serviceaccount:") and len(parts) == 4:  # noqa: PLR2004  # its form
            groups = [*groups, "system:serviceaccounts", f"system:serviceaccounts:{parts[2]}"]
        self._users[kept] = TokenUser(user, frozenset({*groups, AUTHENTICATED}))
        return kept

    def revoke(self, *, user: str | None = None) -> None:
        """Refuse all tokens of `user`, or of everybody, from now on."""
        gone = [token for token, each in self._users.items() if user in (None, each.name)]
        for token in gone:
            del self._users[token]

    def who(self, authorization: str | None) -> TokenUser:
        """Return who brings this header.

        Raises:
            Refusal: 401; the token is not live.
        """
        if authorization is None:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return ANONYMOUS
        user = self._users.get(token.strip())
        if user is None:
            raise unauthorized()
        return user


def allowed(objects: RoleObjects, user: TokenUser, attempt: Attempt) -> bool:
    """Tell whether any rule that is bound to `user` allows `attempt`. Nothing denies."""
    if MASTERS in user.groups:
        return True
    return any(
        _covers(rule, attempt)
        for rule in (
            *_rules(objects, user, namespace=None),
            *(_rules(objects, user, namespace=attempt.namespace) if attempt.namespace else ()),
        )
    )


def _rules(
    objects: RoleObjects, user: TokenUser, *, namespace: str | None
) -> Iterable[Mapping[str, Any]]:
    kind = "clusterrolebindings" if namespace is None else "rolebindings"
    for binding in objects.every(RBAC, kind, namespace):
        if any(_is_subject(each, user, namespace) for each in binding.get("subjects") or ()):
            reference = binding["roleRef"]
            of_cluster = reference["kind"] == "ClusterRole"
            resource = "clusterroles" if of_cluster else "roles"
            for role in objects.every(RBAC, resource, None if of_cluster else namespace):
                if role["metadata"]["name"] == reference["name"]:
                    yield from role.get("rules") or ()


def _is_subject(subject: Mapping[str, Any], user: TokenUser, namespace: str | None) -> bool:
    match subject["kind"]:
        case "ServiceAccount":
            home = subject.get("namespace", namespace)
            return user.name == f"system:serviceaccount:{home}:{subject['name']}"
        case "User":
            return user.name == str(subject["name"])
        case "Group":
            return subject["name"] in user.groups
        case _:
            return False


def _covers(rule: Mapping[str, Any], attempt: Attempt) -> bool:
    def listed(field: str, value: str) -> bool:
        return bool({"*", value} & set(rule.get(field) or ()))

    names = rule.get("resourceNames") or ()
    return (
        listed("verbs", attempt.verb)
        and listed("apiGroups", attempt.group)
        and listed("resources", attempt.resource)
        # Creating names nothing that could be compared: such a rule never allows it.
        and (not names or attempt.name in names)
    )
