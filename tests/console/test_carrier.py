"""htmx comes from a locked wheel, as it was looked at, and goes where the console is served."""

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from importlib import util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent
VENDOR = ROOT / "mcp_platform" / "console" / "vendor"


@pytest.fixture(scope="module")
def assets() -> ModuleType:
    spec = util.spec_from_file_location("assets", ROOT / "assets.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_served_has_the_recorded_digest(assets: ModuleType) -> None:
    content = (VENDOR / "htmx.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == assets.DIGEST
    assert f'version:"{assets.VERSION}"'.encode() in content


def test_another_file_than_the_one_that_was_looked_at_is_refused(assets: ModuleType) -> None:
    with pytest.raises(ValueError, match="has the digest"):
        assets.check((VENDOR / "htmx.js").read_bytes() + b"\n")


def test_its_licence_lies_beside_it() -> None:
    assert "Permission is hereby granted" in (VENDOR / "htmx.LICENSE.txt").read_text()


def test_git_holds_nothing_of_it() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", str(VENDOR)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert tracked.stdout == ""


def test_the_wheel_contains_it(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as built:
        for name in ("htmx.js", "htmx.LICENSE.txt"):
            inside = built.read(f"mcp_platform/console/vendor/{name}")
            assert inside == (VENDOR / name).read_bytes()


def test_django_is_in_no_lock_and_not_installed() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        assert not re.search(r"^(django|asgiref)==", lock.read_text(), re.MULTILINE), lock
    assert util.find_spec("django") is None


def test_the_bill_of_materials_names_it(assets: ModuleType, tmp_path: Path) -> None:
    sbom = tmp_path / "sbom.cdx.json"
    sbom.write_text('{"components": [{"name": "jinja2"}]}')
    assets.list_in(sbom)
    listed = json.loads(sbom.read_text())["components"]
    assert [each["name"] for each in listed] == ["jinja2", "htmx.org"]
    assert listed[1]["hashes"] == [{"alg": "SHA-256", "content": assets.DIGEST}]


def test_both_images_take_it_out_before_they_list_what_is_in_them() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert dockerfile.index("build/bin/python assets.py") < dockerfile.index("hatchling build")
    listing = re.findall(r"cyclonedx-py environment.*\n && (.*)", dockerfile)
    assert [each.endswith("assets.py --sbom sbom.cdx.json") for each in listing] == [True, True]
    kept = (ROOT / ".dockerignore").read_text().split()
    assert {"!assets.py", "!requirements-assets.lock"} <= set(kept)
