"""Installs what runs with the oldest pip that is supported and the newest, on a day after a release.

The index is a folder: the wheels that the locks name, and of everything that is required with an
extra a newer release too. Each pip runs the Makefile's own rule in a copy of the repository. At the
end the oldest pip is seen to fail where it resolves: else the step would prove nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "pips"
WHEELS = WORK / "wheels"
PYTHON = ROOT / ".venv" / "bin" / "python"
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-assets.lock")
PIPS = ("pip-oldest", "pip-newest")
WITH_EXTRA = re.compile(r"^(?:Requires-Dist: )?([A-Za-z0-9._-]+) ?\[", re.MULTILINE)
REFUSED = "all requirements must have their versions pinned"  # what pip 23 says of what it resolves


def main() -> None:
    """Run the step; a failure ends it with a traceback or pip's words."""
    if sys.version_info >= (3, 12):
        sys.exit("pip 23.0.1 does not run on Python 3.12 or newer: this step needs Python 3.11")
    shutil.rmtree(WORK, ignore_errors=True)
    locks = [f"--requirement={lock}" for lock in LOCKS]
    pip(PYTHON, "download", "--no-deps", "--require-hashes", *locks, "--dest", str(WHEELS))
    print("A newer release beside the locked one:", *sorted(release_newer()))
    for name in PIPS:
        copy = a_copy(WORK / name)
        subprocess.run([PYTHON, "-m", "venv", "--without-pip", copy / ".venv"], check=True)
        python = copy / ".venv" / "bin" / "python"
        by_hash = ("--no-deps", "--require-hashes", f"--requirement=.ci/{name}.lock")
        pip(PYTHON, "--python", str(python), "install", *by_hash)
        print(name, pip(python, "--version").split()[1], flush=True)
        subprocess.run(["make", ".venv/.runtime"], cwd=copy, env=of_the_folder(), check=True)
    resolving = (
        "download",
        "--require-hashes",
        f"--requirement={LOCKS[0]}",
        "--dest",
        str(WORK / "resolved"),
    )
    oldest = WORK / PIPS[0] / ".venv" / "bin" / "python"
    said = pip(oldest, *resolving, env=of_the_folder(), check=False)
    if REFUSED not in said:
        sys.exit(
            f"The oldest pip resolves what runs without a fault, so this step proves nothing:\n{said}"
        )


def pip(
    python: Path, *arguments: str, env: dict[str, str] | None = None, check: bool = True
) -> str:
    """Run a pip and return what it says."""
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if check and done.returncode:
        sys.exit(done.stdout + done.stderr)
    return done.stdout + done.stderr


def of_the_folder() -> dict[str, str]:
    """Return an environment in which the folder is the only index."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return mine | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(WHEELS),
    }


def a_copy(folder: Path) -> Path:
    """Copy what git tracks, as it stands in the work tree."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, tracked.stdout.decode().split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


def release_newer() -> set[str]:
    """Put a newer release of all that is required with an extra beside the locked one."""
    wheels = {}
    wanted = set(
        WITH_EXTRA.findall(
            "\n".join(
                tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
            )
        )
    )
    for wheel in WHEELS.glob("*.whl"):
        name, version, tags = wheel.stem.split("-", 2)
        with zipfile.ZipFile(wheel) as read:
            about = read.read(f"{name}-{version}.dist-info/METADATA").decode()
            wheels[name.lower()] = (
                name,
                version,
                tags,
                about,
                read.read(f"{name}-{version}.dist-info/WHEEL"),
            )
        wanted |= set(WITH_EXTRA.findall(about.partition("\n\n")[0]))
    made = set()
    for name, version, tags, about, kind in (
        wheels[key]
        for key in wheels.keys() & {re.sub(r"[-_.]+", "_", each).lower() for each in wanted}
    ):
        newer = version + ("1" if ".post" in version else ".post1")
        with zipfile.ZipFile(WHEELS / f"{name}-{newer}-{tags}.whl", "w") as wheel:
            folder = f"{name}-{newer}.dist-info"
            wheel.writestr(
                f"{folder}/METADATA",
                about.replace(f"\nVersion: {version}\n", f"\nVersion: {newer}\n", 1),
            )
            wheel.writestr(f"{folder}/WHEEL", kind)
            wheel.writestr(f"{folder}/RECORD", "")
        made.add(f"{name}-{newer}")
    return made


if __name__ == "__main__":
    main()
