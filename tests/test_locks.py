"""The locks are whole, and what is installed from them is never resolved again."""

import itertools
import re
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
ENTRY = re.compile(r"^[a-z0-9][^\\\n]*", re.MULTILINE)
ENVIRONMENTS = [
    {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": platform,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}[platform],
    }
    for python, platform in itertools.product(("3.11", "3.13"), ("linux", "darwin"))
]


class Wanted(NamedTuple):
    """What one lock must hold: the project's own requirements, of these extras and groups."""

    extras: tuple[str, ...] = ()
    group: str | None = None

    def requirements(self) -> list[str]:
        if self.group:
            return list(PROJECT["dependency-groups"][self.group])
        optional = PROJECT["project"]["optional-dependencies"]
        return PROJECT["project"]["dependencies"] + [
            each for extra in self.extras for each in optional[extra]
        ]


LOCKS = {
    "requirements.lock": Wanted(),
    "requirements-dev.lock": Wanted(extras=("dev", "manifests")),
    "requirements-manifests.lock": Wanted(extras=("manifests",)),
    "requirements-build.lock": Wanted(group="build"),
    "requirements-image.lock": Wanted(group="image"),
    "requirements-assets.lock": Wanted(group="assets"),
    "requirements-checkov.lock": Wanted(group="scan"),
    "requirements-upkeep.lock": Wanted(group="upkeep"),
    ".ci/pip-oldest.lock": Wanted(group="oldest-pip"),
    ".ci/pip-newest.lock": Wanted(group="newest-pip"),
}
# Where they are installed, whose metadata say what each distribution requires. What is in no lock
# of the development environment is looked over by `pip check` where it is installed.
INSTALLED = (
    "requirements.lock",
    "requirements-dev.lock",
    "requirements-manifests.lock",
    "requirements-build.lock",
)


def pins(text: str, environment: Mapping[str, str]) -> dict[str, Version]:
    """Return what a lock installs in an environment."""
    found: dict[str, Version] = {}
    for entry in map(Requirement, ENTRY.findall(text)):
        if entry.marker is None or entry.marker.evaluate(dict(environment)):
            (pin,) = entry.specifier
            assert pin.operator == "==", entry
            assert entry.name not in found, f"{entry.name} is pinned twice"
            found[entry.name] = Version(pin.version)
    return found


def unmet(
    locked: Mapping[str, Version], wanted: Iterable[str], environment: Mapping[str, str]
) -> Iterator[str]:
    """Yield each requirement that a lock does not satisfy, extras of extras included."""
    seen: set[tuple[str, str]] = set()
    ahead = [("the project", Requirement(each), "") for each in wanted]
    while ahead:
        by, required, extra = ahead.pop()
        if required.marker and not required.marker.evaluate({**environment, "extra": extra}):
            continue
        name = canonicalize_name(required.name)
        if name not in locked or not required.specifier.contains(locked[name], prereleases=True):
            yield f"{by} requires {required}, and {locked.get(name, 'nothing')} is locked"
            continue
        for asked in {"", *required.extras} - {extra for of, extra in seen if of == name}:
            seen.add((name, asked))
            ahead += [(name, Requirement(each), asked) for each in _requires(name, locked[name])]


def _requires(name: str, version: Version) -> list[str]:
    try:
        installed = metadata.distribution(name)
    except metadata.PackageNotFoundError:  # for another platform, or in another environment
        return []
    return (installed.requires or []) if Version(installed.version) == version else []


def _text(lock: str) -> str:
    return (ROOT / lock).read_text()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_every_requirement_of_what_it_locks(lock: str) -> None:
    wrong = {
        sentence
        for of in ENVIRONMENTS
        for environment in [{**default_environment(), **of}]
        for sentence in unmet(
            pins(_text(lock), environment), LOCKS[lock].requirements(), environment
        )
    }
    assert not wrong


def test_the_metadata_of_all_that_runs_are_here_to_be_read() -> None:
    here = dict(default_environment())
    for lock in INSTALLED:
        for name, version in pins(_text(lock), here).items():
            assert metadata.version(name) == str(version), f"{name} of {lock}"


def test_a_lock_that_lacks_what_only_an_extra_requires_is_found_out() -> None:
    here = {**default_environment()}
    locked = pins(_text("requirements.lock"), here)
    wanted = LOCKS["requirements.lock"].requirements()
    assert not list(unmet(locked, wanted, here))
    of_an_extra = "requests"  # google-genai requires google-auth[requests]
    without = {name: version for name, version in locked.items() if name != of_an_extra}
    assert any("google-auth requires requests" in each for each in unmet(without, wanted, here))
    older = {**locked, "google-auth": Version("2.0")}
    assert any("requires google-auth" in each for each in unmet(older, wanted, here))


def test_every_lock_is_known_here_and_made_by_make_lock() -> None:
    tracked = set(_git("ls-files", "*.lock").split())
    assert tracked == set(LOCKS)
    made = set(re.findall(r"-o (\S+\.lock)", (ROOT / "Makefile").read_text()))
    assert made == tracked


def test_every_entry_of_a_lock_has_a_hash() -> None:
    for lock in LOCKS:
        for entry in re.split(r"\n(?=\S)", _text(lock).strip()):
            assert "--hash=sha256:" in entry, f"{lock}: {entry}"


PIP_INSTALL = re.compile(r"\bpip\S*(?: \S+)* install ", re.IGNORECASE)
READS_A_FILE = re.compile(r" (?:-r|--requirement)\b")
BEGINNING = re.compile(r"^(?:[-@]|RUN|run:|\s)+")  # of a line in a Makefile, a Dockerfile, YAML


def faults(text: str) -> Iterator[str]:
    """Yield what is wrong with the installations that a file makes."""
    joined = re.sub(r"\\\n\s*", " ", text)
    commands = [BEGINNING.sub("", each).strip() for each in re.split(r"&&|;|\n", joined)]
    for command, following in itertools.pairwise([*commands, ""]):
        if not PIP_INSTALL.search(command):
            continue
        if "--no-deps" not in command:
            yield f"resolves: {command}"
        if READS_A_FILE.search(command):
            if "--require-hashes" not in command:
                yield f"takes any bytes: {command}"
            if following != (check := command.partition(" install ")[0] + " check"):
                yield f"is not followed by `{check}`: {command}"


def test_every_file_that_installs_takes_a_lock_whole_and_checks_it() -> None:
    # install.py and tests/ are outside: what they do is run below, not read.
    files = _git("ls-files", ":!tests", ":!install.py", ":!*.lock", ":!*.png").splitlines()
    assert {"Makefile", "Dockerfile", ".ci/run", ".gitlab-ci.yml", "README.md"} <= set(files)
    found = {file: list(faults((ROOT / file).read_text(errors="replace"))) for file in files}
    assert not {file: wrong for file, wrong in found.items() if wrong}
    assert len(PIP_INSTALL.findall((ROOT / "Dockerfile").read_text())) >= 3, "the look finds none"


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("RUN pip install --require-hashes -r a.lock && pip check", "resolves"),
        ("RUN pip install --no-deps -r a.lock && pip check", "any bytes"),
        ("\t@$(PIP) install --no-deps --require-hashes -r a.lock\n\t@touch $@", "not followed"),
        (
            "- pip --python /a install --no-deps --require-hashes -r a.lock\n- pip check",
            "not followed",
        ),
        ("- run: python -m pip --quiet install uv", "resolves"),
    ],
)
def test_an_installation_that_breaks_the_rule_is_found_out(command: str, wrong: str) -> None:
    (said,) = faults(command)
    assert wrong in said


def test_an_installation_by_the_rule_passes() -> None:
    whole = "pip --python /a install --no-deps \\\n --require-hashes -r a.lock"
    assert not list(faults(f"RUN {whole} \\\n && pip --python /a check \\\n && true"))


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
