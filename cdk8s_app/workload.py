"""Pods of the one image: how they start, stop, are watched and are kept from doing harm.

Every pod runs as nobody, changes nothing on its file system, and leaves in good order. Callers say
which parts it runs and which settings it has.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdk8s_app.manifest import Manifest, manifest
from cdk8s_app.quantities import Resources

USER = 10001  # as in the Dockerfile
CONTAINER = "service"
PORT = 8000
INTERNAL_PORT = 9090
CREDENTIALS = "/var/run/credentials"
TOKEN_KEYS = "/var/run/token-keys"  # noqa: S105  # a folder
DATABASE_CA = "/var/run/database-ca"
SCRATCH = "/tmp"  # noqa: S108  # an emptyDir of the pod's own

# A turn may take 40 s and an answer 5 more; before that the pod waits until no proxy sends to it.
DRAIN_S = 5
GRACE_S = 60
READABLE = 0o440

LOGIN_IN_ENVIRONMENT = {
    "CKV_K8S_35": "the database's address is a setting of the service, and settings are environment"
    " variables; only this part's own login stands in it"
}
# Of images that are not ours: a tag is what their projects keep patched.
_BY_TAG = {
    "CKV_K8S_43": "a minor version by its tag, which its project keeps patched",
    "CKV_K8S_15": "a registry that is away must not keep a pod from starting again",
}

# Values that make every part of the service work in a container.
IN_A_CONTAINER = {
    "HOST": "0.0.0.0",  # noqa: S104  # the pod's own address; NetworkPolicies say who gets in
    "PORT": str(PORT),
    "INTERNAL_PORT": str(INTERNAL_PORT),
    "DATA_DIR": f"{SCRATCH}/data",
    "LOG_FORMAT": "json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A folder of a pod that is filled from a Secret or a ConfigMap."""

    name: str
    path: str
    secret: str | None = None
    config_map: str | None = None

    def volume(self) -> Manifest:
        """Return the volume. Never `subPath`: what is mounted so is not refreshed."""
        if self.secret is not None:
            source: Manifest = {"secretName": self.secret, "defaultMode": READABLE}
            return {"name": self.name, "secret": source}
        return {
            "name": self.name,
            "configMap": {"name": self.config_map, "defaultMode": READABLE},
        }


def by_tag(image: str) -> dict[str, str]:
    """Return why checkov passes over an image that is named by its tag alone."""
    return {} if "@" in image else _BY_TAG


def config_map(
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    data: Mapping[str, str],
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """Return a ConfigMap, its keys sorted."""
    return manifest(
        api_version="v1",
        kind="ConfigMap",
        name=name,
        namespace=namespace,
        labels=labels,
        annotations=annotations,
        data={key: data[key] for key in sorted(data)},
    )


def checksum(*parts: object) -> str:
    """Return a digest for a pod's annotation: what changes it replaces the pods."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def deployment(
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    selector: dict[str, str],
    image: str,
    parts: Sequence[str],
    settings: str,
    checksum: str,
    resources: Resources,
    account: str,
    mounts: Sequence[Mount] = (),
    secret_settings: Mapping[str, tuple[str, str]] | None = None,
    replicas: int | None = None,
    token: bool = False,
    public: bool = True,
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """Return a Deployment that serves `parts`.

    Args:
        name: of the Deployment.
        namespace: where it runs.
        labels: of the Deployment and its pods.
        selector: labels that find its pods; they never change.
        image: the one image.
        parts: what `serve` is told: `gateway`, `admin`, `worker`, `provisioner`.
        settings: ConfigMap whose keys are environment variables.
        checksum: of the configuration; another one replaces the pods.
        resources: of the container.
        account: ServiceAccount.
        mounts: folders with credentials and keys.
        secret_settings: environment variable to (Secret, key).
        replicas: how many. None: an autoscaler says.
        token: whether the pods may ask the cluster's API.
        public: whether the pods listen on the public port; a worker alone does not.
        annotations: of the Deployment; another one does not replace pods.
    """
    spec: Manifest = {
        "revisionHistoryLimit": 3,
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
        },
        "selector": {"matchLabels": selector},
        "template": {
            "metadata": {"labels": labels, "annotations": {"mcp-platform/checksum": checksum}},
            "spec": pod(
                container={
                    **container(image=image, arguments=["serve", *parts], resources=resources),
                    **environment(settings=settings, secret_settings=secret_settings),
                    "ports": _ports(public=public),
                    **_probes(public=public),
                    "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(DRAIN_S)]}}},
                },
                account=account,
                mounts=mounts,
                token=token,
                spread=selector,
            ),
        },
    }
    if replicas is not None:
        spec = {"replicas": replicas, **spec}
    return manifest(
        api_version="apps/v1",
        kind="Deployment",
        name=name,
        namespace=namespace,
        labels=labels,
        annotations=annotations,
        spec=spec,
    )


def environment(
    *, settings: str, secret_settings: Mapping[str, tuple[str, str]] | None = None
) -> Manifest:
    """Return a container's variables: a ConfigMap's, and single keys of Secrets."""
    made: Manifest = {"envFrom": [{"configMapRef": {"name": settings}}]}
    if secret_settings:
        made["env"] = [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
            for name, (secret, key) in sorted(secret_settings.items())
        ]
    return made


def container(
    *, image: str, arguments: Sequence[str], resources: Resources, name: str = CONTAINER
) -> Manifest:
    """Return a container of the one image that may do nothing it need not."""
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": list(arguments),
        "resources": resources.container(),
        "securityContext": CONFINED,
    }


CONFINED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
}


def pod(
    *,
    container: Manifest,
    account: str,
    mounts: Sequence[Mount] = (),
    token: bool = False,
    spread: Mapping[str, str] | None = None,
    restart: str = "Always",
) -> Manifest:
    """Return a pod of one container, with a scratch folder and `mounts`.

    Args:
        container: from `container()`, with what its caller added.
        account: ServiceAccount.
        mounts: folders filled from Secrets and ConfigMaps.
        token: whether the account's token is mounted.
        spread: labels of pods that should not stand on one node or in one zone together.
        restart: `Always`, or `Never` for a job.
    """
    scratch = {"name": "scratch", "mountPath": SCRATCH}
    mounted = [{"name": m.name, "mountPath": m.path, "readOnly": True} for m in mounts]
    made: Manifest = {
        "serviceAccountName": account,
        "automountServiceAccountToken": token,
        "enableServiceLinks": False,  # they would add variables nobody asked for
        "restartPolicy": restart,
        "terminationGracePeriodSeconds": GRACE_S,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [{**container, "volumeMounts": [scratch, *mounted]}],
        "volumes": [
            {"name": "scratch", "emptyDir": {"sizeLimit": "64Mi"}},
            *(mount.volume() for mount in mounts),
        ],
    }
    if spread:
        made["topologySpreadConstraints"] = [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": dict(spread)},
            }
            for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        ]
    return made


def service(
    *,
    name: str,
    namespace: str,
    labels: dict[str, str],
    selector: dict[str, str],
    public: bool = True,
) -> Manifest:
    """Return a Service: port `http` for the Gateway, `metrics` for Prometheus alone."""
    return manifest(
        api_version="v1",
        kind="Service",
        name=name,
        namespace=namespace,
        labels=labels,
        spec={
            "type": "ClusterIP",
            "selector": selector,
            "ports": [
                {
                    "name": port["name"],
                    "port": port["containerPort"],
                    "targetPort": port["name"],
                    "protocol": "TCP",
                }
                for port in _ports(public=public)
            ],
        },
    )


def disruption_budget(
    *, name: str, namespace: str, labels: dict[str, str], selector: dict[str, str]
) -> Manifest:
    """Return a budget of one pod at a time: unlike a minimum, it lets a lone pod's node be drained."""
    return manifest(
        api_version="policy/v1",
        kind="PodDisruptionBudget",
        name=name,
        namespace=namespace,
        labels=labels,
        spec={"maxUnavailable": 1, "selector": {"matchLabels": selector}},
    )


def _ports(*, public: bool) -> list[Manifest]:
    ports = [{"name": "metrics", "containerPort": INTERNAL_PORT, "protocol": "TCP"}]
    if public:
        ports.insert(0, {"name": "http", "containerPort": PORT, "protocol": "TCP"})
    return ports


def _probes(*, public: bool) -> Manifest:
    """Liveness does not depend on the database, readiness does.

    A part without the public port has no /health. The port of its metrics tells whether its process
    answers. It needs no readiness, because nothing is sent to it.
    """
    if not public:
        alive: Manifest = {"tcpSocket": {"port": "metrics"}}
        return {
            "startupProbe": {**alive, "periodSeconds": 2, "failureThreshold": 60},
            "livenessProbe": {**alive, "periodSeconds": 10, "failureThreshold": 6},
            "readinessProbe": {**alive, "periodSeconds": 10},
        }
    alive = {"httpGet": {"path": "/health/live", "port": "http"}, "timeoutSeconds": 3}
    ready: Manifest = {"httpGet": {"path": "/health", "port": "http"}, "timeoutSeconds": 3}
    return {
        "startupProbe": {**alive, "periodSeconds": 2, "failureThreshold": 60},
        "livenessProbe": {**alive, "periodSeconds": 10, "failureThreshold": 6},
        "readinessProbe": {**ready, "periodSeconds": 5, "failureThreshold": 2},
    }
