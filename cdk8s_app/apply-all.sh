#!/bin/sh
# Applies everything here to the cluster of the current context, in order. Safe to run again.
# Secrets first, once: `mcp-platform secrets apply` or your own; this tree holds none.
#
#   --dry-run          have the server check everything, and change nothing
#   --prune            remove what an earlier tree left behind: kinds and labels of ours alone, never
#                      namespaces, storage or Secrets
#   --force-conflicts  take over fields that somebody else has set
#
# A tenant that fails does not keep the others waiting: failures are summed up at the end.
# KUBECTL (kubectl) and WAIT (600s) can be set. Exit status: 0, or 1 where something failed.
set -eu
cd "$(dirname "$0")"
KUBECTL=${KUBECTL:-kubectl}
WAIT=${WAIT:-600s}
PLATFORM=mcp-platform
SERVERS="@SERVERS@"
API_SERVER="@API_SERVER@"
OURS=app.kubernetes.io/part-of=mcp-platform,app.kubernetes.io/managed-by=mcp-platform
# Kinds that may be left behind and hold nothing that must be kept, as group/kind.
LEFT_BEHIND="@LEFT_BEHIND@"

dry= prune= force=
for option; do
  case $option in
    --dry-run) dry=--dry-run=server ;;
    --prune) prune=yes ;;
    --force-conflicts) force=--force-conflicts ;;
    *)
      echo "unknown option: $option (--dry-run, --prune, --force-conflicts)" >&2
      exit 2
      ;;
  esac
done
case $WAIT in
  *m) seconds=$((${WAIT%m} * 60)) ;;
  *) seconds=${WAIT%s} ;;
esac

failed=
unsettled=" " # namespaces with a failure, in which nothing is taken away

fail() { # namespace, what is wrong
  failed="$failed
  $2"
  unsettled="$unsettled$1 "
  echo "$2" >&2
}

apply() {
  $KUBECTL apply --server-side --field-manager=mcp-platform-manifests $force $dry "$@"
}

wait_from_now() { until=$(($(date +%s) + seconds)); }

still() { # seconds that are left to wait; never none
  now=$(date +%s)
  if [ "$now" -lt "$until" ]; then echo $((until - now)); else echo 1; fi
}

namespace_of() { # folder
  case $1 in
    clients/*)
      path=${1#clients/}
      path=${path%/}
      echo "${path%/*}-${path#*/}"
      ;;
    *) echo "$PLATFORM" ;;
  esac
}

# A folder at once: namespaces, then what pods stand on (accounts, limits, network policies), then
# pods. A Job cannot be changed, and has its own place below.
folder() {
  first= next= last=
  for file in "$1"*.yaml; do
    case ${file##*/} in
      Namespace.*) first="$first -f $file" ;;
      Cluster.* | DaemonSet.* | Deployment.* | StatefulSet.*) last="$last -f $file" ;;
      Job.*) ;;
      *) next="$next -f $file" ;;
    esac
  done
  if [ -n "$dry" ] && ! exists namespace "$(namespace_of "$1")"; then
    echo "$1: its namespace would be new; only that can be checked"
    next= last=
  fi
  [ -z "$first$next$last" ] || apply $first $next $last
}

exists() { $KUBECTL get "$@" --output=name > /dev/null 2>&1; }

# --- Before anything is changed ---------------------------------------------------------------------

if [ -z "$API_SERVER" ]; then
  addresses=$($KUBECTL get endpointslices --namespace=default \
    --selector=kubernetes.io/service-name=kubernetes \
    --output='jsonpath={.items[*].endpoints[*].addresses[*]}')
  echo "platform.api_server_ranges is not set in config.json, and no NetworkPolicy lets the parts to the" >&2
  echo "cluster's API. It answers at: $addresses (each with /32, or /128). Nothing was applied." >&2
  exit 1
fi

served=$($KUBECTL api-resources --no-headers | awk '{ print $1, $(NF - 2), $NF }')
missing=
folders=data\ platform
[ ! -d clients ] || folders="$folders clients"
for kind in $(find $folders -name '*.yaml' | sed 's|.*/||; s|\..*||' | sort -u); do
  file=$(find $folders -name "$kind.*.yaml" | sort | head -n 1)
  version=$(sed -n "s/^apiVersion: *[\"']\{0,1\}\([^\"']*\).*/\1/p" "$file" | head -n 1)
  echo "$served" | grep -q " $version $kind\$" || missing="$missing
  $version $kind"
done
if [ -n "$missing" ]; then
  echo "This cluster does not serve what the tree needs. Install it first, or do without it in" >&2
  echo "config.json; nothing was applied:$missing" >&2
  exit 1
fi

# --- Servers, and the migration: nothing can stand without them -------------------------------------

migrate() {
  apply -f platform/ConfigMap.migrate.yaml -f platform/ServiceAccount.migrate.yaml \
    -f platform/NetworkPolicy.migrate.yaml || return 1
  $KUBECTL delete job migrate --namespace="$PLATFORM" --ignore-not-found || return 1
  apply -f platform/Job.migrate.yaml || return 1
  wait_from_now
  tries=
  while :; do
    state=$($KUBECTL get job migrate --namespace="$PLATFORM" \
      --output='jsonpath={.status.conditions[?(@.status=="True")].type}') || return 1
    case " $state " in
      *" Complete "*) return 0 ;;
      *" Failed "*) return 1 ;;
    esac
    again=$($KUBECTL get job migrate --namespace="$PLATFORM" --output='jsonpath={.status.failed}') || return 1
    if [ "$again" != "$tries" ] && [ -n "$again" ]; then
      echo "The migration has failed $again times, and is tried again." >&2
      tries=$again
    fi
    if [ "$(date +%s)" -ge "$until" ]; then
      echo "The migration has not ended within $WAIT." >&2
      return 1
    fi
    sleep 2
  done
}

if ! folder data/; then
  echo "The folder data/ could not be applied: nothing after it was." >&2
  exit 1
fi
if [ -z "$dry" ]; then
  for server in $SERVERS; do
    case $server in
      clusters.*) $KUBECTL wait --namespace="$PLATFORM" --for=condition=Ready "$server" --timeout="$WAIT" ;;
      *) $KUBECTL rollout status --namespace="$PLATFORM" "$server" --timeout="$WAIT" ;;
    esac
  done
  if ! migrate; then
    $KUBECTL logs job/migrate --namespace="$PLATFORM" --tail=20 >&2 || true
    echo "The migration failed. Nothing after it was applied: settings and pods are as they were." >&2
    exit 1
  fi
fi

# --- The parts, and every tenant --------------------------------------------------------------------

folder platform/ || fail "$PLATFORM" "platform/ could not be applied as a whole"
for each in clients/*/*/; do
  [ -d "$each" ] || continue
  folder "$each" || fail "$(namespace_of "$each")" "$each could not be applied as a whole"
done

# --- Whether what was applied comes about -----------------------------------------------------------

rollouts() { # folder
  namespace=$(namespace_of "$1")
  for file in "$1"Deployment.*.yaml; do
    [ -e "$file" ] || continue
    case $unsettled in *" $namespace "*) return ;; esac
    name=${file##*/Deployment.}
    name=${name%.yaml}
    case $1 in
      clients/*)
        client=${1#clients/}
        if ! exists secret "${client%%/*}-credentials" --namespace="$namespace"; then
          echo "$1: its pods start once its credentials are saved"
          continue
        fi
        ;;
    esac
    if ! $KUBECTL rollout status --namespace="$namespace" "deployment/$name" --timeout="$(still)s"; then
      why=$($KUBECTL get deployment "$name" --namespace="$namespace" \
        --output='jsonpath={.status.conditions[?(@.type=="ReplicaFailure")].message}') || why=
      fail "$namespace" "$1: the rollout of $name stands still${why:+: $why}"
    fi
  done
}

if [ -z "$dry" ]; then
  wait_from_now
  for each in platform/ clients/*/*/; do
    rollouts "$each"
  done
fi

# --- What an earlier tree left behind ---------------------------------------------------------------

kinds=$(echo "$served" | while read -r plural version kind; do
  group=${version%/*}
  [ "$group" != "$version" ] || group=
  case " $LEFT_BEHIND " in *" $group/$kind "*) echo "$plural${group:+.$group}" ;; esac
done | paste -s -d , -)

there=$($KUBECTL get "$kinds" --all-namespaces --selector="$OURS" --output='jsonpath={range .items[*]}{.kind}|{.metadata.name}|{.metadata.namespace}|{.apiVersion}|{.metadata.ownerReferences[0].kind}{"\n"}{end}') ||
  fail "" "what an earlier tree left behind could not be looked at"
# Objects that another object made are its business.
left=$(echo "$there" |
  while IFS='|' read -r kind name namespace version owner; do
    [ -n "$kind" ] && [ -z "$owner" ] || continue
    file=$kind.$name.yaml
    [ ! -e "data/$file" ] && [ ! -e "platform/$file" ] || case $namespace in
      "$PLATFORM" | "$PLATFORM-logs" | "") continue ;;
    esac
    [ ! -e "clients/${namespace%-*}/${namespace##*-}/$file" ] || continue
    case $unsettled in *" $namespace "*) continue ;; esac
    echo "$kind|$name|$namespace|$version"
  done)

remove_left() {
  echo "$left" | while IFS='|' read -r kind name namespace version; do
    echo "---"
    echo "apiVersion: $version"
    echo "kind: $kind"
    echo "metadata: {name: \"$name\"${namespace:+, namespace: \"$namespace\"}}"
  done | $KUBECTL delete --ignore-not-found $dry -f -
}

if [ -n "$left" ]; then
  echo "Left behind by an earlier tree:"
  echo "$left" | sed 's/^\([^|]*\)|\([^|]*\)|\([^|]*\)|.*/  \3 \1 \2/'
  if [ -z "$prune" ]; then
    echo "--prune removes it."
  else
    remove_left || fail "" "what an earlier tree left behind could not be removed"
  fi
fi

if [ -n "$failed" ]; then
  echo "Not everything is as it is here:$failed" >&2
  exit 1
fi
