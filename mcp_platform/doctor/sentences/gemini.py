"""What is said of the Gemini key and the model."""

from mcp_platform.doctor.results import Language
from mcp_platform.doctor.sentences.forms import ResultSentence, failed, ok, warning

TITLES: dict[str, dict[Language, str]] = {
    "gemini.key": {"pt": "Gemini: chave", "en": "Gemini: key"},
    "gemini.model": {"pt": "Gemini: modelo", "en": "Gemini: model"},
}

_PROJECT_PT = "No Google AI Studio, ative o faturamento do projeto da chave, ou use outro projeto."
_PROJECT_EN = "In Google AI Studio, set up billing for the key's project, or use another project."

SENTENCES: dict[tuple[str, str], ResultSentence] = {
    ("gemini.key", "accepted"): ok(pt="O Gemini aceita a chave.", en="Gemini accepts the key."),
    ("gemini.key", "switched_off"): ok(
        pt="O modelo está desligado para este cliente: responde o menu.",
        en="The model is switched off for this tenant: the menu answers.",
    ),
    ("gemini.key", "missing"): failed(
        pt=(
            "GEMINI_API_KEY falta, ou não é uma chave.",
            "Crie uma chave no Google AI Studio e cadastre-a; até lá responde o menu.",
        ),
        en=(
            "GEMINI_API_KEY is missing, or no key at all.",
            "Make a key in Google AI Studio and set it; until then the menu answers.",
        ),
    ),
    ("gemini.key", "refused"): failed(
        pt=(
            "O Gemini recusa a chave.",
            "Crie outra chave no Google AI Studio, com acesso à Gemini API, e troque"
            " GEMINI_API_KEY.",
        ),
        en=(
            "Gemini refuses the key.",
            "Make another key in Google AI Studio, allowed to use the Gemini API, and replace"
            " GEMINI_API_KEY.",
        ),
    ),
    ("gemini.key", "project"): failed(
        pt=("O Gemini recusa o projeto da chave (região ou faturamento).", _PROJECT_PT),
        en=("Gemini refuses the key's project (region or billing).", _PROJECT_EN),
    ),
    ("gemini.key", "no_quota"): failed(
        pt=("O projeto da chave não tem cota nenhuma para {model}.", _PROJECT_PT),
        en=("The key's project has no quota at all for {model}.", _PROJECT_EN),
    ),
    ("gemini.key", "quota_spent"): warning(
        pt=(
            "A chave vale, mas a cota do projeto está esgotada agora.",
            "Espere a renovação ou aumente a cota no Google AI Studio; até lá responde o menu.",
        ),
        en=(
            "The key is valid, but its project's quota is used up now.",
            "Wait for its renewal, or raise the quota in Google AI Studio; until then the menu"
            " answers.",
        ),
    ),
    ("gemini.model", "served"): ok(
        pt="O modelo {model} existe e responde.", en="The model {model} exists and answers."
    ),
    ("gemini.model", "switched_off"): ok(pt="Nenhum modelo é consultado.", en="No model is asked."),
    ("gemini.model", "absent"): failed(
        pt=(
            "O modelo {model} não existe nesta versão da API.",
            "Escolha outro em GEMINI_MODEL (ou GEMINI_API_VERSION).",
        ),
        en=(
            "The model {model} does not exist on this API version.",
            "Choose another with GEMINI_MODEL (or GEMINI_API_VERSION).",
        ),
    ),
    ("gemini.model", "cannot_answer"): failed(
        pt=(
            "O modelo {model} não gera respostas (generateContent).",
            "Escolha em GEMINI_MODEL um modelo de texto.",
        ),
        en=(
            "The model {model} does not generate answers (generateContent).",
            "Choose a text model with GEMINI_MODEL.",
        ),
    ),
    ("gemini.model", "retires_soon"): warning(
        pt=(
            "O modelo {model} será desligado em {date} (daqui a {days} dias).",
            "Troque GEMINI_MODEL antes; fonte da data: {source}.",
        ),
        en=(
            "The model {model} will be shut down on {date} (in {days} days).",
            "Change GEMINI_MODEL before; source of the date: {source}.",
        ),
    ),
    ("gemini.model", "retired"): failed(
        pt=(
            "O modelo {model} foi desligado em {date}; o Gemini pode responder com outro.",
            "Troque GEMINI_MODEL; fonte da data: {source}.",
        ),
        en=(
            "The model {model} was shut down on {date}; Gemini may answer with another.",
            "Change GEMINI_MODEL; source of the date: {source}.",
        ),
    ),
}
