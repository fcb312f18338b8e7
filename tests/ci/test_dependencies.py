"""The weekly change of the locks: what made them is not believed, and what they hold is looked up."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
PIN = f"alembic==1.2 \\\n    --hash=sha256:{'a' * 64}\n"
NEWER = f"alembic==1.3 ; python_full_version < '3.13' \\\n    --hash=sha256:{'b' * 64}\n"
NOTHING_NEW = 3


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two locks and the script."""
    made = tmp_path / "repository"
    (made / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "take-locks", made / ".ci" / "take-locks")
    for lock in ("requirements.lock", ".ci/pip.lock"):
        (made / lock).write_text(PIN)
    as_somebody = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for command in (["init", "-q"], ["add", "."], [*as_somebody, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=made, check=True)
    return made


def take(repository: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [repository / ".ci" / "take-locks", folder], capture_output=True, text=True, check=False
    )


def changed(repository: Path) -> list[str]:
    looked = ["git", "status", "--porcelain"]
    said = subprocess.run(looked, cwd=repository, capture_output=True, text=True, check=True)
    return said.stdout.split("\n")[:-1]


@pytest.fixture
def handed_over(tmp_path: Path) -> Path:
    folder = tmp_path / "handed over"
    (folder / ".ci").mkdir(parents=True)
    (folder / "requirements.lock").write_text(NEWER)
    (folder / ".ci" / "pip.lock").write_text(PIN)
    return folder


def test_newer_locks_are_taken(repository: Path, handed_over: Path) -> None:
    done = take(repository, handed_over)
    assert done.returncode == 0, done.stderr
    assert changed(repository) == [" M requirements.lock"]
    assert (repository / "requirements.lock").read_text() == NEWER


def test_locks_that_say_the_same_open_no_change(repository: Path, handed_over: Path) -> None:
    (handed_over / "requirements.lock").write_text(PIN)
    assert take(repository, handed_over).returncode == NOTHING_NEW
    assert changed(repository) == []


@pytest.mark.parametrize(
    "name", ["Makefile", ".ci/take-locks", "other.lock", ".git/hooks/post-commit", "a\nb.lock"]
)
def test_whatever_is_no_lock_of_ours_is_refused(
    repository: Path, handed_over: Path, name: str
) -> None:
    (handed_over / name).parent.mkdir(parents=True, exist_ok=True)
    (handed_over / name).write_text(PIN)
    assert take(repository, handed_over).returncode == 1
    assert changed(repository) == []


def test_a_link_in_place_of_a_lock_is_refused(repository: Path, handed_over: Path) -> None:
    (handed_over / "requirements.lock").unlink()
    (handed_over / "requirements.lock").symlink_to(ROOT / "requirements.lock")
    assert take(repository, handed_over).returncode == 1
    assert changed(repository) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.org/simple",
        "evil @ https://example.org/evil.whl",
        "-e .",
        "evil==1.0",  # without a hash
        "    --hash=sha256:abc",
        "# a remark",
    ],
)
def test_a_line_that_is_neither_a_pin_nor_a_hash_is_refused(
    repository: Path, handed_over: Path, line: str
) -> None:
    (handed_over / "requirements.lock").write_text(f"{NEWER}{line}\n")
    done = take(repository, handed_over)
    assert done.returncode == 1
    assert "no such line" in done.stderr
    assert changed(repository) == []


def test_the_locks_that_are_here_have_only_such_lines(tmp_path: Path, repository: Path) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    for lock in ROOT.glob("requirements*.lock"):
        shutil.copy(lock, folder / lock.name)
        (repository / lock.name).write_text(PIN)
    subprocess.run(["git", "add", "."], cwd=repository, check=True)
    done = take(repository, folder)
    assert done.returncode == 0, done.stderr


def _jobs(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / name).read_text()))


def test_the_job_that_runs_new_code_has_no_token_and_the_one_with_a_token_runs_none() -> None:
    jobs = _jobs(".github/workflows/dependencies.yaml")["jobs"]
    resolve, propose = jobs["resolve"], jobs["propose"]
    assert resolve["permissions"] == {"contents": "read"}
    assert not [each for each in ("github.token", "secrets.", "GH_TOKEN") if each in str(resolve)]
    for step in (*resolve["steps"], *propose["steps"]):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
    runs = [step["run"] for step in propose["steps"] if "run" in step]
    used = {step["uses"].partition("@")[0] for step in propose["steps"] if "uses" in step}
    assert used == {"actions/checkout", "actions/download-artifact"}
    assert len(runs) == 1
    assert not [each for each in ("make", "pip", "python", "npm") if each in runs[0].split()]

    gitlab = _jobs(".gitlab-ci.yml")
    assert "CI_JOB_TOKEN" in gitlab["dependencies"]["script"][0].removeprefix("unset ").split()
    assert "DEPENDENCIES_TOKEN" not in str(gitlab["dependencies"])
    proposing = gitlab["propose-dependencies"]
    assert proposing["variables"]["GIT_STRATEGY"] == "empty"
    assert not [e for e in ("make", "pip", "python3") if e in " ".join(proposing["script"]).split()]


@pytest.mark.parametrize(
    ("says", "status", "sentence"),
    [
        ("exit 0", 0, "none in what the locks name"),
        ("echo 'requests 2.0 PYSEC-2099-1'; exit 1", 1, "requests 2.0 PYSEC-2099-1"),
        ("echo requests.exceptions.ConnectionError: no >&2; exit 1", 0, "cannot be reached"),
        ("echo 'ERROR: invalid requirement' >&2; exit 1", 1, "invalid requirement"),
    ],
)
def test_a_known_vulnerability_fails_and_a_service_that_is_away_is_said(
    tmp_path: Path, says: str, status: int, sentence: str
) -> None:
    (tmp_path / "pip-audit").write_text(f"#!/bin/sh\n{says}\n")
    (tmp_path / "pip-audit").chmod(0o755)
    environment = {**os.environ, "PIP_AUDIT": str(tmp_path / "pip-audit")}
    done = subprocess.run(
        [ROOT / ".ci" / "audit"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == status
    assert sentence in done.stdout + done.stderr
    if "reached" in sentence:
        assert len(done.stdout.splitlines()) == 1
