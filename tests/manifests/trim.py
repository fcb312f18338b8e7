"""Trims CustomResourceDefinitions to what checks our objects; `definitions/` holds the outcome.

`python -m tests.manifests.trim FILE…` reads the files that definitions/README.md names.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "definitions"
# Words for people, and rules in a language that only a cluster speaks (CEL).
LEFT_OUT = ("description", "x-kubernetes-validations")


def trim(crd: Any) -> dict[str, Any]:
    """Return what one object of the version that is stored must look like, as far as we write it."""
    spec = crd["spec"]
    (version,) = (each for each in spec["versions"] if each["storage"])
    schema = _without_words(version["schema"]["openAPIV3Schema"])
    schema["properties"].pop("status", None)
    return {
        "apiVersion": f"{spec['group']}/{version['name']}",
        "kind": spec["names"]["kind"],
        "schema": schema,
    }


def _without_words(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_words(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    # A property may be called `description` too: then its value is a schema.
    return {
        key: _without_words(value)
        for key, value in schema.items()
        if key not in LEFT_OUT or (key == "description" and isinstance(value, dict))
    }


def main() -> None:
    for path in map(Path, sys.argv[1:]):
        for crd in yaml.load_all(path.read_text(), yaml.CSafeLoader):
            made = trim(crd)
            text = json.dumps(made, separators=(",", ":"), sort_keys=True)
            # Without a time, so that the same definition makes the same file.
            (FOLDER / f"{made['kind']}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
