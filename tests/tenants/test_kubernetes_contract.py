"""What we rely on in a Kubernetes API: shown by its own client, on the simulator and on a real one.

With `-m cluster` a difference between the two is found.
"""

from typing import Any, Self

import pytest
from lightkube import ApiError, AsyncClient, KubeConfig
from lightkube.config.models import User
from lightkube.models.authorization_v1 import ResourceAttributes, SelfSubjectAccessReviewSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.models.rbac_v1 import PolicyRule
from lightkube.resources.authorization_v1 import SelfSubjectAccessReview
from lightkube.resources.core_v1 import Namespace, Secret
from lightkube.resources.rbac_authorization_v1 import Role, RoleBinding
from lightkube.types import PatchType

from tests.tenants.cluster import Account, TestCluster
from tests.tenants.kubernetes_world import Simulated


class Refused:
    """The `Status` of what is refused in the block."""

    status: Any

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        assert isinstance(error, ApiError), error
        self.status = error.status
        return True

    @property
    def code(self) -> tuple[int, str]:
        return self.status.code, self.status.reason


@pytest.fixture
async def namespace(cluster: TestCluster) -> str:
    name = f"{cluster.client_name()}-production"
    await cluster.namespace(name)
    return name


async def gateway_of(cluster: TestCluster, namespace: str, *, secret: str) -> Account:
    account = await cluster.account(namespace, "gateway")
    await cluster.may_read(account, namespace=namespace, secret=secret)
    return account


def applied(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


class TestRights:
    """Roles bound to a service account."""

    async def test_a_role_for_one_name_allows_nothing_else(
        self, cluster: TestCluster, namespace: str
    ) -> None:
        gateway = await gateway_of(cluster, namespace, secret="one")
        allowed = {
            (verb, name): await gateway.may(verb, "secrets", namespace=namespace, name=name)
            for verb in ("get", "list", "watch", "create", "update", "patch", "delete")
            for name in ("one", "other", "")
        }

        assert [asked for asked, may in allowed.items() if may] == [("get", "one")]
        assert not await gateway.may("get", "secrets", namespace="default", name="one")
        assert not await gateway.may("get", "configmaps", namespace=namespace, name="one")

    async def test_a_refusal_names_who_what_and_where(
        self, cluster: TestCluster, namespace: str
    ) -> None:
        gateway = await gateway_of(cluster, namespace, secret="one")
        client = AsyncClient(gateway.config())

        async with Refused() as refused:
            await client.get(Secret, "other", namespace=namespace)
        await client.close()

        assert refused.code == (403, "Forbidden")
        assert refused.status.message == (
            f'secrets "other" is forbidden: User "{gateway.user}" cannot get resource "secrets"'
            f' in API group "" in the namespace "{namespace}"'
        )

    async def test_a_token_that_is_none_is_told_before_any_right(
        self, cluster: TestCluster, namespace: str
    ) -> None:
        gateway = await gateway_of(cluster, namespace, secret="one")
        gateway.token_file.write_text("no-token-of-this-cluster")
        client = AsyncClient(gateway.config())

        async with Refused() as refused:
            await client.get(Secret, "one", namespace=namespace)
        await client.close()

        assert refused.code == (401, "Unauthorized")


class TestRefusals:
    """Status bodies, as an administrator gets them."""

    async def test_what_is_missing(self, cluster: TestCluster, namespace: str) -> None:
        async with Refused() as secret:
            await cluster.admin.get(Secret, "none", namespace=namespace)
        async with Refused() as place:
            await cluster.secret(f"{namespace}-x", "one", {"A": "1"})

        assert (secret.code, secret.status.details.kind) == ((404, "NotFound"), "secrets")
        assert (place.code, place.status.details.kind) == ((404, "NotFound"), "namespaces")

    async def test_what_is_there_already_and_what_was_changed_meanwhile(
        self, cluster: TestCluster, namespace: str
    ) -> None:
        await cluster.secret(namespace, "one", {"A": "1"})
        old = await cluster.secret_now(namespace, "one")
        async with Refused() as again:
            await cluster.secret(namespace, "one", {"A": "1"})
        await cluster.admin.patch(
            Secret, "one", {"data": {"B": "Mg=="}}, namespace=namespace, patch_type=PatchType.MERGE
        )
        async with Refused() as late:
            await cluster.admin.replace(old)

        assert again.code == (409, "AlreadyExists")
        assert late.code == (409, "Conflict")

    @pytest.mark.parametrize(
        ("name", "data", "code"),
        [
            ("Capitals", {"A": "MQ=="}, (422, "Invalid")),
            ("one", {"a key": "MQ=="}, (422, "Invalid")),
            ("one", {"A": "not base64!"}, (400, "BadRequest")),
        ],
    )
    async def test_what_cannot_be(
        self,
        cluster: TestCluster,
        namespace: str,
        name: str,
        data: dict[str, str],
        code: tuple[int, str],
    ) -> None:
        async with Refused() as refused:
            await cluster.admin.create(
                Secret(metadata=ObjectMeta(name=name, namespace=namespace), data=data)
            )

        assert refused.code == code

    @pytest.mark.parametrize(
        "change",
        [
            {"type": "example.com/other"},
            {"immutable": None},
            {"data": {"A": "Mg=="}},
            {"metadata": {"labels": {"a": "b c"}}},
            {"metadata": {"labels": {"a": "b" * 64}}},
            {"metadata": {"labels": {"a b": "c"}}},
            {"apiVersion": "v1", "kind": "ConfigMap"},
        ],
    )
    async def test_what_an_immutable_secret_cannot_become(
        self, cluster: TestCluster, namespace: str, change: dict[str, Any]
    ) -> None:
        secret = Secret(
            metadata=ObjectMeta(name="one", namespace=namespace), data={"A": "MQ=="}, immutable=True
        )
        await cluster.admin.create(secret)

        async with Refused() as refused:
            await cluster.admin.patch(
                Secret, "one", change, namespace=namespace, patch_type=PatchType.MERGE
            )

        assert refused.code == (422, "Invalid")

    @pytest.mark.parametrize(
        ("change", "manager", "code"),
        [
            ({"apiVersion": None}, "ours", (400, "BadRequest")),
            ({"metadata": {"managedFields": [{"manager": "a"}]}}, "ours", (400, "BadRequest")),
            ({}, "m" * 129, (422, "Invalid")),
        ],
    )
    async def test_what_cannot_be_applied(
        self,
        cluster: TestCluster,
        namespace: str,
        change: dict[str, Any],
        manager: str,
        code: tuple[int, str],
    ) -> None:
        body = {"apiVersion": "v1", "kind": "Secret", **change}

        async with Refused() as refused:
            await cluster.admin.patch(
                Secret,
                "one",
                {key: value for key, value in body.items() if value is not None},
                namespace=namespace,
                patch_type=PatchType.APPLY,
                field_manager=manager,
            )

        assert refused.code == code

    async def test_a_role_says_what_is_allowed_and_a_binding_stays_with_its_role(
        self, cluster: TestCluster, namespace: str
    ) -> None:
        gateway = await gateway_of(cluster, namespace, secret="one")
        empty = Role(
            metadata=ObjectMeta(name="empty", namespace=namespace),
            rules=[PolicyRule(apiGroups=[""], resources=["secrets"], verbs=[])],
        )
        async with Refused() as role:
            await cluster.admin.create(empty)
        async with Refused() as binding:
            await cluster.admin.patch(
                RoleBinding,
                f"{gateway.name}-reads-one",
                {"roleRef": {"name": "empty"}},
                namespace=namespace,
                patch_type=PatchType.MERGE,
            )

        assert role.code == binding.code == (422, "Invalid")

    async def test_who_is_unknown_cannot_ask_what_they_may(self, cluster: TestCluster) -> None:
        here = cluster.config.cluster
        client = AsyncClient(KubeConfig.from_one(cluster=here, user=User()).get())
        about = ResourceAttributes(verb="get", resource="secrets", namespace="default")

        async with Refused() as refused:
            await client.create(
                SelfSubjectAccessReview(spec=SelfSubjectAccessReviewSpec(resourceAttributes=about))
            )
        await client.close()

        # The second where a cluster lets nobody in who is unknown.
        assert refused.code in {(403, "Forbidden"), (401, "Unauthorized")}


class TestFields:
    """Who owns what of an object."""

    async def test_an_apply_conflicts_with_what_another_manager_applied(
        self, cluster: TestCluster, namespace: str
    ) -> None:
        async def apply(manager: str, *, force: bool = False, **labels: str) -> dict[str, str]:
            body = applied(namespace, **labels)
            done = await cluster.admin.patch(
                Namespace,
                namespace,
                body,
                patch_type=PatchType.APPLY,
                field_manager=manager,
                force=force,
            )
            found = done.metadata.labels
            return {key: found[key] for key in ("x", "y") if key in found}

        await apply("argo", x="1", y="1")
        assert await apply("ours", y="1") == {"x": "1", "y": "1"}
        async with Refused() as refused:
            await apply("ours", y="2")

        assert refused.code == (409, "Conflict")
        [cause] = refused.status.details.causes
        assert (cause.reason, cause.field) == ("FieldManagerConflict", ".metadata.labels.y")
        assert await apply("ours", y="2", force=True) == {"x": "1", "y": "2"}
        assert await apply("argo", x="1") == {"x": "1", "y": "2"}
        assert await apply("ours") == {"x": "1"}

    async def test_an_apply_takes_away_only_what_it_set_and_a_merge_takes_away_anything(
        self, cluster: TestCluster, namespace: str
    ) -> None:
        await cluster.secret(namespace, "one", {"A": "1", "B": "2"})
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "one"},
            "data": {"A": "MQ=="},
        }
        await cluster.admin.patch(
            Secret,
            "one",
            body,
            namespace=namespace,
            patch_type=PatchType.APPLY,
            field_manager="ours",
            force=True,
        )
        after_apply = await cluster.values(namespace, "one")
        await cluster.admin.patch(
            Secret, "one", {"data": {"B": None}}, namespace=namespace, patch_type=PatchType.MERGE
        )

        assert after_apply == {"A": "1", "B": "2"}
        assert await cluster.values(namespace, "one") == {"A": "1"}


class TestSimulatorAlone:
    """What is told to the simulator under `/_control`."""

    async def test_a_token_is_issued_and_revoked_by_control_requests(
        self, simulated: Simulated
    ) -> None:
        import httpx  # noqa: PLC0415  # only here

        base = simulated.cluster.config.cluster.server
        async with httpx.AsyncClient(base_url=base) as http:
            made = await http.post(
                "/_control/tokens", json={"user": "ana", "groups": ["system:masters"]}
            )
            bearer = {"authorization": f"Bearer {made.json()['token']}"}
            before = await http.get("/api/v1/namespaces/default", headers=bearer)
            await http.delete("/_control/tokens", params={"user": "ana"})
            after = await http.get("/api/v1/namespaces/default", headers=bearer)
            nobody = await http.get("/api/v1/namespaces/default")
            nowhere = await http.get("/apis/apps/v1/replicasets")

        assert [each.status_code for each in (before, after, nobody, nowhere)] == [
            *(200, 401, 403, 404)
        ]
        assert nobody.json()["message"].startswith(
            'namespaces "default" is forbidden: User "system:anonymous" cannot get'
        )

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            ("unauthorized", (401, "Unauthorized")),
            ("gone", (410, "Expired")),
            ("rate_limited", (429, "TooManyRequests")),
            ("unavailable", (503, "ServiceUnavailable")),
        ],
    )
    async def test_faults_look_as_the_real_ones_do(
        self, simulated: Simulated, fault: str, code: tuple[int, str]
    ) -> None:
        simulated.faults.add(fault, match={"resource": "namespaces", "name": "default"})

        async with Refused() as refused:
            await simulated.cluster.admin.get(Namespace, "default")

        assert refused.code == code
        assert await simulated.cluster.admin.get(Namespace, "default")
