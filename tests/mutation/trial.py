"""Runs tests against one mutant, in a process forked from one that has imported the libraries.

Owns processes and verdicts. Our own modules are imported in the fork alone, as they then are on disk.
"""

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import coverage
import pytest

# What takes longest to import.
LIBRARIES = (
    *("alembic.command", "argon2", "asyncpg", "babel.dates", "cryptography.x509", "fastapi"),
    *("google.genai", "googleapiclient.discovery", "hypothesis", "httpx", "jose.jws", "jsonschema"),
    *("lightkube", "pgqueuer", "pydantic_settings", "redis.asyncio", "structlog", "uvicorn"),
    *("sqlalchemy.ext.asyncio", "sqlalchemy.dialects.postgresql.asyncpg"),
)
ARGUMENTS = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist")
ARGUMENTS += ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # some are imported already
FORK = multiprocessing.get_context("fork")


@dataclass(slots=True)
class Course:
    """How a run of tests went."""

    code: int = 1
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)
    took: dict[str, float] = field(default_factory=dict)
    ran: dict[int, list[str]] = field(default_factory=dict)
    """Which tests ran which line of the module; what ran as it was imported is nobody's."""


class Observer:
    """A plugin of pytest: chooses tests, the quick ones first, and notes what became of them."""

    def __init__(
        self,
        *,
        chosen: Collection[str] | None,
        took: dict[str, float],
        watched: coverage.Coverage | None,
    ) -> None:
        self.course = Course()
        self._chosen = chosen
        self._took = took
        self._watched = watched

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._chosen is not None:
            items[:] = [each for each in items if each.nodeid in self._chosen]
            items.sort(key=lambda each: self._took[each.nodeid])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if self._watched is not None:
            self._watched.switch_context(item.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.course.failed.append(f"importing {report.nodeid}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # What the session needs is set up by whom it needs first: not that test's time.
        if report.when == "call":
            self.course.took[report.nodeid] = report.duration
        if report.failed:
            self.course.failed.append(report.nodeid)


def preload() -> None:
    """Import the libraries, so that every fork has them."""
    for each in LIBRARIES:
        importlib.import_module(each)


def run(
    tests: Iterable[str],
    *,
    chosen: Collection[str] | None = None,
    took: dict[str, float] | None = None,
    covered: Path | None = None,
    limit_s: float | None = None,
) -> Course:
    """Run tests in a fork, and say how it went.

    Args:
        tests: Files and folders.
        chosen: Those of their tests that are run, the first failure being enough; None is all.
        took: How long each of these took before.
        covered: A module; the course tells which tests ran which of its lines.
        limit_s: After this the run has failed.

    Raises:
        SystemExit: pytest itself failed.
    """
    ours, theirs = FORK.Pipe()
    with tempfile.TemporaryFile() as output:
        process = FORK.Process(
            target=_work, args=(theirs, output.fileno(), [*tests], chosen, took or {}, covered)
        )
        started = time.perf_counter()
        process.start()
        theirs.close()
        course = Course(failed=["nothing: it did not end"])
        try:
            if ours.poll(limit_s):
                course = ours.recv()
        except EOFError:
            course.failed = ["nothing: the process died"]
        course.seconds = time.perf_counter() - started
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid or 0, signal.SIGKILL)  # with what the tests started
        process.join()
        if course.code and not course.failed:
            output.seek(0)
            raise SystemExit(f"pytest ended with {course.code}:\n{output.read().decode()}")
    return course


def _work(
    answer: Connection,
    output: int,
    tests: list[str],
    chosen: Collection[str] | None,
    took: dict[str, float],
    covered: Path | None,
) -> None:
    os.setpgrp()
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.dont_write_bytecode = True  # two mutants of one second look alike to Python's cache
    watched = None
    if covered is not None:
        watched = coverage.Coverage(
            data_file=None, include=[str(covered)], concurrency=["greenlet", "thread"]
        )
        watched.start()
    observer = Observer(chosen=chosen, took=took, watched=watched)
    arguments = [*ARGUMENTS, *([] if chosen is None else ["-x"]), *tests]
    course = observer.course
    course.code = int(pytest.main(arguments, plugins=[observer]))
    if watched is not None and covered is not None:
        watched.stop()
        lines = watched.get_data().contexts_by_lineno(str(covered.resolve()))
        course.ran = {line: [each for each in tests if each] for line, tests in lines.items()}
    answer.send(course)
