"""The kinds of objects that the simulated API server keeps, and the paths that lead to them."""

from dataclasses import dataclass

RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """A kind the simulator knows."""

    group: str
    resource: str
    name: str
    namespaced: bool = True
    version: str = "v1"

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def root(self) -> str:
        """Path below which the objects are that belong to no namespace."""
        return f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"


_ADMISSION = "admissionregistration.k8s.io"
_MONITORING = "monitoring.coreos.com"
_GATEWAY = "gateway.networking.k8s.io"
_POSTGRES = "postgresql.cnpg.io"
NAMESPACES = ResourceKind("", "namespaces", "Namespace", namespaced=False)
PODS = ResourceKind("", "pods", "Pod")
EVENTS = ResourceKind("", "events", "Event")
QUOTAS = ResourceKind("", "resourcequotas", "ResourceQuota")
DEPLOYMENTS = ResourceKind("apps", "deployments", "Deployment")
JOBS = ResourceKind("batch", "jobs", "Job")
KINDS = (
    NAMESPACES,
    ResourceKind("", "secrets", "Secret"),
    ResourceKind("", "configmaps", "ConfigMap"),
    ResourceKind("", "serviceaccounts", "ServiceAccount"),
    ResourceKind(RBAC, "roles", "Role"),
    ResourceKind(RBAC, "rolebindings", "RoleBinding"),
    ResourceKind(RBAC, "clusterroles", "ClusterRole", namespaced=False),
    ResourceKind(RBAC, "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    PODS,
    EVENTS,
    QUOTAS,
    DEPLOYMENTS,
    JOBS,
    # Kept, and nothing made of them.
    ResourceKind("", "services", "Service"),
    ResourceKind("", "limitranges", "LimitRange"),
    ResourceKind("discovery.k8s.io", "endpointslices", "EndpointSlice"),
    ResourceKind("apps", "statefulsets", "StatefulSet"),
    ResourceKind("apps", "daemonsets", "DaemonSet"),
    ResourceKind(
        "autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler", version="v2"
    ),
    ResourceKind("policy", "poddisruptionbudgets", "PodDisruptionBudget"),
    ResourceKind("networking.k8s.io", "networkpolicies", "NetworkPolicy"),
    ResourceKind("networking.k8s.io", "ingresses", "Ingress"),
    ResourceKind(
        _ADMISSION, "validatingadmissionpolicies", "ValidatingAdmissionPolicy", namespaced=False
    ),
    ResourceKind(
        _ADMISSION,
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
        namespaced=False,
    ),
    ResourceKind(_GATEWAY, "gateways", "Gateway"),
    ResourceKind(_GATEWAY, "httproutes", "HTTPRoute"),
    ResourceKind(_MONITORING, "servicemonitors", "ServiceMonitor"),
    ResourceKind(_MONITORING, "podmonitors", "PodMonitor"),
    ResourceKind(_MONITORING, "prometheusrules", "PrometheusRule"),
    ResourceKind("keda.sh", "scaledobjects", "ScaledObject", version="v1alpha1"),
    ResourceKind("bitnami.com", "sealedsecrets", "SealedSecret", version="v1alpha1"),
    ResourceKind("external-secrets.io", "externalsecrets", "ExternalSecret"),
    ResourceKind(_POSTGRES, "clusters", "Cluster"),
    ResourceKind(_POSTGRES, "scheduledbackups", "ScheduledBackup"),
    ResourceKind("barmancloud.cnpg.io", "objectstores", "ObjectStore"),
)
