"""`install.py` installs what a lock lists, checks it, and is silent about what goes well."""

import hashlib
import os
import pty
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


class Bench:
    """A virtual environment, and a folder of wheels in place of an index."""

    def __init__(self, folder: Path) -> None:
        self.python = folder / "venv" / "bin" / "python"
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        self.environment = {
            **os.environ,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": f"{self.wheels} {folder / 'no-such-folder'}",  # pip warns of it
        }

    def wheel(self, name: str, version: str, *requires: str) -> str:
        """Make an empty wheel; return the lines that lock it."""
        wheel = self.wheels / f"{name}-{version}-py3-none-any.whl"
        about = f"{name}-{version}.dist-info"
        says = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nProvides-Extra: more\n"]
        says += [f"Requires-Dist: {each}\n" for each in requires]
        with zipfile.ZipFile(wheel, "w") as made:
            made.writestr(f"{about}/METADATA", "".join(says))
            made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            made.writestr(f"{about}/RECORD", "")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"

    def install(self, *locked: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*locked), env=self.environment, capture_output=True, text=True, check=False
        )

    def command(self, *locked: str) -> list[str | Path]:
        lock = self.wheels.parent / "requirements.lock"
        lock.write_text("".join(locked))
        return [self.python, ROOT / "install.py", lock]

    def installed(self, *names: str) -> set[str]:
        """Return which versions of these distributions are installed."""
        found = (self.python.parent.parent / "lib").glob("python*/site-packages/*.dist-info")
        versions = {each.name.removesuffix(".dist-info") for each in found}
        return {each for each in versions if each.rpartition("-")[0] in names}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))  # made once: each test has packages of its own


def test_a_newer_release_of_what_is_required_with_an_extra_changes_nothing(bench: Bench) -> None:
    lock = [bench.wheel("sound", "1.0", "other[more]>=1"), bench.wheel("other", "1.0")]
    bench.wheel("other", "1.1")
    done = bench.install(*lock)
    assert done.returncode == 0, done.stderr
    assert bench.installed("sound", "other") == {"sound-1.0", "other-1.0"}
    assert done.stderr == ""  # pip's warning of a folder is in its log
    (line,) = done.stdout.splitlines()
    assert line.startswith("  done in ")


def test_a_lock_that_lacks_what_its_packages_require_fails_and_says_what(bench: Bench) -> None:
    done = bench.install(bench.wheel("halved", "1.0", "missing>=1"))
    assert done.returncode != 0
    assert "halved 1.0 requires missing, which is not installed." in done.stderr


def test_what_another_lock_left_behind_does_not_stop_an_installation(bench: Bench) -> None:
    base = bench.wheel("base", "1.0")
    assert bench.install(bench.wheel("left", "1.0", "base<2"), base).returncode == 0
    done = bench.install(bench.wheel("base", "2.0"))
    assert done.returncode == 0, done.stderr
    assert bench.installed("left", "base") == {"left-1.0", "base-2.0"}


def test_bytes_that_are_not_the_locked_ones_are_refused_in_pips_own_words(bench: Bench) -> None:
    lock = bench.wheel("forged", "1.0")
    bench.wheel("forged", "1.0", "anything")
    done = bench.install(lock)
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert "install.log" in done.stderr
    assert not bench.installed("forged")


def test_a_terminal_sees_how_far_it_is(bench: Bench) -> None:
    lock = [bench.wheel(f"part{number}", "1.0") for number in range(3)]
    ours, theirs = pty.openpty()
    with subprocess.Popen(bench.command(*lock), env=bench.environment, stdout=theirs) as process:
        os.close(theirs)
        said = b""
        try:
            while more := os.read(ours, 4096):
                said += more
        except OSError:
            pass  # Linux's way to say that the other side has closed
        os.close(ours)
    assert process.returncode == 0
    *lines, last = said.decode().split("\r\033[K")
    shown = [re.fullmatch(r"  [█░]{30} +(\d+)%  (\w+).*", each) for each in lines[1:]]
    shares, doing = zip(*(each.groups() for each in shown), strict=True)
    assert list(map(int, shares)) == sorted(map(int, shares))
    assert (doing[0], doing[-1], shares[-1]) == ("fetching", "checking", "100")
    assert last.startswith("  done in ")
