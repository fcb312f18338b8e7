"""Whether a whole turn asks to be reminded no more, or again, by closed lists. Pure.

Whatever is left over makes it neither: "não quero lembrete, quero remarcar" is for the model.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from mcp_platform.assistant.choosing.typed import words_of
from mcp_platform.tenants.languages import Language

Wish = Literal["stop", "start"]

# Without case and accents, of all languages together: who wants no messages writes as they like.
_STOP: Mapping[Language, str] = {
    "pt-BR": (
        "parar lembretes|parar lembrete|parar os lembretes|pare lembretes|pare os lembretes"
        "|pare de mandar lembretes|pare de enviar lembretes|para de mandar lembrete"
        "|para de mandar lembretes|nao quero lembrete|nao quero lembretes|nao quero mais lembrete"
        "|nao quero mais lembretes|nao quero receber lembrete|nao quero receber lembretes"
        "|nao quero mais receber lembretes|sem lembrete|sem lembretes|cancelar lembretes"
        "|cancelar os lembretes|desativar lembretes|desativar os lembretes"
        "|nao me mande lembretes|nao me mande mais lembretes|nao mande mais lembretes"
        "|nao preciso de lembrete|nao preciso de lembretes|chega de lembretes"
    ),
    "en": (
        "stop reminders|stop the reminders|stop sending reminders|stop sending me reminders"
        "|no reminders|no more reminders|turn off reminders|turn reminders off|cancel reminders"
        "|i dont want reminders|dont send reminders|dont send me reminders|do not send reminders"
        "|unsubscribe from reminders"
    ),
    "es": (
        "parar recordatorios|parar los recordatorios|pare los recordatorios|pare recordatorios"
        "|no quiero recordatorios|no quiero mas recordatorios|no quiero recibir recordatorios"
        "|sin recordatorios|desactivar recordatorios|desactivar los recordatorios"
        "|cancelar recordatorios|cancelar los recordatorios|no me envie recordatorios"
        "|no me mande recordatorios|no me mande mas recordatorios"
    ),
}
_START: Mapping[Language, str] = {
    "pt-BR": (
        "quero lembrete|quero lembretes|quero receber lembretes|receber lembretes"
        "|ativar lembretes|ativar os lembretes|voltar lembretes|voltar os lembretes"
        "|quero lembretes de novo|quero voltar a receber lembretes|pode mandar lembretes"
    ),
    "en": "start reminders|start the reminders|turn on reminders|turn reminders on|i want reminders",
    "es": (
        "quiero recordatorios|quiero recibir recordatorios|recibir recordatorios"
        "|activar recordatorios|activar los recordatorios|volver a recibir recordatorios"
    ),
}
_POLITE: Final = frozenset(
    {"por favor", "pf", "pfv", "obrigado", "obrigada", "please", "thanks", "thank you", "gracias"}
)


def _listed(lists: Mapping[Language, str]) -> frozenset[str]:
    return frozenset(each for words in lists.values() for each in words.split("|"))


_WISHES: Final[Mapping[Wish, frozenset[str]]] = {"stop": _listed(_STOP), "start": _listed(_START)}


def reminders_wish(texts: Sequence[str]) -> Wish | None:
    """Return what all that was written asks for, if it is about reminders and nothing else."""
    said = " ".join(words_of(" ".join(texts)))
    for polite in _POLITE:
        said = said.removesuffix(f" {polite}").removeprefix(f"{polite} ")
    return next((wish for wish, known in _WISHES.items() if said in known), None)
