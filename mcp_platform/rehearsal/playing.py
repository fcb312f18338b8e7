"""Plays a dialogue with a tenant that runs, and has each reply judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mcp_platform.rehearsal.dialogues import Dialogue, DialogueTurn, written
from mcp_platform.rehearsal.judge import Evidence, PhoneMessage, wrong
from mcp_platform.rehearsal.phone import CustomersPhone, choices_of, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedTurn:
    """One turn as it went: what was typed or tapped, what came, and what is wrong with it."""

    customer: str
    replies: Sequence[PhoneMessage]
    owner: Sequence[str]
    wrong: Sequence[str]

    @property
    def lines(self) -> list[str]:
        """What was said, as a transcript has it."""
        lines = [f"  > {self.customer}"]
        for each in self.replies:
            lines += [f"    {line}" for line in each.text.splitlines()]
            lines += [f"    [{choice}]" for choice in each.choices]
        lines += [f"    (owner: {each})" for each in self.owner]
        return [*lines, *(f"    ✗ {why}" for why in self.wrong)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedDialogue:
    """A dialogue as it went."""

    dialogue: Dialogue
    turns: Sequence[PlayedTurn]

    @property
    def wrong(self) -> tuple[str, ...]:
        return tuple(
            f"turn {number}: {why}"
            for number, turn in enumerate(self.turns, 1)
            for why in turn.wrong
        )

    @property
    def good(self) -> bool:
        return not self.wrong

    @property
    def transcript(self) -> str:
        return "\n".join(line for turn in self.turns for line in turn.lines)


async def play(dialogue: Dialogue, *, phone: CustomersPhone, now: datetime) -> PlayedDialogue:
    """Play all turns of a dialogue.

    Raises:
        Unavailable: a turn did not come to an end.
    """
    played = [await _turn(turn, dialogue, phone=phone, now=now) for turn in dialogue.turns]
    return PlayedDialogue(dialogue=dialogue, turns=played)


async def _turn(
    turn: DialogueTurn, dialogue: Dialogue, *, phone: CustomersPhone, now: datetime
) -> PlayedTurn:
    """Let the customer write or tap, and wait until all that follows has happened."""
    today = now.astimezone(phone.zone).date()
    earlier = await phone.received()
    told = len(await phone.owner_received())
    before = await phone.appointments()
    if turn.taps is None:
        customer = written(turn.they, today=today, language=dialogue.language)
        await phone.types(customer)
    else:
        offered = choices_of(earlier[-1]) if earlier else []
        customer = f"(taps {turn.taps})"
        if len(offered) < turn.taps:
            missing = f"taps: there is no row {turn.taps}"
            return PlayedTurn(customer=customer, replies=(), owner=(), wrong=(missing,))
        customer = f"(taps {turn.taps}: {offered[turn.taps - 1]['title']})"
        await phone.taps(offered[turn.taps - 1])
    await phone.idle()
    evidence = Evidence(
        turn=turn,
        today=today,
        replies=[shown(each) for each in (await phone.received())[len(earlier) :]],
        earlier=[shown(each) for each in earlier],
        owner=[shown(each).text for each in (await phone.owner_received())[told:]],
        called=await phone.is_called(),
        before=before,
        after=await phone.appointments(),
    )
    return PlayedTurn(
        customer=customer,
        replies=evidence.replies,
        owner=evidence.owner,
        wrong=wrong(evidence),
    )
