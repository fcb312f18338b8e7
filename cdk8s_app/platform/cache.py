"""Valkey, for what may vanish: one small pod that keeps nothing on disk."""

from collections.abc import Iterator

from cdk8s_app import namespace, network, place, workload
from cdk8s_app.manifest import Manifest, labels_of, manifest, selector_of, unscanned
from cdk8s_app.quantities import Resources

MEMORY_MB = 96
RESOURCES = Resources(
    cpu_request="25m", cpu_limit="250m", memory_request="64Mi", memory_limit="160Mi"
)


def url() -> str:
    """Return where it answers. No password: NetworkPolicies let only the parts in."""
    return f"redis://{place.VALKEY}.{place.NAMESPACE}.svc:{place.REDIS_PORT}/0"


def objects(image: str) -> Iterator[Manifest]:
    """Give the pod, its Service, and who may reach it; `image` is Valkey's."""
    labels = labels_of(instance=place.VALKEY, component=place.VALKEY)
    selector = selector_of(instance=place.VALKEY, component=place.VALKEY)
    yield namespace.service_account(name=place.VALKEY, namespace=place.NAMESPACE, labels=labels)
    yield manifest(
        api_version="apps/v1",
        kind="Deployment",
        name=place.VALKEY,
        namespace=place.NAMESPACE,
        labels=labels,
        annotations=unscanned(workload.by_tag(image)),
        spec={
            "replicas": 1,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": labels}, "spec": _pod(image)},
        },
    )
    yield manifest(
        api_version="v1",
        kind="Service",
        name=place.VALKEY,
        namespace=place.NAMESPACE,
        labels=labels,
        spec={
            "type": "ClusterIP",
            "selector": selector,
            "ports": [{"name": "redis", "port": place.REDIS_PORT, "targetPort": "redis"}],
        },
    )
    yield network.policy(
        name=place.VALKEY,
        namespace=place.NAMESPACE,
        labels=labels,
        pods=selector,
        ingress=[
            network.come_from(
                namespace=place.NAMESPACE,
                ports=[place.REDIS_PORT],
                pods={"app.kubernetes.io/instance": place.NAMESPACE},
            )
        ],
    )


def _pod(image: str) -> Manifest:
    alive = {"tcpSocket": {"port": "redis"}}
    return {
        "serviceAccountName": place.VALKEY,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": workload.USER,
            "runAsGroup": workload.USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "valkey",
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "args": [
                    "valkey-server",
                    *("--save", ""),
                    *("--appendonly", "no"),
                    *("--maxmemory", f"{MEMORY_MB}mb"),
                    *("--maxmemory-policy", "allkeys-lru"),
                ],
                "ports": [{"name": "redis", "containerPort": place.REDIS_PORT, "protocol": "TCP"}],
                "resources": RESOURCES.container(),
                "securityContext": workload.CONFINED,
                "livenessProbe": {**alive, "periodSeconds": 20},
                "readinessProbe": {**alive, "periodSeconds": 5},
                "volumeMounts": [{"name": "scratch", "mountPath": "/data"}],
            }
        ],
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}}],
    }
