"""A Kubernetes API for tests, simulated or real, and service accounts with few rights in it."""

import asyncio
import base64
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from lightkube import ApiError, AsyncClient, KubeConfig
from lightkube.config.kubeconfig import SingleConfig
from lightkube.config.models import Cluster, User
from lightkube.models.authentication_v1 import TokenRequestSpec
from lightkube.models.authorization_v1 import ResourceAttributes, SelfSubjectAccessReviewSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.models.rbac_v1 import PolicyRule, RoleRef, Subject
from lightkube.resources.authorization_v1 import SelfSubjectAccessReview
from lightkube.resources.core_v1 import Namespace, Secret, ServiceAccount, ServiceAccountToken
from lightkube.resources.rbac_authorization_v1 import (
    ClusterRole,
    ClusterRoleBinding,
    Role,
    RoleBinding,
)

from tests.conftest import REACHABLE

PATIENCE_S = 20  # roles and deletions take effect a moment after they are answered
PROVISIONER = [
    PolicyRule(apiGroups=[""], resources=["namespaces"], verbs=["get", "create", "patch"]),
    PolicyRule(apiGroups=[""], resources=["secrets"], verbs=["get", "create", "patch", "delete"]),
]


@dataclass(slots=True)
class TestCluster:
    """What an administrator does to a cluster so that others may do less."""

    __test__ = False

    config: SingleConfig
    folder: Path
    admin: AsyncClient = field(init=False)
    _made: list[tuple[Any, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admin = AsyncClient(self.config)

    async def close(self) -> None:
        """Delete what was made, and do not wait for it."""
        for kind, name in reversed(self._made):
            try:
                await self.admin.delete(kind, name)
            except ApiError as error:
                if error.status.code != 404:
                    raise
        await self.admin.close()

    def client_name(self) -> str:
        """Return a name nobody has; its production namespace is deleted at the end."""
        name = f"mcp-test-{uuid4().hex[:12]}"
        self._made.append((Namespace, f"{name}-production"))
        return name

    async def namespace(self, name: str, **labels: str) -> None:
        await self.admin.create(Namespace(metadata=ObjectMeta(name=name, labels=labels)))

    async def secret(
        self, namespace: str, name: str, values: Mapping[str, str], **metadata: Any
    ) -> None:
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        about = ObjectMeta(name=name, namespace=namespace, **metadata)
        await self.admin.create(Secret(metadata=about, data=data))

    async def secret_now(self, namespace: str, name: str) -> Secret:
        return await self.admin.get(Secret, name, namespace=namespace)

    async def values(self, namespace: str, name: str) -> dict[str, str]:
        data = (await self.secret_now(namespace, name)).data or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    async def account(self, namespace: str, name: str) -> "Account":
        """Make a service account that may nothing yet."""
        about = ObjectMeta(name=name, namespace=namespace)
        await self.admin.create(ServiceAccount(metadata=about))
        account = Account(cluster=self, namespace=namespace, name=name)
        account.token_file.write_text(await account.new_token())
        return account

    async def may_read(
        self,
        account: "Account",
        *,
        namespace: str,
        secret: str,
        verbs: Sequence[str] = ("get",),
    ) -> None:
        """Give the account what the manifests give the gateway for one tenant, or more."""
        rule = PolicyRule(
            apiGroups=[""], resources=["secrets"], resourceNames=[secret], verbs=list(verbs)
        )
        await self._bound(account, rule, namespace=namespace)
        for verb in verbs:
            await account.until(verb, "secrets", namespace=namespace, name=secret)

    async def may_look(self, account: "Account", *, namespace: str, deployment: str) -> None:
        """Give the account what an isolated tenant's manifests give the provisioner."""
        rule = PolicyRule(
            apiGroups=["apps"],
            resources=["deployments"],
            resourceNames=[deployment],
            verbs=["get"],
        )
        await self._bound(account, rule, namespace=namespace)

    async def _bound(self, account: "Account", rule: PolicyRule, *, namespace: str) -> None:
        (named,) = rule.resourceNames or []
        name = f"{account.name}-reads-{named}"
        about = ObjectMeta(name=name, namespace=namespace)
        await self.admin.create(Role(metadata=about, rules=[rule]))
        await self.admin.create(
            RoleBinding(
                metadata=about,
                roleRef=RoleRef(apiGroup="rbac.authorization.k8s.io", kind="Role", name=name),
                subjects=[account.subject],
            )
        )

    async def may_provision(self, account: "Account", *, rules: list[PolicyRule]) -> None:
        """Give the account these rights in the whole cluster."""
        name = f"mcp-test-{uuid4().hex[:12]}"
        about = ObjectMeta(name=name)
        await self.admin.create(ClusterRole(metadata=about, rules=rules))
        self._made.append((ClusterRole, name))
        await self.admin.create(
            ClusterRoleBinding(
                metadata=about,
                roleRef=RoleRef(
                    apiGroup="rbac.authorization.k8s.io", kind="ClusterRole", name=name
                ),
                subjects=[account.subject],
            )
        )
        self._made.append((ClusterRoleBinding, name))
        for rule in rules:
            for verb in rule.verbs:
                await account.until(verb, (rule.resources or [])[0], namespace="default")


@dataclass(slots=True)
class Account:
    """A service account, and the folder where a Pod would find its token."""

    cluster: TestCluster
    namespace: str
    name: str

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    @property
    def subject(self) -> Subject:
        return Subject(kind="ServiceAccount", name=self.name, namespace=self.namespace)

    @property
    def token_file(self) -> Path:
        return self.cluster.folder / f"{self.namespace}.{self.name}.token"

    async def new_token(self) -> str:
        made = await self.cluster.admin.create(
            ServiceAccountToken(
                metadata=ObjectMeta(),
                spec=TokenRequestSpec(audiences=[], expirationSeconds=3600),
            ),
            self.name,
            namespace=self.namespace,
        )
        return str(made.status.token)

    def config(self) -> SingleConfig:
        """Return how this account's Pod would connect."""
        here = self.cluster.config
        certificate = here.cluster.certificate_auth
        made = KubeConfig.from_one(
            cluster=Cluster(
                server=here.cluster.server,
                certificate_auth=str(here.abs_file(certificate)) if certificate else None,
                certificate_auth_data=here.cluster.certificate_auth_data,
                insecure=here.cluster.insecure,
            ),
            user=User(token_file=str(self.token_file)),
        )
        return made.get()

    def kubeconfig(self) -> Path:
        """Write the same as a file for KUBECONFIG."""
        config = self.config()
        cluster = {
            "server": config.cluster.server,
            "certificate-authority": config.cluster.certificate_auth,
            "certificate-authority-data": config.cluster.certificate_auth_data,
            "insecure-skip-tls-verify": config.cluster.insecure,
        }
        path = self.token_file.with_suffix(".kubeconfig")
        path.write_text(
            json.dumps(
                {
                    "clusters": [
                        {"name": "c", "cluster": {k: v for k, v in cluster.items() if v}},
                    ],
                    "users": [{"name": "u", "user": {"tokenFile": str(self.token_file)}}],
                    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                    "current-context": "x",
                }
            )
        )
        return path

    async def may(self, verb: str, resource: str, *, namespace: str, name: str = "") -> bool:
        """Return what the API itself says of this account's rights."""
        client = AsyncClient(self.config())
        try:
            attributes = ResourceAttributes(
                verb=verb, resource=resource, group="", namespace=namespace, name=name
            )
            asked = SelfSubjectAccessReview(
                spec=SelfSubjectAccessReviewSpec(resourceAttributes=attributes)
            )
            answer = await client.create(asked)
        finally:
            await client.close()
        return bool(answer.status and answer.status.allowed)

    async def until(self, verb: str, resource: str, *, namespace: str, name: str = "") -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not await self.may(verb, resource, namespace=namespace, name=name):  # noqa: ASYNC110  # as below
                await asyncio.sleep(0.05)  # nobody tells when a role takes effect


def let_through(config: SingleConfig) -> None:
    """Let the guard of this run's sockets pass connections to a real API server."""
    host = urlsplit(config.cluster.server).hostname or ""
    REACHABLE.add(host)
    REACHABLE.update(str(each[4][0]) for each in socket.getaddrinfo(host, None))
