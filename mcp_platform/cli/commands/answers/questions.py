"""`questions`: what customers asked and no answer covers."""

import enum
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from mcp_platform.cli.arguments import JSON, TENANT, option
from mcp_platform.cli.catalogue import in_catalogue
from mcp_platform.cli.operating import show
from mcp_platform.cli.spoken import say, worded
from mcp_platform.kit.paging import MOST, every
from mcp_platform.registry.answers.questions import (
    AnswerCallOut,
    QuestionAnswer,
    QuestionOut,
    QuestionQuery,
    TenantQuestions,
)

app = typer.Typer(
    help="See what customers asked and nobody has answered yet, and answer it.",
    no_args_is_help=True,
)


class ShownState(enum.StrEnum):
    """Which questions are listed."""

    open = "open"
    answered = "answered"
    dismissed = "dismissed"


QUESTION = typer.Argument(help="Its id, as `questions list` shows it.", show_default=False)
STATE = typer.Option("--state", help="Which ones.")
Text = Annotated[
    str, typer.Argument(help="What the customers read.", metavar="TEXT", show_default=False)
]
Keep = Annotated[
    str | None,
    option("--keep", told="Keep it as an answer of this title, for the next who asks."),
]
AskedSo = Annotated[
    list[str] | None,
    option("--question", told="With --keep: how customers ask it. Unset: as this one did."),
]


@app.command("list")
def list_(
    tenant: Annotated[str, TENANT],
    *,
    state: Annotated[ShownState, STATE] = ShownState.open,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List the questions, the oldest first, in the words of the first customer who asked."""

    async def find(questions: TenantQuestions) -> list[QuestionOut]:
        return await every(
            lambda cursor: questions.page(
                QuestionQuery(state=state.value, limit=MOST, cursor=cursor)
            )
        )

    found = in_catalogue(TenantQuestions, tenant, find)
    show(
        ("Id", "Asked at", "Customers", "Topic", "Question", "Answer"),
        [
            [
                each.id,
                f"{each.asked_at:%Y-%m-%d %H:%M}Z",
                str(each.askers),
                _plain(each.topic),
                _plain(each.words),
                _plain(each.answer),
            ]
            for each in found
        ],
        none="There is no such question.",
        items=found if as_json else None,
    )


@app.command()
def answer(
    tenant: Annotated[str, TENANT],
    question: Annotated[str, QUESTION],
    text: Text,
    *,
    keep: Keep = None,
    asked: AskedSo = None,
) -> None:
    """Answer a question. All who asked read it, with their own words quoted.

    WhatsApp takes a message until 24 hours after the customer's last one. Who wrote earlier is
    listed by [bold]questions calls[/].
    """
    if asked and keep is None:
        raise typer.BadParameter("--question goes with --keep.")
    saved = None if keep is None else {"title": keep, "questions": asked}
    wish = QuestionAnswer.of({"text": text, "save_as_answer": saved})
    now = datetime.now(UTC)
    done = in_catalogue(
        TenantQuestions, tenant, lambda questions: questions.answer(question, wish, now=now)
    )
    say(
        "Answered: {messages} by a message, {calls} to be called (mcp-platform questions calls).",
        messages=done.messages,
        calls=done.calls,
    )
    if done.answer_id is not None:
        say("The answer {id} is there: {title}.", id=done.answer_id, title=keep)


@app.command()
def dismiss(tenant: Annotated[str, TENANT], question: Annotated[str, QUESTION]) -> None:
    """Close a question without an answer. Its customers are told nothing."""
    now = datetime.now(UTC)
    in_catalogue(TenantQuestions, tenant, lambda questions: questions.dismiss(question, now=now))
    say("The question {id} is closed.", id=question)


@app.command()
def merge(
    tenant: Annotated[str, TENANT],
    question: Annotated[str, QUESTION],
    into: Annotated[str, typer.Argument(help="The id of the one that stays.", show_default=False)],
) -> None:
    """Make two questions one, where customers asked the same in other words."""
    kept = in_catalogue(
        TenantQuestions, tenant, lambda questions: questions.merge(question, into=into)
    )
    say("The question {id} has now {count} customers.", id=kept.id, count=kept.askers)


@app.command()
def calls(tenant: Annotated[str, TENANT], *, as_json: Annotated[bool, JSON] = False) -> None:
    """List the customers to call with an answer, since no message could bring it.

    Who was called is taken off with [bold]questions called[/]; what is a week old goes by itself.
    """
    now = datetime.now(UTC)
    found: list[AnswerCallOut] = in_catalogue(
        TenantQuestions, tenant, lambda questions: questions.calls(now=now)
    )
    show(
        ("Id", "Conversation", "Who", "Phone", "Question", "Answer", "Why no message"),
        [
            [
                *(each.question_id, str(each.conversation_id)),
                *(_plain(each.name), each.phone or "–"),
                *(_plain(each.words), _plain(each.answer)),
                each.error or worded("WhatsApp takes none now"),
            ]
            for each in found
        ],
        none="Nobody is to be called.",
        items=found if as_json else None,
    )


@app.command()
def called(
    tenant: Annotated[str, TENANT],
    question: Annotated[str, QUESTION],
    conversation: Annotated[
        UUID, typer.Argument(help="The id that [bold]calls[/] shows.", show_default=False)
    ],
) -> None:
    """Note that a customer was called with the answer."""
    now = datetime.now(UTC)
    in_catalogue(
        TenantQuestions,
        tenant,
        lambda questions: questions.called(question, conversation, now=now),
    )
    say("Noted.")


def _plain(words: str | None) -> str:
    """Return what somebody wrote, on one line and without what would steer a terminal."""
    return "".join(each if each.isprintable() else " " for each in words or "–")
