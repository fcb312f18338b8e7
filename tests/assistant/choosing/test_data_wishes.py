"""What customers want of their own data is known by closed lists, and only where it is plain."""

import pytest

from mcp_platform.assistant.choosing.data_wishes import data_wish

ERASE = (
    "apagar meus dados|apaga meus dados|quero que apaguem meus dados|por favor exclua meu cadastro"
    "|APAGUEM TODOS OS MEUS DADOS!!|deleta meus dados aí|gostaria da exclusão dos meus dados"
    "|remova minhas informações|como faço pra apagar meus dados?|delete my data|please erase my data"
    "|can you remove all my personal data?|i want my data deleted|borre mis datos"
    "|quiero que eliminen mis datos|¿pueden borrar mi información?"
)
COPY = "cópia dos meus dados|quero uma copia dos meus dados|a copy of my data please|copia de mis datos"
OWN = "meus dados|Meus dados, por favor|oi, quero ver meus dados|my data|mis datos|quais são os meus dados?"
NEITHER = (
    "não apague meus dados|don't delete my data|quero mudar meus dados|meus dados do pix são 123"
    "|já mandei meus dados|quanto deu minha conta?|minha conta, por favor|apaga a luz|cancela"
    "|apaga meu horário|vou apagar a conversa|my account|oi|"
)


@pytest.mark.parametrize(
    ("wish", "words"),
    [("erase", each) for each in ERASE.split("|")]
    + [("data_copy", each) for each in COPY.split("|")]
    + [("own_data", each) for each in OWN.split("|")]
    + [(None, each) for each in NEITHER.split("|")],
)
def test_a_wish_about_one_s_data_is_known_by_its_words(wish: str | None, words: str) -> None:
    assert data_wish([words]) == wish
