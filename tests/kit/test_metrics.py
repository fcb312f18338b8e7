"""What is counted: documented, named by convention, and never of unbounded cardinality."""

import importlib
import pkgutil
import re

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

import mcp_platform
from mcp_platform.kit.metrics import RecentCounter
from tests.cases import cases
from tests.test_settings_documented import code, rows_of

# Labels whose values are few: members of an enumeration in the code, HTTP statuses, Meta's codes of
# our table. A tenant is none of them.
FEW = {
    *("about", "category", "check", "code", "kind", "outcome"),
    *("state", "status", "tool", "what", "why"),
}
BASE_UNITS = ("_seconds", "_bytes", "_ratio", "_requests")
OTHER_UNITS = re.compile(r"_(ms|milliseconds|minutes|hours|days|kb|mb|percent)\b")


def metrics_of_the_platform() -> dict[str, MetricWrapperBase]:
    """Import every module, and return what is registered, by the name that Prometheus sees."""
    for module in pkgutil.walk_packages(mcp_platform.__path__, "mcp_platform."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = {}
    for collector in list(REGISTRY._collector_to_names):
        if isinstance(collector, MetricWrapperBase):
            total = "_total" if collector._type == "counter" else ""
            found[collector._name + total] = collector
    return found


METRICS = metrics_of_the_platform()


def test_every_metric_is_documented_and_nothing_else_is() -> None:
    assert sorted(code(name) for name, *_ in rows_of("Metrics")) == sorted(METRICS)


@cases("name", sorted(METRICS))
def test_type_and_labels_of_a_metric_are_documented_as_they_are(name: str) -> None:
    _, kind, labels, meaning = next(row for row in rows_of("Metrics") if code(row[0]) == name)

    assert kind == METRICS[name]._type
    assert [code(each) for each in labels.split(", ") if each] == list(METRICS[name]._labelnames)
    assert meaning


@cases("name", sorted(METRICS))
def test_a_metric_is_named_by_convention(name: str) -> None:
    assert re.fullmatch(r"mcp(_[a-z]+)+", name)
    assert not OTHER_UNITS.search(name)
    assert name.endswith("_total") == (METRICS[name]._type == "counter")
    if METRICS[name]._type == "histogram":
        assert name.endswith(BASE_UNITS)
    assert METRICS[name]._documentation.endswith(".")


@cases("name", sorted(METRICS))
def test_the_series_of_a_metric_stay_few(name: str) -> None:
    labels = set(METRICS[name]._labelnames)

    if name.startswith("mcp_tenant_"):
        labels.remove("tenant")
    assert labels <= FEW


def test_of_many_tenants_those_that_were_active_last_have_series() -> None:
    registry = CollectorRegistry()
    turns = RecentCounter(
        "turns_total", "Turns.", of="tenant", labels=["outcome"], most=2, registry=registry
    )

    def value(tenant: str, outcome: str = "model") -> float | None:
        labels = {"tenant": tenant, "outcome": outcome}
        return registry.get_sample_value("turns_total", labels)

    turns.inc("a", "model")
    turns.inc("a", "menu")
    turns.inc("b", "model")
    turns.inc("a", "model")
    turns.inc("c", "model")

    assert [value("a"), value("a", "menu"), value("b"), value("c")] == [2, 1, None, 1]
    turns.inc("b", "model")
    assert [value("a"), value("a", "menu"), value("b"), value("c")] == [None, None, 1, 1]
