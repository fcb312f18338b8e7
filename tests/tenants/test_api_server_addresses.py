"""Where a cluster's API answers, looked up by `publish` for the policies that let pods there."""

import json

import pytest

from mcp_platform.errors import Invalid, Unavailable
from mcp_platform.publishing.publishing import with_api_server
from mcp_platform.simulators.kubernetes.kinds import KINDS
from mcp_platform.tenants.kubernetes_api import KubernetesApi
from tests.tenants.kubernetes_world import Simulated

KIND = {kind.name: kind for kind in KINDS}


async def test_the_addresses_of_the_service_and_behind_it_are_found(simulated: Simulated) -> None:
    objects = simulated.server.cluster
    service = {"metadata": {"name": "kubernetes"}, "spec": {"clusterIP": "10.96.0.1"}}
    service["spec"]["clusterIPs"] = ["10.96.0.1", "fd00::1"]
    objects.create(KIND["Service"], "default", service, manager="kube-apiserver")
    for name, of in (("kubernetes", "kubernetes"), ("other", "other")):
        ends = {
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": of}},
            "addressType": "IPv4",
            "endpoints": [
                {"addresses": ["192.0.2.10" if name == of == "kubernetes" else "9.9.9.9"]}
            ],
        }
        objects.create(KIND["EndpointSlice"], "default", ends, manager="kube-apiserver")
    api = KubernetesApi(simulated.cluster.config)

    try:
        assert await api.own_addresses() == {"10.96.0.1", "fd00::1", "192.0.2.10"}
    finally:
        await api.close()


def test_what_the_file_does_not_say_is_looked_up() -> None:
    exported = json.dumps({"version": 1, "clients": []}).encode()

    made = json.loads(with_api_server(exported, look_up=lambda: ["192.0.2.10/32"]))

    assert made["platform"] == {"api_server_ranges": ["192.0.2.10/32"]}


def test_what_the_file_says_is_published_as_it_is() -> None:
    exported = json.dumps({"platform": {"api_server_ranges": ["192.0.2.10/32"]}}).encode()

    def nobody() -> list[str]:
        raise AssertionError

    assert with_api_server(exported, look_up=nobody) == exported


def test_nothing_is_published_while_nobody_knows() -> None:
    def away() -> list[str]:
        raise Unavailable("No Kubernetes API is configured.")

    with pytest.raises(Invalid, match=r"platform\.api_server_ranges is not set.*KUBECONFIG"):
        with_api_server(b'{"clients": []}', look_up=away)
