"""`python -m cdk8s_app`: read `config.json`, write manifests.

`cdk8s synth` runs the same through cdk8s.yaml, and gives the same bytes.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from cdk8s_app.config import ConfigError, read_fleet
from cdk8s_app.manifest import WrongSpec
from cdk8s_app.synth import Outcome, synthesize

EVERY_S = 0.2


def main(arguments: list[str] | None = None) -> int:
    """Run the command. Return its exit code: 1 where the file is wrong."""
    options = _options().parse_args(arguments)
    try:
        outcome = synthesize(
            read_fleet(
                options.config,
                repo_url=options.repo_url,
                repo_url_unsaid=os.environ.get("MANIFESTS_REPOSITORY"),  # an edge
            ),
            options.output,
            prune=options.prune,
            processes=options.processes,
            progress=_Progress(),
        )
    except (ConfigError, WrongSpec) as error:
        print(f"\n{options.config} is wrong:\n{error}", file=sys.stderr)
        return 1
    except (OSError, RuntimeError) as error:  # a RuntimeError is Node's own
        why = str(error).splitlines()[0]
        print(f"\n{options.output} cannot be written: {why}", file=sys.stderr)
        return 1
    _tell(outcome, options.output)
    return 0


def _options() -> argparse.ArgumentParser:
    # cdk8s's CLI names its folder in the environment.
    output = os.environ.get("CDK8S_OUTDIR", "dist")  # an edge
    parser = argparse.ArgumentParser(prog="python -m cdk8s_app", description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config.json"), metavar="FILE")
    parser.add_argument("--output", type=Path, default=Path(output), metavar="DIR")
    parser.add_argument(
        "--repo-url",
        metavar="URL",
        help="the manifests repository that Argo CD reads (default: argocd.repo_url of the file,"
        " else MANIFESTS_REPOSITORY)",
    )
    parser.add_argument(
        "--prune",
        action="store_true",
        help="remove the folders of clients and environments that are no longer in the file",
    )
    parser.add_argument(
        "--processes", type=int, metavar="N", help="how many work side by side (default: cores)"
    )
    return parser


class _Progress:
    """One line that counts, on a terminal; elsewhere a line for every tenth of the way."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._told_at = float("-inf")
        self._tenths = 0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._terminal:
            if now - self._told_at >= EVERY_S or done == total:
                self._told_at = now
                end = "\n" if done == total else ""
                print(f"\r{done} of {total} written", end=end, file=sys.stderr, flush=True)
        elif total >= 10 and done * 10 // total > self._tenths:  # noqa: PLR2004  # tenths
            self._tenths = done * 10 // total
            print(f"{done} of {total} written", file=sys.stderr, flush=True)


def _tell(outcome: Outcome, output: Path) -> None:
    print(f"{outcome.clients} clients; {len(outcome.written)} folders written under {output}")
    for warning in outcome.warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    for folder in outcome.left:
        print(f"{'removed' if outcome.pruned else 'no longer in the file, kept'}: {folder}")
    if outcome.left and not outcome.pruned:
        print("--prune removes them; with them Argo CD removes what runs.")


if __name__ == "__main__":
    sys.exit(main())
