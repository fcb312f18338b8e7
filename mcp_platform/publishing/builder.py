"""The manifest builder, run as the package of its own that it is."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from mcp_platform.errors import Invalid, Unavailable

LONGEST = 600  # characters of what it says that a person reads
ABSENT = "No module named"  # how Python says it: the extra `manifests` is not installed


def build_manifests(
    config: Path, output: Path, *, prune: bool, told: Callable[[str], None] = lambda _: None
) -> None:
    """Bring `output` to what `config` says. Blocks for seconds. `told` hears its warnings.

    Raises:
        Invalid: the builder does not take the configuration, and why.
        Unavailable: it is not installed here.
    """
    command = [sys.executable, "-m", "cdk8s_app", "--config", str(config), "--output", str(output)]
    done = subprocess.run(  # noqa: S603  # arguments of ours, and no shell
        [*command, *(["--prune"] if prune else [])], capture_output=True, text=True, check=False
    )
    why = done.stderr.strip()
    if done.returncode == 0:
        told(why)
        return
    if ABSENT in why:
        raise Unavailable("The manifest builder is not installed here: the extra `manifests`.")
    raise Invalid(f"The manifest builder did not take the configuration: {why[-LONGEST:]}")
