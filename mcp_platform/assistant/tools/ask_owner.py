"""Pass a question on to the owner, whose answer comes back to the customer."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import Field

from mcp_platform.answers.questions import Asking, OpenQuestions
from mcp_platform.assistant.outcomes import Done, Role, ToolOutcome
from mcp_platform.assistant.tool import Arguments, Tool
from mcp_platform.assistant.toolbox import Toolbox
from mcp_platform.tenants.languages import supported
from mcp_platform.words.book import Outcome as BookOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPassedOn(ToolOutcome):
    """What became of a question: asked now, open already, or one too many of this contact."""

    role: ClassVar[Role] = "effect"
    result: Asking
    reminded: bool = False
    kind: Literal["question_passed_on"] = "question_passed_on"

    @property
    def in_book(self) -> BookOutcome | None:
        """The effect that a phrase may state; a question that was not asked is none."""
        return "asked" if self.result == "asked" else None

    @property
    def phrase(self) -> str | None:
        """The phrase that states it; of a new question the model chooses the one of its topic."""
        if self.result == "already_asked":
            return "already_asked" if self.reminded else "already_asked_wait"
        return "too_many_asked" if self.result == "too_many" else None

    def for_model(self, _ids: tuple[str, ...], /) -> dict[str, Any]:
        return {"status": self.result}


class AskOwner(Arguments):
    """The question, as the customer put it."""

    question: str = Field(max_length=500)
    topic: str | None = None


async def ask_owner(toolbox: Toolbox, step: str, arguments: AskOwner, language: str) -> Done:
    """Record the question and tell the owner in the transaction of the step.

    What is recorded is what the contact wrote in this turn, not the model's words.
    """
    context = toolbox.context
    async with toolbox.journal.begin() as session:
        asked = await OpenQuestions(session, context.tenant.id).ask(
            context.tenant,
            context.contact,
            toolbox.written or arguments.question,
            topic=arguments.topic,
            language=supported(language),
            notices=toolbox.notices,
            now=toolbox.now,
            messages=toolbox.written_in,
        )
        outcome = QuestionPassedOn(result=asked.outcome, reminded=asked.reminded)
        return await toolbox.conclude(session, step, outcome)


TOOL = Tool(
    description="Pass the customer's question on to the owner, where nothing here answers it.",
    arguments=AskOwner,
    run=ask_owner,
    outcomes=(QuestionPassedOn,),
)
