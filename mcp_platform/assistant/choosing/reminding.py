"""Whether a whole turn asks to be reminded no more, or again, by closed lists. Pure.

Whatever is left over makes it neither: "não quero lembrete, quero remarcar" is for the model.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from mcp_platform.assistant.choosing.typed import POLITE, made_of, phrases_of, words_of
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
# In answer to a reminder only: by themselves these mean anything.
_BARE: Mapping[Language, str] = {
    "pt-BR": (
        "parar|pare|parem|sair|chega|descadastrar|nao quero mais mensagens|nao quero mais mensagem"
        "|nao quero mensagens|nao quero receber mensagens|nao quero mais receber mensagens"
        "|nao quero mais receber|nao quero receber|nao me mande mensagens|nao me mande mais mensagens"
        "|nao me mande mais|nao mande mais mensagens|nao mande mais|pare de mandar mensagens"
        "|para de mandar mensagens|pare de me mandar mensagens|para de me mandar mensagens"
    ),
    "en": (
        "stop|unsubscribe|opt out|no more messages|stop messages|stop messaging me"
        "|stop sending messages|stop sending me messages|dont send me messages|stop texting me"
    ),
    "es": (
        "basta|detener|baja|dar de baja|darme de baja|salir|no quiero mas mensajes"
        "|no quiero mensajes|no quiero recibir mensajes|no quiero recibir mas mensajes"
        "|no me manden mas mensajes|no me envien mas mensajes|no me mande mas mensajes"
        "|no me envie mas mensajes|deje de enviar mensajes"
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
_STOPS_AND_STARTS: Final[Mapping[Wish, frozenset[tuple[str, ...]]]] = {
    "stop": phrases_of(_STOP.values()),
    "start": phrases_of(_START.values()),
}
_BARE_STOPS: Final = phrases_of(_BARE.values())


def bare_stop(texts: Sequence[str]) -> bool:
    """Tell whether all that was written wants an end of what was last sent, whatever that was."""
    return made_of(words_of(" ".join(texts)), _BARE_STOPS, beside=POLITE)


def reminders_wish(texts: Sequence[str]) -> Wish | None:
    """Return what all that was written asks for, if it is about reminders and nothing else."""
    words = words_of(" ".join(texts))
    wishes = _STOPS_AND_STARTS.items()
    return next((wish for wish, known in wishes if made_of(words, known, beside=POLITE)), None)
