"""What an answer is made of, as clients and files write it, and as it is told."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from mcp_platform.answers.folding import fold
from mcp_platform.answers.models import (
    LONGEST_QUESTION,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_QUESTIONS,
)
from mcp_platform.kit.forms import _LINE, _PARAGRAPHS, WHOLE, CreationForm, Form, VersionedOut
from mcp_platform.tenants.languages import Language

TITLE_LIMIT, TEXT_LIMIT = LONGEST_TITLE, LONGEST_TEXT  # characters, for forms that say it before


def _stripped(text: str) -> str:
    stripped = text.strip()
    if not stripped:
        raise PydanticCustomError("empty", "has nothing to read in it")
    return stripped


Title = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_TITLE,
        pattern=_LINE,
        description="As a menu shows it; of a row WhatsApp shows 24 characters.",
    ),
    AfterValidator(_stripped),
]
Question = Annotated[
    str, Field(min_length=1, max_length=LONGEST_QUESTION, pattern=_LINE), AfterValidator(_stripped)
]
Questions = Annotated[
    tuple[Question, ...],
    Field(
        min_length=1,
        max_length=MOST_QUESTIONS,
        strict=False,
        description="Ways in which customers ask it.",
    ),
]
AnswerWording = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_TEXT,
        pattern=_PARAGRAPHS,
        description="What customers read, as it stands.",
    ),
    AfterValidator(_stripped),
]
AnswerPosition = Annotated[
    int | None,
    Field(ge=0, le=9999, description="Lower comes first. Null: behind the others."),
    WHOLE,
]


IsCondition = Annotated[
    bool,
    Field(
        description="Whether it also stands below every booking and move that is proposed, to be read"
        " before the customer's yes: a rule of the business. At most two do."
    ),
]


class AnswerWords(Form):
    """The words of an answer in one language."""

    title: Title
    questions: Questions
    text: AnswerWording

    @field_validator("questions")
    @classmethod
    def _once(cls, questions: tuple[str, ...]) -> tuple[str, ...]:
        if len({fold(each) for each in questions}) < len(questions):
            raise PydanticCustomError("twice", "asks the same twice")
        return questions


class Translation(AnswerWords):
    """The words in another language. Customers read them once a person has approved them."""

    approved: bool = False


class AnswerWish(AnswerWords, CreationForm):
    """A whole answer. In which language the owner wrote it; null: in the tenant's."""

    language: Language | None = None
    position: AnswerPosition = None
    condition: IsCondition = False
    translations: Annotated[dict[Language, Translation], Field(default_factory=dict)]

    def by_language(self, language: Language) -> Iterator[tuple[Language, AnswerWords, bool]]:
        """Yield language, words and whether customers may read them; `language` is the owner's."""
        yield language, self, True
        for each, words in self.translations.items():
            yield each, words, words.approved


class TranslationOut(Translation):
    """The words in another language, and whether customers may read them."""


class AnswerOut(VersionedOut):
    id: str
    language: Language
    title: str
    questions: list[str]
    text: str
    position: int
    condition: bool
    translations: dict[Language, TranslationOut]
