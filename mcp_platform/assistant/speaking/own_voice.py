"""The wordings of one turn: ours, with the business's own in place of those that it replaced.

Whatever says a phrase of the book goes by these: the model's reply, what code says of its own accord,
and the menu.
"""

from collections.abc import Mapping

from mcp_platform.answers.wordings import own_wordings
from mcp_platform.assistant.toolbox import Toolbox
from mcp_platform.tenants.languages import Language
from mcp_platform.words.own import OwnWordings
from mcp_platform.words.texts import TEXTS
from mcp_platform.words.wordings import wording

# Wordings alternate from turn to turn; which turn it is, its id says.
WORDINGS_APART = 997


class OwnVoice:
    """How one turn words phrases. What the business replaced is read once."""

    def __init__(self, toolbox: Toolbox, *, language: Language) -> None:
        self._tools = toolbox
        self._language: Language = language
        self._own: OwnWordings | None = None

    async def own(self) -> OwnWordings:
        """Return the business's own wordings in the turn's language, by phrase."""
        if self._own is None:
            async with self._tools.journal.begin() as session:
                tenant = self._tools.context.tenant
                self._own = await own_wordings(session, tenant.id, self._language)
        return self._own

    def keep(self, own: OwnWordings) -> None:
        """Go by wordings that were read, or written down, elsewhere."""
        self._own = own

    async def said(self, phrase: str, values: Mapping[str, str | None]) -> str:
        """Return a phrase that is said by itself, in a wording that the values fill."""
        wordings = {**TEXTS[self._language].phrases, **await self.own()}[phrase]
        number = self._tools.context.turn.id.int % WORDINGS_APART
        chosen = wording(wordings, values, turn_number=number, last_said=None)
        return "" if chosen is None else chosen[1]
