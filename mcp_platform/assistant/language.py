"""Which of our languages a contact writes in: held until their own words speak against it.

Deterministic, and only ever used to choose the language that code answers in. A word counts where
it is usual in one of the languages and in no other: most everyday words of Portuguese are Spanish
too, and what Brazilians write without accents looks like it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from mcp_platform.tenants.languages import LANGUAGES

# One alone, of somebody who has written before, is a joke, a name, a typing error: "gracias", "sorry".
SIGNS = 2
WORDS = 3  # "thank you" and "buenos días" are said in any language

_WORDS = {
    "pt-BR": "a à às ao aos o os as um uma uns umas de do da dos das no na nos nas em num numa por"
    " pelo pela para pra pro com sem e ou mas se que é ser sou são era foi fui for vai vou vamos ir"
    " está estão estou tá ta tô to tava tem têm tenho tinha ter há fica ficou quero quer queria"
    " gostaria preciso precisa posso pode podem consigo consegue faz fazem fazer dá da dar deu vem"
    " vir chego chegar chegou chegando sai saio leva levar manda mandar mandei passa fala falar"
    " falo diz marca marcar marcado marcada agenda agendar desmarcar desmarca remarcar remarca"
    " cancela cancelar troca mudar muda confirma confirmo atende atendem abre abrem fecha fecham"
    " trabalha aceita paga pagar paguei liga ligar ver vejo espera esqueci errei gostei amei adorei"
    " eu tu você voce vocês voces vc vcs cê ele ela eles elas nós me te lhe meu minha meus minhas"
    " seu sua seus suas esse essa esses essas isso este esta isto aquele aquela outro outra outros"
    " algum alguma alguém alguem ninguém ninguem nenhum nenhuma tudo todo toda nada algo mesmo"
    " mesma cada qual quais quanto quanta qnto quando qdo onde aonde quem como porque pq não nao ñ"
    " n sim já ja ainda só so até ate lá la ali aqui aí ai bem mal mais muito muita mt menos pouco"
    " também tambem tb tbm depois dps antes agora hoje hj amanhã amanha ontem cedo tarde noite"
    " manhã manha dia dias hora horas horário horario semana mês mes ano fim segunda terça terca"
    " quarta quinta sexta feira sábado sabado domingo feriado primeiro primeira último ultimo"
    " próximo proximo dois duas três tres quatro cinco seis sete oito nove dez meia meio oi oii opa"
    " olá ola alô bom boa bons boas tchau até valeu vlw obrigado obrigada brigado brigada desculpa"
    " favor beleza blz tranquilo combinado fechado legal claro certeza certo isso pessoa gente mãe"
    " mae pai filho filha irmão irmao amigo corte cabelo barba unha unhas mão pé sobrancelha preço"
    " preco valor custa cartão cartao dinheiro desconto endereço endereco rua bairro nome consulta"
    " atrasar atrasado atrasada vaga encaixe encaixar tive surgiu uma né ne viu lo los rs ok si un"
    " cita turno dale vale on am pm acho sei talvez estar lugar pago segundo mando cambio va van"
    " oie oiee moça moca moço moco media ha primer come look make off day spa kids late deixa deixar chama paro",
    "en": "a an the i i'm im i'd id i'll ill i've you you're your he she it it's its is we they"
    " them us me my his her our their this that that's these those there here to of in on at by for"
    " from with without and or but if so as be am is isn't are aren't was were been being do don't"
    " dont does doesn't did didn't have haven't has had can can't cant cannot could would will won't"
    " should may might must want wanted need like love get got go going come coming came make made"
    " take send sent call talk speak ask tell say see look know think mean find found bring let let's"
    " wait change move book booked booking schedule reschedule cancel confirm confirmed appointment"
    " appointments open close pay paid what what's when where which who how much many long why yes"
    " yeah yep no nope not any anything anyone someone some something none nothing one two three"
    " four five six seven eight nine ten first second third last next other another more less very"
    " too only just still yet already again now later earlier soon today tomorrow yesterday tonight"
    " morning afternoon evening night day week weekend month year monday tuesday wednesday thursday"
    " friday saturday sunday early late before after until between around time times hour hours"
    " minute minutes hello hi hey good great nice fine sure okay please thanks thank thx sorry"
    " welcome bye works work working available slot slots haircut cut price cost card cash address"
    " location person people name son daughter husband wife mom dad kid child brother sister free"
    " wrong right sick way walk about off best really all e x ok am pm legal",
    "es": "a al o os as un una unos unas el la los las lo le les de del en con sin por para y e pero"
    " si sí que qué es ser soy somos son era fue fui está esta estás están estan estoy estamos estar"
    " hay ha he hace hacen hacer haces tengo tiene tienes tienen tenemos tener quiero quiere quieres"
    " quisiera quería queria querría gustaría gustaria gusta gustó necesito necesita puedo puede"
    " puedes pueden podría podria voy va vas vamos van ir viene vengo venir llego llega llegar llegué"
    " llegó llegando salgo sale llevar trae mando manda mandar mándame paso pasa pásame deja dejar"
    " déjame dejé digo dice decir habla hablo hablar agendar reservar reservado cancelar cancela"
    " cambiar cambio confirmar confirma confirmo abren abre cierran cierra atienden trabajan aceptan"
    " pagar pago pagué espera espere creo sé sabe ver veo vemos olvidé escribe llama llamas"
    " yo tú tu vos usted ustedes él ella ellos ellas nosotros nos me te se mi mis su sus mí este"
    " esta esto ese esa eso esos otro otra otros alguno alguna alguien nadie ninguno ninguna todo"
    " toda nada algo mismo misma cada cual cuál cuáles cuanto cuánto cuanta cuánta cuántas cuando"
    " cuándo donde dónde quien quién como cómo porque no sí ya aún aun todavía todavia sólo solo"
    " hasta allá allí alli ahí ahi acá aca aquí aqui bien mal más mas muy mucho mucha muchas muchos"
    " menos poco también tambien después despues luego antes ahora hoy mañana ayer temprano tarde"
    " tardes noche noches día dia días dias hora horas horario semana mes año fin lunes martes"
    " miércoles miercoles jueves viernes sábado sabado domingo feriado primero primer primera"
    " último ultimo próximo próxima segundo segunda quinta dos tres cuatro cinco seis siete ocho"
    " nueve diez media medio hola holaa buen bueno buenos buena buenas adiós adios chau gracias"
    " perdón perdon disculpa favor vale dale listo genial claro acuerdo cierto persona gente mamá"
    " papá hijo hija hermano hermana amigo niño cita turno corte pelo barba uñas manos pies cejas"
    " precio cuesta cuestan tarjeta efectivo descuento dirección direccion calle barrio nombre lugar"
    " consulta ta da dar das marca marcar marcado agenda valor tranquilo legal paga fecha muda come"
    " ten has ok am pm",
}
_USUAL = {language: frozenset(words.split()) for language, words in _WORDS.items()}
# Letters and endings that only one of the languages writes. "ñ" alone is a Brazilian's "não".
_SPELT = {
    "pt-BR": re.compile(r"[ãõçâêôà]|[aeiou][ln]h[aeiou]|^k{3}"),
    "en": re.compile(r"'(?:m|s|d|t|ll|re|ve)$"),
    "es": re.compile(r"[¿¡]|\wñ|ñ\w|[cs]i[oó]n$|^ll|^j[aeá]j[aeá]"),
}
# Whole words: in an id such as `s_7a3me` nothing is said in any language.
_TOKEN = re.compile(r"[¿¡]|(?<!\w)[^\W\d_]+(?:'[a-z]+)?(?!\w)")


def detect(messages: Sequence[str], *, now: str, names: Iterable[str] = ()) -> str:
    """Return the language of a contact's latest messages, or `now` until they speak against it.

    A message of three words with two signs does, or two messages with a sign each. Words of
    `names` are nobody's language.
    """
    said = [_words(message) - _words(" ".join(names)) for message in messages]
    weights = [_weights(words) for words in said]
    for other in sorted(LANGUAGES, key=lambda each: -sum(weight[each] for weight in weights)):
        against = [weight[other] - weight[now] for weight in weights]
        clear = any(
            signs >= SIGNS and len(words) >= WORDS
            for signs, words in zip(against, said, strict=True)
        )
        if clear or sum(signs > 0 for signs in against) >= SIGNS:
            return other
    return now


def detect_first(messages: Sequence[str], *, now: str, names: Iterable[str] = ()) -> str:
    """Return the language of the first words that a contact ever writes, or `now`.

    Nothing of theirs speaks for `now` yet: one sign of another language is enough where there is
    none of it, and none of a third that weighs as much.
    """
    weights = _weights(_words(" ".join(messages)) - _words(" ".join(names)))
    likely = [language for language in LANGUAGES if weights[language] == max(weights.values())]
    return now if weights[now] or len(likely) > 1 else likely[0]


def doubtful(messages: Sequence[str], *, now: str) -> bool:
    """Tell whether any message holds more signs of another language than of `now`."""
    weights = [_weights(_words(message)) for message in messages]
    return any(weight[other] > weight[now] for weight in weights for other in LANGUAGES)


def _words(text: str) -> set[str]:
    return set(_TOKEN.findall(text.casefold().replace("’", "'")))


def _weights(words: set[str]) -> Mapping[str, int]:
    return {language: sum(_is_sign(word, of=language) for word in words) for language in LANGUAGES}


def _is_sign(word: str, *, of: str) -> bool:
    usual = [language for language in LANGUAGES if word in _USUAL[language]]
    return usual == [of] if usual else bool(_SPELT[of].search(word))
