"""What the whole fleet shares: sections `platform`, `argocd` and `database` of `config.json`.

The schema has the same defaults; a test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# What is not the internet: private use (RFC 1918, RFC 6598), loopback, link-local with the metadata
# service of every cloud in it, and what is reserved and used by clusters all the same (RFC 6890).
# Cluster addresses lie in these almost everywhere.
PRIVATE_RANGES = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "0.0.0.0/8",
    "192.0.0.0/24",
    "198.18.0.0/15",
    "240.0.0.0/4",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """Where Filebeat ships the logs of every pod of ours."""

    elasticsearch: str
    """Address, such as `https://elastic.example.com:9200`."""
    secret: str = "elastic-credentials"  # noqa: S105  # the name of a Secret
    """Secret in the log shipper's namespace, key `api_key`."""
    ranges: tuple[str, ...] = ()
    """Its addresses. Empty: pods may go to its port everywhere, as policies know no names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Images that are not ours, by tag, and by digest where one is given."""

    postgres: str = "postgres:17-trixie"
    """Of `database.mode` statefulset; CloudNativePG has its own."""
    valkey: str = "valkey/valkey:9.1-trixie"
    filebeat: str = "elastic/filebeat:9.2.0"


# What answers for names, by where it is known to run.
NAME_SERVERS: Mapping[str, tuple[str | Mapping[str, Any], ...]] = {
    # CoreDNS of kubeadm, k3s, RKE2, EKS and AKS, and kube-dns of GKE.
    "kube-dns": ({"namespace": "kube-system", "pods": {"k8s-app": "kube-dns"}},),
    # Source: Kubernetes, "Using NodeLocal DNSCache"; the pods where a plug-in sends to them itself.
    "node-local": (
        "169.254.20.10/32",
        {"namespace": "kube-system", "pods": {"k8s-app": "node-local-dns"}},
    ),
    # Of GKE, on a node's metadata server. Source: Google, "Using Cloud DNS for GKE".
    "cloud-dns": ("169.254.169.254/32",),
    "openshift": (
        {
            "namespace": "openshift-dns",
            "pods": {"dns.operator.openshift.io/daemonset-dns": "default"},
            "port": 5353,
        },
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What every tenant's manifests share."""

    image: str = "mcp-platform:0.1.0"
    host: str | None = None
    credentials: Literal["platform", "sealed", "external"] = "platform"
    secret_store: str = "mcp-platform"  # noqa: S105  # the name of a ClusterSecretStore
    kubernetes: str = "1.30"
    """Oldest Kubernetes of the cluster. From 1.30 on routes are checked by an admission policy."""
    routing: Literal["gateway", "ingress"] = "gateway"
    gateway_class: str = "eg"
    gateway_namespace: str = "envoy-gateway-system"
    """Where the proxies run that tenants' pods let in; the Ingress controller's, with `ingress`."""
    ingress_class: str = "traefik"
    tls_secret: str = "mcp-platform-tls"  # noqa: S105  # the name of a Secret
    cluster_issuer: str | None = None
    """cert-manager's ClusterIssuer that makes `tls_secret`; without it the Secret is yours."""
    autoscaling: Literal["cpu", "queue", "off"] = "cpu"
    """`cpu`: HorizontalPodAutoscaler. `queue`: KEDA, by the age of the oldest message that waits."""
    tenant_autoscaling: Literal["cpu", "queue", "off"] = "off"
    """The same for isolated tenants. `off`: one pod each, which is enough for a small business."""
    monitoring: bool = True
    """ServiceMonitors, PrometheusRules and dashboards; needs the Prometheus Operator."""
    monitoring_namespace: str = "monitoring"
    prometheus_url: str = "http://prometheus-operated.monitoring.svc:9090"
    redis: Literal["valkey", "none"] = "valkey"
    """`none`: each process paces by itself, and REDIS_URL may stand in `settings`."""
    private_ranges: tuple[str, ...] = PRIVATE_RANGES
    """Where tenants' pods may not go, on port 443 or any other."""
    api_server_ranges: tuple[str, ...] = ()
    """Where the cluster's API answers: parts that read Secrets may go there on 443 and 6443.

    Nowhere else within `private_ranges`. Empty: not known, and no policy lets them there.
    """
    dns: tuple[str | Mapping[str, Any], ...] = ("kube-dns", "node-local")
    """Where pods ask for names: keys of `NAME_SERVERS`, ranges, or pods of a namespace."""
    images: Images = field(default_factory=Images)
    token_keys: Mapping[str, str] = field(default_factory=dict)
    """Public halves (PEM) of the keys that tokens are signed with, by key id."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Settings of the service for every pod, by their name in docs/configuration.md."""
    logs: Logs | None = None

    @property
    def minor(self) -> int:
        """Minor version of the oldest Kubernetes."""
        return int(self.kubernetes.partition(".")[2])

    @property
    def proxies(self) -> dict[str, str]:
        """Whose word is believed of where a request comes from, unless `settings` says it.

        Nothing but the one proxy of the Gateway or Ingress is let in to the public port, whatever
        its address.
        """
        return {"TRUSTED_PROXIES": "1"}

    @property
    def public_url(self) -> str | None:
        return None if self.host is None else f"https://{self.host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgoCD:
    """Where the manifests are, for Argo CD. Without `repo_url` no Applications are made."""

    namespace: str = "argocd"
    repo_url: str | None = None
    target_revision: str = "main"
    path: str = "."
    server: str = "https://kubernetes.default.svc"
    layout: Literal["applications", "applicationset"] = "applications"

    def folder(self, name: str) -> str:
        """Return where folder `name` of the output is in the repository."""
        return name if self.path in {".", ""} else f"{self.path.strip('/')}/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backups:
    """Base backups and write-ahead logs in an object store, by the Barman Cloud plugin."""

    destination: str
    secret: str = "database-backups"  # noqa: S105  # the name of a Secret
    """Keys ACCESS_KEY_ID and ACCESS_SECRET_KEY."""
    schedule: str = "0 0 3 * * *"
    keep: str = "30d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The Postgres that the tenants share."""

    mode: Literal["cloudnative-pg", "statefulset", "external"] = "cloudnative-pg"
    host: str | None = None
    port: int = 5432
    name: str = "mcp_platform"
    ca: str | None = None
    """Certificate (PEM) of the authority that signs Postgres'. Given: every connection proves it."""
    ranges: tuple[str, ...] = ()
    """Of `external`: its addresses. Empty: pods may go to its port everywhere."""
    instances: int = 3
    storage: str = "10Gi"
    storage_class: str | None = None
    backups: Backups | None = None
