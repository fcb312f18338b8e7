"""Credentials in Kubernetes: what each service account gets, and what is said when it gets nothing.

With `-m cluster` the same runs on the cluster of KUBECONFIG; what needs faults runs on the simulator
alone.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from lightkube.models.apps_v1 import DeploymentSpec
from lightkube.models.core_v1 import Container, PodSpec, PodTemplateSpec
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta, OwnerReference
from lightkube.models.rbac_v1 import PolicyRule
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ServiceAccount

from mcp_platform.bootstrap.stores import credential_store
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.settings import Settings
from mcp_platform.simulators.kubernetes.kinds import DEPLOYMENTS
from mcp_platform.tenants import kubernetes_api
from mcp_platform.tenants.cluster_names import DEPLOYMENT, PART_OF, POD_SECURITY, labels_of
from mcp_platform.tenants.credentials import (
    CredentialsForbidden,
    CredentialsMissing,
    CredentialsUnreadable,
    MadeElsewhere,
)
from mcp_platform.tenants.kubernetes_api import TRIES, KubernetesApi
from mcp_platform.tenants.kubernetes_store import KubernetesStore
from mcp_platform.tenants.rollout import Rollout, Rollouts
from tests.tenants.cluster import PROVISIONER, Account, TestCluster
from tests.tenants.kubernetes_world import Simulated

PEM = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"


@asynccontextmanager
async def store_of(account: Account) -> AsyncIterator[KubernetesStore]:
    api = KubernetesApi(account.config())
    try:
        yield KubernetesStore(api)
    finally:
        await api.close()


async def provisioner_in(cluster: TestCluster, client: str) -> Account:
    """Make the namespace of the platform, here that of another environment, with a provisioner."""
    home = f"{client}-production"
    await cluster.namespace(home)
    account = await cluster.account(home, "provisioner")
    await cluster.may_provision(account, rules=PROVISIONER)
    return account


class Shop:
    """A client whose Secret is there, and a gateway that may read it, or not yet."""

    def __init__(self, cluster: TestCluster) -> None:
        self.cluster = cluster
        self.client = cluster.client_name()
        self.namespace = f"{self.client}-production"
        self.secret = f"{self.client}-credentials"

    async def open(self, **values: str) -> Account:
        await self.cluster.namespace(self.namespace)
        if values:
            await self.cluster.secret(self.namespace, self.secret, values)
        return await self.cluster.account(self.namespace, "gateway")

    async def bind(self, gateway: Account) -> None:
        await self.cluster.may_read(gateway, namespace=self.namespace, secret=self.secret)

    async def read(self, store: KubernetesStore) -> object:
        return await store.read(client_name=self.client, environment="production")


class TestReading:
    """As the gateway, which may `get` one Secret by its name."""

    async def test_the_one_secret_that_is_named_can_be_read(self, cluster: TestCluster) -> None:
        shop = Shop(cluster)
        gateway = await shop.open(GEMINI_API_KEY="AIza\n", GOOGLE_PRIVATE_KEY=PEM, EXTRA="x")
        await shop.bind(gateway)

        async with store_of(gateway) as store:
            found = await store.read(client_name=shop.client, environment="production")

        assert (found.gemini_api_key, found.google_private_key) == ("AIza", PEM)
        assert not await gateway.may("list", "secrets", namespace=shop.namespace)
        assert not await gateway.may("create", "secrets", namespace=shop.namespace)

    async def test_a_missing_role_is_told_with_the_command_that_shows_it(
        self, cluster: TestCluster
    ) -> None:
        shop, other = Shop(cluster), Shop(cluster)
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        await shop.bind(gateway)
        await other.open(GEMINI_API_KEY="AIza-other")

        async with store_of(gateway) as store:
            with pytest.raises(CredentialsForbidden) as refused:
                await other.read(store)

        said = str(refused.value)
        assert f"the Role of namespace '{other.namespace}' that allows `get`" in said
        assert (
            f"kubectl auth can-i get secrets/{other.secret} -n {other.namespace}"
            f" --as={gateway.user}" in said
        )
        assert not isinstance(refused.value, CredentialsMissing)

    async def test_a_secret_that_is_not_there_is_missing(self, cluster: TestCluster) -> None:
        shop = Shop(cluster)
        gateway = await shop.open()
        await shop.bind(gateway)

        async with store_of(gateway) as store:
            with pytest.raises(CredentialsMissing, match=f"kubectl get secret {shop.secret} -n"):
                await shop.read(store)

    async def test_a_secret_without_any_credential_is_missing_too(
        self, cluster: TestCluster
    ) -> None:
        shop = Shop(cluster)
        gateway = await shop.open(OTHER="x")
        await shop.bind(gateway)

        async with store_of(gateway) as store:
            with pytest.raises(CredentialsMissing, match="none of a tenant's credentials"):
                await shop.read(store)

    async def test_a_token_that_was_rotated_is_read_anew(self, cluster: TestCluster) -> None:
        shop = Shop(cluster)
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        await shop.bind(gateway)
        fresh = gateway.token_file.read_text()
        gateway.token_file.write_text("a-token-that-has-expired")

        async with store_of(gateway) as store:
            with pytest.raises(CredentialsUnreadable, match="does not accept this service's token"):
                await shop.read(store)
            gateway.token_file.write_text(fresh)
            assert await shop.read(store)

    async def test_the_settings_lead_to_it_and_kubeconfig_to_the_cluster(
        self, cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop = Shop(cluster)
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        await shop.bind(gateway)
        monkeypatch.setenv("KUBECONFIG", str(gateway.kubeconfig()))

        async with AsyncExitStack() as stack:
            store = credential_store(Settings(credentials_store="kubernetes"), closing=stack)
            found = await store.read(client_name=shop.client, environment="production")

        assert found.gemini_api_key == "AIza"
        assert isinstance(store, Rollouts)


class TestWriting:
    """As the provisioner, which may write Secrets and make namespaces."""

    async def test_a_tenant_gets_its_namespace_and_its_secret(self, cluster: TestCluster) -> None:
        provisioner = await provisioner_in(cluster, cluster.client_name())
        client = cluster.client_name()
        namespace, secret = f"{client}-production", f"{client}-credentials"

        async with store_of(provisioner) as store:
            for _ in range(2):
                await store.ensure_namespace(client_name=client, environment="production")
                await store.write(
                    client_name=client,
                    environment="production",
                    values={"GEMINI_API_KEY": " AIza ", "GOOGLE_PRIVATE_KEY": PEM},
                )
            written = await cluster.values(namespace, secret)
            await store.write(
                client_name=client,
                environment="production",
                values={"GEMINI_API_KEY": "AIza-2"},
                remove=["GOOGLE_PRIVATE_KEY"],
            )

        assert written == {"GEMINI_API_KEY": "AIza", "GOOGLE_PRIVATE_KEY": f"{PEM}\n"}
        assert await cluster.values(namespace, secret) == {"GEMINI_API_KEY": "AIza-2"}
        labels = (await cluster.secret_now(namespace, secret)).metadata.labels
        assert labels == labels_of(client_name=client, environment="production")
        async with store_of(provisioner) as store:
            made = await store._api.namespace(namespace)
        assert made is not None
        assert {**labels, **POD_SECURITY}.items() <= made.labels.items()

    async def test_what_somebody_wrote_by_hand_is_changed_and_taken_away_like_ours(
        self, cluster: TestCluster
    ) -> None:
        provisioner = await provisioner_in(cluster, cluster.client_name())
        shop = Shop(cluster)
        await shop.open(GEMINI_API_KEY="AIza", DATABASE_USER="u", DATABASE_PASSWORD="p", OTHER="x")

        async with store_of(provisioner) as store:
            await store.write(
                client_name=shop.client,
                environment="production",
                values={"GEMINI_API_KEY": "AIza-2"},
                remove=["DATABASE_PASSWORD", "WHATSAPP_APP_ID"],
            )

        assert await cluster.values(shop.namespace, shop.secret) == {
            "GEMINI_API_KEY": "AIza-2",
            "DATABASE_USER": "u",
            "OTHER": "x",
        }

    @pytest.mark.parametrize("kind", ["ServiceAccount", "ExternalSecret"])
    async def test_a_secret_that_a_controller_makes_is_left_to_it(
        self, cluster: TestCluster, kind: str
    ) -> None:
        provisioner = await provisioner_in(cluster, cluster.client_name())
        shop = Shop(cluster)
        await cluster.namespace(shop.namespace)
        if kind == "ExternalSecret":
            about: dict[str, object] = {"labels": {"reconcile.external-secrets.io/managed": "true"}}
        else:
            # One that is there: a real cluster deletes what has an owner that is not, whatever
            # its kind, as soon as it serves that kind.
            account = ServiceAccount(metadata=ObjectMeta(name="maker", namespace=shop.namespace))
            made = await cluster.admin.create(account)
            owner = OwnerReference(
                apiVersion="v1", kind=kind, name="maker", uid=str(made.metadata.uid)
            )
            about = {"ownerReferences": [owner]}
        await cluster.secret(shop.namespace, shop.secret, {"GEMINI_API_KEY": "AIza"}, **about)

        async with store_of(provisioner) as store:
            with pytest.raises(MadeElsewhere, match=f"is made from .*{kind}"):
                await store.write(
                    client_name=shop.client, environment="production", values={"DATABASE_USER": "u"}
                )
            left = await store.remove(client_name=shop.client, environment="production")
            assert left is not None
            assert kind in left
            assert f"kubectl delete namespace {shop.namespace}" in left

    async def test_a_removed_secret_is_gone_and_removing_it_again_is_no_error(
        self, cluster: TestCluster
    ) -> None:
        provisioner = await provisioner_in(cluster, cluster.client_name())
        shop = Shop(cluster)
        await shop.open(GEMINI_API_KEY="AIza")

        async with store_of(provisioner) as store:
            for _ in range(2):
                await store.remove(client_name=shop.client, environment="production")
            with pytest.raises(CredentialsMissing):
                await shop.read(store)

    async def test_a_secret_that_may_not_be_looked_at_any_more_is_left_to_a_person(
        self, cluster: TestCluster
    ) -> None:
        shop = Shop(cluster)
        without_rights = await shop.open(GEMINI_API_KEY="AIza")

        async with store_of(without_rights) as store:
            left = await store.remove(client_name=shop.client, environment="production")

        assert left is not None
        assert f"kubectl delete secret {shop.secret} -n {shop.namespace}" in left

    async def test_a_namespace_of_somebody_else_is_not_taken(self, cluster: TestCluster) -> None:
        provisioner = await provisioner_in(cluster, cluster.client_name())
        client = cluster.client_name()
        await cluster.namespace(f"{client}-production", team="payments")

        async with store_of(provisioner) as store:
            with pytest.raises(
                Conflict,
                match=f"kubectl label namespace {client}-production .*mcp-platform/client={client}",
            ):
                await store.ensure_namespace(client_name=client, environment="production")

    async def test_what_the_manifests_say_of_a_namespace_stays_as_they_say_it(
        self, cluster: TestCluster
    ) -> None:
        provisioner = await provisioner_in(cluster, cluster.client_name())
        client = cluster.client_name()
        theirs = {
            PART_OF: "mcp-platform",
            "app.kubernetes.io/managed-by": "cdk8s",
            "pod-security.kubernetes.io/enforce": "baseline",
        }
        await cluster.namespace(f"{client}-production", **theirs)

        async with store_of(provisioner) as store:
            for _ in range(2):
                await store.ensure_namespace(client_name=client, environment="production")
            made = await store._api.namespace(f"{client}-production")

        assert made is not None
        expected = {**labels_of(client_name=client, environment="production"), **POD_SECURITY}
        assert {**expected, **theirs}.items() <= made.labels.items()

    async def test_a_namespace_that_is_missing_is_named_when_a_secret_is_written(
        self, cluster: TestCluster
    ) -> None:
        provisioner = await provisioner_in(cluster, cluster.client_name())
        client = cluster.client_name()

        async with store_of(provisioner) as store:
            with pytest.raises(CredentialsMissing, match=f"no namespace '{client}-production'"):
                await store.write(
                    client_name=client, environment="production", values={"DATABASE_USER": "u"}
                )

    async def test_rights_that_come_with_a_tenants_manifests_suffice(
        self, cluster: TestCluster
    ) -> None:
        shop = Shop(cluster)
        provisioner = await shop.open()
        making = PolicyRule(apiGroups=[""], resources=["secrets"], verbs=["create"])
        await cluster.may_provision(provisioner, rules=[making])

        async def write(**values: str) -> None:
            async with store_of(provisioner) as store:
                await store.write(client_name=shop.client, environment="production", values=values)

        await write(GEMINI_API_KEY="AIza")  # a first write needs no more than `create`
        with pytest.raises(CredentialsForbidden, match="publish and apply them, then repeat"):
            await write(GEMINI_API_KEY="AIza-2")
        await cluster.may_read(
            provisioner,
            namespace=shop.namespace,
            secret=shop.secret,
            verbs=["get", "patch", "delete"],
        )
        await write(GEMINI_API_KEY="AIza")
        await write(DATABASE_USER="u")

        assert await cluster.values(shop.namespace, shop.secret) == {
            "GEMINI_API_KEY": "AIza",
            "DATABASE_USER": "u",
        }

    async def test_the_gateway_may_not_write(self, cluster: TestCluster) -> None:
        shop = Shop(cluster)
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        await shop.bind(gateway)

        async with store_of(gateway) as store:
            with pytest.raises(CredentialsForbidden, match="only the provisioner may"):
                await store.write(
                    client_name=shop.client, environment="production", values={"DATABASE_USER": "u"}
                )
            with pytest.raises(CredentialsForbidden, match="get namespaces"):
                await store.ensure_namespace(client_name=shop.client, environment="production")

        assert await cluster.values(shop.namespace, shop.secret) == {"GEMINI_API_KEY": "AIza"}


QUOTA = 'pods "assistant-1" is forbidden: exceeded quota: another'
FAILURE = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": QUOTA}
DEADLINE = {
    "type": "Progressing",
    "status": "False",
    "reason": "ProgressDeadlineExceeded",
    "message": "ReplicaSet has timed out progressing.",
}
GOES_ON = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}


class TestRollouts:
    """As the provisioner, which may `get` one Deployment by its name."""

    @pytest.fixture
    async def shop(self, simulated: Simulated) -> Shop:
        shop = Shop(simulated.cluster)
        await simulated.cluster.namespace(shop.namespace)
        return shop

    async def deploy(self, shop: Shop) -> None:
        labels = {"app": DEPLOYMENT}
        pod = PodSpec(containers=[Container(name="service", image="nobodys")])
        await shop.cluster.admin.create(
            Deployment(
                metadata=ObjectMeta(name=DEPLOYMENT, namespace=shop.namespace),
                spec=DeploymentSpec(
                    replicas=2,
                    selector=LabelSelector(matchLabels=labels),
                    template=PodTemplateSpec(metadata=ObjectMeta(labels=labels), spec=pod),
                ),
            )
        )

    async def found(self, shop: Shop) -> Rollout | None:
        provisioner = await shop.cluster.account(shop.namespace, "provisioner")
        await shop.cluster.may_look(provisioner, namespace=shop.namespace, deployment=DEPLOYMENT)
        async with store_of(provisioner) as store:
            return await store.rollout(client_name=shop.client, environment="production")

    async def test_one_that_came_about_is_complete(self, shop: Shop) -> None:
        await self.deploy(shop)

        assert await self.found(shop) == Rollout(wanted=2, updated=2, available=2, complete=True)

    async def test_one_that_is_not_there_is_none(self, shop: Shop) -> None:
        assert await self.found(shop) is None

    @pytest.mark.parametrize(
        ("status", "held_up_by"),
        [
            ({"conditions": [GOES_ON]}, None),
            ({"updatedReplicas": 2, "conditions": [GOES_ON]}, None),  # an old pod still goes
            ({"updatedReplicas": 2, "replicas": 2, "availableReplicas": 1}, None),
            ({"conditions": [DEADLINE]}, f"{DEADLINE['reason']}: {DEADLINE['message']}"),
            ({"conditions": [DEADLINE, FAILURE]}, f"FailedCreate: {QUOTA}"),
            ({"conditions": [GOES_ON, FAILURE]}, f"FailedCreate: {QUOTA}"),
            ({"conditions": [{**FAILURE, "message": "q" * 999}]}, f"FailedCreate: {'q' * 286}"),
            ({"observedGeneration": 6, "conditions": [DEADLINE, FAILURE]}, None),  # of the last
        ],
    )
    async def test_one_that_is_not_complete_is_held_up_by_what_its_conditions_say(
        self, simulated: Simulated, shop: Shop, status: dict[str, object], held_up_by: str | None
    ) -> None:
        await self.deploy(shop)
        about = simulated.server.cluster.get(DEPLOYMENTS, shop.namespace, DEPLOYMENT)["metadata"]
        half = {"replicas": 3, "updatedReplicas": 1, "availableReplicas": 2}
        seen = {**half, "observedGeneration": 7, **status}
        simulated.server.cluster.tell_status(DEPLOYMENTS, shop.namespace, DEPLOYMENT, seen)
        about["generation"] = 7

        found = await self.found(shop)

        assert found is not None
        assert (found.complete, found.held_up_by) == (False, held_up_by)

    async def test_a_missing_role_is_told_with_the_command_that_shows_it(self, shop: Shop) -> None:
        await self.deploy(shop)
        gateway = await shop.cluster.account(shop.namespace, "gateway")

        async with store_of(gateway) as store:
            with pytest.raises(CredentialsForbidden, match=f"can-i get deployments/{DEPLOYMENT}"):
                await store.rollout(client_name=shop.client, environment="production")


class TestTroubles:
    """What a real API server does seldom, and not when asked."""

    @pytest.fixture
    async def shop(self, simulated: Simulated, monkeypatch: pytest.MonkeyPatch) -> Shop:
        monkeypatch.setattr(kubernetes_api, "FIRST_PAUSE_S", 0.001)
        return Shop(simulated.cluster)

    @pytest.mark.parametrize("fault", ["rate_limited", "unavailable", "reset", "unauthorized"])
    async def test_what_passes_is_waited_out(
        self, simulated: Simulated, shop: Shop, fault: str
    ) -> None:
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        await shop.bind(gateway)
        simulated.faults.add(fault, match={"verb": "get"}, times=1)

        async with store_of(gateway) as store:
            assert await shop.read(store)

        assert simulated.faults.list() == []

    @pytest.mark.parametrize("typed", [True, False])
    async def test_a_proxy_in_front_that_is_down_is_waited_out_too(
        self, simulated: Simulated, shop: Shop, typed: object
    ) -> None:
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        await shop.bind(gateway)
        simulated.faults.add("no_status", match={"verb": "get"}, times=2, status=502, typed=typed)

        async with store_of(gateway) as store:
            assert await shop.read(store)

    async def test_a_proxy_that_stays_down_is_told_by_its_status(
        self, simulated: Simulated, shop: Shop
    ) -> None:
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        simulated.faults.add(
            "no_status", match={"verb": "get"}, times=None, status=502, typed=False
        )

        async with store_of(gateway) as store:
            with pytest.raises(CredentialsUnreadable, match=r"now \(502\)"):
                await shop.read(store)

    async def test_what_does_not_pass_is_asked_a_few_times_and_then_told(
        self, simulated: Simulated, shop: Shop
    ) -> None:
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        await shop.bind(gateway)
        simulated.faults.add("unavailable", match={"verb": "get"}, times=None)
        simulated.requests.clear()

        async with store_of(gateway) as store:
            with pytest.raises(CredentialsUnreadable, match="503 ServiceUnavailable") as refused:
                await shop.read(store)

        assert len(simulated.asked("secrets/")) == TRIES
        assert not isinstance(refused.value, CredentialsMissing | CredentialsForbidden)
        assert refused.value.retry_after is not None

    async def test_an_api_that_does_not_answer_is_given_up(
        self, simulated: Simulated, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        await shop.bind(gateway)
        monkeypatch.setattr(kubernetes_api, "READ_WITHIN", kubernetes_api.READ_WITHIN * 0.02)
        simulated.faults.add("slow", match={"verb": "get"}, times=None, delay_s=0.5)

        async with store_of(gateway) as store:
            with pytest.raises(CredentialsUnreadable, match="does not answer"):
                await shop.read(store)

    async def test_what_a_quota_or_a_policy_refuses_is_not_told_as_a_missing_role(
        self, simulated: Simulated, shop: Shop
    ) -> None:
        provisioner = await provisioner_in(simulated.cluster, simulated.cluster.client_name())
        await simulated.cluster.namespace(shop.namespace)
        simulated.faults.add("not_admitted", match={"verb": "create"}, times=None)

        async with store_of(provisioner) as store:
            with pytest.raises(Conflict, match=r"403 Forbidden.*quota") as refused:
                await store.write(
                    client_name=shop.client, environment="production", values={"DATABASE_USER": "u"}
                )

        assert f"--namespace={shop.namespace}" in str(refused.value)

    async def test_why_no_connection_is_made_is_told(
        self, simulated: Simulated, shop: Shop
    ) -> None:
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        config = gateway.config()
        config.cluster.server = config.cluster.server.replace("http://", "https://")
        store = KubernetesStore(KubernetesApi(config))

        with pytest.raises(CredentialsUnreadable, match=r"cannot connect: \[SSL"):
            await shop.read(store)
        await store.close()

    async def test_a_refusal_is_not_asked_again(self, simulated: Simulated, shop: Shop) -> None:
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        simulated.requests.clear()

        async with store_of(gateway) as store:
            with pytest.raises(CredentialsForbidden):
                await shop.read(store)

        assert len(simulated.asked("secrets/")) == 1

    @pytest.mark.parametrize("there", [False, True])
    async def test_a_write_whose_answer_was_lost_is_done_once_more(
        self, simulated: Simulated, shop: Shop, there: object
    ) -> None:
        provisioner = await provisioner_in(simulated.cluster, simulated.cluster.client_name())
        await shop.open(**({"GEMINI_API_KEY": "AIza"} if there else {}))
        simulated.faults.add("response_lost", match={"verb": "patch" if there else "create"})

        async with store_of(provisioner) as store:
            await store.write(
                client_name=shop.client, environment="production", values={"DATABASE_USER": "u"}
            )

        assert simulated.faults.list() == []
        values = await simulated.cluster.values(shop.namespace, shop.secret)
        assert values["DATABASE_USER"] == "u"

    async def test_nothing_of_a_secret_is_told_by_a_refusal(
        self, simulated: Simulated, shop: Shop, capsys: pytest.CaptureFixture[str]
    ) -> None:
        provisioner = await provisioner_in(simulated.cluster, simulated.cluster.client_name())
        await shop.open()
        await simulated.cluster.secret(shop.namespace, shop.secret, {"DATABASE_USER": "u"})
        stored = simulated.server.cluster._objects["secrets", shop.namespace, shop.secret]
        stored.body["immutable"] = True

        async with store_of(provisioner) as store:
            with pytest.raises(Conflict, match="immutable") as refused:
                await store.write(
                    client_name=shop.client,
                    environment="production",
                    values={"GEMINI_API_KEY": "AIza-s3cr3t"},
                )

        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None
        assert "s3cr3t" not in str(refused.value) + "".join(capsys.readouterr())

    async def test_a_namespace_being_deleted_is_waited_for_by_the_operator(
        self, simulated: Simulated, shop: Shop
    ) -> None:
        provisioner = await provisioner_in(simulated.cluster, simulated.cluster.client_name())
        await shop.open()
        stored = simulated.server.cluster._objects["namespaces", None, shop.namespace]
        stored.body["status"] = {"phase": "Terminating"}

        async with store_of(provisioner) as store:
            with pytest.raises(Conflict, match="being deleted"):
                await store.write(
                    client_name=shop.client, environment="production", values={"DATABASE_USER": "u"}
                )

    async def test_a_value_that_is_no_credential_goes_nowhere(
        self, simulated: Simulated, shop: Shop
    ) -> None:
        provisioner = await provisioner_in(simulated.cluster, simulated.cluster.client_name())
        simulated.requests.clear()

        async with store_of(provisioner) as store:
            with pytest.raises(Invalid) as refused:
                await store.write(
                    client_name=shop.client, environment="production", values={"PATH": "/bin"}
                )

        assert list(refused.value.fields) == ["PATH"]
        assert simulated.requests.list() == []

    async def test_a_secret_of_bytes_is_unreadable(self, simulated: Simulated, shop: Shop) -> None:
        gateway = await shop.open(GEMINI_API_KEY="AIza")
        await shop.bind(gateway)
        stored = simulated.server.cluster._objects["secrets", shop.namespace, shop.secret]
        stored.body["data"] = {"GEMINI_API_KEY": "//79"}

        async with store_of(gateway) as store:
            with pytest.raises(CredentialsUnreadable, match=r"GEMINI_API_KEY of Secret .* no text"):
                await shop.read(store)

    def test_without_a_cluster_it_says_what_is_missing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KUBECONFIG", "/nowhere/config")

        with pytest.raises(CredentialsUnreadable, match="set KUBECONFIG"):
            KubernetesApi()
