"""The documentation names only what exists: files, headings, commands, options, tests."""

import re
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperCommand, TyperGroup

from mcp_platform.cli import app
from tests.cases import cases

ROOT = Path(__file__).parent.parent
ENGLISH, PORTUGUESE = ROOT / "README.md", ROOT / "README.pt-BR.md"
PAGES = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
PROMISES = 10

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
OPTION = re.compile(r"--[a-z][a-z-]*")

pages = cases("page", PAGES)


def _prose(page: Path) -> str:
    return FENCED.sub("", page.read_text())


def _anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings get where the repository is shown."""
    titles = (title.strip().lower() for _, title in HEADING.findall(_prose(page)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def _code(page: Path) -> Iterator[str]:
    """Yield what a page gives as code: spans, and the lines of shell blocks."""
    yield from QUOTED.findall(_prose(page))
    for language, block in FENCED.findall(page.read_text()):
        if language == "sh":
            yield from block.splitlines()


@pages
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(_prose(page)):
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name) if name else page
        assert found.exists(), target
        if anchor:
            assert anchor in _anchors(found), target


@pages
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        name
        for code in _code(page)
        for name in re.findall(r"^(?:[A-Z_]+=\S+ )?make ([a-z][a-z-]*)", code)
    }
    assert named <= targets


@pages
def test_every_command_and_option_that_is_named_exists(page: Path) -> None:
    for code in _code(page):
        for words in re.findall(r"\bmcp-platform ([a-z][^`$|;)]*)", code):
            command: object = typer.main.get_command(app)
            for word in words.split():
                if not isinstance(command, TyperGroup):
                    break
                assert word in command.commands, code
                command = command.commands[word]
            assert isinstance(command, TyperCommand | TyperGroup)
            known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
            assert set(OPTION.findall(words)) <= {*known, "--help"}, code


def test_the_options_that_the_readme_lists_beside_a_command_exist() -> None:
    rows = [line for line in ENGLISH.read_text().splitlines() if line.startswith("| `mcp-platform")]
    assert rows
    for line in rows:
        command: object = typer.main.get_command(app)
        for word in QUOTED.findall(line)[0].split()[1:]:
            if isinstance(command, TyperGroup):
                command = command.commands[word]
        assert isinstance(command, TyperCommand)
        known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
        assert set(OPTION.findall(line)) <= known


def test_the_readme_names_every_command() -> None:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    leaves = {
        f"mcp-platform {name} {leaf}".strip()
        for name, command in root.commands.items()
        for leaf in (command.commands if isinstance(command, TyperGroup) else [""])
    }
    text = ENGLISH.read_text()
    # For those who change the code: `make check` runs it.
    assert {leaf for leaf in leaves if leaf not in text} == {"mcp-platform check-migrations"}


@pages
def test_every_file_of_ours_that_is_named_exists(page: Path) -> None:
    for code in QUOTED.findall(_prose(page)):
        name, _, test = code.partition("::")
        if re.fullmatch(r"(tests|docs|mcp_platform|cdk8s_app|alembic)/[\w./-]+", name) is None:
            continue
        assert (ROOT / name).exists(), code
        if test:
            defined = re.findall(r"def (test_\w+)", (ROOT / name).read_text())
            assert test in defined, code


def test_each_part_of_how_to_begins_with_files_and_ends_with_tests() -> None:
    """Whether they exist is asked of every page."""
    for part in (ROOT / "docs/how-to.md").read_text().split("\n## ")[1:]:
        title = part.partition("\n")[0]
        steps = re.findall(r"^\d\. (.+)$", part, re.MULTILINE)
        without = [
            each for each in steps if not re.search(r"`[a-z_0-9]+(/[\w.-]*)+`|`\w+\.py`", each)
        ]
        assert steps, title
        assert not without, title
        assert "`tests/" in part, title


def test_every_promise_names_the_tests_that_prove_it() -> None:
    sections = re.split(r"^## ", (ROOT / "docs/promises.md").read_text(), flags=re.MULTILINE)[1:]
    assert [section.partition(".")[0] for section in sections] == [
        str(number) for number in range(1, PROMISES + 1)
    ]
    for section in sections:
        assert "By construction." in section
        assert re.findall(r"`tests/[\w./]+::test_\w+`", section), section.partition("\n")[0]


def test_every_decision_says_what_was_asked_decided_and_paid() -> None:
    records = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert numbers == [f"{number:04}" for number in range(1, len(records) + 1)]
    for record in records:
        text = record.read_text()
        assert text.startswith(f"# {record.name[:4]}: ")
        assert "**Status:** " in text
        for heading in ("The question", "What it costs"):
            assert f"## {heading}" in text, record.name


def test_both_readmes_have_the_same_parts_code_and_links() -> None:
    english, portuguese = ENGLISH.read_text(), PORTUGUESE.read_text()

    def levels(text: str) -> list[int]:
        return [len(marks) for marks, _ in HEADING.findall(FENCED.sub("", text))]

    def blocks(text: str) -> list[tuple[str, str]]:
        return [(kind, block) for kind, block in FENCED.findall(text) if kind != "mermaid"]

    def links(text: str) -> list[str]:
        """Without the pages' languages: each leads to the page in its own, where there is one."""
        found = [link for link in LINK.findall(text) if not link.startswith("README")]
        return [link.replace(".pt-BR.md", ".md") for link in found]

    def rows(text: str) -> int:
        return sum(line.startswith("|") for line in text.splitlines())

    assert levels(portuguese) == levels(english)
    assert blocks(portuguese) == blocks(english)
    assert links(portuguese) == links(english)
    assert rows(portuguese) == rows(english)
    assert sorted(set(QUOTED.findall(portuguese))) == sorted(set(QUOTED.findall(english)))
