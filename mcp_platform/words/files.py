"""Reads the YAML files of this room, which come with the package.

A file that is not as it should be is our own mistake: it ends the import of whatever reads it, with
an error that names the file and the id.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import yaml

from mcp_platform.tenants.languages import LANGUAGES, Language

Shape = TypeVar("Shape")
_PLACEHOLDER = re.compile(r"\{([a-z0-9_]*)\}")


class MalformedWords(ValueError):
    """A file of words is wrong at one id."""

    def __init__(self, file: str, where: str, what: str) -> None:
        super().__init__(f"words/{file}: {where}: {what}")
        self.what = what


class _Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):  # type: ignore[misc]
    """Refuses a key that stands twice, where YAML would silently take the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:str":  # `no` and `off` are no words in YAML
                raise MalformedWords(self.name, str(key.value), "must be quoted to be an id")
            if key.value in seen:
                raise MalformedWords(self.name, str(key.value), "stands twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)  # type: ignore[no-any-return]


@cache
def read(file: str) -> Mapping[str, Any]:
    """Return what a file of this room holds.

    Raises:
        MalformedWords: it is no mapping, or a key stands twice.
    """
    return parse(files(__package__).joinpath(file).read_text(encoding="utf-8"), file=file)


def names(folder: str, *, ending: str) -> list[str]:
    """Return the files of a folder of this room, as `read` takes them, by name."""
    inside = files(__package__).joinpath(folder).iterdir()
    return sorted(f"{folder}/{each.name}" for each in inside if each.name.endswith(ending))


def parse(text: str, *, file: str) -> Mapping[str, Any]:
    """Return what the text of a file holds; `file` is its name, for errors.

    Raises:
        MalformedWords: it is no mapping, or a key stands twice.
    """
    loader = _Loader(text)
    loader.name = file
    try:
        held = loader.get_single_data()
    finally:
        loader.dispose()
    if not isinstance(held, dict):
        raise MalformedWords(file, "the file", "is not a mapping")
    return held


def shaped(shape: type[Shape], held: object, *, file: str, section: str) -> Shape:
    """Return a section as the dataclass `shape`, whose fields are its ids and whose values are text.

    Raises:
        MalformedWords: an id is missing, unknown or not a text.
    """
    if not isinstance(held, dict):
        raise MalformedWords(file, section, "is not a mapping")
    names = {field.name for field in fields(shape)}  # type: ignore[arg-type]
    for name in sorted(names ^ held.keys()):
        what = "is missing" if name in names else "is not known to the code"
        raise MalformedWords(file, f"{section}.{name}", what)
    for name, value in held.items():
        if not isinstance(value, str) or not value:
            raise MalformedWords(file, f"{section}.{name}", "is not a text")
    return shape(**held)


def in_every_language(shape: type[Shape], section: str) -> Mapping[Language, Shape]:
    """Return the same section of each language's file, with the fields of `shape` as its ids.

    Raises:
        MalformedWords: a language lacks the section or an id of it, has one that is not known, or
            has other placeholders than the first language.
    """
    spoken: dict[Language, Shape] = {}
    expected: dict[str, set[str]] = {}
    for language in LANGUAGES:
        file = f"{language}.yaml"
        held = read(file).get(section, {})
        spoken[language] = shaped(shape, held, file=file, section=section)
        for name, text in held.items():
            used = set(_PLACEHOLDER.findall(text))
            if used != expected.setdefault(name, used):
                differing = ", ".join(sorted(used ^ expected[name]))
                what = f"has other placeholders than {LANGUAGES[0]}.yaml: {differing}"
                raise MalformedWords(file, f"{section}.{name}", what)
    return spoken
