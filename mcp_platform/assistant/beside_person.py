"""What the assistant says while a person has the conversation: by code, without the model.

Whoever waits for a person that nobody has seen yet is told so, once for each hand-over, and may go on
with the assistant by a tap. Danger to life is answered all the same, what somebody wants of their own
data, and what they tap, or say yes to, about an appointment that they were reminded of. Otherwise it is
silent.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.assistant.choosing.danger import SAFETY, danger_in
from mcp_platform.assistant.choosing.data_wishes import data_wish
from mcp_platform.assistant.faq.own_data import DOES
from mcp_platform.assistant.offers import Action
from mcp_platform.assistant.turn_at_work import TurnAtWork, TurnReply
from mcp_platform.conversations.contacts import Contacts
from mcp_platform.conversations.handover import HandOver

WAITING = "human_waiting"
WAITING_GRAVELY = "human_waiting_grave"
UPSET = frozenset({"complaint", "refund", "frustrated"})
BACK = "back_to_me"
# What a reminder's buttons do, and the taps that follow from them.
OF_REMINDERS = frozenset({"attend", "move", "cancel", "cancel_sure", "keep"})


async def beside_person(
    turn: TurnAtWork, *, tap: str | None, texts: Sequence[str]
) -> TurnReply | None:
    """Return what is said though a person has the conversation; None: nothing."""
    standing = await turn.hand_over()
    if danger := _help_in(texts, standing):
        return await turn.saying(danger, texts)
    action = await turn.menu.meaning(tap) if tap else None
    if wish := _own_data(action, texts):
        return TurnReply(await turn.menu.do({"do": wish}), "menu", meanwhile=True)
    if not tap:
        action = await turn.typed_choice(texts)
    if action is not None and _reminded(action, tapped=tap is not None):
        return turn.naming(TurnReply(await turn.menu.do(action), "menu", meanwhile=True))
    if standing.taken or standing.answered:
        return None
    if action is not None and action["do"] == "back":
        return await _back(turn, action, texts)
    if standing.said & {WAITING, WAITING_GRAVELY} or standing.said_lately & SAFETY:
        return None
    return await turn.saying(WAITING_GRAVELY if standing.said_lately & UPSET else WAITING, texts)


def _own_data(action: Action | None, texts: Sequence[str]) -> str | None:
    """Return what is wanted of one's own data: by a tap, else by words."""
    if action is not None:
        does: str = action["do"]
        return does if does in DOES else None
    return data_wish(texts)


def _reminded(action: Action, *, tapped: bool) -> bool:
    """Tell whether this answers a reminder. Of what is typed only a yes: the rest is the person's."""
    if not tapped:
        return bool(action["do"] == "attend")
    return action["do"] in OF_REMINDERS or bool(action.get("moving"))


async def help_in_danger(turn: TurnAtWork, texts: Sequence[str]) -> TurnReply | None:
    """Return the help in the danger that is written of, where no model gave it; None: in none."""
    danger = danger_in(texts) and _help_in(texts, await turn.hand_over())
    return await turn.saying(danger, texts) if danger else None


def _help_in(texts: Sequence[str], standing: HandOver) -> str | None:
    """Return the phrase that helps in the danger written of, if it was not said lately."""
    danger = danger_in(texts)
    return None if danger in standing.said_lately else danger


async def _back(turn: TurnAtWork, action: Action, texts: Sequence[str]) -> TurnReply | None:
    """Give the conversation back to the assistant, in the transaction of the reply."""
    hello = await turn.saying(BACK, texts)
    if hello is None:
        return None
    follows = await turn.menu.do(action)
    contact = turn.context.contact

    async def give_back(session: AsyncSession) -> None:
        await Contacts(session, contact.tenant_id).answered_by(contact.id, "assistant")

    text = f"{hello.reply.text}\n\n{follows.text}"
    return replace(hello, reply=replace(follows, text=text), beside=(give_back,), meanwhile=False)
