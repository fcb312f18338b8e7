"""`conversations`: who answers a contact, a person or the assistant, and what a person writes."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

import typer

from mcp_platform.audit.trail import ActorTrail
from mcp_platform.cli.arguments import CONTACT, JSON, TENANT, TENANT_OR_ALL
from mcp_platform.cli.commands.conversations import rights
from mcp_platform.cli.operating import command_actor, in_database, show, split_path, tenants_at
from mcp_platform.cli.spoken import say, worded
from mcp_platform.conversations.conversations import Conversation, Conversations, ThreadMessage
from mcp_platform.conversations.person import PersonInConversation, TakenOver
from mcp_platform.kit.queue import schema_for, wakes
from mcp_platform.registry.environments import Environments
from mcp_platform.settings import Settings

app = typer.Typer(
    help="See conversations, take them from the assistant, answer, and give them back.",
    no_args_is_help=True,
)

HANDLING = typer.Option(
    "--handling",
    help="Only those that the [bold]assistant[/] answers, that are [bold]waiting[/] for a person,"
    " or that a [bold]person[/] has.",
    show_default=False,
)
LIMIT = typer.Option("--limit", min=1, max=1000, help="Most of each tenant, the latest first.")
MESSAGES = typer.Option("--limit", min=1, max=1000, help="How many of the newest messages.")
OVER = typer.Option("--over", help="From the person, too, who has it now.")
TEXT = typer.Argument(help="What to write: at most 4096 characters.", show_default=False)

Result = TypeVar("Result")
Person = Callable[["PersonInConversation", "Conversations"], Awaitable[Result]]


@app.command("list")
def list_(
    tenant: Annotated[str | None, TENANT_OR_ALL] = None,
    *,
    handling: Annotated[Literal["assistant", "waiting", "person"] | None, HANDLING] = None,
    limit: Annotated[int, LIMIT] = 50,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List conversations, those first whose contact wrote last."""

    async def find(session: Any) -> "list[tuple[str, Conversation]]":
        now = datetime.now(UTC)
        return [
            (path, each)
            for tenant_id, path in await tenants_at(session, tenant)
            for each in await Conversations(session, tenant_id).page(
                handling=handling, after=None, limit=limit, now=now
            )
        ]

    found = in_database(find)
    show(
        ("Tenant", "Conversation", "Who", "Wrote last", "Unanswered since", "Answered by", "Until"),
        [
            [
                *(path, str(each.id), _who(each)),
                *(_moment(each.last_inbound_at), _moment(each.unanswered_since)),
                *(each.taken_by or each.handling, _moment(each.until)),
            ]
            for path, each in found
        ],
        none="There are no such conversations.",
        codes=("Answered by",),
        items=[{"tenant": path, **asdict(each)} for path, each in found] if as_json else None,
    )


@app.command("show")
def show_(
    tenant: Annotated[str, TENANT],
    contact: Annotated[str, CONTACT],
    *,
    limit: Annotated[int, MESSAGES] = 50,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show who answers a contact, and what was said, the newest last."""

    async def read(
        person: PersonInConversation, conversations: Conversations
    ) -> "tuple[Conversation, list[ThreadMessage]]":
        contact_id = await conversations.named(contact)
        found = await conversations.get(contact_id, now=person.now)
        return found, await conversations.messages(contact_id, before=None, limit=limit)

    found, messages = _at(tenant, read)
    if as_json:
        said = {"tenant": tenant, **asdict(found), "messages": [*map(asdict, reversed(messages))]}
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2, default=str))
        return
    _say_who(found)
    typer.echo()
    for each in reversed(messages):
        told = f" [{worded(each.delivery)}]" if each.delivery else ""
        failed = f" {each.error}" if each.error else ""
        by = each.by or worded(each.author)
        typer.echo(f"{_moment(each.at)}  {by}:{told}{failed}")
        typer.echo("\n".join(f"    {_plain(line)}" for line in each.text.splitlines()))
        for choice in each.choices:
            typer.echo(f"    • {_plain(choice.title)}")


@app.command()
def take(
    tenant: Annotated[str, TENANT],
    contact: Annotated[str, CONTACT],
    *,
    over: Annotated[bool, OVER] = False,
) -> None:
    """Take a conversation: the assistant is silent in it until you return it, or write no more.

    It is yours for HUMAN_IDLE_S (an hour), and for as long again after each of your replies.
    """

    async def work(person: PersonInConversation, conversations: Conversations) -> TakenOver:
        return await person.take(await conversations.named(contact), over=over)

    taken = _at(tenant, work)
    _say_who(taken.conversation)
    if taken.under_way:
        say("The assistant was answering: its reply is held back, unless it has booked something.")


@app.command()
def reply(
    tenant: Annotated[str, TENANT],
    contact: Annotated[str, CONTACT],
    words: Annotated[str, TEXT],
) -> None:
    """Write on WhatsApp to a contact whose conversation you have taken."""

    async def work(person: PersonInConversation, conversations: Conversations) -> None:
        await person.reply(await conversations.named(contact), words)

    _at(tenant, work)
    say("It is queued; `mcp-platform conversations show` says what becomes of it.")


@app.command("return")
def return_(tenant: Annotated[str, TENANT], contact: Annotated[str, CONTACT]) -> None:
    """Let the assistant answer a contact again, from their next message on."""

    async def work(person: PersonInConversation, conversations: Conversations) -> None:
        await person.give_back(await conversations.named(contact))

    _at(tenant, work)
    say("The assistant answers this contact again.")


app.command("export")(rights.export)
app.command("erase")(rights.erase)
app.command("erasures")(rights.erasures)
app.command("replay-erasures")(rights.replay_erasures)


def _at(path: str, work: "Person[Result]") -> Result:
    """Run `work` as the person at this machine, in one transaction."""
    idle, actor, where = Settings().human_idle_s, command_actor(), split_path(path)

    async def in_session(session: Any) -> Result:
        tenant = await Environments(session, actor).tenant(*where)
        wakes(session, schema_for(tenant.id, tenant.topology))
        person = PersonInConversation(
            session, tenant, trail=ActorTrail(actor), idle=idle, now=datetime.now(UTC)
        )
        return await work(person, Conversations(session, tenant.id, time_zone=tenant.time_zone))

    return in_database(in_session)


def _who(conversation: Conversation) -> str:
    known = conversation.phone and f"+{conversation.phone}"
    named = (conversation.name, known or conversation.user_id)
    return _plain(" ".join(each for each in named if each)) or str(conversation.id)


def _say_who(conversation: Conversation) -> None:
    """Say who answers, until when, and whether WhatsApp takes a reply."""
    who, until = _who(conversation), _moment(conversation.until)
    if conversation.handling == "assistant":
        say("{who}: the assistant answers.", who=who)
        return
    if conversation.taken_by is None:
        say(
            "{who}: waits for a person; the assistant is silent until {until}.",
            who=who,
            until=until,
        )
    else:
        by = conversation.taken_by
        say("{who}: {by} has this conversation until {until}.", who=who, by=by, until=until)
    if conversation.window_until is None:
        say("WhatsApp takes no reply now: call them, or wait until they write.")
    else:
        say("WhatsApp takes replies until {until}.", until=_moment(conversation.window_until))


def _moment(moment: "datetime | None") -> str:
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M}Z"


def _plain(words: str) -> str:
    """Return what somebody wrote, without what would steer a terminal."""
    return "".join(each if each.isprintable() else " " for each in words)
