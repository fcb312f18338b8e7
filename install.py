"""Installs what locks list into the environment of the Python that runs it, and shows how far it is.

    .venv/bin/python install.py requirements.lock requirements-build.lock --project .

What comes is what the locks say, by hash. Nothing is resolved again, so a release that appears
after a lock was made changes nothing; `pip check` then looks whether all goes together. What pip
says stands in `install.log` of the environment, and is shown only when pip fails.

Runs before anything is installed: it uses the standard library, and pip 23.0.1 or newer.
"""

import argparse
import re
import subprocess
import sys
import sysconfig
import time
import tomllib
from importlib import metadata
from pathlib import Path

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
INSTALL = (*PIP, "install", "--root-user-action=ignore", "--no-deps")
LOG = Path(sys.prefix, "install.log")
SITE = Path(sysconfig.get_path("purelib"))
LOCKED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==", re.MULTILINE)  # one for each entry of a lock
FETCHED = re.compile(
    r"^(?:Collecting|Processing|Requirement already|Ignoring) (?:\S*/)?([\w.]+(?:-[a-z]\w*)*)",
    re.MULTILINE,
)
INSTALLING = re.compile(r"^Installing collected packages: (.*)$", re.MULTILINE)
BAR = 30  # characters
TOLD_LINES = 20  # of the log when pip fails: the cause stands at its end
LOOK_S = 0.2  # between two looks at how far pip is


def install(locks: list[Path], project: Path | None) -> None:
    """Install what `locks` list, link `project` in, and check that all goes together.

    Raises:
        subprocess.CalledProcessError: pip failed.
    """
    locked = {name for lock in locks for name in LOCKED.findall(lock.read_text())}
    LOG.unlink(missing_ok=True)
    _run(
        *INSTALL,
        "--require-hashes",
        *(f"--requirement={lock}" for lock in locks),
        total=len(locked),
    )
    if project:
        _run(*INSTALL, "--no-build-isolation", f"--editable={project}", total=0)
        locked.add(tomllib.loads((project / "pyproject.toml").read_text())["project"]["name"])
    _check(locked)


def _run(*command: str, total: int) -> None:
    """Run one of pip's commands; its words go to the log."""
    began = time.time()
    start = LOG.stat().st_size if LOG.exists() else 0
    with LOG.open("a") as log, subprocess.Popen(command, stdout=log, stderr=log) as pip:  # noqa: S603  # pip's
        while pip.poll() is None:
            time.sleep(LOOK_S)
            _show(LOG.read_text(errors="replace")[start:], total=total, began=began)
    if pip.returncode:
        raise subprocess.CalledProcessError(pip.returncode, command)


def _show(said: str, *, total: int, began: float) -> None:
    """Show how much of pip's work is done: fetching is half of it, installing the other."""
    if not total:
        return _draw(1, "linking")
    if names := INSTALLING.search(said):
        new = {each: each.stat().st_mtime for each in SITE.glob("*.dist-info")}
        new = {each: when for each, when in new.items() if when >= began}
        last = max(new, key=new.__getitem__, default=Path())
        share = len(new) / (names[1].count(",") + 1)
        return _draw(0.5 + min(share, 1) / 2, f"installing {last.name.partition('-')[0]}")
    fetched = FETCHED.findall(said) or [""]
    return _draw(min(len(fetched) / total, 1) / 2, f"fetching {fetched[-1]}")


def _draw(share: float, doing: str) -> None:
    """Draw a bar on a terminal, in one line that is written over."""
    if sys.stdout.isatty():
        bar = "█" * round(BAR * share)
        print(f"\r\033[K  {bar:░<{BAR}} {share:4.0%}  {doing}", end="", flush=True)


def _check(locked: set[str]) -> None:
    """Let `pip check` look over what is installed.

    What it says of a package that no lock names is left out: an older lock or a person brought it.
    """
    _draw(1, "checking")
    looked = subprocess.run([*PIP, "check"], capture_output=True, text=True, check=False)  # noqa: S603  # pip's
    if looked.returncode == 0:
        return
    strangers = {_normal(each.name) for each in metadata.distributions()} - locked
    said = (looked.stdout + looked.stderr).splitlines()
    if wrong := [line for line in said if _normal(line.partition(" ")[0]) not in strangers]:
        with LOG.open("a") as log:
            log.write("\n".join(wrong) + "\n")
        raise subprocess.CalledProcessError(looked.returncode, looked.args)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    parser = argparse.ArgumentParser(description="Install what locks list.", allow_abbrev=False)
    parser.add_argument("locks", nargs="+", type=Path, metavar="LOCK")
    parser.add_argument("--project", type=Path, help="linked in, built by what the locks list")
    asked = parser.parse_args()
    clear = "\r\033[K" if sys.stdout.isatty() else ""
    began = time.monotonic()
    try:
        install(asked.locks, asked.project)
    except subprocess.CalledProcessError as failed:
        last = LOG.read_text(errors="replace").splitlines()[-TOLD_LINES:]
        print(clear + "\n".join([*last, f"All that pip said: {LOG}"]), file=sys.stderr)
        return failed.returncode
    print(f"{clear}  done in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
