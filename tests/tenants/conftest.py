"""One migrated database for the tests of tenants; each makes clients of its own in it. And clusters."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from lightkube import KubeConfig

from mcp_platform.embedded import EmbeddedPostgres
from tests.tenants.cluster import TestCluster, let_through
from tests.tenants.kubernetes_world import Simulated, simulated_cluster


@pytest.fixture(scope="session")
def tenants_url(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    name = f"tenants_{uuid4().hex}"
    yield postgres.create_database(name, template=template)
    postgres.drop_database(name)


@pytest.fixture
async def simulated(tmp_path: Path) -> AsyncIterator[Simulated]:
    async for each in simulated_cluster(tmp_path):
        yield each


@pytest.fixture(params=["simulator", pytest.param("KUBECONFIG", marks=pytest.mark.cluster)])
async def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestCluster]:
    """A simulated cluster, and with `-m cluster` a real one."""
    if request.param == "simulator":
        async for each in simulated_cluster(tmp_path):
            yield each.cluster
        return
    if "KUBECONFIG" not in os.environ:
        pytest.skip("KUBECONFIG names no cluster to run this on")
    config = KubeConfig.from_file(os.environ["KUBECONFIG"]).get()
    let_through(config)
    cluster = TestCluster(config, tmp_path)
    yield cluster
    await cluster.close()
