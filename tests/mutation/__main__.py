"""Make one small fault at a time in a module, and see whether the tests of its room find it.

`python -m tests.mutation [MODULE…] [--sample N] [--seed N] [--output FILE]`, in a tree that nobody
else uses, since modules are changed on disk: `make mutate` makes such a copy. A module is named by
a part of its path.
"""

import argparse
import contextlib
import difflib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from cosmic_ray.mutating import use_mutation

from tests.mutation import trial
from tests.mutation.mutants import OPERATORS, Mutant, mutants
from tests.mutation.rooms import ROOMS

PATIENCE_S = 60  # beside four times what all tests take: a fault may make them wait for ever


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one mutant. Nobody killed one that survived."""

    module: str
    line: int
    operator: str
    change: str
    killed_by: str | None
    seconds: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("modules", nargs="*")
    options.add_argument("--sample", type=int, default=40, help="how many of each module")
    options.add_argument("--seed", type=int, default=1, help="another one, another sample")
    options.add_argument("--output", type=Path, default=Path("mutation.json"))
    wanted = options.parse_args()
    chosen = [
        Path(each)
        for each in ROOMS
        if not wanted.modules or any(part in each for part in wanted.modules)
    ]
    trial.preload()
    verdicts: list[Verdict] = []
    with _servers():
        for module in chosen:
            verdicts += _examine(module, sample=wanted.sample, seed=wanted.seed)
            written = [asdict(each) for each in verdicts]
            wanted.output.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n")
    for module in chosen:
        found = [each.killed_by for each in verdicts if each.module == str(module)]
        survived = found.count(None)
        print(f"{module}: {len(found)} tried, {len(found) - survived} killed, {survived} survived")


def _examine(module: Path, *, sample: int, seed: int) -> Iterator[Verdict]:
    tests = ROOMS[str(module)]
    whole = trial.run(tests, covered=module)
    every = mutants(module, seed=seed)
    print(f"{module}: {len(every)} mutants, {len(whole.took)} tests, {whole.seconds:.0f} s")
    for each in whole.failed:
        print(f"  fails without any fault, and is not asked: {each}")
        whole.took.pop(each, None)
    for each in every[:sample]:
        verdict = _judge(each, tests, whole)
        print(
            f"  {'survived' if verdict.killed_by is None else 'killed'} {verdict.seconds:.0f} s,"
            f" line {verdict.line}: {verdict.change}",
            flush=True,
        )
        yield verdict


def _judge(mutant: Mutant, tests: tuple[str, ...], whole: trial.Course) -> Verdict:
    operator = OPERATORS[mutant.operator]
    with use_mutation(mutant.module, operator, mutant.occurrence) as (was, now):
        course = trial.run(
            tests,
            chosen=_asked(mutant, whole),
            took=whole.took,
            limit_s=PATIENCE_S + 4 * whole.seconds,
        )
    changed = [
        line
        for line in difflib.ndiff(was.splitlines(), now.splitlines())
        if line.startswith(("- ", "+ "))
    ]
    return Verdict(
        module=str(mutant.module),
        line=mutant.lines.start,
        operator=mutant.operator,
        change=" ".join(" ".join(changed).split()),
        killed_by=course.failed[0] if course.code else None,
        seconds=round(course.seconds, 1),
    )


def _asked(mutant: Mutant, whole: trial.Course) -> set[str]:
    """Return the tests that run a mutant's lines; all, if only importing its module does."""
    found = {test for line in mutant.lines for test in whole.ran.get(line, ())}
    return found & whole.took.keys() or set(whole.took)


@contextlib.contextmanager
def _servers() -> Iterator[None]:
    """Keep a PostgreSQL and a Valkey up for all runs: tests join servers that are there."""
    folder = Path(tempfile.mkdtemp(prefix="mcp-platform-mutation-"))
    folder.chmod(0o711)  # as root, PostgreSQL runs under another account
    os.environ["MCP_PLATFORM_TEST_SERVERS"] = str(folder)
    ours, theirs = trial.FORK.Pipe()
    process = trial.FORK.Process(target=_serve, args=(folder, theirs, ours))
    process.start()
    try:
        ours.recv()
        yield
    finally:
        ours.send(None)
        process.join()
        shutil.rmtree(folder)


def _serve(folder: Path, asked: Connection, parents: Connection) -> None:
    parents.close()  # so that we hear it when whoever has the other copy dies
    # In this process alone: where mutants are tried, our modules are imported afterwards.
    from mcp_platform.embedded import EmbeddedPostgres, EmbeddedValkey  # noqa: PLC0415

    servers = (
        EmbeddedPostgres(folder / "postgres", fsync=False),
        EmbeddedValkey(folder / "valkey"),
    )
    try:
        for each in servers:
            each.start()
        asked.send(None)
        with contextlib.suppress(EOFError):
            asked.recv()
    finally:
        for each in servers:
            each.stop()


if __name__ == "__main__":
    main()
