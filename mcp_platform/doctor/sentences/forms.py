"""The form of a sentence: how bad it is, what it means, what to do."""

from dataclasses import dataclass

from mcp_platform.doctor.results import State

EVERY = "*"
"""In place of a check: the sentence is shared by all checks."""

Words = tuple[str, str]
"""What it means, and the next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSentence:
    """What is said of one code, in both languages."""

    state: State
    pt: Words
    en: Words


def ok(*, pt: str, en: str) -> ResultSentence:
    return ResultSentence(state="ok", pt=(pt, ""), en=(en, ""))


def warning(*, pt: Words, en: Words) -> ResultSentence:
    return ResultSentence(state="warning", pt=pt, en=en)


def failed(*, pt: Words, en: Words) -> ResultSentence:
    return ResultSentence(state="failed", pt=pt, en=en)


def unknown(*, pt: Words, en: Words) -> ResultSentence:
    return ResultSentence(state="unknown", pt=pt, en=en)
