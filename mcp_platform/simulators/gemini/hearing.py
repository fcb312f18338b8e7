"""What one message of a customer means: an intent and the pieces it names.

It recognizes intents, services, professionals and choices in Portuguese, English and Spanish.
`simulators/gemini/understanding.py` joins messages into a wish.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mcp_platform.simulators.gemini.dates import When, when, without_dates
from mcp_platform.simulators.gemini.words import language_of, plain, words

_INTENTS: tuple[tuple[str, str], ...] = (
    (
        "scope",
        (
            r"\b(?:ignor\w*|esquec\w*|forget|disregard|olvida)\b.*\b(?:instruc\w*|instruction\w*|regras?"
            r"|rules?|reglas?|prompt|anterior\w*|previous)\b|system prompt|prompt do sistema"
            r"|\b(?:previsao do tempo|clima|weather|vai chover|lluvia|llover|chuva|raining"
            r"|como esta o tempo|piada|joke|chiste|poema|poem|redacao|essay|ensayo|receita|recipe|receta"
            r"|futebol|football|futbol|bitcoin|presidente|president|capital d\w+|python|codigo|traduz\w*"
            r"|translate|traduc\w*|horoscopo|politica|loteria|hackear|filme|movie|pelicula|song|cancion)\b"
        ),
    ),
    (
        "human",
        (
            r"\b(?:falar|conversar|hablar|talk|speak|chat)\b.{0,12}\b(?:com|con|to|with)\b"
            r"|\b(?:atendente|atendimento humano|real person|human|agente humano|ser humano"
            r"|una persona|pessoa de verdade)\b"
        ),
    ),
    (
        "keep",
        (
            r"\b(?:nao|no|dont|don't|not)\b (?:quero |quiero |want to |precisa |e para |es para )?"
            r"(?:cancel\w*|desmar\w*|anul\w*)"
        ),
    ),
    (
        "move",
        (
            r"\b(?:remarc\w*|reagend\w*|reschedul\w*|reprogram\w*|transferi\w*|adiar|adia|antecip\w*"
            r"|postpone|push back|adelant\w*|aplaz\w*)\b"
            r"|\b(?:mud\w+|troc\w+|pass(?!ed away)\w+|alter\w+|change|move|switch|cambi\w+|mover|mueve|pasar|pasa)\b"
            r".*\b(?:horario|hora|appointment|cita|consulta|agendamento|reserva|booking|turno|pra|para|pro"
            r"|to|al|a las?|corte)\b"
        ),
    ),
    (
        "cancel",
        (
            r"\b(?:cancel\w*|desmar[ck]\w*|desmarqu\w*|anul\w*|desist\w*|call off)\b"
            r"|\bnao (?:vou|posso|consigo)\b.*\b(?:ir|comparecer|mais)\b|\b(?:can't|cant|cannot|can not) make it"
            r"|\bno (?:puedo|podre|voy a poder) (?:ir|asistir)"
        ),
    ),
    (
        "mine",
        (
            r"\b(?:quais|qual|que|quando|ver|mostr\w*|tenho|tengo|cuales|cuando|cual|when|what|which|show"
            r"|list\w*|see|consultar)\b.*\b(?:meus?|minhas?|mi|mis|my)\b.{0,12}\b(?:horarios?|agendamentos?"
            r"|reservas?|consultas?|citas?|turnos?|appointments?|bookings?|marcacoes|corte|barba)\b"
            r"|\b(?:tenho|tengo|do i have|have i got)\b.*\b(?:marcad\w*|agendad\w*|reservad\w*|booked"
            r"|scheduled|appointments?|agendamentos?|citas?)\b|\b(?:what|which|que) (?:appointments?|bookings?|citas?|turnos?) (?:do i have|tengo)|^(?:meus?|mis|my) (?:horarios?|agendamentos?"
            r"|citas|appointments)"
        ),
    ),
)
_INFO = {
    "address": r"\b(?:endereco|onde (?:fica\w*|e|voces|voce)|localizacao|address|where|located|location"
    r"|direccion|donde|ubicacion|como chego|how do i get)\b",
    "price": r"\b(?:precos?|quanto (?:custa\w*|e|fica|sai|ta|cobra\w*)|valor(?:es)?|tabela|how much"
    r"|prices?|costs?|cuanto (?:cuesta\w*|sale|vale|cobran|es)|precios?|tarifas?)\b",
    "hours": r"horarios? de (?:funcionamento|atendimento|atencion|apertura)"
    r"|\b(?:abrem?|atendem?\b(?! (?:crianca|cachorr|homem|mulher|convenio|domicilio)\w*)|aberto|fecham?|funcionam?|funcionamento|opening hours|business hours|open|closed?"
    r"|closing|abren|atienden|cierran|abiertos?|cerrados?)\b",
    "phone": r"\b(?:telefone|phone number|telefono)\b",
    "notes": r"\b(?:estacionamento|parking|cartao|pix|card|tarjeta|wifi|estacionar|aceitam?)\b",
    "services": r"\b(?:quais|que|what|which|cuales)\b.{0,8}\b(?:servicos|services|servicios)\b"
    r"|o que voces fazem",
}
_STRONG = (
    r"\b(?:marca\w{0,2}|marque|marcamos|agend[aeo]\w*|reserv\w+|book\w*|schedule|encaixa\w*|encaixe"
    r"|anota|apunta\w*|apart\w+)\b"
)
_WEAK = (
    r"\b(?:quero|queria|gostaria|preciso|i'?d like|i want|i need|can i (?:get|have)|quiero|quisiera"
    r"|necesito|me gustaria|pode ser|bota|coloca|me ve|ponme|dame|give me|i'll take)\b"
)
_ASK = (
    r"\b(?:tem|tens|teria|ha|existe|quais|any|is there|are there|do you have|have you got|available"
    r"|availability|disponive\w+|disponibilidade|vagas?|free|livres?|hay|tienen?|disponibles?"
    r"|que horas tem|openings?|slots?|horarios|cuales|times)\b"
)
_GREETING = r"\b(?:oi+|ola|opa|e ai|hi|hello|hey|hola|bom dia|boa tarde|boa noite|good (?:morning|afternoon|evening)|buen(?:os|as)? (?:dias?|tardes|noches)|buenas)\b"
_THANKS = r"\b(?:obrigad[oa]|valeu|agradeco|thanks|thank you|gracias|brigad[oa]|tchau|bye|goodbye|adios|ate (?:mais|logo)|hasta luego)\b"
_YES = frozenset(
    [
        "sim",
        "s",
        "pode",
        "ser",
        "isso",
        "ok",
        "okay",
        "claro",
        "fechado",
        "beleza",
        "confirmo",
        "confirmado",
        "perfeito",
        "yes",
        "yep",
        "yeah",
        "sure",
        "sounds",
        "good",
        "perfect",
        "that",
        "works",
        "si",
        "dale",
        "vale",
        "de",
        "acuerdo",
        "perfecto",
        "esse",
        "mesmo",
        "ese",
        "serve",
        "quero",
        "bora",
        "it",
        "one",
        "please",
        "por",
        "favor",
        "marca",
        "esa",
        "essa",
        "otimo",
        "great",
    ],
)
_NO = frozenset(
    [
        "nao",
        "no",
        "nope",
        "nenhum",
        "nenhuma",
        "none",
        "ninguno",
        "ninguna",
        "nah",
        "desses",
        "obrigado",
        "thanks",
    ]
)
_ORDINALS = (
    (1, r"\b(?:primeir[oa]|first|primer[oa]?|1[oa])\b|\b(?:opcao|option|opcion|numero|number) 1\b"),
    (2, (r"\b(?:o segundo|segundo|second|2[oa])\b|\b(?:opcao|option|opcion|numero|number) 2\b"
        r"|\bsegunda (?:opcao|opcion|alternativa)\b")),
    (3, r"\b(?:terceir[oa]|third|tercer[oa]?|3[oa])\b|\b(?:opcao|option|opcion|numero|number) 3\b"),
    (4, r"\b(?:o quarto|fourth|cuart[oa]|4[oa])\b|\b(?:opcao|option|opcion|numero|number) 4\b"),
    (5, r"\b(?:quinto|fifth|5[oa])\b|\b(?:opcao|option|opcion|numero|number) 5\b"),
    (-1, r"\b(?:ultim[oa]|last)\b"),
)  # fmt: skip
_SOONEST = (
    r"\b(?:mais cedo possivel|quanto antes|earliest|as soon as possible|asap|lo antes posible"
    r"|first available|proximo horario (?:livre|disponivel))\b"
)
SYNONYMS: tuple[frozenset[str], ...] = tuple(
    frozenset(group.split())
    for group in (
        "corte cortar cabelo haircut cut trim pelo hair cortarme cortarse cortes",
        "barba beard shave afeitado barbear afeitar",
        "unha unhas manicure nails unas mao",
        "pedicure pe pies",
        "sobrancelha sobrancelhas eyebrow eyebrows cejas",
        "coloracao tintura dye color tinte pintar colouring coloring",
        "limpeza cleaning limpieza",
        "consulta consultation checkup",
        "massagem massage masaje",
        "escova brush blowout brushing",
        "depilacao waxing depilacion",
        "avaliacao evaluation assessment evaluacion",
        "luzes mechas highlights",
    )
)
_SMALL_TALK = 4  # more words beside a greeting ("muito, até mais tarde") and something is wanted
_MOVE_TARGET = re.compile(r"\b(?:para as|para|pra|pro|pras|to|al|por)\b")
_NAMED_ITEM = re.compile(r"\b[sa]_[A-Za-z0-9_]+")
_NUMBER_ALONE = re.compile(r"(?:o |a |el |la |the )?#?(\d{1,2})[.!)]?$")


@dataclass(frozen=True, slots=True)
class Context:
    """What a request tells of the business and of the turn (empty where there is nothing)."""

    now: datetime
    language: str = "pt"
    services: Sequence[Mapping[str, Any]] = ()
    professionals: Sequence[Mapping[str, Any]] = ()
    appointments: Sequence[Mapping[str, Any]] = ()
    offered: Sequence[Mapping[str, Any]] = ()  # the slots the customer was shown last
    told: Mapping[str, Any] = field(default_factory=dict)  # all of it, as it was written


@dataclass(frozen=True, slots=True)
class UnderstoodMessage:
    """One message, understood."""

    language: str
    intent: str | None = None
    service: str | None = None
    professional: str | None = None
    when: When = field(default_factory=When)
    source: When = field(default_factory=When)  # of a move: where the appointment is now
    topics: tuple[str, ...] = ()
    ordinal: int | None = None
    number: int | None = None
    item: str | None = None  # a slot or appointment id, typed out
    yes: bool = False
    no: bool = False
    firm: bool = False  # asked to book, rather than whether one could
    everything: bool = False


def context_of(system: str, facts: str = "") -> Context:
    """Read what follows the line BUSINESS, and `facts`, which has that of the turn.

    Without either there is no business and no calendar.
    """
    found = re.search(r"^BUSINESS\s*$", system, re.MULTILINE)
    start = system.find("{", found.end()) if found else -1
    told = json.JSONDecoder().raw_decode(system[start:])[0] if start >= 0 else {}
    if facts:
        told |= json.JSONDecoder().raw_decode(facts)[0]
    if "now" not in told:
        return Context(now=datetime(2026, 1, 1, tzinfo=UTC))
    shown = told.get("shown") or told.get("offered") or ()
    return Context(
        now=datetime.fromisoformat(told["now"]),
        language=told.get("language", "pt"),
        services=told.get("services", ()),
        professionals=told.get("professionals", ()),
        appointments=[
            each
            for each in told.get("appointments", ())
            if each.get("status", "booked") in ("booked", "confirmed", "held")
        ],
        offered=[
            each
            for each in (shown.get("rows", ()) if isinstance(shown, Mapping) else shown)
            if str(each.get("id", "")).startswith("s_")
        ],
        told=told,
    )


def hear(text: str, *, context: Context, offered: int = 0) -> UnderstoodMessage:
    """Understand `text`, said when `offered` options had just been shown."""
    said = plain(text)
    if offered:  # "a segunda" is a choice now, and Monday otherwise
        said = re.sub(r"(?<!para )(?<!pra )\bl?a segunda\b(?![ -]feira)", "opcao 2", said)
    topics = tuple(topic for topic, pattern in _INFO.items() if re.search(pattern, said))
    source, target = When(), when(said, now=context.now)
    intent = _intent(said, topics=topics, timed=bool(target))
    if intent == "move":
        source, target = _from_and_to(said, now=context.now)
    rest = without_dates(said, now=context.now)
    tokens = set(words(said)) - {"a", "o", "e", "el", "la", "the"}
    alone = _NUMBER_ALONE.match(said)
    item = _NAMED_ITEM.search(text)
    return UnderstoodMessage(
        language=language_of(text, otherwise=context.language),
        intent=intent,
        service=_service(said, context=context),
        professional=_professional(said, context=context),
        when=target,
        source=source,
        topics=topics,
        ordinal=_ordinal(rest),
        number=int(alone[1]) if alone else None,
        item=item[0] if item else None,
        yes=bool(tokens) and tokens <= _YES,
        no=bool(tokens) and tokens <= _NO,
        firm=bool(re.search(_STRONG, said) or not re.search(_ASK, said)),
        everything=bool(re.search(r"\b(?:todos|todas|tudo|all|every\w*|todo)\b", said)),
    )


def _intent(said: str, *, topics: tuple[str, ...], timed: bool) -> str | None:
    for intent, pattern in (*_INTENTS, ("book", _STRONG)):
        if re.search(pattern, said):
            return intent
    if topics and not (timed and "hours" not in topics and re.search(_ASK, said)):
        return "info"
    for intent, pattern in (("ask", _ASK), ("book", _WEAK)):
        if re.search(pattern, said):
            return intent
    left = words(re.sub(f"{_GREETING}|{_THANKS}", " ", said))
    for intent, pattern in (("thanks", _THANKS), ("greet", _GREETING)):
        if re.search(pattern, said) and len(left) <= _SMALL_TALK:
            return intent
    return None


def _from_and_to(said: str, *, now: datetime) -> tuple[When, When]:
    for match in reversed(list(_MOVE_TARGET.finditer(said))):
        target = when(said[match.end() :], now=now)
        if not target and match[0] == "para as":
            target = when("as" + said[match.end() :], now=now)
        if target:
            return when(said[: match.start()], now=now), target
    return When(), when(said, now=now)


def _service(said: str, *, context: Context) -> str | None:
    told = set(words(said))
    if "beard" in told:
        told.discard("trim")  # of the beard, then, and not of the hair
    scores: dict[str, tuple[int, int]] = {}
    for service in context.services:
        name = [word for word in words(plain(service["name"])) if len(word) > 2]  # noqa: PLR2004 - "e", "de"
        hits = sum(_same(word, told) for word in name)
        hits = hits or int(service["id"] in told)
        if hits:
            scores[service["id"]] = (hits, -len(name))
    best = max(scores.values(), default=None)
    winners = [service for service, score in scores.items() if score == best]
    return winners[0] if len(winners) == 1 or (winners and best == (1, -1)) else None


def _same(word: str, told: set[str]) -> bool:
    return word in told or any(word in group and group & told for group in SYNONYMS)


def _professional(said: str, *, context: Context) -> str | None:
    introduced = re.search(r"\b(?:nome e|sou|chamo|name is|i am|i'm|soy|llamo)\b", said)
    for professional in context.professionals:
        first = words(plain(professional["name"]))[:1]
        if first and not introduced and re.search(rf"\b{re.escape(first[0])}\b", said):
            return str(professional["id"])
    return None


def _ordinal(rest: str) -> int | None:
    if re.search(_SOONEST, rest):
        return 1
    return next((number for number, pattern in _ORDINALS if re.search(pattern, rest)), None)
