"""`waitlist`: customers who would come if something became free."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from mcp_platform.cli.arguments import JSON, TENANT
from mcp_platform.cli.catalogue import in_catalogue
from mcp_platform.cli.operating import show
from mcp_platform.cli.spoken import say, worded
from mcp_platform.registry.waiting.waitlist import TenantWaitlist, WaitlistWishOut

app = typer.Typer(
    help="See who would come if a time became free, and note whom you have seen to.",
    no_args_is_help=True,
)


@app.command("list")
def list_(tenant: Annotated[str, TENANT], *, as_json: Annotated[bool, JSON] = False) -> None:
    """List the wishes for today and later, the nearest day first."""
    now = datetime.now(UTC)
    found: list[WaitlistWishOut] = in_catalogue(
        TenantWaitlist, tenant, lambda waitlist: waitlist.open(now=now)
    )
    show(
        ("Id", "Day", "Part of the day", "Service", "Who", "Phone", "Since"),
        [
            [
                *(each.id, each.day.isoformat(), worded(each.part or "any hour")),
                *(each.service_name, _plain(each.name), each.phone or "–"),
                f"{each.wished_at:%Y-%m-%d %H:%M}Z",
            ]
            for each in found
        ],
        none="Nobody is waiting.",
        items=found if as_json else None,
    )


@app.command()
def done(
    tenant: Annotated[str, TENANT],
    wish: Annotated[
        str, typer.Argument(help="Its id, as `waitlist list` shows it.", show_default=False)
    ],
) -> None:
    """Note that a customer was offered a time, or is not waiting any more."""
    now = datetime.now(UTC)
    in_catalogue(TenantWaitlist, tenant, lambda waitlist: waitlist.done(wish, now=now))
    say("The wish {id} is off the list.", id=wish)


def _plain(words: str | None) -> str:
    """Return what somebody wrote, on one line and without what would steer a terminal."""
    return "".join(each if each.isprintable() else " " for each in words or "–")
