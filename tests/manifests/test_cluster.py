"""The tree applied for real, in its order, and what its accounts then may (`make test-cluster`).

Runs on the cluster that KUBECONFIG names, through kubectl; what it makes is deleted again. Kinds
that the cluster does not serve are left out and named. No pod has to run: the image is nobody's.
"""

import copy
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from cdk8s_app import place
from cdk8s_app.apply import APPLY_ALL
from cdk8s_app.config import fleet_of
from cdk8s_app.synth import synthesize
from tests.manifests.fleets import API_SERVER, IMAGE, PEM
from tests.manifests.test_admission import ASTRAY, RELABELLED, made_here

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]
APPLY = ("--server-side", "--force-conflicts", "--field-manager=mcp-platform-test")
PATIENCE_S = 30  # a policy takes effect a moment after it is answered


def kubectl(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["kubectl", *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert not check or done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
    return done


@dataclass(frozen=True, slots=True)
class Applied:
    shared: str
    isolated: str
    objects: tuple[dict[str, Any], ...]
    left_out: frozenset[str]
    told: str
    """What kubectl said beside its work: warnings of the server."""
    config: dict[str, Any]

    def may(self, account: str, verb: str, what: str, *, namespace: str | None) -> bool:
        where = ["--all-namespaces"] if namespace is None else ["--namespace", namespace]
        who = f"system:serviceaccount:{place.NAMESPACE}:{account}"
        done = kubectl("auth", "can-i", verb, what, *where, "--as", who, check=False)
        assert done.stdout.strip().partition(" ")[0] in ("yes", "no"), done.stderr
        return done.stdout.startswith("yes")


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    if "KUBECONFIG" not in os.environ or shutil.which("kubectl") is None:
        pytest.skip("KUBECONFIG names no cluster to run this on, or there is no kubectl")
    if kubectl("get", "namespace", place.NAMESPACE, check=False).returncode == 0:
        pytest.skip(f"this cluster has a namespace {place.NAMESPACE}: it may be somebody's")
    served = served_kinds()
    name = uuid4().hex[:10]
    shared, isolated = f"mcp-test-{name}-a", f"mcp-test-{name}-b"
    octal = f"0o{uuid4().int % 8**12:o}"  # a number, by one dialect of YAML
    config = {
        "version": 1,
        "platform": {
            "image": IMAGE,
            "host": "wa.example.com",
            "token_keys": {"2026-11": PEM},
            "api_server_ranges": API_SERVER,
        },
        "database": {"mode": "statefulset"},
        "clients": [
            {"client_name": shared, "environments": {"production": True}},
            {"client_name": isolated, "environments": {"production": {"topology": "isolated"}}},
            {"client_name": octal, "environments": {"production": {"topology": "shared"}}},
        ],
    }
    tree = tmp_path_factory.mktemp("tree")
    synthesize(fleet_of(copy.deepcopy(config)), tree)
    there = list(in_order(tree))
    files = {id(each): file for file, each in there}
    objects = [each for _, each in there]
    known = [each for each in objects if kind_of(each) in served]
    left_out = frozenset(kind_of(each) for each in objects) - served
    done: list[dict[str, Any]] = []
    told = ""
    try:
        for each in known:
            # The very bytes: how they are quoted is for the server to judge.
            told += kubectl("apply", *APPLY, "-f", str(files[id(each)])).stderr
            done.append(each)
        yield Applied(shared, isolated, tuple(known), left_out, told, config)
    finally:
        for each in reversed(done):
            if each["kind"] == "Namespace" or "namespace" not in each["metadata"]:
                kubectl(
                    "delete", each["kind"], each["metadata"]["name"], "--wait=false",
                    "--ignore-not-found", check=False,
                )  # fmt: skip


def kind_of(each: dict[str, Any]) -> str:
    return f"{each['apiVersion']}/{each['kind']}"


def served_kinds() -> frozenset[str]:
    kinds = set()
    for line in kubectl("api-resources", "--no-headers").stdout.splitlines():
        *_, version, _, kind = line.split()
        kinds.add(f"{version}/{kind}")
    return frozenset(kinds)


def in_order(tree: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give the objects as `apply-all.sh` applies them: namespaces first in each folder."""
    folders = [tree / "data", tree / "platform", *sorted((tree / "clients").glob("*/*"))]
    for folder in folders:
        files = sorted(
            folder.glob("*.yaml"),
            key=lambda path: (not path.name.startswith("Namespace."), path.name),
        )
        for file in files:
            yield file, yaml.safe_load(file.read_text("utf-8"))


def written(each: dict[str, Any], folder: Path) -> str:
    file = folder / "object.yaml"
    file.write_text(yaml.safe_dump(each), "utf-8")
    return str(file)


def test_the_server_takes_every_object_of_a_kind_it_serves(applied: Applied) -> None:
    assert {"v1/Namespace", "v1/ServiceAccount", "apps/v1/Deployment"} <= {
        kind_of(each) for each in applied.objects
    }
    core = ("v1/", "apps/", "batch/", "networking.k8s.io/", "rbac.", "policy/", "autoscaling/")
    assert not [kind for kind in applied.left_out if kind.startswith(core)]


def test_the_server_warns_of_nothing_that_is_ours(applied: Applied) -> None:
    ours = ("would violate PodSecurity", "unknown field", "deprecated", "duplicate")
    assert not [line for line in applied.told.splitlines() if any(each in line for each in ours)]


def test_applying_again_changes_nothing(applied: Applied, tmp_path: Path) -> None:
    everything = {"apiVersion": "v1", "kind": "List", "items": list(applied.objects)}
    file = written(everything, tmp_path)
    for _ in range(3):  # a controller may write a status between the two looks
        again = kubectl("diff", *APPLY, "-f", file, check=False)
        if again.returncode == 0:
            break

    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_the_gateway_reads_the_shared_tenants_secret_by_name_and_no_other(applied: Applied) -> None:
    namespace = f"{applied.shared}-production"
    secret = f"secrets/{applied.shared}-credentials"
    for account in place.READERS:
        assert applied.may(account, "get", secret, namespace=namespace)
        assert not applied.may(account, "get", "secrets/another", namespace=namespace)
        assert not applied.may(account, "list", "secrets", namespace=namespace)
        assert not applied.may(account, "update", secret, namespace=namespace)
        assert not applied.may(account, "get", "secrets", namespace=place.NAMESPACE)
        assert not applied.may(account, "get", "secrets", namespace=None)


def test_the_gateway_reads_nothing_of_an_isolated_tenant(applied: Applied) -> None:
    namespace = f"{applied.isolated}-production"
    for account in place.READERS:
        for verb in ("get", "list", "watch"):
            assert not applied.may(
                account, verb, f"secrets/{applied.isolated}-credentials", namespace=namespace
            )


def test_only_the_provisioner_makes_secrets_and_it_lists_none(applied: Applied) -> None:
    assert applied.may(place.WRITER, "create", "secrets", namespace=f"{applied.shared}-production")
    assert not applied.may(place.WRITER, "list", "secrets", namespace=None)
    assert not applied.may(place.WRITER, "get", "secrets", namespace="kube-system")
    isolated = f"{applied.isolated}-production"
    assert applied.may(place.WRITER, "get", "deployments.apps/assistant", namespace=isolated)
    assert not applied.may(place.WRITER, "patch", "deployments.apps/assistant", namespace=isolated)
    for account in (*place.READERS, "admin"):
        assert not applied.may(account, "create", "secrets", namespace=None)
        assert not applied.may(account, "create", "pods", namespace=None)


def test_lower_resources_replace_a_tenants_pods_within_its_quota(
    applied: Applied, tmp_path: Path
) -> None:
    """No node has to be there: a pod that was made counts, whether it runs or not."""
    (found,) = (
        each
        for each in applied.objects
        if each["kind"] == "Deployment"
        and each["metadata"]["namespace"] == f"{applied.isolated}-production"
    )
    namespace = ["--namespace", found["metadata"]["namespace"]]
    for memory in ("1Gi", "192Mi"):
        changed = copy.deepcopy(found)
        (container,) = changed["spec"]["template"]["spec"]["containers"]
        container["resources"]["limits"]["memory"] = memory
        kubectl("apply", *APPLY, "-f", written(changed, tmp_path))
        until = time.monotonic() + PATIENCE_S
        limits = "{.items[*].spec.containers[*].resources.limits.memory}"
        while memory not in kubectl("get", "pods", *namespace, "-o", f"jsonpath={limits}").stdout:
            assert time.monotonic() < until, kubectl("get", "events", *namespace).stdout
            time.sleep(0.5)
    assert "exceeded quota" not in kubectl("get", "events", *namespace).stdout


def test_the_script_goes_on_past_a_tenant_that_fails_and_names_what_is_left_behind(
    applied: Applied, tmp_path: Path
) -> None:
    """Without a change: where no node is, no migration runs that could end."""
    if applied.left_out:
        pytest.skip("this cluster lacks kinds of the tree, and the script applies nothing then")
    config = copy.deepcopy(applied.config)
    _, moved, *_ = config["clients"]
    moved["environments"]["production"]["topology"] = "shared"
    stuck = f"{applied.shared}-stuck"
    config["clients"].append(
        {"client_name": stuck, "environments": {"production": {"topology": "shared"}}}
    )
    synthesize(fleet_of(config), tmp_path)
    # Terminating for as long as it is held: the server lets nothing be made in it.
    ending = a_namespace(f"{stuck}-production")
    ending["metadata"]["finalizers"] = ["mcp-test.example.com/held"]
    kubectl("apply", *APPLY, "-f", written(ending, tmp_path))
    try:
        kubectl("delete", "namespace", f"{stuck}-production", "--wait=false")
        done = subprocess.run(
            [str(tmp_path / APPLY_ALL), "--dry-run", "--force-conflicts"],
            check=False,
            capture_output=True,
            text=True,
        )
    finally:
        free = '{"metadata":{"finalizers":null}}'
        kubectl("patch", "namespace", f"{stuck}-production", "--type=merge", f"--patch={free}")

    assert done.returncode == 1, done.stderr
    summary = done.stderr.partition("Not everything is as it is here:")[2]
    assert summary.strip() == f"clients/{stuck}/production/ could not be applied as a whole"
    left = done.stdout.partition("Left behind by an earlier tree:")[2]
    assert f"{applied.isolated}-production Deployment assistant" in left
    assert applied.shared not in left
    home = ["--namespace", f"{applied.isolated}-production"]
    assert kubectl("get", "deployment", "assistant", *home).returncode == 0


class TestPolicies:
    """What the cluster refuses by the policies in the tree, where it has them (1.30 and newer)."""

    @pytest.fixture(autouse=True)
    def policies(self, applied: Applied, tmp_path: Path) -> None:
        if "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy" in applied.left_out:
            pytest.skip("this cluster has no ValidatingAdmissionPolicy")
        until = time.monotonic() + PATIENCE_S
        while refused(a_namespace("mcp-test-none"), tmp_path, by=place.WRITER) is None:
            assert time.monotonic() < until, "the policies do not take effect"
            time.sleep(0.5)

    def test_a_route_leads_from_its_own_tenants_path_and_no_other(
        self, applied: Applied, tmp_path: Path
    ) -> None:
        found = [each for each in applied.objects if each["kind"] == "HTTPRoute"]
        own = [each for each in found if each["metadata"]["namespace"].startswith(applied.isolated)]
        if not own:
            pytest.skip("this cluster has no HTTPRoute")

        def asked(*matches: dict[str, Any]) -> str | None:
            route = copy.deepcopy(own[0])
            route["metadata"]["name"] = "another"
            route["spec"]["rules"][0]["matches"] = [{"path": each} for each in matches]
            return refused(route, tmp_path)

        here = f"/{applied.isolated}/production"
        prefix = {"type": "PathPrefix", "value": here}
        assert asked(prefix) is None
        assert asked({"type": "Exact", "value": f"{here}/x"}) is None
        for wrong in (
            {"type": "PathPrefix", "value": f"/{applied.shared}/production"},
            {"type": "PathPrefix", "value": f"{here}x"},
            {"type": "PathPrefix", "value": "/"},
            {"type": "RegularExpression", "value": here},
            *({"type": "PathPrefix", "value": f"{here}/{each}"} for each in (".*", "a|b", "(a)")),
        ):
            assert "mcp-platform-routes" in (asked(prefix, wrong) or ""), wrong

    def test_the_provisioner_keeps_to_tenants_namespaces_and_their_one_secret(
        self, applied: Applied, tmp_path: Path
    ) -> None:
        def asked(each: dict[str, Any]) -> str:
            return refused(each, tmp_path, by=place.WRITER) or "taken"

        policy, secret = "mcp-platform-provisioner", f"{applied.shared}-credentials"
        assert asked(made_here("mcp-test-new")) == "taken"
        assert asked(a_secret(secret, namespace=f"{applied.shared}-production")) == "taken"
        assert policy in asked(a_secret("another", namespace=f"{applied.shared}-production"))
        assert policy in asked(a_secret(secret, namespace=f"{applied.isolated}-production"))
        assert policy in asked(a_secret(secret, namespace="kube-system"))
        for attempt, astray in ASTRAY.items():
            if astray["metadata"]["name"] != place.NAMESPACE:  # which is there already
                assert policy in asked(astray), attempt
        token = {**a_secret(secret, namespace=f"{applied.shared}-production")}
        token["type"] = "kubernetes.io/tls"
        assert policy in asked({**token, "data": {"tls.crt": "MQ==", "tls.key": "MQ=="}})

    def test_the_provisioner_changes_no_label_of_a_namespace(self, applied: Applied) -> None:
        for name in (f"{applied.isolated}-production", place.NAMESPACE):
            for attempt, labels in RELABELLED.items():
                changes = [
                    f"{key}={value}" if value is not None else f"{key}-"
                    for key, value in labels.items()
                ]
                who = f"system:serviceaccount:{place.NAMESPACE}:{place.WRITER}"
                done = kubectl(
                    "label", "namespace", name, *changes, "--overwrite", "--dry-run=server",
                    "--as", who, check=False,
                )  # fmt: skip
                assert "mcp-platform-provisioner" in done.stderr, (name, attempt)


def a_namespace(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def a_secret(name: str, *, namespace: str) -> dict[str, Any]:
    about = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": about, "data": {"A": "MQ=="}}


def refused(each: dict[str, Any], folder: Path, *, by: str | None = None) -> str | None:
    """Return why the server would not take an object; None: it would."""
    user = ["--as", f"system:serviceaccount:{place.NAMESPACE}:{by}"] if by else []
    done = kubectl("create", "--dry-run=server", *user, "-f", written(each, folder), check=False)
    return done.stderr if done.returncode else None
