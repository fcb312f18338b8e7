"""What happens in a namespace when a tenant's manifests change, on a cluster that counts quotas."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cdk8s_app import scaling
from cdk8s_app.config import Credentials, Tenant
from cdk8s_app.manifest import Manifest
from cdk8s_app.quantities import Resources, in_bytes, millicores
from cdk8s_app.settings import Database, Platform
from cdk8s_app.tenant import tenant_objects
from mcp_platform.simulators.control import Faults
from mcp_platform.simulators.kubernetes.controllers import Controllers
from mcp_platform.simulators.kubernetes.kinds import KINDS
from mcp_platform.simulators.kubernetes.objects import Cluster

CPU = ["10m", "50m", "0.5", "500m", "1", "2.5", "64"]
MEMORY = ["64Mi", "192Mi", "384Mi", "1Gi", "1500M", "64Gi"]
KIND = {(kind.api_version, kind.name): kind for kind in KINDS}
MANAGER = "mcp-platform-manifests"
SMALL = {
    "cpu_request": "50m",
    "cpu_limit": "500m",
    "memory_request": "64Mi",
    "memory_limit": "192Mi",
}


@st.composite
def amounts(draw: st.DrawFn) -> Resources:
    cpu = sorted(draw(st.lists(st.sampled_from(CPU), min_size=2, max_size=2)), key=millicores)
    memory = sorted(draw(st.lists(st.sampled_from(MEMORY), min_size=2, max_size=2)), key=in_bytes)
    return Resources(
        cpu_request=cpu[0], cpu_limit=cpu[1], memory_request=memory[0], memory_limit=memory[1]
    )


class Namespace:
    """One isolated tenant's namespace, and the controllers that work in it."""

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self.cluster = Cluster()
        self.controllers = Controllers(self.cluster, Faults())

    @property
    def name(self) -> str:
        return f"barbearia-do-ze-{self.environment}"

    def apply(self, resources: Resources, *, pods: int, autoscaling: Any = "cpu") -> None:
        """Apply a tenant's manifests in the order of their list; an autoscaler has said `pods`."""
        tenant = Tenant(
            client="barbearia-do-ze",
            environment=self.environment,
            topology="isolated",
            resources=resources,
            credentials=Credentials(),
        )
        platform = Platform(tenant_autoscaling=autoscaling)
        for each in tenant_objects(tenant, platform=platform, database=Database()):
            if each["kind"] == "Deployment":
                each["spec"]["replicas"] = pods
            if each["kind"] in {"Namespace", "LimitRange", "ResourceQuota", "Deployment"}:
                self.put(each)

    def put(self, each: Manifest) -> None:
        kind = KIND[each["apiVersion"], each["kind"]]
        about = each["metadata"]
        self.cluster.apply(
            kind, about.get("namespace"), about["name"], each, manager=MANAGER, force=True
        )
        self.controllers.settle(self.name)

    def limits(self) -> list[Any]:
        return [
            pod["spec"]["containers"][0]["resources"]
            for pod in self.cluster.every("", "pods", self.name)
        ]

    def conditions(self) -> Any:
        (deployment,) = self.cluster.every("apps", "deployments", self.name)
        return deployment["status"]["conditions"]

    def refused(self) -> list[str]:
        return [each["message"] for each in self.cluster.every("", "events", self.name)]


@given(
    before=amounts(),
    after=amounts(),
    environment=st.sampled_from(["development", "staging", "production"]),
    autoscaling=st.tuples(*[st.sampled_from(["cpu", "queue", "off"])] * 2),
    data=st.data(),
)
def test_whatever_a_tenants_resources_become_its_pods_are_replaced_at_once(
    before: Resources,
    after: Resources,
    environment: str,
    autoscaling: Sequence[str],
    data: st.DataObject,
) -> None:
    old, new = (data.draw(st.integers(1, scaling.most_of(environment))) for _ in range(2))
    where = Namespace(environment)
    where.apply(before, pods=old, autoscaling=autoscaling[0])
    assert where.limits() == [before.container()] * old

    where.apply(after, pods=new, autoscaling=autoscaling[1])

    assert where.limits() == [after.container()] * new
    assert where.refused() == []


def test_a_quota_of_what_the_new_pods_take_would_hold_up_the_old_ones_going() -> None:
    """What the cluster above is worth: it holds up what a real one was seen to hold up."""
    big, small = Resources(**{**SMALL, "memory_limit": "1Gi"}), Resources(**SMALL)
    where = Namespace("production")
    where.apply(big, pods=2)
    too_small = {"limits.memory": str(4 * in_bytes(small.memory_limit))}
    where.put(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "another", "namespace": where.name},
            "spec": {"hard": too_small},
        }
    )

    where.apply(small, pods=2)

    assert where.limits() == [big.container()] * 2
    assert "exceeded quota: another, requested: limits.memory=" in where.refused()[0]
    progress, failure = where.conditions()
    assert (progress["status"], progress["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert (failure["status"], failure["reason"]) == ("True", "FailedCreate")
