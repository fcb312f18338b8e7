"""Every regular expression of the package, as the code says it and as it is used."""

import ast
import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
FUNCTIONS = {
    *("compile", "sub", "subn", "match", "search", "split", "findall", "finditer", "fullmatch")
}
ANCHORED = {"match", "fullmatch"}
BUILT_AT_RUN_TIME = {
    # From the JSON Schema of config.json: its patterns are added below.
    "cdk8s_app/config.py",
}


@dataclass(frozen=True, slots=True)
class Found:
    """`searched`: a match may begin anywhere; `whole`: it must end where the text does."""

    where: str
    pattern: str
    flags: int
    searched: bool
    whole: bool = False


def find() -> list[Found]:
    """Return the patterns of all modules and schemas."""
    found: dict[Found, None] = {}
    for folder in ("mcp_platform", "cdk8s_app"):
        for path in sorted((ROOT / folder).glob("**/*.py")):
            found |= dict.fromkeys(_of_module(path))
        for path in sorted((ROOT / folder).glob("**/*.json")):
            found |= dict.fromkeys(_of_schema(path))
    return list(found)


def _of_module(path: Path) -> Iterator[Found]:
    source = path.read_text("utf-8")
    if "re." not in source or path.name == "__main__.py":
        return
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_ours(node)]
    if not calls:
        return
    where = str(path.relative_to(ROOT))
    module = importlib.import_module(
        where.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    )
    uses = _uses(tree)
    names = {
        id(node.value): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for call in calls:
        used = {call.func.attr}  # type: ignore[attr-defined]  # `_is_ours` has looked
        if used == {"compile"}:
            name = names.get(id(call), "")
            # What is public may be used elsewhere, in any way.
            used = uses.get(name, {"search"}) if name.startswith("_") else {"search"}
        searched = not used <= ANCHORED
        flags = _flags(call, vars(module))
        here = f"{where}:{call.lineno}"
        try:
            yield Found(
                here, _value(call.args[0], vars(module)), flags, searched, "fullmatch" in used
            )
        except NameError:
            if where in BUILT_AT_RUN_TIME:
                continue
            # A variable: any text of the module may be its value.
            for node in ast.walk(tree):
                if isinstance(node, ast.JoinedStr) or (
                    isinstance(node, ast.Constant) and isinstance(node.value, str)
                ):
                    yield from _perhaps(f"{where}:{node.lineno}", node, vars(module), flags)


def _perhaps(where: str, node: ast.expr, names: dict[str, Any], flags: int) -> Iterator[Found]:
    try:
        pattern = _value(node, names)
        re.compile(pattern, flags)
    except (NameError, AttributeError, re.error):
        if isinstance(node, ast.JoinedStr) and "\\" in ast.unparse(node):
            raise AssertionError(f"{where}: a pattern of a variable; name its parts") from None
        return
    yield Found(where, pattern, flags, searched=True)


def _of_schema(path: Path) -> Iterator[Found]:
    def inside(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("pattern"), str):
                yield node["pattern"]
            for each in node.values():
                yield from inside(each)
        elif isinstance(node, list):
            for each in node:
                yield from inside(each)

    for pattern in inside(json.loads(path.read_text("utf-8"))):
        yield Found(str(path.relative_to(ROOT)), pattern, 0, searched=True)


def _is_ours(call: ast.Call) -> bool:
    func = call.func
    return (
        isinstance(func, ast.Attribute)
        and isinstance(func.value, ast.Name)
        and func.value.id == "re"
        and func.attr in FUNCTIONS
    )


def _uses(tree: ast.AST) -> dict[str, set[str]]:
    """Return how each name of the module is used: its methods, or `search` for anything else."""
    methods: dict[int, str] = {
        id(node.value): node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    uses: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            uses.setdefault(node.id, set()).add(methods.get(id(node), "search"))
    return uses


class _Escaped(ast.NodeTransformer):
    """What is escaped stands for itself, whatever it is."""

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:  # ast's name
        if ast.unparse(node.value).startswith("re.escape("):
            return ast.Constant("x")
        return node


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    plain = ast.fix_missing_locations(_Escaped().visit(ast.parse(ast.unparse(node), mode="eval")))
    value = eval(compile(plain, "pattern", "eval"), dict(names))  # noqa: S307  # our own source
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _flags(call: ast.Call, names: dict[str, Any]) -> int:
    flags = 0
    for node in [*call.args[1:], *(each.value for each in call.keywords if each.arg == "flags")]:
        if ast.unparse(node).startswith("re.") and not isinstance(node, ast.Call):
            flags |= int(eval(ast.unparse(node), dict(names)))  # noqa: S307  # our own source
    return flags
