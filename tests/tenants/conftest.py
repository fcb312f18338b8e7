"""Clusters: simulated ones, and a real one where it is asked for."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lightkube import KubeConfig

from tests.tenants.cluster import TestCluster, let_through
from tests.tenants.kubernetes_world import Simulated, simulated_cluster


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
