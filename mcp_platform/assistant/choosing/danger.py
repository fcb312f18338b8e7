"""Recognises danger to life and talk of suicide in what a customer wrote, by closed lists of words.

It decides where the model does not: while a person has the conversation, in the menu, and where the
model did nothing and chose no help. The lists of all languages are read together, since somebody afraid
writes in their first language. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from mcp_platform.answers.folding import fold
from mcp_platform.tenants.languages import Language

DESPAIR: Final = "despair"
DANGER: Final = "danger"
EMERGENCY: Final = "emergency"
EMERGENCY_ANIMAL: Final = "emergency_animal"
SAFETY: Final = frozenset({DESPAIR, DANGER, EMERGENCY, EMERGENCY_ANIMAL})
"""The phrases of the book that give help in danger."""

# Without case and accents. Rows of words, each taken whole; what is a figure of speech is left out.
_SIGNS: Mapping[Language, Mapping[str, tuple[str, ...]]] = {
    "pt-BR": {
        DESPAIR: (
            *("vou me matar", "quero me matar", "queria me matar", "pensando em me matar"),
            *("penso em me matar", "vontade de me matar", "quer se matar", "vai se matar"),
            *("tentou se matar", "quero morrer", "queria morrer", "vontade de morrer"),
            *("nao quero viver", "nao quero mais viver", "nao aguento mais viver"),
            *("tirar minha vida", "tirar a minha vida", "tirar minha propria vida"),
            *("acabar com minha vida", "acabar com a minha vida", "suicidio", "me suicidar"),
            *("pensamento suicida", "pensamentos suicidas"),
        ),
        DANGER: (
            *("esta me batendo", "ta me batendo", "me bateu", "me espancou", "me agrediu"),
            *("sendo agredida", "sendo agredido", "ele vai me matar", "quer me matar"),
            *("ameacou me matar", "ameacando de morte", "me estuprou", "sendo assaltada"),
            *("sendo assaltado", "esta assaltando", "estao assaltando", "esta armado"),
            *("ta armado", "estao armados", "chama a policia", "chamem a policia"),
        ),
        EMERGENCY: (
            *("dor no peito", "dor forte no peito", "dores no peito", "dor muito forte no peito"),
            *("nao consegue respirar", "nao consigo respirar", "nao esta respirando"),
            *("nao ta respirando", "parou de respirar", "infartando", "tendo um infarto"),
            *("tendo um avc", "desmaiou", "esta desmaiado", "esta desmaiada", "inconsciente"),
            *("sangrando muito", "muito sangue", "hemorragia", "convulsionando"),
            *("tendo convulsao", "tendo uma convulsao", "engasgado", "engasgada", "engasgou"),
            *("overdose", "envenenado", "envenenada", "tomou veneno", "tomei veneno"),
            *("tomou chumbinho", "tomei chumbinho", "atropelado", "atropelada"),
            *("uma ambulancia", "chama o samu", "chamem o samu"),
        ),
        EMERGENCY_ANIMAL: ("comeu chumbinho", "comeu veneno"),
    },
    "en": {
        DESPAIR: (
            *("kill myself", "killing myself", "want to die", "end my life", "suicide"),
            *("take my own life", "suicidal", "don't want to live", "dont want to live"),
            *("do not want to live", "want to hurt myself", "no reason to live"),
        ),
        DANGER: (
            *("is hitting me", "is beating me", "beat me up", "is going to kill me"),
            *("wants to kill me", "raped me", "has a gun", "has a knife", "being robbed"),
            *("robbing us", "call the police"),
        ),
        EMERGENCY: (
            *("chest pain", "chest pains", "can't breathe", "cant breathe", "cannot breathe"),
            *("not breathing", "stopped breathing", "heart attack", "having a stroke"),
            *("passed out", "fainted", "unconscious", "bleeding a lot", "bleeding heavily"),
            *("having a seizure", "choking", "overdose", "overdosed", "poisoned"),
            *("hit by a car", "an ambulance"),
        ),
        EMERGENCY_ANIMAL: ("ate rat poison", "ate poison"),
    },
    "es": {
        DESPAIR: (
            *("quiero matarme", "me quiero matar", "me voy a matar", "voy a matarme"),
            *("quiero morir", "quiero morirme", "me quiero morir", "no quiero vivir"),
            *("no quiero seguir viviendo", "quitarme la vida", "acabar con mi vida"),
            *("suicidio", "suicidarme", "se quiere matar", "quiere suicidarse"),
        ),
        DANGER: (
            *("me esta pegando", "me golpeo", "me va a matar", "quiere matarme"),
            *("amenazo con matarme", "me violo", "tiene un arma", "tiene un cuchillo"),
            *("estan asaltando", "esta asaltando", "llamen a la policia", "llama a la policia"),
        ),
        EMERGENCY: (
            *("dolor en el pecho", "dolor de pecho", "dolor fuerte en el pecho"),
            *("no puede respirar", "no puedo respirar", "no respira", "dejo de respirar"),
            *("un infarto", "un derrame", "se desmayo", "inconsciente", "sangrando mucho"),
            *("mucha sangre", "convulsionando", "convulsiones", "se atraganto"),
            *("sobredosis", "envenenado", "envenenada", "una ambulancia"),
        ),
        EMERGENCY_ANIMAL: ("comio veneno",),
    },
}
# "quero morrer de rir" is no talk of death.
_OF_SPEECH = re.compile(
    r" (?:de|of|from) (?:rir|tanto|vergonha|calor|frio|fome|sono|amor|saudade|trabalhar|estudar"
    r"|laughing|laughter|embarrassment|risa|hambre|calor|frio|verguenza|pena)"
)
_ANIMAL = re.compile(
    r"\b(?:cachorr\w*|cadel\w*|cao|caes|gat[oa]s?|gatinh\w*|pet|filhote|coelh\w*|dog|dogs|cat|cats"
    r"|puppy|kitten|perr[oa]s?|perrit\w*|mascota|conejo)\b"
)
_ORDER = (DESPAIR, DANGER, EMERGENCY_ANIMAL, EMERGENCY)
_WORD = re.compile(r"[\w']+")
_KNOWN = {
    kind: {sign for language in _SIGNS.values() for sign in language[kind]} for kind in _ORDER
}


def danger_in(texts: Sequence[str]) -> str | None:
    """Return the phrase of the book that helps in the danger that is written of; None: in none."""
    written = f" {' '.join(_WORD.findall(' '.join(map(fold, texts))))} "
    found = next(
        (kind for kind in _ORDER if any(_says(written, sign) for sign in _KNOWN[kind])), None
    )
    return EMERGENCY_ANIMAL if found == EMERGENCY and _ANIMAL.search(written) else found


def _says(written: str, sign: str) -> bool:
    return any(not _OF_SPEECH.match(f" {after}") for after in written.split(f" {sign} ")[1:])
