"""Grafana dashboards as ConfigMaps, for Grafana's sidecar: the platform, and one tenant.

`dashboards()` gives them as data, for a Grafana that is fed otherwise.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cdk8s_app import place, workload
from cdk8s_app.manifest import Manifest, labels_of

SIDECAR = {"grafana_dashboard": "1"}  # what Grafana's chart looks for
WIDTH, HEIGHT, ROW = 12, 8, 24

Panel = tuple[str, str, Sequence[tuple[str, str]]]
"""Title, unit, and queries with their legends."""

PLATFORM: tuple[Panel, ...] = (
    ("Oldest message that waits", "s", [("max by (namespace) (mcp_inbox_lag_seconds)", "{{namespace}}")]),
    ("Webhooks a second, by status", "reqps", [("sum by (status) (rate(mcp_webhooks_total[5m]))", "{{status}}")]),
    ("Turns a minute, by who answered", "short", [("sum by (outcome) (rate(mcp_turns_total[5m])) * 60", "{{outcome}}")]),
    (
        "How long a turn takes",
        "s",
        [
            ("histogram_quantile(0.5, sum by (le) (rate(mcp_turn_seconds_bucket[5m])))", "half"),
            ("histogram_quantile(0.95, sum by (le) (rate(mcp_turn_seconds_bucket[5m])))", "95 of 100"),
        ],
    ),
    ("Why the menu answered", "short", [("sum by (why) (rate(mcp_menu_turns_total[15m])) * 60", "{{why}}")]),
    ("Tokens of the model a minute", "short", [("sum by (kind) (rate(mcp_model_tokens_total[15m])) * 60", "{{kind}}")]),
    ("Sends a minute", "short", [("sum by (kind, outcome) (rate(mcp_outbox_sends_total[5m])) * 60", "{{kind}} {{outcome}}")]),
    (
        "From recording to sending",
        "s",
        [("histogram_quantile(0.95, sum by (le, kind) (rate(mcp_outbox_delay_seconds_bucket[5m])))", "{{kind}}")],
    ),
    ("Given up", "short", [("sum by (kind, code) (increase(mcp_outbox_dead_total[1h]))", "{{kind}} {{code}}")]),
    ("Tenants whose credential is refused", "short", [("max by (what) (mcp_tenants_degraded)", "{{what}}")]),
    ("Phrases of the model that could not be said", "short", [("sum(rate(mcp_phrases_dropped_total[15m])) * 60", "a minute")]),
    ("Delivered messages that are billed", "short", [("sum by (category) (increase(mcp_outbox_billed_total[1d]))", "{{category}}")]),
)  # fmt: skip
TENANT: tuple[Panel, ...] = (
    ("Turns an hour", "short", [('sum by (outcome) (increase(mcp_tenant_turns_total{tenant="$tenant"}[1h]))', "{{outcome}}")]),
    (
        "Answered by the model",
        "percentunit",
        [
            (
                'sum(increase(mcp_tenant_turns_total{tenant="$tenant",outcome="model"}[1d]))'
                ' / sum(increase(mcp_tenant_turns_total{tenant="$tenant"}[1d]))',
                "share of the day",
            )
        ],
    ),
)  # fmt: skip


def objects() -> Iterator[Manifest]:
    """Give a ConfigMap for each dashboard."""
    labels = labels_of(instance=place.NAMESPACE, component="dashboards")
    for name, dashboard in dashboards().items():
        yield workload.config_map(
            name=f"dashboard-{name}",
            namespace=place.NAMESPACE,
            labels={**labels, **SIDECAR},
            data={f"{name}.json": json.dumps(dashboard, indent=1, sort_keys=True)},
        )


def dashboards() -> dict[str, dict[str, Any]]:
    """Return the dashboards in Grafana's form, by name."""
    tenant = {
        "name": "tenant",
        "label": "Tenant",
        "type": "query",
        "query": "label_values(mcp_tenant_turns_total, tenant)",
        "datasource": _SOURCE,
        "refresh": 2,
        "sort": 1,
    }
    return {
        "mcp-platform": _dashboard("mcp-platform", "MCP Platform", PLATFORM, []),
        "mcp-tenant": _dashboard("mcp-tenant", "MCP Platform: a tenant", TENANT, [tenant]),
    }


_SOURCE = {"type": "prometheus", "uid": "${source}"}


def _dashboard(
    uid: str, title: str, panels: Sequence[Panel], variables: list[Any]
) -> dict[str, Any]:
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": uid,
        "title": title,
        "tags": ["mcp-platform"],
        "timezone": "browser",
        "schemaVersion": 39,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source, *variables]},
        "panels": [_panel(number, each) for number, each in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    title, unit, queries = panel
    place_x = number * WIDTH
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": title,
        "datasource": _SOURCE,
        "gridPos": {"x": place_x % ROW, "y": place_x // ROW * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + position), "expr": query, "legendFormat": legend}
            for position, (query, legend) in enumerate(queries)
        ],
    }
