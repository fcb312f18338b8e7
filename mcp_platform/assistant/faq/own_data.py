"""What a customer may do with their own data: have a copy of it, or have it erased.

Each is asked for by a button. Owns none of the doing: staff send the copy, `rights/` erases.
"""

from collections.abc import Sequence

from mcp_platform.assistant.faq.menu_answers import FaqRow
from mcp_platform.assistant.toolbox import Toolbox
from mcp_platform.conversations.contacts import Contacts
from mcp_platform.tenants.languages import Language
from mcp_platform.words.texts import TEXTS

SURE, KEPT = "erase_sure", "data_kept"
DOES = frozenset({"own_data", "data_copy", "erase", SURE, KEPT})
"""What taps do that concern one's own data: also while a person has the conversation."""


class OwnData:
    """Answers the wishes of one turn about the contact's own data."""

    def __init__(self, toolbox: Toolbox, *, language: Language) -> None:
        self._tools = toolbox
        self._said = TEXTS[language].outcomes
        self._buttons = TEXTS[language].buttons

    async def do(self, does: str) -> tuple[str, Sequence[FaqRow]]:
        """Do what was tapped or wished for; return what is said, and what can be tapped then."""
        # Whoever comes through the API: the other system has their data, and its own buttons.
        if self._tools.context.contact.space == "api":
            return self._said.copy_of_team, ()
        match does:
            case "erase":
                sure = FaqRow(self._buttons.yes_erase, {"do": SURE})
                return self._said.erase_sure, [sure, FaqRow(self._buttons.keep_data, {"do": KEPT})]
            case "erase_sure":
                contact = self._tools.context.contact
                async with self._tools.journal.begin() as session:
                    contacts = Contacts(session, contact.tenant_id)
                    await contacts.ask_erasure(contact.id, now=self._tools.now)
                return self._said.erasure_asked, ()
            case "data_kept":
                return self._said.data_kept, ()
            case "data_copy":
                return await self._copy(), ()
        copy = FaqRow(self._buttons.data_copy, {"do": "data_copy"})
        return self._said.own_data, [copy, FaqRow(self._buttons.data_erase, {"do": "erase"})]

    async def _copy(self) -> str:
        """Tell the owner that a copy is wanted; where nobody can be told, say who gives one."""
        context = self._tools.context
        if context.tenant.owner_whatsapp is None:
            return self._said.copy_of_team
        async with self._tools.journal.begin() as session:
            await self._tools.notices.copy_wanted(
                session, context.tenant, context.contact, key=str(context.turn.id)
            )
        return self._said.copy_asked
