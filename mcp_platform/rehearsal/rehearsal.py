"""A rehearsal: which dialogues are played, in which order, and what came of each.

One after the other: a key's quota is a number of requests a minute, and nobody waits for a reply.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import Any

from mcp_platform.assistant.model import ModelAway, ModelRefused, QuotaSpent
from mcp_platform.errors import Invalid, NotFound
from mcp_platform.rehearsal.dialogues import Dialogue, dialogue, listed
from mcp_platform.rehearsal.installation import ScratchInstallation
from mcp_platform.rehearsal.placeholders import NAMES, BusinessFacts
from mcp_platform.rehearsal.playing import PlayedDialogue, play
from mcp_platform.tenants.languages import Language

MOST_A_TURN = 2  # a search and the reply; the simulated model was asked 1.2 times a turn
MOST_UNANSWERED = 3  # dialogues on end; then the vendor is away, and goes on being away


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenDialogues:
    """The dialogues of a rehearsal, and those left out with what this business lacks for them."""

    played: Sequence[Dialogue]
    left_out: Mapping[str, str]

    @property
    def turns(self) -> int:
        return sum(len(each.turns) for each in self.played)


def standard(language: Language) -> str:
    """Return the dialogues that are about any business, as YAML."""
    return files(__package__).joinpath("standard", f"{language}.yaml").read_text(encoding="utf-8")


def chosen(
    text: str, *, only: Sequence[str], language: Language, facts: BusinessFacts
) -> ChosenDialogues:
    """Return the dialogues of a file, filled in with what this business offers.

    `only`: those of these ids; none: all.

    Raises:
        Invalid: the file has not the right form; `fields` says where.
        NotFound: there is no dialogue of such an id.
    """
    given = listed(text)
    unknown = set(only) - {each.get("id") for each in given}
    if unknown:
        raise NotFound(f"There is no dialogue {min(unknown)}: --list shows all.")
    played, left_out = [], {}
    for each in given:
        if only and each.get("id") not in only:
            continue
        try:
            filled: dict[str, Any] = facts.filled(each)
        except KeyError as error:
            (name,) = error.args
            if name not in NAMES:
                raise Invalid(f"{each.get('id')}: there is no placeholder {name}.") from None
            left_out[str(each.get("id"))] = name
        else:
            played.append(dialogue(filled, language=language))
    if not played:
        raise Invalid(
            "Of these dialogues none can be played: the business lacks what they ask for."
        )
    return ChosenDialogues(played=played, left_out=left_out)


@dataclass(slots=True)
class Score:
    """What has come of a rehearsal so far."""

    chosen: ChosenDialogues
    judged: list[PlayedDialogue] = field(default_factory=list)
    unanswered: dict[str, str] = field(default_factory=dict)
    """Dialogues in which the model gave no answer, and why: the menu's replies are not judged."""
    stopped: ModelAway | ModelRefused | None = None
    """Why the rehearsal ended before its end."""
    asked: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)

    @property
    def passed(self) -> int:
        return sum(each.good for each in self.judged)

    @property
    def not_played(self) -> list[str]:
        """The dialogues that were chosen and have no judgement."""
        judged = {each.dialogue.id for each in self.judged}
        return [each.id for each in self.chosen.played if each.id not in judged]

    @property
    def good(self) -> bool:
        return self.passed == len(self.chosen.played)


async def rehearse(
    score: Score,
    *,
    installation: ScratchInstallation,
    clock: Callable[[], datetime],
    tell: Callable[[Dialogue], None],
) -> None:
    """Play what was chosen, and write down in `score` what came of it, dialogue by dialogue.

    Ends early where the model's key, name or quota is refused, or nobody answers any more.

    Raises:
        Invalid: a dialogue begins with what this business has not.
        Unavailable: a turn did not come to an end.
    """
    model, on_end = installation.model, 0
    for number, each in enumerate(score.chosen.played, 1):
        tell(each)
        now = clock()
        phone = await installation.copy_for(each, number=number, now=now)
        try:
            played = await play(each, phone=phone, now=now)
        finally:
            score.asked, score.tokens = model.asked, model.tokens
        failure, model.failure = model.failure, None
        if failure is None:
            score.judged.append(played)
            on_end = 0
            continue
        score.unanswered[each.id] = str(failure)
        on_end += 1
        if isinstance(failure, ModelRefused | QuotaSpent) or on_end == MOST_UNANSWERED:
            score.stopped = failure
            return
