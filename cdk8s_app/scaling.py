"""How many pods there are: by processor time, or by how long messages wait.

One pod serves a small business: while its node fails, messages wait.
"""

from cdk8s_app.manifest import Manifest, manifest
from cdk8s_app.quantities import millicores

CPU_PERCENT = 70
WAITING_S = 10  # twice what a turn takes as a rule; more says that turns queue
COOL_DOWN_S = 300
MOST = 4
"""Pods of one tenant, in any environment and under any setting."""


def most_of(environment: str) -> int:
    """Return the most pods of a tenant in `environment`, where there may be more than one."""
    return MOST if environment == "production" else 2


def share_of(cpu_limit: str) -> str:
    """Return so much of a limit as another pod is started for."""
    return f"{millicores(cpu_limit) * CPU_PERCENT // 100}m"


def by_cpu(
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    fewest: int,
    most: int,
    cpu: str | None = None,
) -> Manifest:
    """Return a HorizontalPodAutoscaler of Deployment `name`.

    Args:
        name: of the Deployment.
        namespace: where it runs.
        labels: of the autoscaler.
        fewest: pods.
        most: pods.
        cpu: how much each may use on average. None: a share of what it requests.
    """
    target = {"type": "Utilization", "averageUtilization": CPU_PERCENT}
    if cpu is not None:
        target = {"type": "AverageValue", "averageValue": cpu}
    return manifest(
        api_version="autoscaling/v2",
        kind="HorizontalPodAutoscaler",
        name=name,
        namespace=namespace,
        labels=labels,
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": fewest,
            "maxReplicas": most,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": target,
                    },
                }
            ],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": COOL_DOWN_S}},
        },
    )


def by_waiting_time(
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    fewest: int,
    most: int,
    prometheus_url: str,
) -> Manifest:
    """Return a ScaledObject of Deployment `name` by the age of the oldest message that waits.

    Args:
        name: of the Deployment.
        namespace: where it runs; its pods' own metrics are looked at.
        labels: of the ScaledObject.
        fewest: pods, also while Prometheus does not answer.
        most: pods.
        prometheus_url: which Prometheus KEDA asks.
    """
    trigger = {
        "type": "prometheus",
        # Not divided among the pods: the age is that of the whole queue, seen by each alike.
        "metricType": "Value",
        "metadata": {
            "serverAddress": prometheus_url,
            "query": f'max(mcp_inbox_lag_seconds{{namespace="{namespace}"}})',
            "threshold": str(WAITING_S),
        },
    }
    return manifest(
        api_version="keda.sh/v1alpha1",
        kind="ScaledObject",
        name=name,
        namespace=namespace,
        labels=labels,
        spec={
            "scaleTargetRef": {"name": name},
            "minReplicaCount": fewest,
            "maxReplicaCount": most,
            "cooldownPeriod": COOL_DOWN_S,
            "fallback": {"failureThreshold": 3, "replicas": fewest},
            "triggers": [trigger],
        },
    )
