"""`apply-all.sh`: the tree applied in order to a cluster that has no Argo CD.

Owns the order. The script may be run again at any time; it changes what differs and deletes nothing
but the finished migration.
"""

from cdk8s_app import place
from cdk8s_app.settings import Database, Platform

APPLY_ALL = "apply-all.sh"

_SCRIPT = """\
#!/bin/sh
# Applies everything here to the cluster of the current context, in order. Safe to run again.
# Secrets first, once: `mcp-platform secrets apply` or your own; this tree holds none.
set -eu
cd "$(dirname "$0")"
KUBECTL=${{KUBECTL:-kubectl}}
WAIT=${{WAIT:-600s}}

apply() {{
  $KUBECTL apply --server-side --force-conflicts --field-manager=mcp-platform-manifests "$@"
}}

# A folder at once: namespaces, then what pods stand on (accounts, limits, network policies), then
# pods. A Job cannot be changed, and has its own place below.
folder() {{
  first= next= last=
  for file in "$1"*.yaml; do
    case ${{file##*/}} in
      Namespace.*) first="$first -f $file" ;;
      Cluster.* | DaemonSet.* | Deployment.* | StatefulSet.*) last="$last -f $file" ;;
      Job.*) ;;
      *) next="$next -f $file" ;;
    esac
  done
  apply $first $next $last
}}

folder data/
{wait}
# Accounts, settings and policies, then the migration, then what needs its result.
for file in platform/ConfigMap.*.yaml platform/ServiceAccount.*.yaml platform/NetworkPolicy.*.yaml; do
  apply -f "$file"
done
$KUBECTL delete job migrate --namespace={namespace} --ignore-not-found
apply -f platform/Job.migrate.yaml
$KUBECTL wait --namespace={namespace} --for=condition=complete job/migrate --timeout="$WAIT"
folder platform/

for each in clients/*/*/; do
  test -d "$each" || continue
  folder "$each"
done
"""


def apply_all(platform: Platform, database: Database) -> str:
    """Return the script."""
    lines = []
    match database.mode:
        case "cloudnative-pg":
            lines.append(
                _wait("--for=condition=Ready", f"clusters.postgresql.cnpg.io/{place.DATABASE}")
            )
        case "statefulset":
            lines.append(_status("statefulset", place.DATABASE))
        case "external":
            pass
    if platform.redis == "valkey":
        lines.append(_status("deployment", place.VALKEY))
    return _SCRIPT.format(namespace=place.NAMESPACE, wait="\n".join(lines))


def _wait(what: str, of: str) -> str:
    return f'$KUBECTL wait --namespace={place.NAMESPACE} {what} {of} --timeout="$WAIT"'


def _status(kind: str, name: str) -> str:
    return f'$KUBECTL rollout status --namespace={place.NAMESPACE} {kind}/{name} --timeout="$WAIT"'
