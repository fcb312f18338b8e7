"""A rehearsal as a file that programs read."""

import json
from collections.abc import Mapping
from typing import Any

from mcp_platform.rehearsal.playing import PlayedDialogue, PlayedTurn
from mcp_platform.rehearsal.rehearsal import Score


def report(score: Score, *, tenant: str, language: str, model: str) -> str:
    """Return all that came of a rehearsal, as JSON."""
    document = {
        "tenant": tenant,
        "language": language,
        "model": model,
        "passed": score.passed,
        "failed": len(score.judged) - score.passed,
        "not_played": score.not_played,
        "stopped": None if score.stopped is None else str(score.stopped),
        "requests": score.asked,
        "tokens": dict(score.tokens),
        "left_out": dict(score.chosen.left_out),
        "unanswered": score.unanswered,
        "dialogues": [_dialogue(each) for each in score.judged],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _dialogue(played: PlayedDialogue) -> Mapping[str, Any]:
    return {
        "id": played.dialogue.id,
        "passed": played.good,
        "turns": [_turn(each) for each in played.turns],
    }


def _turn(turn: PlayedTurn) -> Mapping[str, Any]:
    return {
        "customer": turn.customer,
        "replies": [{"text": each.text, "choices": each.choices} for each in turn.replies],
        "owner": turn.owner,
        "wrong": turn.wrong,
    }
