"""The door to the Kubernetes API: Secrets, namespaces and Deployments, one at a time and by name.

It connects as a Pod does in a cluster, else as KUBECONFIG says. The body of a refusal is neither
logged nor told, because the API quotes what it was sent.
"""

import asyncio
import base64
import binascii
import random
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from itertools import count
from typing import TypeVar

import httpx2
from lightkube import ApiError, AsyncClient, KubeConfig
from lightkube.config.kubeconfig import SingleConfig
from lightkube.core.exceptions import ConfigError
from lightkube.models.apps_v1 import DeploymentStatus
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Namespace as NamespaceObject
from lightkube.resources.core_v1 import Secret as SecretObject
from lightkube.resources.core_v1 import Service
from lightkube.resources.discovery_v1 import EndpointSlice
from lightkube.types import PatchType

from mcp_platform.errors import Conflict, PlatformError
from mcp_platform.tenants.credentials import (
    CredentialsForbidden,
    CredentialsMissing,
    CredentialsUnreadable,
)
from mcp_platform.tenants.rollout import Rollout

FIELD_MANAGER = "mcp-platform"
ONE_TRY = httpx2.Timeout(2.0)  # seconds for each of connecting, sending, waiting
READ_WITHIN = timedelta(seconds=4)  # the cache in front waits for five
WRITE_WITHIN = timedelta(seconds=15)
TRIES = 4
FIRST_PAUSE_S = 0.2  # doubled with each try, and taken at random below that
LONGEST_PAUSE_S = 3.0
UNNAMED = "this service"
_HELD_UP_MAX = 300  # characters; what a quota refuses is told in some 200
RETRY_AFTER = timedelta(seconds=20)  # when the cache asks again
_USER = re.compile(r'User "([^"]{1,200})" cannot')
# Set by other tools that make Secrets.
_EXTERNAL = "reconcile.external-secrets.io/managed"

Answer = TypeVar("Answer")
_API_SERVICE, _API_NAMESPACE = (
    "kubernetes",
    "default",
)  # in every cluster, by which pods reach the API


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A Secret as it stands. `owner` is the kind and name of the object it is made from, if any."""

    values: Mapping[str, str]
    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A namespace as it stands."""

    labels: Mapping[str, str]
    terminating: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """What is asked, in the words of RBAC."""

    verb: str
    resource: str
    name: str
    namespace: str | None

    def __str__(self) -> str:
        where = f" in namespace {self.namespace!r}" if self.namespace else ""
        return f"{self.verb} {self.resource} {self.name!r}{where}"

    def kubectl(self, user: str) -> str:
        """Return the command that shows whether `user` may."""
        scope = f" -n {self.namespace}" if self.namespace else ""
        named = "" if self.verb == "create" else f"/{self.name}"
        as_user = f" --as={user}" if user != UNNAMED else ""
        return f"kubectl auth can-i {self.verb} {self.resource}{named}{scope}{as_user}"


class KubernetesApi:
    """One API server, as one user. Opened by the first question, closed by `close`."""

    def __init__(self, config: SingleConfig | None = None) -> None:
        """Connect as `config` says; without one, as the Pod's service account or KUBECONFIG do.

        Raises:
            CredentialsUnreadable: neither is there.
        """
        try:
            self._client = AsyncClient(
                config or KubeConfig.from_env(), field_manager=FIELD_MANAGER, timeout=ONE_TRY
            )
        except (ConfigError, KeyError, OSError) as error:
            raise CredentialsUnreadable(
                "No Kubernetes API is configured: run in a Pod with a service account's token, or"
                f" set KUBECONFIG ({error})."
            ) from error

    async def close(self) -> None:
        await self._client.close()

    async def secret(self, *, namespace: str, name: str) -> Secret | None:
        """Return a Secret; None: there is none, or no such namespace.

        Raises:
            CredentialsForbidden: this user may not read it.
            CredentialsUnreadable: the API is away, or the Secret holds what is no text.
        """
        attempt = _Attempt(verb="get", resource="secrets", name=name, namespace=namespace)
        found = await self._asked(
            lambda: self._client.get(SecretObject, name, namespace=namespace),
            attempt,
            within=READ_WITHIN,
            unless=HTTPStatus.NOT_FOUND,
        )
        if found is None:
            return None
        return Secret(values=_decoded(found.data or {}, attempt), owner=_owner(found.metadata))

    async def create_secret(
        self, *, namespace: str, name: str, values: Mapping[str, str], labels: Mapping[str, str]
    ) -> bool:
        """Make a Secret; return whether there was none. Raises as `secret`, and Conflict."""
        made = SecretObject(
            metadata=ObjectMeta(name=name, namespace=namespace, labels=dict(labels)),
            type="Opaque",
            data=_encoded(values),
        )
        created = await self._asked(
            lambda: self._client.create(made),
            _Attempt(verb="create", resource="secrets", name=name, namespace=namespace),
            within=WRITE_WITHIN,
            unless=HTTPStatus.CONFLICT,
        )
        return created is not None

    async def change_secret(
        self,
        *,
        namespace: str,
        name: str,
        values: Mapping[str, str],
        remove: Collection[str],
        labels: Mapping[str, str],
    ) -> bool:
        """Set and take away keys of a Secret; return whether it was there. Raises as `create_secret`.

        It is a merge and not a server-side apply. That one removes only what the same manager set,
        and would leave a value that somebody wrote with kubectl.
        """
        data: dict[str, str | None] = {**_encoded(values), **dict.fromkeys(remove)}
        changed = await self._asked(
            lambda: self._client.patch(
                SecretObject,
                name,
                {"metadata": {"labels": dict(labels)}, "data": data},
                namespace=namespace,
                patch_type=PatchType.MERGE,
            ),
            _Attempt(verb="patch", resource="secrets", name=name, namespace=namespace),
            within=WRITE_WITHIN,
            unless=HTTPStatus.NOT_FOUND,
        )
        return changed is not None

    async def delete_secret(self, *, namespace: str, name: str) -> None:
        """Delete a Secret, if it is there. Raises as `secret`."""
        await self._asked(
            lambda: self._client.delete(SecretObject, name, namespace=namespace),
            _Attempt(verb="delete", resource="secrets", name=name, namespace=namespace),
            within=WRITE_WITHIN,
            unless=HTTPStatus.NOT_FOUND,
        )

    async def namespace(self, name: str) -> Namespace | None:
        """Return a namespace; None: there is none. Raises as `secret`."""
        found = await self._asked(
            lambda: self._client.get(NamespaceObject, name),
            _Attempt(verb="get", resource="namespaces", name=name, namespace=None),
            within=READ_WITHIN,
            unless=HTTPStatus.NOT_FOUND,
        )
        if found is None:
            return None
        metadata = found.metadata or ObjectMeta()
        return Namespace(
            labels=metadata.labels or {}, terminating=metadata.deletionTimestamp is not None
        )

    async def rollout(self, *, namespace: str, name: str) -> Rollout | None:
        """Return how a Deployment stands; None: there is none. Raises as `secret`."""
        found = await self._asked(
            lambda: self._client.get(Deployment, name, namespace=namespace),
            _Attempt(verb="get", resource="deployments", name=name, namespace=namespace),
            within=READ_WITHIN,
            unless=HTTPStatus.NOT_FOUND,
        )
        return None if found is None else _rollout(found)

    async def apply_namespace(self, name: str, *, labels: Mapping[str, str]) -> None:
        """Make the namespace, or give it these labels; others' labels stay. Raises as `secret`.

        Raises:
            Conflict: somebody else gave one of these labels another value.
        """
        await self._asked(
            lambda: self._client.patch(
                NamespaceObject,
                name,
                {
                    "apiVersion": "v1",
                    "kind": "Namespace",
                    "metadata": {"name": name, "labels": dict(labels)},
                },
                patch_type=PatchType.APPLY,
            ),
            _Attempt(verb="patch", resource="namespaces", name=name, namespace=None),
            within=WRITE_WITHIN,
        )

    async def own_addresses(self) -> frozenset[str]:
        """Return the addresses at which this cluster's API answers pods. Raises as `secret`."""
        attempt = _Attempt(
            verb="get", resource="services", name=_API_SERVICE, namespace=_API_NAMESPACE
        )
        service = await self._asked(
            lambda: self._client.get(Service, _API_SERVICE, namespace=_API_NAMESPACE),
            attempt,
            within=READ_WITHIN,
        )
        slices = await self._asked(
            self._endpoints,
            replace(attempt, verb="list", resource="endpointslices"),
            within=READ_WITHIN,
        )
        ends = [end for each in slices or () for end in each.endpoints or ()]
        # Network plug-ins look before or after the service's address is replaced by an endpoint's.
        spec = service and service.spec
        return frozenset((spec and spec.clusterIPs) or ()).union(*(end.addresses for end in ends))

    async def _endpoints(self) -> list[EndpointSlice]:
        listed = self._client.list(
            EndpointSlice,
            namespace=_API_NAMESPACE,
            labels={"kubernetes.io/service-name": _API_SERVICE},
        )
        return [each async for each in listed]

    async def _asked(
        self,
        ask: Callable[[], Awaitable[Answer]],
        attempt: _Attempt,
        *,
        within: timedelta,
        unless: HTTPStatus | None = None,
    ) -> Answer | None:
        """Ask until there is an answer; None: it is the status `unless`."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                for tried in count(1):
                    try:
                        return await ask()
                    except (httpx2.HTTPError, ConfigError, OSError, KeyError, ValueError) as error:
                        refusal = _refusal(error)
                    if refusal.status == unless:
                        return None
                    if tried == TRIES or not refusal.passes:
                        break
                    pause = FIRST_PAUSE_S * 2 ** (tried - 1) * random.random()
                    await asyncio.sleep(max(pause, min(refusal.wait_s, LONGEST_PAUSE_S)))
        except TimeoutError as error:
            raise CredentialsUnreadable(
                f"The Kubernetes API does not answer ({attempt})."
            ) from error
        # Not `from` the client's error: its sentence may quote the Secret that was sent.
        raise _meaning(refusal, attempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """What is kept of a refusal: nothing that could quote a Secret."""

    status: int | None
    said: str
    user: str = UNNAMED
    wait_s: float = 0
    terminating: bool = False

    @property
    def passes(self) -> bool:
        """Whether the same question may be answered soon."""
        return (
            self.status is None
            or self.status == HTTPStatus.TOO_MANY_REQUESTS
            or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )


def _refusal(error: Exception) -> _Refusal:
    # lightkube stumbles over an answer that is not the API's own, but a proxy's in front of it.
    if isinstance(error, KeyError | ValueError) and isinstance(error.__context__, Exception):
        error = error.__context__
    if isinstance(error, httpx2.ConnectError):  # before anything was sent that it could quote
        return _Refusal(status=None, said=f"cannot connect: {error}")
    if not isinstance(error, httpx2.HTTPStatusError):
        return _Refusal(status=None, said=type(error).__name__)
    status, said, user, terminating = error.response.status_code, "", None, False
    if isinstance(error, ApiError):
        said = error.status.reason or ""
        user = _USER.search(error.status.message or "")
        causes = (error.status.details and error.status.details.causes) or ()
        terminating = any(each.reason == "NamespaceTerminating" for each in causes)
    wait = error.response.headers.get("retry-after", "")
    return _Refusal(
        status=status,
        said=f"{status} {said}".strip(),
        user=user[1] if user else UNNAMED,
        wait_s=int(wait[:4]) if wait.isdecimal() else 0,
        terminating=terminating,
    )


def _meaning(refusal: _Refusal, attempt: _Attempt) -> PlatformError:
    match refusal.status:
        case HTTPStatus.UNAUTHORIZED:
            return CredentialsUnreadable(
                "The Kubernetes API does not accept this service's token, read anew from its file:"
                " look whether its ServiceAccount still exists and whether the clocks agree."
            )
        case _ if refusal.terminating:
            return Conflict(
                f"Namespace {attempt.namespace!r} is being deleted: wait until it is gone, then"
                " repeat this."
            )
        case HTTPStatus.FORBIDDEN if attempt.verb == "get" or refusal.user != UNNAMED:
            return CredentialsForbidden(_forbidden(refusal.user, attempt))
        case HTTPStatus.NOT_FOUND:
            return CredentialsMissing(
                f"There is no namespace {attempt.namespace!r}: prepare the tenant, or apply its"
                f" manifests. Look: kubectl get namespace {attempt.namespace}"
            )
        case HTTPStatus.CONFLICT:
            return Conflict(
                f"The Kubernetes API cannot {attempt}: somebody else changes it, or set one of its"
                " fields to another value. Look: kubectl get"
                f" {attempt.resource}/{attempt.name} --show-managed-fields -o yaml"
            )
        # Forbidden, and no user named: the roles allow it, and then it was not admitted.
        case HTTPStatus.UNPROCESSABLE_ENTITY | HTTPStatus.BAD_REQUEST | HTTPStatus.FORBIDDEN:
            return Conflict(
                f"The Kubernetes API refuses to {attempt} ({refusal.said}): it is immutable, or a"
                " quota, a webhook or an admission policy of this cluster forbids it. Look:"
                f" kubectl get resourcequotas,events --namespace={attempt.namespace or attempt.name}"
            )
        case _:
            return CredentialsUnreadable(
                f"The Kubernetes API cannot {attempt} now ({refusal.said}).",
                retry_after=RETRY_AFTER,
            )


def _forbidden(user: str, attempt: _Attempt) -> str:
    if attempt.verb == "get" and attempt.namespace:
        missing = (
            f"the Role of namespace {attempt.namespace!r} that allows `get` on it, or its"
            f" RoleBinding to {user}, is missing. Both come with the tenant's manifests"
        )
    else:
        missing = (
            "only the provisioner may, by a ClusterRole and a ClusterRoleBinding to its"
            f" ServiceAccount; they do not allow it to {user}"
        )
    return f"Kubernetes does not let {user} {attempt}: {missing}. Look: {attempt.kubectl(user)}"


def _encoded(values: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def _decoded(data: Mapping[str, str], attempt: _Attempt) -> dict[str, str]:
    values = {}
    for key, value in data.items():
        try:
            values[key] = base64.b64decode(value).decode()
        except (binascii.Error, UnicodeDecodeError):
            # Without the cause, which holds what could not be read.
            raise CredentialsUnreadable(
                f"{key} of Secret {attempt.name!r} in namespace {attempt.namespace!r} is no text."
            ) from None
    return values


def _rollout(deployment: Deployment) -> Rollout:
    """Judge as `kubectl rollout status` does, and name what holds it up.

    Source: kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
    """
    about = deployment.metadata or ObjectMeta()
    status = deployment.status or DeploymentStatus()
    wanted = deployment.spec.replicas if deployment.spec else None
    wanted = 1 if wanted is None else wanted  # as the API itself has it
    there, updated = status.replicas or 0, status.updatedReplicas or 0
    available = status.availableReplicas or 0
    seen = (status.observedGeneration or 0) >= (about.generation or 0)
    complete = seen and wanted <= updated <= available and there <= updated
    # What is said of the settings before these holds nothing up.
    held_up = _held_up_by(status) if seen and not complete else None
    return Rollout(
        wanted=wanted, updated=updated, available=available, complete=complete, held_up_by=held_up
    )


def _held_up_by(status: DeploymentStatus) -> str | None:
    found = {(each.type, each.status): each for each in status.conditions or ()}
    # The first says why no pod could be made, the second that it took too long for any reason.
    why = found.get(("ReplicaFailure", "True")) or found.get(("Progressing", "False"))
    if why is None:
        return None
    return f"{why.reason or why.type}: {why.message or '–'}"[:_HELD_UP_MAX]


def _owner(metadata: ObjectMeta | None) -> str | None:
    if metadata is None:
        return None
    for owner in metadata.ownerReferences or ():
        return f"{owner.kind} {owner.name}"
    return "an ExternalSecret" if _EXTERNAL in (metadata.labels or {}) else None
