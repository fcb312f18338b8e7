"""`apply-all.sh`: the tree applied in order to a cluster that has no Argo CD.

The script is told which servers must answer first, and which kinds it may remove when they are left
behind. `apply-all.sh` beside this module applies.
"""

from pathlib import Path

from cdk8s_app import argocd, place
from cdk8s_app.settings import Database, Platform

APPLY_ALL = "apply-all.sh"
TEMPLATE = Path(__file__).with_name(APPLY_ALL)

ASK_FOR_ADDRESSES = (
    "kubectl get endpointslices --namespace=default --selector=kubernetes.io/service-name=kubernetes"
    " --output=jsonpath='{.items[*].endpoints[*].addresses[*]}'"
)
# With these would go a Secret that a controller made of them.
_FORMS_OF_SECRETS = {("bitnami.com", "SealedSecret"), ("external-secrets.io", "ExternalSecret")}
LEFT_BEHIND = (
    *(kind for kind in argocd.TENANT_KINDS if kind not in _FORMS_OF_SECRETS),
    ("apps", "DaemonSet"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("monitoring.coreos.com", "PodMonitor"),
    ("monitoring.coreos.com", "PrometheusRule"),
    *(kind for kind in argocd.KINDS_BY_SERVER["platform"]),
)
"""Groups and kinds that `--prune` may remove: no namespace, no storage, nothing that a Secret is of."""


def apply_all(platform: Platform, database: Database) -> str:
    """Return the script."""
    kinds = " ".join(f"{group}/{kind}" for group, kind in LEFT_BEHIND)
    text = TEMPLATE.read_text(encoding="utf-8")
    servers = " ".join(_servers(platform, database))
    return (
        text.replace("@SERVERS@", servers)
        .replace("@LEFT_BEHIND@", kinds)
        .replace("@API_SERVER@", " ".join(platform.api_server_ranges))
    )


def _servers(platform: Platform, database: Database) -> list[str]:
    """Return what the migration and the parts cannot do without, as kubectl names it."""
    servers = []
    match database.mode:
        case "cloudnative-pg":
            servers.append(f"clusters.postgresql.cnpg.io/{place.DATABASE}")
        case "statefulset":
            servers.append(f"statefulset/{place.DATABASE}")
        case "external":
            pass
    if platform.redis == "valkey":
        servers.append(f"deployment/{place.VALKEY}")
    return servers
