"""Write what Prometheus and Grafana of compose.observability.yaml read, from the manifest builder.

The builder owns alerts and dashboards; a test sees that these files are what it says:
`python observability/write.py`.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import yaml

from cdk8s_app.platform.alerts import RULES
from cdk8s_app.platform.dashboards import dashboards

HERE = Path(__file__).parent


def files() -> Iterator[tuple[Path, str]]:
    """Give each file with what belongs in it."""
    groups = {"groups": [{"name": "mcp-platform", "rules": RULES}]}
    yield HERE / "alerts.yaml", yaml.safe_dump(groups, sort_keys=False, allow_unicode=True)
    for name, dashboard in dashboards().items():
        text = json.dumps(dashboard, indent=1, sort_keys=True) + "\n"
        yield HERE / "grafana" / "dashboards" / f"{name}.json", text


if __name__ == "__main__":
    for path, text in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
