"""Every room says what is in it, none is too full, and a name stands for one thing."""

import ast
import re
import tomllib
from collections import defaultdict
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from tests.integration.fleet import SIMULATORS, simulator_app

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mcp_platform"
FULL = 22  # modules: in more of them nobody finds one by looking


def _modules() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts]


def _layers() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = (
        each for each in settings["tool"]["importlinter"]["contracts"] if each["type"] == "layers"
    )
    return list(contract["layers"])


def _picture() -> str:
    """Draw the layers, the upper ones first: each may import those below it."""
    lines = ["flowchart TD"]
    names = []
    for layer in _layers():
        rooms = [part.strip() for part in layer.split("|")]
        names.append(rooms[0])
        lines.append(f'    {rooms[0]}["{", ".join(rooms)}"]')
    lines += [f"    {upper} --> {lower}" for upper, lower in pairwise(names)]
    return "\n".join(lines)


def test_every_room_begins_with_a_sentence_that_says_what_is_in_it() -> None:
    silent = {
        str(path.relative_to(ROOT))
        for path in _modules()
        if path.name == "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    }
    assert not silent


def test_no_room_is_too_full_to_find_something_by_looking() -> None:
    held: dict[Path, int] = defaultdict(int)
    for path in _modules():
        held[path.parent] += 1
    assert not {str(room.relative_to(ROOT)): n for room, n in held.items() if n > FULL}


def test_a_public_class_name_stands_for_one_class() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for path in _modules():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                where[node.name].append(str(path.relative_to(PACKAGE)))
    assert not {name: files for name, files in where.items() if len(files) > 1}


def test_the_picture_of_the_rooms_is_that_of_the_import_contracts() -> None:
    assert f"```mermaid\n{_picture()}\n```" in (ROOT / "docs/architecture.md").read_text()


def test_no_two_rooms_know_each_other() -> None:
    """In a layers contract only `:` would let rooms of one layer import each other."""
    assert not [layer for layer in _layers() if ":" in layer]


def test_both_readmes_tell_of_every_room() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    for readme in ("README.md", "README.pt-BR.md"):
        told = set(re.findall(r"`mcp_platform/(\w+)/`", (ROOT / readme).read_text()))
        assert rooms - told - {"bootstrap"} == set(), readme
        assert "`bootstrap/`" in (ROOT / readme).read_text(), readme


def test_what_the_containers_serve_is_where_their_command_says() -> None:
    """Containers start rarely, and a name in a command moves with no import."""
    for vendor in SIMULATORS:
        module, factory = simulator_app(vendor).split(":")
        assert callable(getattr(import_module(module), factory)), vendor


_NAMES_A_TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+(\w+)")
# Statements that name another room's tables, which no import contract sees: the room that writes
# them, and whose tables they are. A join costs a round trip less; a column that goes away is looked
# for here.
JOINED = {
    ("conversations", "inbox"),  # whose turn is over; contacts that are merged bring their turns
    ("conversations", "outbox"),  # what became of a message
    ("registry", "reminders"),  # who was reminded, and has not confirmed
    ("reminders", "outbox"),  # what was dropped before it was sent
    ("reminders", "scheduling"),  # what begins soon, of all tenants at once
    ("conversations", "scheduling"),  # a contact that is merged keeps no hold
    ("followups", "inbox"),
    ("inbox", "conversations"),  # by which aliases a contact wrote
    ("outbox", "conversations"),  # when a contact last wrote
    ("scheduling", "conversations"),  # who booked
    ("scheduling", "inbox"),  # whether a turn is open that may tell what is undone
    ("scheduling", "outbox"),  # which customers no message reached
    ("answers", "conversations"),  # who asked, and how they are called
    ("answers", "outbox"),  # which customers no message reached
    ("assistant", "inbox"),  # whose turn is closed
    # What waits for somebody, over all tenants.
    ("registry", "answers"),
    ("registry", "inbox"),
    ("registry", "outbox"),
    ("registry", "scheduling"),
    ("registry", "conversations"),  # when somebody last wrote to a tenant, and who waits
    ("registry", "publishing"),  # what is asked of the repository and not there yet
    ("registry", "reminders"),  # who has not confirmed
    ("registry", "doctor"),  # what was found of each tenant
}


def test_statements_name_another_rooms_tables_only_where_it_is_known() -> None:
    """What every room may name is left out: the tenants, and tables of commands, rehearsals,
    retention and customers' rights, which reach into every room.
    """
    owners = {
        table: path.parent.name
        for path in PACKAGE.glob("*/models.py")
        for table in re.findall(r'__tablename__ = "(\w+)"|Table\(\s*"(\w+)"', path.read_text())
        for table in table
        if table and path.parent.name != "tenants"
    }
    named = {
        (path.relative_to(PACKAGE).parts[0].removesuffix(".py"), owners[table])
        for path in _modules()
        if path.relative_to(PACKAGE).parts[0]
        not in ("cli", "demo", "rehearsal", "simulators", "retention.py", "rights")
        for table in _NAMES_A_TABLE.findall(path.read_text())
        if table in owners
    }
    assert {(room, owner) for room, owner in named if room != owner} == JOINED
