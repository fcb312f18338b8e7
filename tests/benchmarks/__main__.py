"""Run the benchmarks, print a table, write the figures.

`python -m tests.benchmarks [--output FILE] [--only NAME]`, of which `--help` lists those there are
"""

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.benchmarks import (
    console,
    fairness,
    ingest,
    live_stream,
    manifests,
    memory,
    reminders,
    turns,
)
from tests.benchmarks.environment import Result

SUITES = {
    "ingest": ingest.measure,
    "turns": turns.measure,
    "fairness": fairness.measure,
    "reminders": reminders.measure,
    "memory": memory.measure,
    "live": live_stream.measure,
    "manifests": manifests.measure,
    "console": console.measure,
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--output", type=Path, default=Path("build/bench.json"))
    options.add_argument("--only", choices=SUITES, action="append")
    chosen = options.parse_args()
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="mcp-bench-") as folder, Progress() as progress:
        Path(folder).chmod(0o755)  # as root, Postgres runs under another account
        for name in chosen.only or SUITES:
            results += SUITES[name](Path(folder), progress)
    chosen.output.write_text(json.dumps([asdict(each) for each in results], indent=2) + "\n")
    table = Table("figure", "value", "unit", "target", title=f"written to {chosen.output}")
    for each in results:
        table.add_row(each.name, f"{each.value:,.2f}", each.unit, each.target)
    Console().print(table)


if __name__ == "__main__":
    main()
