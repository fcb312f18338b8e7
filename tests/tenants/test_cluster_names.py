"""The platform and the manifests call a tenant's place the same; neither imports the other."""

import pytest

from cdk8s_app.manifest import PART_OF as PLATFORM_OF_MANIFESTS
from cdk8s_app.manifest import labels_of as manifest_labels
from cdk8s_app.namespace import namespace
from cdk8s_app.tenant import NAME
from mcp_platform.tenants.cluster_names import (
    DEPLOYMENT,
    PART_OF,
    PLATFORM,
    POD_SECURITY,
    labels_of,
    namespace_of,
    secret_of,
)


def test_a_namespace_made_by_either_bears_what_the_other_looks_for() -> None:
    labels = manifest_labels(
        instance="shop-staging", component="assistant", client="shop", environment="staging"
    )
    made = namespace(name="shop-staging", labels=labels)["metadata"]["labels"]

    assert {**made, "app.kubernetes.io/managed-by": PLATFORM}.items() >= {
        **labels_of(client_name="shop", environment="staging"),
        **POD_SECURITY,
    }.items()
    assert made[PART_OF] == PLATFORM == PLATFORM_OF_MANIFESTS
    assert DEPLOYMENT == NAME


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_the_longest_name_of_a_client_makes_names_that_kubernetes_takes(environment: str) -> None:
    client = "a" * 40

    assert len(namespace_of(client_name=client, environment=environment)) <= 63
    assert len(secret_of(client_name=client)) <= 63
