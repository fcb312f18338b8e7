"""What the tests of Kubernetes stand on: a cluster, and what runs in it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightkube import KubeConfig
from lightkube.config.models import Cluster, User

from mcp_platform.simulators.control import Faults, RequestLog
from mcp_platform.simulators.kubernetes.app import ApiServer, create_app
from mcp_platform.simulators.serving import serving
from tests.tenants.cluster import TestCluster


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated cluster, and the strings it hangs on."""

    cluster: TestCluster
    server: ApiServer
    faults: Faults
    requests: RequestLog

    def asked(self, resource: str) -> list[dict[str, Any]]:
        """Return the requests about one kind since they were last cleared."""
        return [each for each in self.requests.list() if f"/{resource}" in each["path"]]


async def simulated_cluster(folder: Path) -> AsyncIterator[Simulated]:
    app = create_app()
    server: ApiServer = app.state.kubernetes
    async with serving(app) as url:
        config = KubeConfig.from_one(
            cluster=Cluster(server=url), user=User(token=server.admin_token())
        )
        cluster = TestCluster(config.get(), folder)
        yield Simulated(cluster, server, app.state.faults, app.state.requests)
        await cluster.close()
