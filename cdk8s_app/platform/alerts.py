"""What wakes somebody, as PrometheusRules. Each alert says what it means and what to do.

The names of metrics are the service's; a test looks them up there.
"""

from collections.abc import Iterator

from cdk8s_app import place
from cdk8s_app.manifest import Manifest, labels_of, manifest

NAME = "mcp-platform"


def objects() -> Iterator[Manifest]:
    """Give the rules."""
    yield manifest(
        api_version="monitoring.coreos.com/v1",
        kind="PrometheusRule",
        name=NAME,
        namespace=place.NAMESPACE,
        labels=labels_of(instance=place.NAMESPACE, component="alerts"),
        spec={"groups": [{"name": NAME, "rules": RULES}]},
    )


def _alert(name: str, *, when: str, lasting: str, severity: str, means: str, do: str) -> Manifest:
    return {
        "alert": name,
        "expr": when,
        "for": lasting,
        "labels": {"severity": severity},
        "annotations": {"summary": means, "description": do},
    }


def _grew(counter: str, window: str) -> str:
    """Return the series that grew within `window`, also those that began in it.

    A counter with labels appears when it first counts, and is 1 at once. `increase` does not see
    that.
    """
    began = f"{counter} > 0 unless {counter} offset {window}"
    return f"(increase({counter}[{window}]) > 0 or ({began}))"


PARKED = 'mcp_turns_total{outcome="parked"}'

RULES = [
    _alert(
        "McpMessagesWait",
        when="max by (namespace) (mcp_inbox_lag_seconds) > 60",
        lasting="3m",
        severity="critical",
        means="Customers wait for more than a minute ({{ $labels.namespace }}).",
        do="See whether workers run and what their logs say; `mcp-platform inbox parked` lists turns"
        " that were set aside. More workers help only if all of them are busy.",
    ),
    _alert(
        "McpWebhooksFail",
        when='sum by (namespace) (rate(mcp_webhooks_total{status=~"5.."}[5m])) > 0.05',
        lasting="5m",
        severity="critical",
        means="Webhooks are answered with an error ({{ $labels.namespace }}); Meta sends again.",
        do="503 says that the database or the credentials cannot be read: see /health/detail on the"
        " internal port.",
    ),
    _alert(
        "McpTenantSilent",
        # Not `< 1`: after new pods came there is no series of a silent tenant to compare.
        when="sum by (tenant) (increase(mcp_tenant_turns_total[7d] offset 1d)) > 35"
        f" unless sum by (tenant) {_grew('mcp_tenant_turns_total', '1d')}",
        lasting="1h",
        severity="warning",
        means="{{ $labels.tenant }} had conversations every day, and none for a day.",
        do="`mcp-platform doctor {{ $labels.tenant }}`: its webhook may be unsubscribed, its number"
        " restricted, its token expired.",
    ),
    _alert(
        "McpCredentialRefused",
        when="max by (namespace, what) (mcp_tenants_degraded) > 0",
        lasting="10m",
        severity="warning",
        means="A tenant's credential or account is refused, or its owner not reached: {{ $labels.what }}"
        " ({{ $labels.namespace }}).",
        do="/health/detail on the internal port names the tenants and what was said; `mcp-platform"
        " doctor --all` says what to change. The owner may know nothing of it: tell them.",
    ),
    _alert(
        "McpPhrasesDropped",
        when="sum(rate(mcp_phrases_dropped_total[1h]))"
        ' / sum(rate(mcp_turns_total{outcome="model"}[1h])) > 0.3',
        lasting="1h",
        severity="warning",
        means="Much of what the model chooses cannot be said: customers read less than they asked for.",
        do="A new model version may choose worse; see `model` in the logs, and set GEMINI_MODEL back.",
    ),
    _alert(
        "McpModelAway",
        when='sum(rate(mcp_menu_turns_total[15m])) / sum(rate(mcp_turns_total{outcome=~"model|menu"}[15m]))'
        " > 0.5",
        lasting="15m",
        severity="warning",
        means="Most customers are answered by the menu: the model is away, over quota or off.",
        do="mcp_menu_turns_total says why; nothing is lost meanwhile.",
    ),
    _alert(
        "McpDeadLetters",
        when=f"sum by (namespace, kind, code) {_grew('mcp_outbox_dead_total', '15m')}",
        lasting="0m",
        severity="warning",
        means="{{ $labels.kind }} was given up, code {{ $labels.code }} ({{ $labels.namespace }}).",
        do="`mcp-platform outbox dead` lists them, and sends them again once the cause is gone.",
    ),
    _alert(
        "McpTurnsParked",
        when=f"sum by (namespace) {_grew(PARKED, '15m')}",
        lasting="0m",
        severity="warning",
        means="A turn failed again and again, and waits for a person ({{ $labels.namespace }}).",
        do="`mcp-platform inbox parked` lists them.",
    ),
    _alert(
        "McpLoopStoodStill",
        when=f"sum by (namespace, pod) {_grew('mcp_loop_standstills_total', '15m')}"
        " or max by (namespace, pod) (mcp_started_after_standstill) > 0",
        lasting="0m",
        severity="warning",
        means="{{ $labels.pod }} answered nobody for a while ({{ $labels.namespace }}).",
        do="`kit.loop.stood_still` in its log says whose turn it was, and `serve.restarted` that it"
        " was ended; the stack before that says where.",
    ),
    _alert(
        "McpQuarantined",
        when="sum by (namespace) (increase(mcp_inbox_quarantined_total[15m])) > 0",
        lasting="0m",
        severity="warning",
        means="An event could not be read, and is kept aside ({{ $labels.namespace }}).",
        do="Look at table quarantined_events: Meta may send a new form.",
    ),
    _alert(
        "McpRedisAway",
        when="max by (namespace) (mcp_pacing_local) > 0",
        lasting="30m",
        severity="info",
        means="Redis is away; each process paces by itself ({{ $labels.namespace }}).",
        do="Sending goes on, slower for busy numbers. See Valkey's pod.",
    ),
    _alert(
        "McpRolloutStandsStill",
        # As kube-state-metrics tells it, of namespaces that pods of ours answer from.
        when="max by (namespace, deployment) (kube_deployment_status_condition{"
        'condition="Progressing",status="false"}) > 0'
        " and on (namespace) max by (namespace) (mcp_inbox_lag_seconds)",
        lasting="1m",
        severity="warning",
        means="A new release or configuration does not come about"
        " ({{ $labels.namespace }}, {{ $labels.deployment }}); the old pods go on.",
        do="`kubectl -n {{ $labels.namespace }} get resourcequotas,events` says why: a quota that is"
        " not ours, a Secret that is missing, a pod that is never ready. Lowering resources does not"
        " help against a quota: old pods count at their old size.",
    ),
    _alert(
        "McpPartDown",
        when=f'sum by (job) (up{{namespace="{place.NAMESPACE}"}}) == 0',
        lasting="5m",
        severity="critical",
        means="No pod of {{ $labels.job }} answers.",
        do="`kubectl -n mcp-platform get pods`: what does not start says why in its events and logs.",
    ),
]
