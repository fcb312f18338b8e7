"""Credentials in Kubernetes: Secret `<client>-credentials` in namespace `<client>-<environment>`.

It decides whose Secret and whose namespace may be written; `kubernetes_api.py` asks the API.
"""

from collections.abc import Collection, Mapping

from mcp_platform.errors import Conflict
from mcp_platform.tenants.cluster_names import (
    DEPLOYMENT,
    PART_OF,
    PLATFORM,
    POD_SECURITY,
    labels_of,
    namespace_of,
    secret_of,
)
from mcp_platform.tenants.credentials import (
    KEYS,
    Credentials,
    CredentialsForbidden,
    CredentialsMissing,
    MadeElsewhere,
    checked_values,
)
from mcp_platform.tenants.env_file import of_secret
from mcp_platform.tenants.kubernetes_api import KubernetesApi
from mcp_platform.tenants.rollout import Rollout

WRITES_AT_ONCE = 3  # tries, while others make and delete the same Secret


class KubernetesStore:
    """Secrets of all tenants, as far as RBAC lets this process: read by name, never listed."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api

    async def close(self) -> None:
        await self._api.close()

    async def read(self, *, client_name: str, environment: str) -> Credentials:
        namespace = namespace_of(client_name=client_name, environment=environment)
        name = secret_of(client_name=client_name)
        secret = await self._api.secret(namespace=namespace, name=name)
        if secret is None:
            raise CredentialsMissing(
                f"There is no Secret {name!r} in namespace {namespace!r}, or no such namespace:"
                " save the tenant's credentials, or apply its manifests. Look:"
                f" kubectl get secret {name} -n {namespace}"
            )
        if not any(secret.values.get(key) for key in KEYS):
            raise CredentialsMissing(
                f"Secret {name!r} in namespace {namespace!r} holds none of a tenant's credentials."
                f" Look at its keys: kubectl describe secret {name} -n {namespace}"
            )
        return Credentials.from_mapping(of_secret(secret.values))

    async def write(
        self,
        *,
        client_name: str,
        environment: str,
        values: Mapping[str, str],
        remove: Collection[str] = (),
    ) -> None:
        kept = checked_values(values, remove=remove)
        namespace = namespace_of(client_name=client_name, environment=environment)
        name = secret_of(client_name=client_name)
        labels = labels_of(client_name=client_name, environment=environment)
        for _ in range(WRITES_AT_ONCE):
            try:
                there = await self._is_ours(namespace=namespace, name=name)
            except CredentialsForbidden as error:
                # Before the tenant's manifests a Secret can be made, and not be looked at.
                if kept and await self._api.create_secret(
                    namespace=namespace, name=name, values=kept, labels=labels
                ):
                    return
                raise CredentialsForbidden(
                    f"Secret {name!r} in namespace {namespace!r} is there already, and the right to"
                    " change it comes with the tenant's manifests: publish and apply them, then"
                    f" repeat this. {error}"
                ) from error
            if there:
                if await self._api.change_secret(
                    namespace=namespace, name=name, values=kept, remove=remove, labels=labels
                ):
                    return
            elif not kept or await self._api.create_secret(
                namespace=namespace, name=name, values=kept, labels=labels
            ):
                return
        raise Conflict(f"Secret {name!r} in namespace {namespace!r} keeps coming and going.")

    async def remove(self, *, client_name: str, environment: str) -> str | None:
        namespace = namespace_of(client_name=client_name, environment=environment)
        name = secret_of(client_name=client_name)
        try:
            if await self._is_ours(namespace=namespace, name=name):
                await self._api.delete_secret(namespace=namespace, name=name)
        except MadeElsewhere as error:
            return (
                f"{error} Delete the entry in your secret store, if that is where it comes from;"
                f" publish the manifests without this tenant; then: kubectl delete namespace {namespace}"
            )
        except (
            CredentialsForbidden
        ):  # its manifests, and with them our right, are gone or never came
            return (
                f"Secret {name!r} in namespace {namespace!r} may still be there, and this service may"
                f" not delete it: kubectl delete secret {name} -n {namespace} --ignore-not-found"
            )
        return None

    async def ensure_namespace(self, *, client_name: str, environment: str) -> None:
        """Make the tenant's namespace, or see that it is there as it should be.

        Raises:
            Conflict: it is somebody else's, or being deleted.
            CredentialsForbidden: this process may not.
            CredentialsUnreadable: the API is away.
        """
        name = namespace_of(client_name=client_name, environment=environment)
        wanted = {**labels_of(client_name=client_name, environment=environment), **POD_SECURITY}
        found = await self._api.namespace(name)
        if found is not None:
            if found.terminating:
                raise Conflict(f"Namespace {name!r} is being deleted: wait until it is gone.")
            # The provisioner could write into every namespace of the cluster: it must not.
            if found.labels.get(PART_OF) != PLATFORM:
                # All of them: where the admission policies are, the provisioner changes no label.
                labels = " ".join(f"{key}={value}" for key, value in wanted.items())
                raise Conflict(
                    f"Namespace {name!r} exists and is not this platform's. If it is to be this"
                    f" tenant's: kubectl label namespace {name} {labels}"
                )
            if wanted.keys() <= found.labels.keys():
                return
            # What the manifests say otherwise is theirs to say.
            wanted = {
                key: value for key, value in wanted.items() if found.labels.get(key, value) == value
            }
        await self._api.apply_namespace(name, labels=wanted)

    async def rollout(self, *, client_name: str, environment: str) -> Rollout | None:
        namespace = namespace_of(client_name=client_name, environment=environment)
        return await self._api.rollout(namespace=namespace, name=DEPLOYMENT)

    async def _is_ours(self, *, namespace: str, name: str) -> bool:
        """Tell whether the Secret is there and we may write it.

        Raises:
            MadeElsewhere: a controller makes it, and would undo what we write.
        """
        found = await self._api.secret(namespace=namespace, name=name)
        if found is not None and found.owner is not None:
            raise MadeElsewhere(
                f"Secret {name!r} in namespace {namespace!r} is made from {found.owner}: change it"
                " there."
            )
        return found is not None
