"""Whether a whole turn of typed words is a yes or a no, by closed lists. Pure.

Code decides it, never the model. Whatever is left over makes it neither: "sim, mas às 16?" is a
question, and "sim" beside a voice note may be the half of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from mcp_platform.answers.folding import fold
from mcp_platform.tenants.languages import Language

Asked = Literal["book", "move", "cancel"]
"""What a yes would do."""

# Each is a whole turn by itself, or several of them after one another: "sim, pode confirmar".
_YES: Mapping[Language, str] = {
    "pt-BR": (
        "sim|s|ss|sim sim|claro|claro que sim|com certeza|certeza|isso|isso mesmo|isso ai|isso sim"
        "|exato|exatamente|certo|correto|ok|okay|okey|oki|blz|beleza|ta|ta bom|ta bem|ta certo"
        "|ta otimo|tudo bem|tudo certo|pode|pode sim|pode ser|pode ser sim|pode ir|pode fazer"
        "|quero|quero sim|eu quero|confirma|confirmo|confirmado|confirmar|pode confirmar"
        "|quero confirmar|por mim sim|por mim tudo bem|esta bom|esta certo|esta otimo|fechado"
        "|fechou|combinado|perfeito|otimo|bora|vamos|positivo|aham|uhum|sim senhor|sim senhora"
        "|pode mandar|manda ver|manda bala|show|joia|top|esse mesmo|essa mesma|e isso|e isso mesmo"
        "|e isso ai|sim pode|pode confirmar sim|ja confirmo|👍|👌|✅|👍👍"
    ),
    "en": (
        "yes|y|yep|yeah|yup|ya|sure|sure thing|of course|ok|okay|k|alright|all right|right|correct"
        "|thats right|thats it|thats correct|confirm|confirmed|i confirm|please confirm|go ahead"
        "|please do|do it|sounds good|sounds great|great|perfect|fine|thats fine|its fine|good"
        "|thats good|works|that works|works for me|that works for me|absolutely|definitely|deal"
        "|yes please|yes i do|i do|lets do it|yes confirm|confirm it|👍|👌|✅"
    ),
    "es": (
        "si|sip|si si|claro|claro que si|por supuesto|desde luego|vale|ok|okay|dale|de acuerdo"
        "|correcto|exacto|exactamente|eso|eso es|eso mismo|asi es|confirmo|confirma|confirme"
        "|confirmar|confirmado|confirmelo|puede confirmar|esta bien|esta bueno|bien|muy bien"
        "|perfecto|genial|listo|hecho|quiero|si quiero|lo quiero|adelante|con gusto|me parece bien"
        "|👍|👌|✅"
    ),
}
_YES_TO: Mapping[Asked, Mapping[Language, str]] = {
    "book": {
        "pt-BR": (
            "marca|marque|marcar|pode marcar|pode marcar sim|quero marcar|agenda|agende|agendar"
            "|pode agendar|quero agendar|reserva|reserve|pode reservar|marca ai|marca pra mim"
            "|marca para mim|pode marcar pra mim|agenda pra mim|pode deixar marcado"
        ),
        "en": "book|book it|please book|please book it|book that|reserve it|schedule it",
        "es": (
            "agenda|agende|agendar|agendelo|puede agendar|reserva|reserve|reservar|reservelo"
            "|puede reservar|quiero agendar|quiero reservar|marque"
        ),
    },
    "move": {
        "pt-BR": (
            "troca|troque|trocar|pode trocar|pode trocar sim|quero trocar|muda|mude|mudar|pode mudar"
            "|pode mudar sim|quero mudar|remarca|remarque|remarcar|pode remarcar|quero remarcar"
        ),
        "en": "move it|please move it|change it|please change it|reschedule|reschedule it|move|change",
        "es": (
            "cambia|cambie|cambiar|cambiela|cambielo|puede cambiar|puede cambiarla|quiero cambiar"
            "|mueva|muevala|reprograme|reprogramar"
        ),
    },
    "cancel": {
        "pt-BR": (
            "cancela|cancele|cancelar|pode cancelar|pode cancelar sim|quero cancelar|cancela ai"
            "|desmarca|desmarque|desmarcar|pode desmarcar|pode desmarcar sim|quero desmarcar"
            "|quero cancelar sim|cancela sim|desmarca sim"
        ),
        "en": "cancel|cancel it|please cancel|please cancel it|cancel that|i want to cancel",
        "es": (
            "cancela|cancele|cancelar|cancelela|cancelelo|puede cancelar|puede cancelarla"
            "|quiero cancelar|anule|anular|puede anular"
        ),
    },
}
_NO: Mapping[Language, str] = {
    "pt-BR": (
        "nao|n|nn|nao nao|agora nao|por enquanto nao|ainda nao|melhor nao|nao quero|nao quero nao"
        "|nao quero mais|nao precisa|nao precisa nao|nao preciso|deixa|deixa pra la|deixa para la"
        "|deixa quieto|esquece|nem|negativo|nao pode|nao senhor|nao senhora|acho melhor nao"
        "|hoje nao|nao por enquanto|nao por agora|vou deixar|deixa pra depois|deixa para depois|👎"
    ),
    "en": (
        "no|n|nope|nah|not now|not yet|no thanks|no thank you|never mind|nevermind|forget it"
        "|better not|id rather not|i dont want it|dont|please dont|not today|👎"
    ),
    "es": (
        "no|ahora no|por ahora no|todavia no|aun no|mejor no|no quiero|ya no quiero|dejalo"
        "|dejelo|olvidalo|olvidelo|no hace falta|no gracias|hoy no|👎"
    ),
}
_KEEP: Mapping[Language, str] = {
    "pt-BR": (
        "manter|mantem|mantenha|pode manter|quero manter|manter horario|deixa como esta"
        "|deixa assim|nao cancela|nao cancelar|nao cancele|nao desmarca|nao quero cancelar"
        "|nao troca|nao trocar|nao quero trocar|nao muda"
    ),
    "en": "keep it|keep|please keep it|leave it|leave it as it is|dont cancel|dont cancel it",
    "es": "mantener|mantenga|mantenerla|dejela asi|dejelo asi|no cancele|no cancelar|no cambie",
}
# May stand beside either, and alone is neither.
_POLITE = (
    "por favor|pf|pfv|pfvr|obrigado|obrigada|obg|brigado|brigada|muito obrigado|muito obrigada"
    "|valeu|vlw|agradeco|please|pls|thanks|thank you|thx|ty|gracias|muchas gracias|por fa|porfa"
    # A change of mind is the answer that follows it.
    "|na verdade|na vdd|pensando bem|pensando melhor|entao|viu|actually|on second thought"
    "|en realidad|pensandolo bien|pensandolo mejor|entonces"
)
_DECORATION = frozenset(".,!;…~-–—\"“”()'’´`¡") | frozenset(
    "🙏😊🙂😀😃😄😁😉☺😍🥰❤💙💚💜🧡💛✨🎉🤗😘"
)
_JOINERS = re.compile("[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")  # how an emoji looks
_WORD = re.compile(r"\w+|[^\w\s]")


def folded(text: str) -> str:
    """Return `text` without case, accents, letters stretched for emphasis, and looks of emoji."""
    return fold(_JOINERS.sub("", text))


def words_of(text: str) -> list[str]:
    """Return the words of `text`, folded; a sign that is no mere decoration is a word too."""
    unquoted = re.sub(r"(?<=\w)['’](?=\w)", "", folded(text))
    return [each for each in _WORD.findall(unquoted) if each not in _DECORATION]


def answer_to(asked: Asked, text: str) -> Literal["yes", "no"] | None:
    """Return what the whole of `text` answers to what was asked, in any of our languages.

    None: something else, or both at once.
    """
    words = words_of(text)
    yes = made_of(words, _YES_ALL[asked], beside=POLITE)
    no = made_of(words, _NO_ALL[asked], beside=POLITE)
    if yes == no:
        return None
    return "yes" if yes else "no"


def made_of(
    words: Sequence[str],
    phrases: frozenset[tuple[str, ...]],
    *,
    beside: frozenset[tuple[str, ...]],
) -> bool:
    """Tell whether `words` are one or more of `phrases`, with nothing but those and `beside`."""
    # By how many words are accounted for: whether one of the phrases is among them.
    reached: list[set[bool]] = [{False}, *(set() for _ in words)]
    longest = max(map(len, phrases | beside))
    for begin in range(len(words)):
        if not reached[begin]:
            continue
        for end in range(begin + 1, min(len(words), begin + longest) + 1):
            piece = tuple(words[begin:end])
            if piece in phrases:
                reached[end].add(True)
            if piece in beside:
                reached[end] |= reached[begin]
    return True in reached[-1]


def phrases_of(*lists: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """Return each phrase of `lists`, in which `|` stands between two, as its words."""
    return frozenset(
        tuple(words_of(phrase))
        for each in lists
        for written in each
        for phrase in written.split("|")
    )


_YES_ALL = {asked: phrases_of(_YES.values(), also.values()) for asked, also in _YES_TO.items()}
_NO_ALL: dict[Asked, frozenset[tuple[str, ...]]] = {
    "book": phrases_of(_NO.values()),
    "move": phrases_of(_NO.values(), _KEEP.values()),
    "cancel": phrases_of(_NO.values(), _KEEP.values()),
}
POLITE = phrases_of([_POLITE])
