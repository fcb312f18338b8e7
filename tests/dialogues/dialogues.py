"""The hundred dialogues of the tests, each with the business that it is about."""

from dataclasses import dataclass
from pathlib import Path

from mcp_platform.rehearsal.dialogues import Dialogue, dialogue, listed
from mcp_platform.tenants.languages import LANGUAGES, Language

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """A dialogue, and the name of its business."""

    business: str
    dialogue: Dialogue

    @property
    def id(self) -> str:
        return self.dialogue.id


def load(language: Language) -> list[Case]:
    """Read the dialogues of one language."""
    return [
        Case(given.pop("business"), dialogue(given, language=language))
        for given in listed((HERE / f"{language}.yaml").read_text())
    ]


def everything() -> list[Case]:
    return [each for language in LANGUAGES for each in load(language)]
