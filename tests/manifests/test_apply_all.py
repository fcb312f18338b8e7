"""`apply-all.sh` run against a simulated cluster: what is applied, what is told, what is taken away."""

import copy
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdk8s_app import place
from cdk8s_app.apply import APPLY_ALL, LEFT_BEHIND, apply_all
from cdk8s_app.config import Fleet, fleet_of
from cdk8s_app.synth import folders_of
from mcp_platform.simulators.kubernetes.app import ApiServer, create_app
from mcp_platform.simulators.kubernetes.kinds import (
    DEPLOYMENTS,
    JOBS,
    KINDS,
    NAMESPACES,
    QUOTAS,
    ResourceKind,
)
from mcp_platform.simulators.serving import Served
from tests.manifests import fleets
from tests.manifests.stand_in_kubectl import Kubectl

SECRETS = next(kind for kind in KINDS if kind.name == "Secret")
ISOLATED = {"production": {"topology": "isolated"}}
SHARED = {"production": {"topology": "shared"}}
SIZE = {"requests": {"memory": "192Mi"}, "limits": {"memory": "384Mi"}}
BIG = {"requests": {"memory": "192Mi"}, "limits": {"memory": "1Gi"}}
# What must outlive every tree: with a namespace or a claim goes data, with a form its Secret.
KEPT = {
    "Namespace", "StatefulSet", "Cluster", "ScheduledBackup", "ObjectStore", "SealedSecret",
    "ExternalSecret", "Secret", "Job", "AppProject", "Application", "ApplicationSet",
}  # fmt: skip


@dataclass
class Run:
    """What the script ended with, said, and asked kubectl for."""

    status: int
    out: str
    told: str
    calls: str


@dataclass
class Ground:
    """A tree on disk, and a cluster to apply it to."""

    folder: Path
    kubectl: Kubectl
    server: ApiServer
    faults: Any
    config: dict[str, Any] = field(
        default_factory=lambda: {
            "platform": {
                "image": fleets.IMAGE,
                "api_server_ranges": fleets.API_SERVER,
                "monitoring": False,
                "credentials": "sealed",
                "redis": "none",
                "tenant_autoscaling": "cpu",
            },
            "database": {"mode": "external", "host": "db.example.com"},
        }
    )

    def write(self, **clients: Any) -> None:
        """Bring the tree to these clients: environments, and resources where there are any."""
        entries = []
        for name, environments in clients.items():
            entry = (
                environments if "environments" in environments else {"environments": environments}
            )
            entries.append({"client_name": name, **copy.deepcopy(entry)})
        self.lay_out(fleet_of(copy.deepcopy({**self.config, "clients": entries})))

    def lay_out(self, fleet: Fleet) -> None:
        """Write a fleet's tree as the builder does, but without starting its Node."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for folder, objects in folders_of(fleet).items():
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
            for each in objects:
                file = self.folder / folder / f"{each['kind']}.{each['metadata']['name']}.yaml"
                file.write_text(yaml.dump(each, Dumper=yaml.CSafeDumper))
        script = self.folder / APPLY_ALL
        script.write_text(apply_all(fleet.platform, fleet.database))
        script.chmod(0o755)

    def run(self, *options: str) -> Run:
        self.kubectl.calls.clear()
        done = subprocess.run(
            [str(self.folder / APPLY_ALL), *options],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "KUBECTL": self.kubectl.command(self.folder.parent)},
        )
        return Run(done.returncode, done.stdout, done.stderr, "\n".join(self.kubectl.calls))

    def goes_well(self, *options: str) -> Run:
        done = self.run(*options)
        assert done.status == 0, done.told
        return done

    def there(self) -> set[str]:
        """Return what lies in the cluster, as `namespace/Kind/name`."""
        return {
            f"{each['metadata'].get('namespace', '')}/{kind.name}/{each['metadata']['name']}"
            for kind in KINDS
            if kind.name not in {"Pod", "Event"}
            for each in self.server.cluster.every(kind.group, kind.resource, None)
        }

    def get(self, kind: ResourceKind, name: str, namespace: str | None = place.NAMESPACE) -> Any:
        return self.server.cluster.get(kind, namespace, name)

    def credentials(self, *clients: str) -> None:
        """Save credentials, as a controller would make them of what is sealed."""
        for client in clients:
            body = {"metadata": {"name": f"{client}-credentials"}}
            self.server.cluster.create(SECRETS, f"{client}-production", body, manager="kubeseal")

    def memory(self, client: str) -> str:
        found = self.get(DEPLOYMENTS, "assistant", f"{client}-production")
        limit: str = found["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"][
            "memory"
        ]
        return limit


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    app = create_app()
    server: ApiServer = app.state.kubernetes
    with (
        Served(app) as served,
        Kubectl(url=served.url, token=server.admin_token()) as kubectl,
    ):
        yield Ground(tmp_path / "tree", kubectl, server, app.state.faults)


def test_everything_is_applied_in_order(ground: Ground) -> None:
    ground.lay_out(fleets.fleet())

    done = ground.run()

    assert done.status == 0, done.told
    order = [
        "data/Namespace.mcp-platform.yaml",
        "data/ServiceAccount.valkey.yaml",
        "data/Deployment.valkey.yaml",
        "clusters.postgresql.cnpg.io/database",
        "platform/ConfigMap.migrate.yaml",
        "delete job migrate",
        "-f platform/Job.migrate.yaml",
        "get job migrate",
        "platform/ConfigMap.settings.yaml",
        "platform/Deployment.gateway.yaml",
        "clients/clinica-sorriso/production/Namespace.",
        "clients/clinica-sorriso/production/ServiceAccount.",
        "clients/clinica-sorriso/production/Deployment.",
        "rollout status --namespace=mcp-platform deployment/worker",
    ]
    assert [each for each in order if each not in done.calls] == []
    positions = [done.calls.index(each) for each in order]
    assert positions == sorted(positions)
    every = {str(each.relative_to(ground.folder)) for each in ground.folder.rglob("*.yaml")}
    assert {each for each in every if f"-f {each}" not in done.calls} == {
        each for each in every if each.startswith("argocd/")
    }
    assert "left behind" not in done.out.lower()


def test_applied_again_it_changes_nothing(ground: Ground) -> None:
    ground.write(aaa=SHARED, bbb=ISOLATED)
    ground.goes_well()
    first = ground.there()
    again = ground.run()

    assert (again.status, ground.there()) == (0, first)
    assert "bbb/production/: its pods start once its credentials are saved" in again.out


def test_a_tenant_that_fails_keeps_no_other_waiting_and_is_named_at_the_end(ground: Ground) -> None:
    clients = ["aaa", "bbb", "ccc"]
    sized = {"resources": SIZE, "environments": ISOLATED}
    ground.write(**dict.fromkeys(clients, sized))
    ground.goes_well()
    ground.credentials(*clients)
    cluster = ground.server.cluster
    cluster.delete(DEPLOYMENTS, "bbb-production", "assistant")
    cluster.get(NAMESPACES, None, "bbb-production")["status"]["phase"] = "Terminating"
    ground.write(**{each: {**sized, "resources": BIG} for each in clients})

    done = ground.run("--prune")

    assert done.status == 1
    assert (ground.memory("aaa"), ground.memory("ccc")) == ("1Gi", "1Gi")
    summary = done.told.partition("Not everything is as it is here:")[2]
    assert summary.split("\n")[1:-1] == [
        "  clients/bbb/production/ could not be applied as a whole"
    ]


def test_a_migration_that_failed_is_seen_before_anything_new_is_applied(ground: Ground) -> None:
    ground.write(aaa=SHARED, bbb=ISOLATED)
    ground.goes_well()
    before = ground.get(DEPLOYMENTS, "gateway")
    ground.config["platform"]["settings"] = {"LOG_LEVEL": "DEBUG"}
    ground.config["platform"]["image"] = "registry.example.com/mcp-platform:2"
    ground.write(aaa=SHARED, bbb=ISOLATED)
    ground.faults.add("job_fails", match={"name": "migrate"})

    done = ground.run()

    assert done.status == 1
    assert "The migration failed. Nothing after it was applied" in done.told
    assert "the last lines of its log" in done.out + done.told
    settings = next(kind for kind in KINDS if kind.name == "ConfigMap")
    assert "LOG_LEVEL" not in ground.get(settings, "settings")["data"]
    assert ground.get(settings, "migrate")["data"]["LOG_LEVEL"] == "DEBUG"
    assert ground.get(DEPLOYMENTS, "gateway") == before
    assert "platform/Deployment" not in done.calls

    ground.goes_well()
    assert ground.get(settings, "settings")["data"]["LOG_LEVEL"] == "DEBUG"
    assert ground.get(JOBS, "migrate")["status"]["conditions"][0]["type"] == "Complete"


def test_a_rollout_that_stands_still_is_told_with_its_reason(ground: Ground) -> None:
    ground.write(aaa={"resources": BIG, "environments": ISOLATED}, bbb=ISOLATED)
    ground.goes_well()
    ground.credentials("aaa", "bbb")
    ground.server.cluster.create(
        QUOTAS,
        "aaa-production",
        {"metadata": {"name": "theirs"}, "spec": {"hard": {"limits.memory": "1Gi"}}},
        manager="somebody",
    )
    ground.write(aaa={"resources": SIZE, "environments": ISOLATED}, bbb=ISOLATED)

    done = ground.run()

    assert done.status == 1
    assert "clients/aaa/production/: the rollout of assistant stands still: pods" in done.told
    assert "exceeded quota: theirs, requested: limits.memory=" in done.told
    assert "bbb" not in done.told


def test_a_tenant_that_is_shared_now_leaves_its_half_until_it_is_pruned(ground: Ground) -> None:
    ground.write(aaa=ISOLATED, bbb=ISOLATED)
    ground.goes_well()
    ground.credentials("aaa", "bbb")
    ground.write(aaa=SHARED, bbb=ISOLATED)
    others = {each for each in ground.there() if not each.startswith("aaa-production/")}

    told = ground.run()

    assert told.status == 0
    left = told.out.partition("Left behind by an earlier tree:\n")[2]
    for each in (
        "Deployment assistant",
        "HorizontalPodAutoscaler assistant",
        "HTTPRoute assistant",
    ):
        assert f"aaa-production {each}\n" in left
    assert "bbb" not in left
    assert "--prune removes it." in left
    assert "aaa-production/Deployment/assistant" in ground.there()

    ground.goes_well("--prune")
    assert {each for each in ground.there() if not each.startswith("aaa-production/")} == others
    assert {each for each in ground.there() if each.startswith("aaa-production/")} == {
        "aaa-production/Role/credentials-examiner",
        "aaa-production/RoleBinding/credentials-examiner",
        "aaa-production/Role/credentials-reader",
        "aaa-production/RoleBinding/credentials-reader",
        "aaa-production/Secret/aaa-credentials",
    }
    assert "Left behind" not in ground.run("--prune").out


def test_a_tenant_that_is_isolated_now_is_no_longer_read_by_the_gateway_once_pruned(
    ground: Ground,
) -> None:
    ground.write(aaa=SHARED)
    ground.goes_well()
    ground.write(aaa=ISOLATED)
    rights = {f"aaa-production/{kind}/credentials-reader" for kind in ("Role", "RoleBinding")}

    told = ground.run()
    assert told.out.count("aaa-production Role") == 2
    assert rights <= ground.there()

    ground.goes_well("--prune")
    assert not rights & ground.there()
    assert "aaa-production/Deployment/assistant" in ground.there()


def test_another_autoscaler_leaves_one_that_is_pruned_and_its_maker_keeps_its_own(
    ground: Ground,
) -> None:
    ground.write(aaa=ISOLATED)
    ground.goes_well()
    ground.config["platform"]["tenant_autoscaling"] = "queue"
    ground.write(aaa=ISOLATED)
    (scaler,) = (kind for kind in KINDS if kind.name == "HorizontalPodAutoscaler")
    own = ground.get(scaler, "assistant", "aaa-production")
    of_keda = {
        "metadata": {
            "name": "keda-hpa-assistant",
            "labels": own["metadata"]["labels"],
            "ownerReferences": [{"kind": "ScaledObject", "name": "assistant"}],
        },
        "spec": own["spec"],
    }
    ground.server.cluster.create(scaler, "aaa-production", of_keda, manager="keda")

    assert "aaa-production HorizontalPodAutoscaler assistant" in ground.run().out
    ground.goes_well("--prune")

    scalers = {each for each in ground.there() if "utoscaler/" in each or "ScaledObject" in each}
    assert {each for each in scalers if each.startswith("aaa")} == {
        "aaa-production/HorizontalPodAutoscaler/keda-hpa-assistant",
        "aaa-production/ScaledObject/assistant",
    }


def test_of_a_tenant_that_is_gone_what_runs_is_pruned_and_what_it_holds_is_kept(
    ground: Ground,
) -> None:
    ground.write(aaa=ISOLATED, bbb=SHARED)
    ground.goes_well()
    ground.credentials("aaa")
    ground.write(bbb=SHARED)

    ground.goes_well("--prune")
    assert {each for each in ground.there() if "aaa-production" in each} == {
        "/Namespace/aaa-production",
        "aaa-production/Secret/aaa-credentials",
    }


def test_what_bears_no_label_of_ours_is_nobodys_to_prune(ground: Ground) -> None:
    ground.write(aaa=ISOLATED)
    ground.goes_well()
    (maps,) = (kind for kind in KINDS if kind.name == "ConfigMap")
    theirs = {"metadata": {"name": "theirs", "labels": {"app.kubernetes.io/part-of": "x"}}}
    ground.server.cluster.create(maps, "aaa-production", theirs, manager="somebody")

    done = ground.run("--prune")

    assert "theirs" not in done.out
    assert "aaa-production/ConfigMap/theirs" in ground.there()


def test_a_dry_run_changes_nothing_and_tells_what_would_be_left(ground: Ground) -> None:
    ground.write(aaa=ISOLATED)
    ground.goes_well()
    before = ground.there()
    ground.write(aaa=SHARED, bbb=ISOLATED)

    done = ground.run("--dry-run", "--prune")

    assert done.status == 0, done.told
    assert ground.there() == before
    assert "aaa-production Deployment assistant" in done.out
    assert "clients/bbb/production/: its namespace would be new" in done.out


def test_a_kind_that_the_cluster_lacks_is_named_before_anything_is_applied(ground: Ground) -> None:
    ground.write(aaa=ISOLATED)

    ground.kubectl.unserved = ("HTTPRoute", "Gateway")
    done = ground.run()

    assert done.status == 1
    assert "gateway.networking.k8s.io/v1 HTTPRoute" in done.told
    assert "gateway.networking.k8s.io/v1 Gateway" in done.told
    assert ground.there() == {"/Namespace/default"}


def test_nothing_is_applied_while_nobody_said_where_the_clusters_api_is(ground: Ground) -> None:
    del ground.config["platform"]["api_server_ranges"]
    ground.write(aaa=ISOLATED)

    done = ground.run()

    assert done.status == 1
    assert "It answers at: 10.0.0.10 " in done.told
    assert ground.there() == {"/Namespace/default"}


def test_fields_of_others_are_taken_over_only_when_that_is_asked_for(ground: Ground) -> None:
    ground.write(aaa=ISOLATED)
    ground.goes_well()
    quota = {"kind": "ResourceQuota", "apiVersion": "v1", "spec": {"hard": {"pods": "3"}}}
    ground.server.cluster.apply(
        QUOTAS,
        "aaa-production",
        "quota",
        {**quota, "metadata": {"name": "quota"}},
        manager="somebody",
        force=True,
    )

    done = ground.run()
    assert done.status == 1
    assert "conflict" in done.told

    ground.goes_well("--force-conflicts")
    assert ground.get(QUOTAS, "quota", "aaa-production")["spec"]["hard"]["pods"] == "10"


def test_an_option_that_is_none_is_refused(ground: Ground) -> None:
    ground.write()

    done = ground.run("--prnue")

    assert done.status == 2
    assert (done.calls, ground.there()) == ("", {"/Namespace/default"})


@pytest.mark.parametrize("variant", fleets.VARIANTS)
def test_every_kind_of_a_tree_may_be_pruned_or_must_be_kept(variant: str) -> None:
    kinds = {each["kind"] for _, each in fleets.objects(variant)}
    pruned = {kind for _, kind in LEFT_BEHIND}

    assert kinds <= pruned | KEPT
    assert not pruned & KEPT
