"""Recognises what customers ask for about their own data, by closed lists of words. Pure.

A customer's right does not hang on what a model makes of their words. What is recognised here is only
ever answered by a question with buttons.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from mcp_platform.assistant.choosing.typed import words_of
from mcp_platform.tenants.languages import Language

DataWish = Literal["own_data", "data_copy", "erase"]
"""What may be done with one's data, a copy of it, its end: what the menu calls it."""

# Folded. Whose data, in the words for it; then what is to become of it.
_THEIRS: Mapping[Language, str] = {
    "pt-BR": (
        "meus dados|meus dados pessoais|meu cadastro|minhas informacoes|minha conta|dados meus"
        "|meus registros|minha ficha"
    ),
    "en": "my data|my personal data|my information|my info|my account|my records|my details",
    "es": "mis datos|mis datos personales|mi informacion|mi cuenta|mi registro|mi ficha",
}
_ERASE: Mapping[Language, str] = {
    "pt-BR": (
        "apaga|apagar|apague|apaguem|apagarem|apagam|apagado|apagados|exclui|excluir|exclua"
        "|excluam|excluirem|deleta|deletar|delete|deletem|deletarem|remove|remover|remova|removam"
        "|elimina|eliminar|elimine|eliminem|exclusao|remocao|eliminacao"
    ),
    "en": "delete|deleted|erase|erased|remove|removed|wipe|deletion|erasure|removal",
    "es": (
        "borra|borrar|borre|borren|borrado|borrados|elimina|eliminar|elimine|eliminen|suprimir"
        "|suprima|supriman|eliminacion"
    ),
}
_COPY: Mapping[Language, str] = {
    "pt-BR": "copia|exportar|exporta|exporte|baixar|extrato|relatorio",
    "en": "copy|export|download|extract",
    "es": "copia|exportar|exporte|descargar",
}
# Of the whole turn, with the words for whose data beside them.
_ALONE: Mapping[Language, str] = {
    "pt-BR": "quero|quero ver|ver|sobre|os|e|acessar|consultar|quais sao|cade|lgpd|privacidade",
    "en": "i want|i want to see|see|show me|about|access|what about|privacy|gdpr",
    "es": "quiero|quiero ver|ver|sobre|acceder a|consultar|cuales son|privacidad",
}
_BILLS = frozenset(("minha conta", "my account", "mi cuenta"))  # what is to be paid, by themselves
_NOT = frozenset(["nao", "n", "nunca", "sem", "not", "never", "dont", "no", "sin"])
_NEAR = 5  # words, as in "apaga por favor todos os meus dados"


def data_wish(texts: Sequence[str]) -> DataWish | None:
    """Return what is wished for about one's own data; None: nothing that is plain."""
    written = f" {' '.join(words_of(' '.join(texts)))} "
    theirs = _WHOSE.search(written)
    if theirs is None:
        return None
    before, after = written[: theirs.start()].split(), written[theirs.end() :].split()
    near = {*before[-_NEAR:], *after[:_NEAR]}
    wish = next((wish for wish, verbs in _WISHES if verbs & near), None)
    if wish is not None:
        return None if _NOT & near else wish
    alone = _ASIDE.issuperset([*before, *after]) and theirs[0] not in _BILLS
    return "own_data" if alone else None


def _all(*lists: Mapping[Language, str]) -> frozenset[str]:
    return frozenset(each for held in lists for row in held.values() for each in row.split("|"))


_WHOSE = re.compile(
    rf"(?<= )(?:{'|'.join(sorted(map(re.escape, _all(_THEIRS)), key=len, reverse=True))})(?= )"
)
_WISHES: Sequence[tuple[DataWish, frozenset[str]]] = (
    ("erase", _all(_ERASE)),
    ("data_copy", _all(_COPY)),
)
_POLITE = (
    "por favor pf pfv please pls oi ola hi hello hola bom boa dia tarde noite obrigado gracias ?"
)
_ASIDE = frozenset(" ".join([*_all(_ALONE), _POLITE]).split())
