"""The sentences of all results, in Portuguese and English: one catalogue, by check and code.

They stand in `words/doctor.pt-BR.yaml` and `words/doctor.en.yaml`; `words/doctor.yaml` says which
state a code is. `{placeholders}` are filled from a result's details.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mcp_platform.doctor.results import STATES, CheckOutcome, CheckResult, State
from mcp_platform.tenants.languages import StaffLanguage
from mcp_platform.words.files import MalformedWords, read

EVERY = "*"
"""In place of a check: the sentence is shared by all checks."""

Words = tuple[str, str]
"""What it means, and the next step, which is empty only where all is well."""

_STATES = "doctor.yaml"
_FILES: Mapping[StaffLanguage, str] = {"pt-BR": "doctor.pt-BR.yaml", "en": "doctor.en.yaml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSentence:
    """What is said of one code, in both languages."""

    state: State
    pt: Words
    en: Words


def _sentences() -> Iterator[tuple[tuple[str, str], ResultSentence]]:
    states = dict(_by_code(read(_STATES)))
    said = {language: dict(_by_code(read(file)["said"])) for language, file in _FILES.items()}
    for language, file in _FILES.items():
        for check, code in states.keys() ^ said[language].keys():
            raise MalformedWords(file, f"{check}.{code}", f"is not in this file and in {_STATES}")
    for key, state in states.items():
        if state not in STATES:
            raise MalformedWords(_STATES, ".".join(key), f"{state} is none of {', '.join(STATES)}")
        pt, en = (
            _words(said[language][key], state=state, file=file, where=".".join(key))
            for language, file in _FILES.items()
        )
        yield key, ResultSentence(state=state, pt=pt, en=en)


def _by_code(held: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], Any]]:
    for check, codes in held.items():
        for code, value in codes.items():
            yield (check, code), value


def _words(value: Any, *, state: State, file: str, where: str) -> Words:
    """Return what a file says: one text where all is well, else what is wrong and what to do."""
    match value:
        case str(what) if state == "ok":
            return what, ""
        case [str(what), str(next_step)]:
            return what, next_step
        case _:
            raise MalformedWords(file, where, "does not say what it means and what to do")


def _titles() -> Iterator[tuple[str, dict[StaffLanguage, str]]]:
    titles = {language: read(file)["titles"] for language, file in _FILES.items()}
    for check in titles["pt-BR"].keys() ^ titles["en"].keys():
        raise MalformedWords(_FILES["en"], check, f"is not in this file and in {_FILES['pt-BR']}")
    for check in titles["pt-BR"]:
        yield check, {language: titles[language][check] for language in _FILES}


SENTENCES: Mapping[tuple[str, str], ResultSentence] = dict(_sentences())
TITLES: Mapping[str, Mapping[StaffLanguage, str]] = dict(_titles())
"""What a check is called, in the order in which checks are shown."""


def sentence(found: CheckOutcome) -> ResultSentence:
    """Return the sentence for what was found; codes that any check may have are shared."""
    shared = SENTENCES.get((EVERY, found.code))
    return shared or SENTENCES[found.check, found.code]


def state(found: CheckOutcome) -> State:
    """Return how good or bad it is."""
    return sentence(found).state


def result(found: CheckOutcome, *, language: StaffLanguage) -> CheckResult:
    """Put what was found into words."""
    said = sentence(found)
    what, next_step = said.pt if language == "pt-BR" else said.en
    details = dict(found.details)
    if "checks" in details:  # the checks that this one waits for, by their names
        names = (TITLES[name][language] for name in details["checks"].split(", "))
        details["checks"] = ", ".join(names)
    return CheckResult(
        check=found.check,
        state=said.state,
        code=found.code,
        what=what.format_map(details),
        next_step=next_step.format_map(details),
        details=found.details,
    )
