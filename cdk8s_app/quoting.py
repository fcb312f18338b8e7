"""Quotation marks around every text in a manifest.

cdk8s leaves out those that YAML 1.1 does not need. Kubernetes' own reader follows 1.2, in which `0o7`
is a number. A quoted text is a text by any rule. Keys are quoted where 1.1 needs it; none of ours is
a number by another rule.
"""

import json
import re

# What cdk8s writes without marks and is no text: a text that looks so has them already.
_NO_TEXT = re.compile(r"true|false|null|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_MARKED = tuple("\"'[{")
_BLOCK = tuple("|>")


def quoted(text: str) -> str:
    """Return a manifest as cdk8s wrote it, with every text of one line in quotation marks."""
    lines = text.split("\n")
    block = None  # how far the lines of a text of several are indented at least
    for number, line in enumerate(lines):
        if block is not None:
            if not line or line.startswith(block):
                continue
            block = None
        deep, value = _value(line)
        if value.startswith(_BLOCK):
            block = " " * (deep + 1)
        elif value and not value.startswith(_MARKED) and not _NO_TEXT.fullmatch(value):
            lines[number] = line[: -len(value)] + json.dumps(value, ensure_ascii=False)
    return "\n".join(lines)


def _value(line: str) -> tuple[int, str]:
    """Return how deep the entry of a line stands, and its value; of a key alone, none."""
    entry = line.lstrip(" ")
    deep = len(line) - len(entry)
    item = False
    while entry.startswith("- "):
        entry, deep, item = entry[2:], deep + 2, True
    if entry.startswith('"'):
        _, _, after = entry[1:].partition('"')
        return deep, after.removeprefix(": ") if after.startswith(": ") else ""
    key, colon, value = entry.partition(": ")
    if colon and not key.startswith("'"):
        return deep, value
    if item and not entry.endswith(":"):
        return deep - 2, entry
    return deep, ""
