"""The kinds of objects that the simulated API server keeps, and the paths that lead to them."""

from dataclasses import dataclass

RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Kind:
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
NAMESPACES = Kind("", "namespaces", "Namespace", namespaced=False)
PODS = Kind("", "pods", "Pod")
EVENTS = Kind("", "events", "Event")
QUOTAS = Kind("", "resourcequotas", "ResourceQuota")
DEPLOYMENTS = Kind("apps", "deployments", "Deployment")
JOBS = Kind("batch", "jobs", "Job")
KINDS = (
    NAMESPACES,
    Kind("", "secrets", "Secret"),
    Kind("", "configmaps", "ConfigMap"),
    Kind("", "serviceaccounts", "ServiceAccount"),
    Kind(RBAC, "roles", "Role"),
    Kind(RBAC, "rolebindings", "RoleBinding"),
    Kind(RBAC, "clusterroles", "ClusterRole", namespaced=False),
    Kind(RBAC, "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    PODS,
    EVENTS,
    QUOTAS,
    DEPLOYMENTS,
    JOBS,
    # Kept, and nothing made of them.
    Kind("", "services", "Service"),
    Kind("", "limitranges", "LimitRange"),
    Kind("discovery.k8s.io", "endpointslices", "EndpointSlice"),
    Kind("apps", "statefulsets", "StatefulSet"),
    Kind("apps", "daemonsets", "DaemonSet"),
    Kind("autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler", version="v2"),
    Kind("policy", "poddisruptionbudgets", "PodDisruptionBudget"),
    Kind("networking.k8s.io", "networkpolicies", "NetworkPolicy"),
    Kind("networking.k8s.io", "ingresses", "Ingress"),
    Kind(_ADMISSION, "validatingadmissionpolicies", "ValidatingAdmissionPolicy", namespaced=False),
    Kind(
        _ADMISSION,
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
        namespaced=False,
    ),
    Kind(_GATEWAY, "gateways", "Gateway"),
    Kind(_GATEWAY, "httproutes", "HTTPRoute"),
    Kind(_MONITORING, "servicemonitors", "ServiceMonitor"),
    Kind(_MONITORING, "podmonitors", "PodMonitor"),
    Kind(_MONITORING, "prometheusrules", "PrometheusRule"),
    Kind("keda.sh", "scaledobjects", "ScaledObject", version="v1alpha1"),
    Kind("bitnami.com", "sealedsecrets", "SealedSecret", version="v1alpha1"),
    Kind("external-secrets.io", "externalsecrets", "ExternalSecret"),
    Kind(_POSTGRES, "clusters", "Cluster"),
    Kind(_POSTGRES, "scheduledbackups", "ScheduledBackup"),
    Kind("barmancloud.cnpg.io", "objectstores", "ObjectStore"),
)
