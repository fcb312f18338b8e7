"""The dialogues are played; those that went well once go well for ever.

`passing.txt` has the ids of the good ones. A full run writes build/dialogues/: what was said, and
the ids that passed; copy those into `passing.txt` when a change made more of them good.
"""

from pathlib import Path

import pytest

from mcp_platform.rehearsal.playing import PlayedDialogue
from mcp_platform.tenants.languages import LANGUAGES
from tests.dialogues.dialogues import HERE, everything, load
from tests.dialogues.play import play_all
from tests.world import World

BUILD = HERE.parent.parent / "build" / "dialogues"
PASSING = HERE / "passing.txt"
SHARDS = 4
SAMPLE = 10  # of the good ones are played in the usual tier


def passing() -> set[str]:
    return set(PASSING.read_text().split())


@pytest.mark.full
@pytest.mark.parametrize("shard", range(SHARDS))
async def test_what_went_well_goes_well(service: World, shard: int) -> None:
    played = await play_all(service, everything()[shard::SHARDS])
    report(played, BUILD / f"{shard}.txt")
    assert not lost(played)


async def test_a_sample_of_what_went_well_goes_well(service: World) -> None:
    good = [each for each in everything() if each.id in passing()]
    played = await play_all(service, good[:: max(1, len(good) // SAMPLE)])
    report(played, BUILD / "sample.txt")
    assert not lost(played)


def test_there_are_as_many_dialogues_as_were_promised() -> None:
    found = {language: len(load(language)) for language in LANGUAGES}
    assert found == {"pt-BR": 60, "en": 20, "es": 20}
    ids = [each.id for each in everything()]
    assert len(ids) == len(set(ids))
    assert passing() <= set(ids)


def lost(played: list[PlayedDialogue]) -> dict[str, tuple[str, ...]]:
    """Return what is wrong with dialogues that are known to have gone well."""
    return {each.dialogue.id: each.wrong for each in played if not each.good and is_known(each)}


def is_known(played: PlayedDialogue) -> bool:
    return played.dialogue.id in passing()


def report(played: list[PlayedDialogue], file: Path) -> None:
    """Write what was said and what is wrong with it, and print how many went well."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        "\n\n".join(
            f"{'good' if each.good else 'BAD '} {each.dialogue.id}\n{each.transcript}"
            for each in played
        )
    )
    good = [each.dialogue.id for each in played if each.good]
    file.with_suffix(".passing").write_text("".join(f"{each}\n" for each in good))
    print(f"{len(good)} of {len(played)}")  # noqa: T201 - seen with `-s`
