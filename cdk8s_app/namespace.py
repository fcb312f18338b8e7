"""A tenant's place in the cluster: its namespace, its account, and how much it may take."""

from cdk8s_app import scaling
from cdk8s_app.manifest import Manifest, manifest
from cdk8s_app.quantities import Resources

# Argo CD deletes neither a namespace that left Git nor, with its Application, one that is in it:
# with the namespace would go what the platform itself keeps there, the credentials.
KEPT = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}
ROUTED = {"mcp-platform/routes": "true"}
# All old pods while they still go (a minute each), all new ones, and the one more of a rolling
# update on either side.
MOST_PODS = 2 * (scaling.MOST + 1)


def namespace(
    *,
    name: str,
    labels: dict[str, str],
    security: str = "restricted",
    routed: bool = False,
) -> Manifest:
    """Return a Namespace that admits only pods of the Pod Security level `security`.

    Args:
        name: of the namespace.
        labels: what it bears besides.
        security: `restricted`, `baseline` or `privileged`.
        routed: whether its routes may be attached to the Gateway.
    """
    levels = {
        f"pod-security.kubernetes.io/{mode}": security for mode in ("enforce", "audit", "warn")
    }
    return manifest(
        api_version="v1",
        kind="Namespace",
        name=name,
        labels={**labels, **levels, **(ROUTED if routed else {})},
        annotations=KEPT,
    )


def service_account(
    *, name: str, namespace: str, labels: dict[str, str], token: bool = False
) -> Manifest:
    """Return a ServiceAccount; without `token` its pods cannot ask the cluster's API."""
    return manifest(
        api_version="v1",
        kind="ServiceAccount",
        name=name,
        namespace=namespace,
        labels=labels,
        automountServiceAccountToken=token,
    )


def resource_quota(*, namespace: str, labels: dict[str, str]) -> Manifest:
    """Return a quota of pods, and of nothing that costs money by itself.

    It counts pods and not what they take. Old pods count at their old size until the last one is
    replaced: an amount made from the new size alone has no room for them, and nothing moves.
    """
    hard = {
        "pods": str(MOST_PODS),
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        "persistentvolumeclaims": "0",
    }
    return manifest(
        api_version="v1",
        kind="ResourceQuota",
        name="quota",
        namespace=namespace,
        labels=labels,
        spec={"hard": hard},
    )


def limit_range(*, namespace: str, labels: dict[str, str], each: Resources) -> Manifest:
    """Return what a container gets that says nothing, such as one that the cluster adds to a pod."""
    amounts = each.container()
    limits = {
        "type": "Container",
        "default": amounts["limits"],
        "defaultRequest": amounts["requests"],
    }
    return manifest(
        api_version="v1",
        kind="LimitRange",
        name="limits",
        namespace=namespace,
        labels=labels,
        spec={"limits": [limits]},
    )
