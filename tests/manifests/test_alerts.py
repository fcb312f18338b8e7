"""Alerts asked by Prometheus itself what they would say of a course of events."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdk8s_app.platform import alerts
from tests.kit.test_metrics import METRICS

DEAD = 'mcp_outbox_dead_total{namespace="mcp-platform",kind="whatsapp",code="131047",pod="%s"}'
PARKED = 'mcp_turns_total{namespace="mcp-platform",outcome="parked",pod="%s"}'
STANDSTILLS = 'mcp_loop_standstills_total{namespace="mcp-platform",pod="%s"}'
AFTER_STANDSTILL = 'mcp_started_after_standstill{namespace="mcp-platform",pod="%s"}'
TURNS = 'mcp_tenant_turns_total{tenant="shop/production",outcome="model",pod="%s"}'
STUCK = (
    'kube_deployment_status_condition{namespace="%s",deployment="assistant",'
    'condition="Progressing",status="false"}'
)
LAG = 'mcp_inbox_lag_seconds{namespace="%s"}'
# Values at each interval: `_` is no sample, `0+1x9` counts from 0 to 9.
COURSES: dict[str, tuple[str, str, dict[str, str], dict[str, list[str]]]] = {
    "the first dead letter of its kind": (
        "McpDeadLetters",
        "1m",
        {DEAD % "a": "_x30 1x60"},
        {"29m": [], "31m": ["whatsapp"], "50m": []},
    ),
    "one more, of a kind that was there": (
        "McpDeadLetters",
        "1m",
        {DEAD % "a": "3x30 4x60"},
        {"29m": [], "33m": ["whatsapp"], "50m": []},
    ),
    "the first turn that is set aside": (
        "McpTurnsParked",
        "1m",
        {PARKED % "a": "_x30 1x60"},
        {"29m": [], "31m": ["mcp-platform"], "50m": []},
    ),
    "the first standstill of a pod": (
        "McpLoopStoodStill",
        "1m",
        {STANDSTILLS % "a": "_x30 1x60", STANDSTILLS % "b": "0x90"},
        {"29m": [], "31m": ["a"], "50m": []},
    ),
    "one more standstill": (
        "McpLoopStoodStill",
        "1m",
        {STANDSTILLS % "a": "2x30 3x60"},
        {"29m": [], "33m": ["a"], "50m": []},
    ),
    "a pod whose loop never came back, started again": (
        "McpLoopStoodStill",
        "1m",
        {
            STANDSTILLS % "a": "0x30 _x2 0x60",
            AFTER_STANDSTILL % "a": "0x30 _x2 1x60",
            AFTER_STANDSTILL % "b": "0x90",
        },
        {"29m": [], "33m": ["a"], "80m": ["a"]},
    ),
    "a rollout that stands still": (
        "McpRolloutStandsStill",
        "1m",
        {STUCK % "shop-production": "0x30 1x60", LAG % "shop-production": "0x90"},
        {"29m": [], "33m": ["shop-production"]},
    ),
    "a rollout of somebody else": (
        "McpRolloutStandsStill",
        "1m",
        {STUCK % "theirs": "1x60", LAG % "shop-production": "0x90"},
        {"33m": []},
    ),
    "a tenant that falls silent": (
        "McpTenantSilent",
        "10m",
        {TURNS % "a": "0+1x1152 1152x400"},
        {"8d": [], "8d12h": [], "9d12h": ["shop/production"]},
    ),
    "a tenant that falls silent while pods are replaced": (
        "McpTenantSilent",
        "10m",
        {TURNS % "a": "0+1x1152 _x400"},
        {"8d": [], "9d12h": ["shop/production"]},
    ),
    "a tenant that goes on in another pod": (
        "McpTenantSilent",
        "10m",
        {TURNS % "a": "0+1x1152 _x400", TURNS % "b": "_x1152 1+1x400"},
        {"9d": [], "9d12h": [], "10d": []},
    ),
}


# Of the kind of "a tenant that falls silent"; promtool takes five seconds for each.
LONGEST = (
    "a tenant that falls silent while pods are replaced",
    "a tenant that goes on in another pod",
)
LONG = pytest.mark.full


def test_no_alert_waits_for_the_second_time() -> None:
    for rule in alerts.RULES:
        for name in METRICS:
            if f"increase({name}" in rule["expr"] and METRICS[name]._labelnames:
                assert f"unless {name}" in rule["expr"], rule["alert"]


@pytest.mark.parametrize(
    "course", [pytest.param(each, marks=LONG if each in LONGEST else ()) for each in COURSES]
)
def test_an_alert_tells_what_happened(course: str, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: it is in Debian's package prometheus")
    alert, interval, series, expected = COURSES[course]
    (rule,) = (each for each in alerts.RULES if each["alert"] == alert)

    def fired(about: str) -> dict[str, Any]:
        labels = {
            "McpDeadLetters": {"namespace": "mcp-platform", "kind": about, "code": "131047"},
            "McpTurnsParked": {"namespace": about},
            "McpTenantSilent": {"tenant": about},
            "McpLoopStoodStill": {"namespace": "mcp-platform", "pod": about},
            "McpRolloutStandsStill": {"namespace": about, "deployment": "assistant"},
        }[alert]
        return {"exp_labels": labels | {"severity": "warning"}}

    # What it says in words is not the question here.
    rules = {"groups": [{"name": "all", "rules": [rule | {"annotations": {}}]}]}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules))
    test = {
        "rule_files": ["rules.yaml"],
        "tests": [
            {
                "interval": interval,
                "input_series": [{"series": s, "values": v} for s, v in series.items()],
                "alert_rule_test": [
                    {"eval_time": at, "alertname": alert, "exp_alerts": [*map(fired, about)]}
                    for at, about in expected.items()
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))

    done = subprocess.run(
        [promtool, "test", "rules", str(tmp_path / "test.yaml")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
