"""Commands speak the terminal's language: each sentence has both, and neither is left over."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from mcp_platform.cli.portuguese.errors import ERRORS, PARTS, TYPED
from mcp_platform.cli.portuguese.help_texts import HELP
from mcp_platform.cli.portuguese.help_texts import WORDS as AROUND
from mcp_platform.cli.portuguese.sentences import CODES, PORTUGUESE
from mcp_platform.cli.spoken import Spoken, speak, translated
from mcp_platform.conversations.conversations import Delivery, Handling
from mcp_platform.conversations.messages import Author
from mcp_platform.publishing.manifests_repository import ChangedFile
from mcp_platform.registry.fleet.attention import AttentionKind
from mcp_platform.scheduling.appointment import AppointmentStatus, HowTold
from mcp_platform.scheduling.waitlist import PartOfDay
from tests.cli.conftest import PATH, Database, Mcp
from tests.cli.test_help import COMMANDS

PACKAGE = Path(__file__).parent.parent.parent / "mcp_platform"
PLACE = re.compile(r"\{(\w*)\}")
TWO_WORDS = re.compile(r"[A-Za-z]{2,},? [a-z]{2,}")
# Refusals that no command hands to a person: those of the HTTP edge, of the model's and vendors'
# doors, whose outcomes the doctor puts into words, and of processes that serve.
ELSEWHERE = (
    *("access/account.py", "access/audit_api.py", "access/guard.py", "access/idempotency.py"),
    *("access/throttle.py", "access/user_tokens.py", "assistant/", "console/", "demo/"),
    *("conversations/canned.py", "conversations/chat.py", "conversations/lease.py"),
    *("conversations/notes.py", "conversations/replies.py", "publishing/desk.py"),
    *("registry/fleet/jobs.py", "scheduling/changing/undoing.py"),
    *(
        "rights/api.py",
        "credentials/api.py",
        "doctor/checks_public.py",
        "inbox/ingest.py",
        "kit/cursor.py",
    ),
    *("kit/forms.py", "kit/http.py", "kit/paging.py", "kit/standstill.py", "provisioning/api.py"),
    *("provisioning/call.py", "scheduling/google/", "simulators/", "tenants/access.py"),
    *("onboarding/drafts.py", "registry/staff_api.py"),
    *(
        "whatsapp/client.py",
        "whatsapp/graph_account.py",
        "whatsapp/app_webhook.py",
        "whatsapp/webhook.py",
    ),
)
# What the API or the assistant alone is refused, in modules that serve commands too.
NOT_HERE = {
    *("A bearer token is required.", "This tenant is suspended: ask the agency to resume it."),
    "No proposal has these slots.",
    *("There is no such message.", "Somebody else pushed first."),
    *("This id belongs to another booking.", "`{}` must be in whole {}.", "{} is not started."),
    "This needs the role admin or operator.",
    "A question has words.",
    "Something else would be pushed than what was shown. Look again.",
    "This is your own account: {} asks for your present password.",
    "An appointment that is {} cannot be marked {}.",
    "An appointment that has not begun cannot be marked {}.",
    "The appointment was changed meanwhile: read it anew.",
}


def _text(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts
            )
    return None


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield (node.func.id if isinstance(node.func, ast.Name) else node.func.attr), node


def _said(tree: ast.AST) -> Iterator[str]:
    """Yield what is given to be said: sentences, and the heads of tables."""
    for name, call in _calls(tree):
        if name in ("say", "worded", "later") and call.args:
            yield from _texts(call.args[0])
        elif name == "show" and call.args and isinstance(call.args[0], ast.Tuple):
            for head in call.args[0].elts:
                yield from _texts(head)
            yield from (text for each in call.keywords if each.arg == "none"
                        for text in _texts(each.value))  # fmt: skip


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one)
            yield from _texts(other)


@cache
def trees() -> dict[str, ast.Module]:
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text())
        for path in PACKAGE.rglob("*.py")
        if "portuguese" not in path.parts
    }


def of_commands() -> dict[str, ast.Module]:
    """The demonstration narrates in English; the interview has words of its own, in both languages."""
    return {
        path: tree
        for path, tree in trees().items()
        if path.startswith("cli/") and "/onboarding/" not in path and path != "cli/commands/demo.py"
    }


def test_what_is_said_and_what_is_translated_are_the_same() -> None:
    said = {text for tree in of_commands().values() for text in _said(tree)}
    lists = (AttentionKind, Delivery, Handling, Author, AppointmentStatus, HowTold, PartOfDay)
    codes = {code for each in lists for code in get_args(each)} | {
        "suspended",
        "offboarded",
        "any hour",
    }
    codes |= set(get_args(ChangedFile.__annotations__["kind"]))

    assert (said | codes) - PORTUGUESE.keys() == set()
    assert PORTUGUESE.keys() - said - codes == set()
    assert CODES.keys() - codes == set()


def test_a_command_prints_no_sentence_past_the_catalogue() -> None:
    past = {
        f"{path}:{call.lineno}: {text}"
        for path, tree in of_commands().items()
        for name, call in _calls(tree)
        if name in ("echo", "secho", "prompt", "confirm", "write", "fail")
        for node in call.args
        if (text := _text(node)) is not None
        if TWO_WORDS.search(text.replace("mcp-platform", ""))
    }
    assert past == set()


def test_every_refusal_that_a_command_meets_is_translated_and_no_other() -> None:
    raised = {text for tree in trees().values() for node in ast.walk(tree) if (text := _text(node))}
    assert {each for each in ERRORS if PLACE.sub("{}", each) not in raised} == set()

    bases = {
        node.name: {each.id for each in node.bases if isinstance(each, ast.Name)}
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    refusals = {"PlatformError", "BadParameter"}
    while more := {name for name, above in bases.items() if above & refusals} - refusals:
        refusals |= more
    met = {
        text
        for path, tree in trees().items()
        if not path.startswith(ELSEWHERE)
        for name, call in _calls(tree)
        if name in refusals and call.args
        if TWO_WORDS.search(text := _text(call.args[0]) or "")
    }
    speak(Spoken.pt)
    try:
        left = {each for each in met if translated(each) == each}
    finally:
        speak(None)
    assert left == NOT_HERE


def test_both_languages_fill_in_the_same() -> None:
    for english, portuguese in {**PORTUGUESE, **TYPED, **ERRORS, **PARTS, **HELP, **AROUND}.items():
        assert set(PLACE.findall(english)) == set(PLACE.findall(portuguese)), english
        assert english.count("[bold]") == portuguese.count("[bold]"), english


def test_what_is_put_together_of_parts_is_translated_in_each() -> None:
    speak(Spoken.pt)
    try:
        told = [
            translated(each)
            for each in (
                "config.json: is missing – client Zé (line 3)",
                "line 7: GEMINI_API_KEY: the value is empty; no credential has this name",
                "Invalid value for '--days': 0 is not in the range 1<=x<=366.",
                "must have 12 to 128 characters.",
                "This sentence nobody knows: the value holds a space",
            )
        ]
    finally:
        speak(None)
    assert told == [
        "config.json: falta – cliente Zé (linha 3)",
        "linha 7: GEMINI_API_KEY: falta o valor; nenhuma credencial tem este nome",
        "Valor inválido para '--days': 0 não está no intervalo 1<=x<=366.",
        "tem de ter de 12 a 128 caracteres.",
        "This sentence nobody knows: o valor tem um espaço no meio",
    ]


# What stands in every English sentence of some length, and in no Portuguese one.
ENGLISH = re.compile(r"\b(the|and|of|is|are|what|which|with|this|that|its|has)\b", re.IGNORECASE)


def test_no_help_has_an_english_sentence_left(mcp: Mcp) -> None:
    english = {
        " ".join(each.split())
        for command in COMMANDS.values()
        for text in (command.help, *(each.help for each in command.params))  # type: ignore[attr-defined]
        for each in (text or "").split("\n\n")
    }
    assert english - HELP.keys() == set()
    assert HELP.keys() - english == {"Show this message and exit."}

    left = {
        " ".join(path): words
        for path in COMMANDS
        if (words := ENGLISH.findall(mcp("--lang", "pt", *path, "--help").out))
    }
    assert left == {}


@pytest.mark.parametrize(
    ("option", "variables", "said"),
    [
        ((), {}, "There is no tenant nobody/production."),
        ((), {"LC_ALL": "pt_BR.UTF-8"}, "Não existe o ambiente nobody/production."),
        ((), {"LC_ALL": "", "LANG": "pt_BR.UTF-8"}, "Não existe o ambiente nobody/production."),
        (("--lang", "en"), {"LC_ALL": "pt_BR.UTF-8"}, "There is no tenant nobody/production."),
        (("--lang", "pt"), {}, "Não existe o ambiente nobody/production."),
    ],
)
def test_a_command_speaks_as_its_terminal_does_or_as_it_is_told(
    option: tuple[str, ...],
    variables: dict[str, str],
    said: str,
    mcp: Mcp,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert said in mcp(*option, "services", "list", "nobody/production").err


def test_a_table_has_its_head_in_portuguese_and_an_error_its_fields(
    mcp: Mcp, database: Database
) -> None:
    mcp("services", "add", PATH, "Corte", "--minutes", "30")
    listed = mcp("--lang", "pt", "services", "list", PATH).out
    assert "Minutos" in listed
    assert "ativo" in listed
    refused = mcp("--lang", "pt", "people", "add", PATH, "Zé", "--does", "tintura").err
    assert "Estes serviços não podem ser oferecidos." in refused
    assert "service_ids.0: não existe esse serviço" in refused


def test_json_stays_as_it_is_in_either_language(mcp: Mcp, database: Database) -> None:
    for listing in (("tenants", "list"), ("users", "list"), ("credentials", "show", PATH)):
        english, portuguese = mcp(*listing, "--json"), mcp("--lang", "pt", *listing, "--json")
        assert (portuguese.status, portuguese.out) == (english.status, english.out)
    assert "ativo" in mcp("--lang", "pt", "tenants", "list").out


def test_what_was_typed_wrong_is_refused_in_portuguese(mcp: Mcp) -> None:
    assert "Falta o argumento" in mcp("--lang", "pt", "tenants", "suspend").err
    other = mcp("--lang", "pt", "tenants", "lst")
    assert (other.status, "quis dizer 'list'?" in other.err, "Uso:" in other.err) == (2, True, True)
