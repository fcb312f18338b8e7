"""What Prometheus reads of a Service of ours."""

from cdk8s_app.manifest import Manifest, manifest


def service_monitor(
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    selector: dict[str, str],
    interval: str = "30s",
) -> Manifest:
    """Return a ServiceMonitor; series bear the labels by which a tenant's are told apart."""
    return manifest(
        api_version="monitoring.coreos.com/v1",
        kind="ServiceMonitor",
        name=name,
        namespace=namespace,
        labels=labels,
        spec={
            "selector": {"matchLabels": selector},
            "targetLabels": ["mcp-platform/client", "mcp-platform/environment"],
            "endpoints": [{"port": "metrics", "interval": interval, "path": "/metrics"}],
        },
    )
