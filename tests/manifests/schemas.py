"""Strict validators of Kubernetes' own objects and of custom ones, made once each.

Custom ones are checked by what their projects define, which is in the folder `definitions`.
"""

import gzip
import json
import re
from functools import cache
from typing import Any

import jsonschema
from kubernetes_validate.utils import (  # type: ignore[import-untyped]
    all_versions,
    schema_contents,
)
from referencing import Registry, Resource

from cdk8s_app.manifest import Manifest
from tests.manifests.trim import FOLDER

OF_KUBERNETES = re.compile(r"(v1|[a-z]+/v\d|[a-z.]+\.k8s\.io/v\d)")
CUSTOM_K8S_IO = ("gateway.networking.k8s.io",)


def is_custom(each: Manifest) -> bool:
    """Tell whether a CustomResourceDefinition makes this kind."""
    version: str = each["apiVersion"]
    return not OF_KUBERNETES.fullmatch(version) or version.startswith(CUSTOM_K8S_IO)


def mistakes(each: Manifest, *, kubernetes: str) -> list[str]:
    """Return what Kubernetes of this version would not know, or refuse, of one of its own objects."""
    # Admission policies and the like are newer than some versions: then there is no file, and the
    # test that asks fails, as the cluster would.
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", each["apiVersion"])
    return _told(_validator(f"{each['kind'].lower()}-{group}", kubernetes), each)


def custom_mistakes(each: Manifest) -> list[str]:
    """Return what its definition would refuse. Raises KeyError where there is none."""
    return _told(_custom()[each["apiVersion"], each["kind"]], each)


def _told(validator: Any, each: Manifest) -> list[str]:
    return [
        f"{each['kind']} {each['metadata']['name']}: {error.json_path}: {error.message}"
        for error in validator.iter_errors(each)
    ]


@cache
def _validator(name: str, kubernetes: str) -> Any:
    folder = f"kubernetes-json-schema/v{_full(kubernetes)}-local-strict"
    schema = schema_contents(f"{folder}/{name}.json", kubernetes)
    return jsonschema.Draft202012Validator(schema, registry=_definitions(folder, kubernetes))


@cache
def _definitions(folder: str, kubernetes: str) -> Registry[Any]:
    resource = Resource.from_contents(schema_contents(f"{folder}/_definitions.json", kubernetes))
    return resource @ Registry()


@cache
def _full(kubernetes: str) -> str:
    found = [each for each in all_versions() if each.startswith(kubernetes)]
    return str(found[-1])


@cache
def _custom() -> dict[tuple[str, str], Any]:
    made = {}
    for path in FOLDER.glob("*.json.gz"):
        definition = json.loads(gzip.decompress(path.read_bytes()))
        schema = _strict(definition["schema"], top=True)
        validator = jsonschema.Draft202012Validator(schema)
        made[definition["apiVersion"], definition["kind"]] = validator
    return made


def _strict(schema: Any, *, top: bool = False) -> Any:
    """Refuse unknown fields, which a cluster drops silently; understand what is Kubernetes' own."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict(value) for key, value in schema.items() if key != "pattern"}
    if isinstance(schema.get("pattern"), str):
        made["pattern"] = schema["pattern"]
    if made.pop("x-kubernetes-int-or-string", False):
        made.pop("type", None)
        made.pop("anyOf", None)
        made.pop("pattern", None)
    open_ended = (
        schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    )
    if schema.get("type") == "object" and "properties" in schema and not open_ended and not top:
        made["additionalProperties"] = False
    if top:
        made["properties"]["metadata"] = {"type": "object"}
    return made
