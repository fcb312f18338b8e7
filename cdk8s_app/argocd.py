"""What Argo CD applies, in which order, and what it may touch.

Deletion is guarded everywhere: an Application that leaves Git takes nothing with it, and namespaces,
databases and volumes are not pruned.
"""

from collections.abc import Iterable, Iterator, Sequence

from cdk8s_app import place
from cdk8s_app.config import ENVIRONMENTS, Tenant
from cdk8s_app.manifest import Manifest, labels_of, manifest
from cdk8s_app.platform import logs
from cdk8s_app.settings import ArgoCD

CLIENTS = "argocd/clients"
ROOT = "mcp-platform"
# The data first; the next wave waits until what is before it is healthy.
WAVES = {"data": 0, "platform": 1, "clients": 2}
# What may stand in a tenant's namespace: no Secret, no pod by itself.
TENANT_KINDS = (
    ("", "ServiceAccount"),
    ("", "ConfigMap"),
    ("", "Service"),
    ("", "ResourceQuota"),
    ("", "LimitRange"),
    ("apps", "Deployment"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("keda.sh", "ScaledObject"),
    ("policy", "PodDisruptionBudget"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("networking.k8s.io", "Ingress"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("monitoring.coreos.com", "ServiceMonitor"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("bitnami.com", "SealedSecret"),
    ("external-secrets.io", "ExternalSecret"),
)
SYNC_OPTIONS = [
    "ServerSideApply=true",
    "ApplyOutOfSyncOnly=true",
    "PruneLast=true",
    "FailOnSharedResource=true",
    # An autoscaler's CRD or the Gateway's may come with a later wave.
    "SkipDryRunOnMissingResource=true",
]
KINDS_BY_SERVER = {
    "data": [("", "Namespace")],
    "platform": [
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ],
}


def client_folders(
    client: str, tenants: Iterable[Tenant], *, argocd: ArgoCD
) -> dict[str, list[Manifest]]:
    """Return a client's AppProject and, unless an ApplicationSet makes them, its Applications."""
    folders = {f"{CLIENTS}/{client}": [_client_project(client, argocd)]}
    if argocd.layout == "applications":
        for tenant in tenants:
            folders[f"{CLIENTS}/{tenant.path}"] = [_tenant_application(tenant, argocd)]
    return folders


def root_objects(argocd: ArgoCD) -> list[Manifest]:
    """Return the platform's AppProject, the root Application and those it stands for."""
    return list(_root(argocd))


def _root(argocd: ArgoCD) -> Iterator[Manifest]:
    yield _platform_project(argocd)
    # The one that is applied by hand, once; it then looks after itself and everything else.
    yield _application(
        ROOT,
        project=ROOT,
        path=argocd.folder("argocd"),
        namespace=argocd.namespace,
        argocd=argocd,
        directory={"recurse": True},
    )
    for name in ("data", "platform"):
        yield _application(
            f"{ROOT}-{name}",
            project=ROOT,
            path=argocd.folder(name),
            namespace=place.NAMESPACE,
            argocd=argocd,
            wave=WAVES[name],
        )
    if argocd.layout == "applicationset":
        yield _application_set(argocd)


def _client_project(client: str, argocd: ArgoCD) -> Manifest:
    namespaces = [f"{client}-{environment}" for environment in ENVIRONMENTS]
    return _project(
        f"client-{client}",
        description=f"What stands in the namespaces of {client}, and nothing else.",
        namespaces=namespaces,
        # By name: another client's namespace could be taken over otherwise.
        cluster_kinds=[{"group": "", "kind": "Namespace", "name": name} for name in namespaces],
        kinds=[{"group": group, "kind": kind} for group, kind in TENANT_KINDS],
        argocd=argocd,
        wave=WAVES["clients"] - 1,
    )


def _platform_project(argocd: ArgoCD) -> Manifest:
    kinds = [each for found in KINDS_BY_SERVER.values() for each in found]
    return _project(
        ROOT,
        description="The platform itself, and the Applications of its clients.",
        namespaces=[place.NAMESPACE, logs.NAMESPACE, argocd.namespace],
        cluster_kinds=[{"group": group, "kind": kind} for group, kind in kinds],
        kinds=[{"group": "*", "kind": "*"}],
        argocd=argocd,
        wave=-1,
    )


def _project(
    name: str,
    *,
    description: str,
    namespaces: Sequence[str],
    cluster_kinds: list[Manifest],
    kinds: list[Manifest],
    argocd: ArgoCD,
    wave: int,
) -> Manifest:
    return manifest(
        api_version="argoproj.io/v1alpha1",
        kind="AppProject",
        name=name,
        namespace=argocd.namespace,
        labels=labels_of(instance=name, component="argocd"),
        annotations={"argocd.argoproj.io/sync-wave": str(wave)},
        spec={
            "description": description,
            "sourceRepos": [argocd.repo_url],
            "destinations": [{"server": argocd.server, "namespace": each} for each in namespaces],
            "clusterResourceWhitelist": cluster_kinds,
            "namespaceResourceWhitelist": kinds,
        },
    )


def _tenant_application(tenant: Tenant, argocd: ArgoCD) -> Manifest:
    return _application(
        tenant.namespace,
        project=f"client-{tenant.client}",
        path=argocd.folder(f"clients/{tenant.path}"),
        namespace=tenant.namespace,
        argocd=argocd,
        wave=WAVES["clients"],
    )


def _application(
    name: str,
    *,
    project: str,
    path: str,
    namespace: str,
    argocd: ArgoCD,
    directory: Manifest | None = None,
    wave: int | None = None,
) -> Manifest:
    """Return an Application. Without a finalizer: when it goes, what it applied stays."""
    annotations = {"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=confirm"}
    if wave is not None:
        annotations["argocd.argoproj.io/sync-wave"] = str(wave)
    return manifest(
        api_version="argoproj.io/v1alpha1",
        kind="Application",
        name=name,
        namespace=argocd.namespace,
        labels=labels_of(instance=name, component="argocd"),
        annotations=annotations,
        spec=_application_spec(
            project=project, path=path, namespace=namespace, argocd=argocd, directory=directory
        ),
    )


def _application_spec(
    *,
    project: str,
    path: str,
    namespace: str,
    argocd: ArgoCD,
    directory: Manifest | None = None,
) -> Manifest:
    source: Manifest = {
        "repoURL": argocd.repo_url,
        "targetRevision": argocd.target_revision,
        "path": path,
    }
    if directory is not None:
        source["directory"] = directory
    return {
        "project": project,
        "source": source,
        "destination": {"server": argocd.server, "namespace": namespace},
        "revisionHistoryLimit": 3,
        "syncPolicy": {
            "automated": {"prune": True, "selfHeal": True, "allowEmpty": False},
            "syncOptions": SYNC_OPTIONS,
            "retry": {
                "limit": 10,
                "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"},
            },
        },
    }


def _application_set(argocd: ArgoCD) -> Manifest:
    """Return one ApplicationSet over the folders of all tenants.

    The folder's name gives the project, so everybody who may push to the repository chooses it: the
    repository must be the platform's own.
    """
    client, environment = (
        "{{ index .path.segments %d }}" % (_depth(argocd) + number)  # noqa: UP031  # braces are Go's
        for number in (1, 2)
    )
    name = f"{client}-{environment}"
    return manifest(
        api_version="argoproj.io/v1alpha1",
        kind="ApplicationSet",
        name="mcp-platform-clients",
        namespace=argocd.namespace,
        labels=labels_of(instance="mcp-platform-clients", component="argocd"),
        annotations={"argocd.argoproj.io/sync-wave": str(WAVES["clients"])},
        spec={
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            "generators": [
                {
                    "git": {
                        "repoURL": argocd.repo_url,
                        "revision": argocd.target_revision,
                        "directories": [{"path": argocd.folder("clients/*/*")}],
                    }
                }
            ],
            # Neither the set nor a folder that goes takes with it what runs.
            "syncPolicy": {"preserveResourcesOnDeletion": True},
            "template": {
                "metadata": {"name": name},
                "spec": _application_spec(
                    project=f"client-{client}",
                    path="{{ .path.path }}",
                    namespace=name,
                    argocd=argocd,
                ),
            },
        },
    )


def _depth(argocd: ArgoCD) -> int:
    """Return how many folders are above `clients` in the repository."""
    return argocd.folder("clients").count("/")
