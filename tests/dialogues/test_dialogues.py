"""The dialogues are played; those that went well once go well for ever.

`passing.txt` has the ids of the good ones. A full run writes build/dialogues/: what was said, and
the ids that passed; copy those into `passing.txt` when a change made more of them good.
"""

from pathlib import Path

import pytest

from tests.dialogues.dialogues import HERE, Dialogue, everything, load
from tests.dialogues.play import Played, play_all
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
    found = {language: len(load(language)) for language in ("pt-BR", "en", "es")}
    assert found == {"pt-BR": 60, "en": 20, "es": 20}
    ids = [each.id for each in everything()]
    assert len(ids) == len(set(ids))
    assert passing() <= set(ids)


def lost(played: list[Played]) -> dict[str, tuple[str, ...]]:
    """Return what is wrong with dialogues that are known to have gone well."""
    return {each.dialogue.id: each.wrong for each in played if not each.good and is_known(each)}


def is_known(played: Played) -> bool:
    return played.dialogue.id in passing()


def report(played: list[Played], file: Path) -> None:
    """Write what was said and what is wrong with it, and print how many went well."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        "\n\n".join(
            f"{'good' if each.good else 'BAD '} {each.dialogue.id}\n{each.transcript}"
            for each in played
        )
    )
    good = [each.dialogue for each in played if each.good]
    file.with_suffix(".passing").write_text("".join(f"{each.id}\n" for each in good))
    print(count(good, of=[each.dialogue for each in played]))  # noqa: T201 - seen with `-s`


def count(good: list[Dialogue], *, of: list[Dialogue]) -> str:
    """Say how many went well, those with scripted choices apart."""
    parts = []
    for scripted, what in ((False, "by the persona's own choice"), (True, "scripted")):
        every = [each for each in of if each.scripted is scripted]
        passed = [each for each in good if each.scripted is scripted]
        if every:
            parts.append(f"{len(passed)} of {len(every)} {what}")
    return "; ".join(parts)
