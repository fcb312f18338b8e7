"""`words`: everything that the assistant can say, for a person to read."""

from typing import Annotated

import typer

from mcp_platform.cli.arguments import CustomerLanguage
from mcp_platform.cli.spoken import spoken
from mcp_platform.tenants.languages import supported
from mcp_platform.words.document import document

LANG = typer.Option(
    "--lang", help="Of which language. Unset: the one that commands speak here.", show_default=False
)


def words(lang: Annotated[CustomerLanguage | None, LANG] = None) -> None:
    """Print everything the assistant can say, with an example of each value, as Markdown.

    What customers and owners read, in their language. Phrases are named as the assistant chooses
    them; what is filled in stands in bold.
    """
    typer.echo(document(supported(lang or spoken())), nl=False)
