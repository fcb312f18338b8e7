"""`serve`: run parts of the platform in this process until it is told to stop."""

import sys
from typing import Annotated

import typer

from mcp_platform import schema
from mcp_platform.cli.keeping import kept
from mcp_platform.cli.servers import refuse_old_schema, servers
from mcp_platform.cli.serving import run
from mcp_platform.errors import Invalid
from mcp_platform.kit.logging import configure_logging
from mcp_platform.settings import PARTS as EVERY_PART
from mcp_platform.settings import Settings

PARTS = typer.Argument(
    help="Any of [bold]gateway[/bold] (webhooks, tenant API), [bold]worker[/bold] (answers, sends), "
    "[bold]admin[/bold] and [bold]provisioner[/bold] (Secrets, database logins). None named: all.",
    metavar="[gateway|worker|admin|provisioner]…",
    show_default=False,
)
MIGRATE = typer.Option("--migrate", help="Bring the database to this release first.")


def serve(
    parts: Annotated[list[str] | None, PARTS] = None,
    migrate: Annotated[bool, MIGRATE] = False,
) -> None:
    """Serve. SIGTERM and Ctrl-C stop it when what is under way is finished.

    The public port is PORT on HOST, metrics and detailed health are on INTERNAL_PORT. Everything
    that can be set is an environment variable: see docs/configuration.md.
    """
    again = kept()

    wanted = parts or list(EVERY_PART)
    chosen = tuple(part for part in EVERY_PART if part in wanted)
    if unknown := sorted(set(wanted) - set(EVERY_PART)):
        raise typer.BadParameter(
            f"There is no part {', '.join(unknown)}; there are {', '.join(EVERY_PART)}."
        )
    settings = Settings()
    if settings.lacks_proxies(chosen):
        raise Invalid(
            "TRUSTED_PROXIES is missing: PUBLIC_URL is https, so that a proxy stands in front, and"
            " all sign-ins would be counted as its own. Set how many there are, for instance"
            " TRUSTED_PROXIES=1, or their networks; 0 if there is none."
        )
    configure_logging(
        level=settings.log_level,
        form=settings.log_format or ("console" if sys.stderr.isatty() else "json"),
        show_texts=settings.log_texts,
    )
    with servers(settings, redis="worker" in chosen, new=migrate) as given:
        if migrate:
            schema.migrate(given.database_url)
        else:
            refuse_old_schema(given.database_url)
        run(
            settings,
            chosen,
            database_url=given.database_url,
            redis_url=given.redis_url,
            again=again,
        )
