"""What customers want besides a time, and the phrase of the book that answers it.

One table for each kind: a phrase's id, and words in three languages by which the wish is known. The
words are matched in plain text (`simulators/gemini/words.py`). The first row that matches wins.
"""

import re
from collections.abc import Sequence

Table = Sequence[tuple[str, str]]

# Said alone: life and limb, and what gets no answer.
ALONE: Table = (
    ("despair", r"\bme matar\b|suicid|nao quero (mais )?viver|kill myself|want to live|end my life"
                r"|\bmatarme\b|no quiero vivir|quitarme la vida"),
    ("emergency_animal", r"chumbinho|\b(cachorr\w+|gat[oa]|dog|cat|perr[oa])\b.*(envenen|atropel|convuls|poison)"),
    ("emergency", r"dor \w* ?no peito|chest pain|dolor \w* ?(en el|de) pecho|desmai|infarto|heart attack"
                  r"|(consegue|conseguindo|puede|can't) (respirar|breathe)|sangrando muito|bleeding badly"),
    ("danger", r"\b(assaltando|esta armado|socorro|has a gun|asaltando|tiene un arma)\b"),
    ("abuse", r"vai (se|te) f\w+|filh[ao] da puta|fuck (you|off)|hijo de puta"),
    ("spam", r"ganhe dinheiro|repasse (esta|essa)|make money fast|gane dinero"),
)  # fmt: skip
# Said first, whatever else is said.
REACTS: Table = (
    ("death", r"falec\w+|morreu|enterro|velorio|passed away|\bdied\b|funeral|fallec\w+|\bmurio\b|entierro"),
    ("accident", r"\bacidente|bati o carro|assaltad|fui roubad|pneu furou|\baccident|got robbed|flat tire|me robaron"),
    ("ill_other", r"\b(filh[oa]|mae|pai|marido|esposa|son|daughter|mother|father|hij[oa]|madre|padre)\b.{0,20}"
                  r"(doente|febre|internad|sick|\bill\b|enferm|hospital)"),
    ("ill", r"doente|gripad|de cama|fui internad|\b(i'm|am) (so )?(sick|ill)\b|estoy enferm|quebr\w+ (um|o) dente"
            r"|dor de dente|broke .{0,6}tooth|toothache|dolor de muelas"),
    ("hard_time", r"perdi (meu|o) emprego|esgotad|exaust|burnout|lost my job|dia dificil|perdi el trabajo"),
    ("baby", r"(bebe|filh[oa]|nen[ei]\w*) nasceu|had a baby|nacio mi"),
    ("wedding", r"vou (me )?casar|meu casamento|getting married|my wedding|me caso|mi boda"),
    ("birthday", r"\b(meu|my|mi) (niver\w*|aniversario|birthday|cumpleanos)"),
    ("graduation", r"me formei|minha formatura|passei n[ao] (prova|vestibular|concurso)|i graduated|me gradue"),
    ("new_job", r"novo emprego|fui promovid|entrevista de emprego|new job|job interview|nuevo trabajo"),
    ("travel", r"vou viajar|on vacation|de vacaciones"),
    ("weather", r"que (calor|frio|chuva)\b|chovendo muito|so hot today|hace (calor|frio)"),
    ("compliment_team", r"\b(adorei|amei)\b|ficou (otimo|lindo|show)|loved (it|the)|me encanto|quedo genial"),
    ("compliment_me", r"(voce e (otimo|demais|rapido)|you're (great|fast)|eres (genial|rapido))"),
    ("sorry_slow", r"demor\w+ (pra|para) responder|ninguem responde|nobody answers|nadie responde"),
    ("sorry_mixed_up", r"nao foi isso|not what i|no dije eso"),
)  # fmt: skip
# Said of what went wrong; nothing is sold beside it.
WRONG: Table = (
    ("refund", r"dinheiro de volta|reembols|estorn|money back|refund|devuelv\w+ (mi|el) dinero|cobraram (a mais|errado)"),
    ("frustrated", r"porcaria|que droga|ja (falei|disse)|told you|useless|no sirve|ya (te )?dije"),
    ("complaint", r"pessim|horrive|horrible|terrible|awful|\btorto|torcid|manchad|estrag|mal atendid|reclama|complain"
                  r"|\bquej|ruined|arruin"),
    ("urgent_animal", r"\b(cachorr\w+|gat[oa]|dog|cat|perr[oa])\b.*(vomit|mancando|nao come|limping|not eating|no come)"),
    ("urgent", r"(quebr\w+|broke\w*|rompi) .{0,8}(dente|tooth|diente|muela)|dor de dente|toothache|dolor de muelas"),
)  # fmt: skip
# Answers by themselves.
INFORMS: Table = (
    ("on_the_way", r"\b(to|estou|ja) (chegando|indo|a caminho|saindo)|on (my|the) way|estoy (llegando|en camino)"),
    ("here_waiting", r"\bcheguei\b|na porta|ninguem abre|i'm (here|outside)|at the door|en la puerta|ya llegue"),
    ("call_back", r"me lig(a|ue|ar)\b|call me\b|llameme|llamarme"),
    ("lost_item", r"\besqueci (meu|minha|um|uma)\b|left my|forgot my|olvide mi"),
    ("receipt", r"comprovante|ja paguei|fiz o pix|already paid|ya pague"),
    ("job_seeker", r"curriculo|contratando|hiring|my (cv|resume)\b|busco trabajo"),
    ("seller", r"\bparceria\b|partnership|somos (da|uma) (empresa|agencia)|ofrecemos"),
    ("wrong_number", r"numero errado|foi engano|wrong number|numero equivocado"),
    ("delete_data", r"apag\w+ (os )?meus dados|delete my data|borr\w+ mis datos"),
    ("privacy", r"\b(meus dados|my data|mis datos|lgpd|privacidade|privacy|privacidad)\b"),
    ("trick", r"\b(ignor\w*|esquec\w*|forget|disregard|olvida)\b.*\b(instruc\w*|instruction\w*|regras?|rules?"
              r"|reglas?|prompt)\b|system prompt"),
    ("discount", r"descont\w+|mais barato|discount|cheaper|descuento"),
    ("not_a_person", r"\b(robo|bot|robot|inteligencia artificial|chatgpt)\b|\b(e|are you|eres) (um|a|una?) (human|person|pesso)"),
    ("can_do", r"o que voce faz|what can you do|que puede hacer|como (isso )?funciona"),
    ("medical", r"(que|qual) remedio|posso tomar|should i take|que medicamento"),
    ("legal", r"\b(procon|advogad\w|lawyer|abogad\w)\b|sue you"),
    ("asked_to_hold", r"segura (pra|para) mim|hold it for me|guardame"),
    ("take_your_time", r"vou pensar|let me think|lo pienso|depois (eu )?(aviso|confirmo)"),
    ("cannot_type", r"dirigindo|nao consigo (digitar|escrever)|can't type|no puedo escribir"),
    ("how_to_get_there", r"como chego|how do i get|como llego"),
    ("phone", r"\b(telefone|phone number|telefono)\b"),
    ("duration", r"quanto tempo|how long|cuanto (tiempo|dura|tarda)|demora"),
    ("who_works", r"\bquem (faz|corta|trabalha)|who (does|works|cuts)|quien (hace|corta|trabaja)"),
    ("address", r"\b(endereco|onde (fica\w*|e)|localizacao|address|direccion|ubicacion|where are you|donde (queda|estan))\b"),
    ("my_next", r"(confirmad[oa]|confirmed)\b.*\?|\b(que horas|quando|when|cuando|a que hora) .{0,12}\b(meu|minha|my|mi)\b"),
)  # fmt: skip
# Of an open question: which sentence names its topic.
TOPICS: Table = (
    ("asked_payment", r"\bpix\b|carta?o\b|\bpag\w+|parcel|nota fiscal|convenio|\bcard\b|\bpay\b|tarjeta|factura"),
    ("asked_health", r"gravid|alerg|cirurgi|diabet|pregnan|allerg|embaraz"),
    ("asked_visit", r"estacion|\bcarro\b|\bpark|crianca|cachorr|\bdog\b|perro|wi-?fi|acessib|wheelchair|levar|bring|llevar"),
    ("asked_product", r"produto|\bproducts?\b|producto|\bbrand"),
    ("asked_contact", r"instagram|e-?mail|filial|unidade|sucursal"),
    ("asked_special", r"pacote|voucher|domicilio|presente|\bgift|package|paquete"),
    ("asked_fit_in", r"encaix|squeeze|hueco"),
)  # fmt: skip
CLOSINGS: Table = (
    ("wish_back", r"\b(bom|boa|otimo|good|great|nice|buen|feliz) (fim de semana|final de semana|trabalho|weekend|semana"
                  r"|finde|fin de semana|natal|christmas|navidad)\b|deus (te )?abencoe|have a (nice|good|great)"),
    ("see_you", r"\bate (la|amanha|segunda|terca|quarta|quinta|sexta|sabado|domingo|logo mais)\b|see you|hasta (manana|el)\b"),
    ("welcome", r"\bobrigad[oa]s?\b|\bvaleu\b|\bbrigad|agradeco|\bthanks?\b|thank you|\bgracias\b"),
    ("bye", r"\b(tchau|ate mais|bye|goodbye|adios|chau|hasta luego)\b"),
    ("welcome", r"^(ok|okay|blz|beleza|certo|ta bom|combinado|perfeito|great|perfect|perfecto|vale)?[ .!]*$"),
)  # fmt: skip
LATE = r"\batras\w+|running \w*\s?\w*\s?late|\d+ min\w* late|i'll be late|llegar\w* .{0,14}tarde|\bretras"
UNSURE = (
    r"acho que|nao sei|talvez|pode ser que|\bmight\b|not sure|maybe|creo que|no se\b|tal vez|quizas"
)
WAITLIST = r"me avis\w+ se|alguem desistir|lista de espera|let me know if|wait(ing )?list|avis\w+ si|alguien cancela"
SERIES = r"\b(toda|todo|todas as|todos os|every|cada|todos los) (segunda|terca|quarta|quinta|sexta|sabado|domingo|semana|mes|week|month|\w+day|lunes|martes|miercoles|jueves|viernes)|horario fixo"
NOT_COMING = r"\bnao (vou|vamos|iremos)\b(?!.*(desmarc|cancel))|(not|won't) (come|coming)\b|\bno (voy|vamos)\b"
CERTAIN_NOT = r"nao (vou|posso|consigo) (ir|poder|mais|conseguir)|can't make it|no (puedo|podre) ir"
HOW_ARE_YOU = r"\btudo (bem|bom|certo)\b|como (vai|voce esta|esta|estas)\b|how are you|que tal\b"
LEAVE_IT = r"deixa (quieto|pra la|assim)|melhor nao|never ?mind|leave it|dejalo"
TOGETHER = r"\b(tudo|total|junto|altogether|in total|todo)\b"
COMBINED = r"\be se fosse\b|em vez de|instead|en vez de|\btambem\b|as well"
# Matched in the customer's own spelling.
FOR_WHOM = (
    r"(?i)\b(?:meu|minha|my|mi) (?:filh[oa]|m[ãa]e|pai|av[óô]|irm[ãa]o?|marido|esposa|sobrinh[oa]|net[oa]"
    r"|cachorr[oa]|gat[oa]|son|daughter|mother|mom|father|dad|brother|sister|husband|wife|dog|cat"
    r"|hij[oa]|madre|padre|herman[oa]|espos[oa]|perr[oa])\b(?-i:(?: [A-ZÀ-Ý][a-zà-ÿ]+)?)"
)
TO_KNOW = (
    r"(?i)\b(?:el[ea] (?:n[ãa]o|tem|precisa|usa)|(?:tenho|tem) alergia|sou al[ée]rgic[oa]|s?he (?:doesn't|has|is)"
    r"|i'm allergic|[ée]l no|ella no|soy al[ée]rgic[oa])\b[^.?!\n]*"
)
TO_BE_TOLD = (
    r"(?i)\b(?:anota|avis[ae]|fala|diga?|let them know|tell (?:them|her|him)|"
    r"av[ií]s[ae]les?|diga?les?)\b[^.?!\n]{0,20}?\b(?:que|that)\b(?P<what>[^.?!\n]*)"
)
SOONER = (
    r"\b(?:antecip|adiantar|mais cedo (?:do )?que o meu|earlier than mine|move .*forward|adelant"
    r"|mas temprano que el mio)"
)
EITHER = r"\b(?:ou|or)\b"
EITHER_IN_SPANISH = r"\b(?:o|ou|or)\b"
FROM_ON = r"\b(?:a partir d[eo]|from|desde|depois d[eo]) (?:o |el |the )?(?:dia )?\d"
HALF_DAY = 7  # up to this hour, a bare number can be morning or evening


def first(table: Table, said: str) -> str | None:
    """Return the phrase of the first row that matches."""
    return next((phrase for phrase, pattern in table if re.search(pattern, said)), None)


def minutes(said: str) -> int | None:
    """Return how many minutes are spoken of."""
    found = re.search(r"(\d{1,3}) ?m(?:in\w*)?\b", said)
    if found:
        return int(found[1])
    return 30 if re.search(r"meia hora|half an hour|media hora", said) else None
