"""A file of many answers, as people keep them: YAML, JSON, or a CSV out of a spreadsheet."""

import csv
import io
import json
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import yaml

from mcp_platform.answers.models import MOST_ANSWERS
from mcp_platform.errors import Invalid
from mcp_platform.kit.files import NotUtf8, text_of
from mcp_platform.registry.answers.forms import AnswerWish
from mcp_platform.registry.answers.service import FiledAnswer

ENDINGS: Final = (".yaml", ".yml", ".json", ".csv")
MOST_BYTES: Final = 4 * 1024 * 1024  # 200 answers in three languages are some 600 kB
MOST_WRONG: Final = 20  # as many as a person reads at once
# Heads of a CSV's columns, in either language, folded.
_COLUMNS: Final = {
    "title": "title",
    "titulo": "title",
    "questions": "questions",
    "perguntas": "questions",
    "text": "text",
    "texto": "text",
    "resposta": "text",
    "language": "language",
    "idioma": "language",
    "position": "position",
    "posicao": "position",
    "condition": "condition",
    "condicao": "condition",
    "id": "id",
}
_YES_NO: Final = {"yes": True, "sim": True, "true": True, "no": False, "não": False, "false": False}
_NEEDED: Final = ("title", "questions", "text")


def read_answers(content: bytes, *, name: str) -> list[FiledAnswer]:
    """Return the answers of a file; `name` tells by its ending what it is.

    Raises:
        Invalid: it is no such file, or some of its answers cannot be; it says which, by number.
    """
    if len(content) > MOST_BYTES:
        raise Invalid(f"{name} is larger than {MOST_BYTES // 1024 // 1024} MB.")
    try:
        text = text_of(content)
    except NotUtf8 as error:
        raise Invalid(f"{name}: {error}") from error
    entries = _csv(text, name=name) if name.lower().endswith(".csv") else _listed(text, name=name)
    if not entries:
        raise Invalid(f"{name} has no answers in it.")
    if len(entries) > MOST_ANSWERS:
        raise Invalid(f"{name} has more than {MOST_ANSWERS} answers in it.")
    wrong: dict[str, str] = {}
    filed = []
    for index, entry in enumerate(entries):
        try:
            filed.append(_filed(entry))
        except Invalid as error:
            wrong |= {f"{index}.{field}": why for field, why in error.fields.items()}
    if wrong:
        shown = dict(list(wrong.items())[:MOST_WRONG])
        raise Invalid(
            f"{name} was not brought in. The number is the answer's place in it, from 0 on.",
            fields=shown,
        )
    return filed


def _filed(entry: Any) -> FiledAnswer:
    if not isinstance(entry, Mapping):
        raise Invalid("It is no answer.", fields={"title": "Field required"})
    values = {key: value for key, value in entry.items() if key not in ("id", "version")}
    if isinstance(values.get("questions"), str):
        values["questions"] = [values["questions"]]
    answer_id = entry.get("id")
    return FiledAnswer(
        wish=AnswerWish.of(values), id=None if answer_id in (None, "") else str(answer_id)
    )


def _listed(text: str, *, name: str) -> list[Any]:
    if not name.lower().endswith(ENDINGS):
        raise Invalid(f"{name} is none of these: {', '.join(ENDINGS)}.")
    try:
        if name.lower().endswith(".json"):
            found = json.loads(text)
        else:
            found = yaml.load(text, Loader=yaml.CSafeLoader)
    except json.JSONDecodeError as error:
        raise Invalid(f"{name} is no JSON (line {error.lineno}).") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark is not None else ""
        raise Invalid(f"{name} is no YAML{line}.") from error
    if isinstance(found, Mapping) and set(found) == {"answers"}:
        found = found["answers"]
    if not isinstance(found, list):
        raise Invalid(f"{name} is no list of answers.")
    return found


def _csv(text: str, *, name: str) -> list[dict[str, Any]]:
    """Read a CSV whose heads are in its first line; commas, semicolons or tabs are between them.

    Several questions stand in one cell, each on a line of its own or behind a "|".
    """
    first = text.partition("\n")[0]
    between = max(",;\t", key=first.count)  # Excel writes semicolons where commas are decimal
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True))
    except csv.Error as error:
        raise Invalid(f"{name} is no CSV.") from error
    heads = [_COLUMNS.get(_plain(each), "") for each in rows[0]] if rows else []
    missing = [each for each in _NEEDED if each not in heads]
    if missing:
        raise Invalid(f"{name} lacks the columns {', '.join(missing)}.")
    return [
        _row(dict(zip(heads, row, strict=False))) for row in rows[1:] if any(map(str.strip, row))
    ]


def _row(cells: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {
        head: cell.strip() for head, cell in cells.items() if head and cell.strip()
    }
    said["questions"] = [
        each.strip()
        for each in cells.get("questions", "").replace("|", "\n").splitlines()
        if each.strip()
    ]
    if (marked := said.get("condition", "").casefold()) in _YES_NO:
        said["condition"] = _YES_NO[marked]
    if said.get("position", "").isdecimal():
        said["position"] = int(said["position"])
    return said


def _plain(head: str) -> str:
    decomposed = unicodedata.normalize("NFKD", head.strip().casefold())
    return "".join(each for each in decomposed if not unicodedata.combining(each))
