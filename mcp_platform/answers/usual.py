"""What customers ask every business, from `usual.yaml`: onboarding asks the owner for the texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import yaml

from mcp_platform.tenants.languages import LANGUAGES, Language


@dataclass(frozen=True, slots=True)
class UsualQuestion:
    """The title and the questions of an answer whose text the owner writes."""

    title: str
    questions: tuple[str, ...]


def _read() -> dict[str, dict[Language, UsualQuestion]]:
    held = yaml.safe_load(files(__package__).joinpath("usual.yaml").read_text(encoding="utf-8"))
    return {
        topic: {
            language: UsualQuestion(spoken[language]["title"], tuple(spoken[language]["questions"]))
            for language in LANGUAGES
        }
        for topic, spoken in held.items()
    }


USUAL: Final[Mapping[str, Mapping[Language, UsualQuestion]]] = _read()
"""By topic and language, in the order in which they are asked."""
