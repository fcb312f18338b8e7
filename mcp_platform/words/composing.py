"""Writes one message of parts and blocks.

How it is used: the assistant resolves what the model chose into parts (`Part`: a phrase and the
values that fill it), writes its own blocks (`Blocks`: what tools did, the header of a list, a
proposal) with `templates.fill`, says what it knows of the turn (`Situation`), and calls `compose`.
What comes back has the text, the phrases in it, what was left out and why, and the wordings that were
used, which the caller keeps for this contact's next turn.

Values that any part may need, such as the name or the greeting of the hour, are given to every part;
the name is said once at most. Where a part that stands alone is kept, neither header nor proposal is
in the text, and the caller shows nothing to tap for them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from mcp_platform.words.book import Place
from mcp_platform.words.joining import Dropped, Part, Refusal, Situation, join
from mcp_platform.words.templates import fill, placeholders
from mcp_platform.words.wordings import wording

Wordings = Mapping[str, Sequence[str]]

MESSAGE_LIMIT = 700  # characters: what a phone shows of a message without a tap on "read more"
# Given up in this order where a message is longer; never a fact, an effect or a question.
_LEAST_MISSED: tuple[Place, ...] = ("react", "open", "close")

EMOJI = re.compile(r"[\U0001F300-\U0001FAFF\u2600-\u27BF][\U0001F3FB-\U0001F3FF\uFE0F\u200D]*")
_DONE_MARK = "✅ "


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """What code says in the message, with its values."""

    effects: Sequence[str] = ()
    """What tools did or failed to do, one text each."""
    header: str = ""
    """What stands above the rows of a list."""
    proposal: str = ""
    """What is proposed, and until when it is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A message."""

    text: str
    kept: tuple[Part, ...]
    dropped: tuple[Dropped, ...]
    said: Mapping[str, int]
    """The number of the wording of each phrase that was said, under `said_as`."""
    named: bool
    """The name of the contact is in it."""


def compose(
    parts: Sequence[Part],
    situation: Situation,
    *,
    blocks: Blocks,
    phrases: Wordings,
    turn_number: int,
    last_said: Mapping[str, int],
    named_last: bool = False,
) -> Composed:
    """Write a message: parts in their order, blocks in their places, one emoji at most.

    `phrases` has the wordings of each phrase by its id: ours, or the business's own in their place.
    `last_said` has the wordings that this contact was last told, as `Composed.said` gives them.
    `named_last` is true where our last message to this contact said the name. The text is empty where
    nothing is left to say. It reaches `MESSAGE_LIMIT` only by what may not be left out.
    """
    choose = partial(_chosen, phrases=phrases, turn_number=turn_number, last_said=last_said)
    known = [part for part in parts if choose(part) is not None]
    dropped = [Dropped(part, Refusal.NO_FACTS) for part in parts if part not in known]
    joined = join(known, situation)
    dropped += joined.dropped
    wordings = [(part, number) for part in joined.kept if (number := choose(part)) is not None]
    while True:
        written = _written(wordings, phrases=phrases, name=not named_last, plain=situation.failed)
        text = _laid_out(written, blocks, proposes=situation.proposal is not None)
        least = _least_missed(written) if len(text) >= MESSAGE_LIMIT else None
        if least is None:
            break
        dropped.append(Dropped(least, Refusal.TOO_LONG))
        wordings = [each for each in wordings if each[0] is not least]
    return Composed(
        text=text,
        kept=tuple(part for part, _ in wordings),
        dropped=tuple(dropped),
        said={said_as(part): number for part, number in wordings},
        named=not named_last and any(_names(part, n, phrases) for part, n in wordings),
    )


def said_as(part: Part) -> str:
    """Return under which key the wording of a part is kept: a steady phrase by what it is about."""
    return ":".join((part.phrase, *part.about)) if part.entry.steady else part.phrase


def _chosen(
    part: Part, *, phrases: Wordings, turn_number: int, last_said: Mapping[str, int]
) -> int | None:
    """Return the number of the wording in which a part is said; `None` where none can be filled."""
    chosen = wording(
        phrases.get(part.phrase, ()),
        part.values,
        turn_number=turn_number,
        last_said=last_said.get(said_as(part)),
        steady=part.entry.steady,
    )
    return None if chosen is None else chosen[0]


def _names(part: Part, number: int, phrases: Wordings) -> bool:
    has_place = "name" in placeholders(phrases[part.phrase][number])
    return has_place and bool(part.values.get("name"))


def _written(
    wordings: Sequence[tuple[Part, int]], *, phrases: Wordings, name: bool, plain: bool
) -> list[tuple[Part, str]]:
    """Return the texts of the parts: the name in the first that has a place for it, one emoji.

    The last emoji stands, and none beside something grave. Those of values are not touched.
    """
    templates = [phrases[part.phrase][number] for part, number in wordings]
    plain = plain or any(part.entry.mood == "grave" for part, _ in wordings)
    with_emoji = [n for n, template in enumerate(templates) if EMOJI.search(template)]
    keeps = with_emoji[-1] if with_emoji and not plain else None
    written = []
    for n, (part, number) in enumerate(wordings):
        template = templates[n] if n == keeps else _without_emoji(templates[n])
        values = part.values if name else {**part.values, "name": None}
        name = name and not _names(part, number, phrases)
        written.append((part, fill(template, values) or ""))
    return written


def _without_emoji(template: str) -> str:
    return " ".join(EMOJI.sub("", template).split())


def _laid_out(written: Sequence[tuple[Part, str]], blocks: Blocks, *, proposes: bool) -> str:
    """Return the paragraphs, with an answer beside a proposal below it, as its condition."""
    texts: dict[str, list[str]] = {}
    for part, text in written:
        place: str = part.entry.place
        conditional = proposes and part.phrase == "answer"
        texts.setdefault("condition" if conditional else place, []).append(text)
    grave = any(part.entry.mood == "grave" for part, _ in written)
    effects = [text.removeprefix(_DONE_MARK) if grave else text for text in blocks.effects]
    alone = "alone" in texts
    paragraphs = (
        *texts.get("alone", ()),
        " ".join(texts.get("open", []) + texts.get("react", [])),
        "\n".join(effects),
        "\n".join(texts.get("inform", ())),
        *texts.get("lead", ()),
        "" if alone else blocks.header,
        "" if alone else blocks.proposal,
        "\n".join(texts.get("condition", ())),
        *texts.get("ask", ()),
        *texts.get("close", ()),
    )
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _least_missed(written: Sequence[tuple[Part, str]]) -> Part | None:
    """Return the part to give up where the message is too long; `None` where all must stay."""
    by_place = {part.entry.place: part for part, _ in written}
    return next((by_place[place] for place in _LEAST_MISSED if place in by_place), None)
