"""Manifests of a thousand isolated tenants: from nothing, when one changed, and beside PyYAML."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import yaml
from rich.progress import Progress

from cdk8s_app.config import read_fleet
from cdk8s_app.synth import folders_of
from tests.benchmarks.environment import Result

TENANTS = 1000
LOOK_EVERY_S = 0.1
VALUE = "Ag" * 400  # about as long as a short value sealed to a key of 4096 bits
KEYS = ("WHATSAPP_API_TOKEN", "WHATSAPP_APP_SECRET", "GEMINI_API_KEY", "GOOGLE_PRIVATE_KEY")


def measure(folder: Path, progress: Progress) -> Iterator[Result]:
    """Measure the command as it is run, and PyYAML in this process on the same objects."""
    task = progress.add_task("manifests", total=3)
    file, output = folder / "config.json", folder / "manifests"
    config = _config()
    file.write_text(json.dumps(config))
    from_nothing, peak = _run(file, output)
    progress.advance(task)

    config["clients"][TENANTS // 2]["environments"]["production"]["status"] = "suspended"
    config["clients"][TENANTS // 2]["resources"] = {"limits": {"memory": "768Mi"}}
    file.write_text(json.dumps(config))
    one_changed, _ = _run(file, output)
    progress.advance(task)

    dumped = _dump(file, folder / "dumped")
    progress.advance(task)
    yield Result("synth_1000_tenants_s", from_nothing, "s", "≤ 20")
    yield Result("synth_one_changed_s", one_changed, "s", "≤ 2")
    yield Result("synth_ratio_to_pyyaml", from_nothing / dumped, "×")
    yield Result("synth_peak_mb", peak / 2**20, "MB")


def _config() -> dict[str, Any]:
    return {
        "version": 1,
        "platform": {"host": "wa.example.com", "credentials": "sealed"},
        "argocd": {"repo_url": "https://git.example.com/manifests.git"},
        "clients": [
            {
                "client_name": f"client-{number:04}",
                "environments": {"production": _environment(number)},
            }
            for number in range(TENANTS)
        ],
    }


def _environment(number: int) -> dict[str, Any]:
    credentials = {
        "keys": sorted(KEYS),
        "checksum": f"{number:064x}",
        "certificate": "0" * 64,
        "sealed": dict.fromkeys(KEYS, VALUE),
    }
    return {"topology": "isolated", "credentials": credentials}


def _run(file: Path, output: Path) -> tuple[float, int]:
    """Run the command; return seconds, and the most bytes that it and its children held."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "cdk8s_app", "--config", str(file), "--output", str(output)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        peak = 0
        while running.poll() is None:
            peak = max(peak, _held(running.pid))
            time.sleep(LOOK_EVERY_S)
        took = time.perf_counter() - started
    if running.returncode:
        raise RuntimeError(f"the command ended with {running.returncode}")
    return took, peak


def _held(pid: int) -> int:
    held = 0
    try:
        root = psutil.Process(pid)
        for each in (root, *root.children(recursive=True)):
            held += each.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it ended as we looked
    return held


def _dump(file: Path, output: Path) -> float:
    """Write the same objects to the same files with PyYAML's C dumper, in one process."""
    started = time.perf_counter()
    for name, objects in folders_of(read_fleet(file)).items():
        folder = output / name
        folder.mkdir(parents=True, exist_ok=True)
        for each in objects:
            path = folder / f"{each['kind']}.{each['metadata']['name']}.yaml"
            path.write_text(yaml.dump(each, Dumper=yaml.CSafeDumper, sort_keys=False))
    return time.perf_counter() - started
