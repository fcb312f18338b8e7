"""The commands' sentences in Portuguese, by the English ones that stand where they are said.

`SENTENCES` and `WORDS` are said through `spoken.say`, `spoken.worded` and `operating.show`; `ERRORS`
are raised elsewhere in English. A test looks that each is said somewhere, and none is missing.
"""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # Catalogue.
    "{name} is offered; every process sees it within fifteen seconds.": (
        "{name} está no catálogo; todos os processos o veem em até quinze segundos."
    ),
    "{name} is changed; every process sees it within fifteen seconds.": (
        "{name} foi alterado; todos os processos o veem em até quinze segundos."
    ),
    "{name} is removed.": "{name} foi removido.",
    "{name} works here; every process sees it within fifteen seconds.": (
        "{name} trabalha aqui; todos os processos o veem em até quinze segundos."
    ),
    "{name}: {week}": "{name}: {week}",
    "Nothing is offered yet: mcp-platform services add.": (
        "Ainda não há serviços: mcp-platform services add."
    ),
    "Nobody works here yet: mcp-platform people add.": (
        "Ainda não há profissionais: mcp-platform people add."
    ),
    "Write a price as 45, 45,00 or USD 12.50.": ("Escreva o preço como 45, 45,00 ou USD 12.50."),
    "{piece} is neither a day nor hours. Write for instance: {example}": (
        "{piece} não é dia nem horário. Escreva, por exemplo: {example}"
    ),
    # Lists that are empty.
    "Nothing is in the audit trail.": "Não há nada na trilha de auditoria.",
    "Nothing is parked.": "Nada está parado.",
    "Nothing was given up.": "Nada foi abandonado.",
    "There are no tenants yet: mcp-platform onboard.": (
        "Ainda não há ambientes: mcp-platform onboard."
    ),
    "There are no users yet: mcp-platform users create <e-mail>.": (
        "Ainda não há usuários: mcp-platform users create <e-mail>."
    ),
    "There are no such conversations.": "Não há conversas assim.",
    # Conversations and appointments.
    "{who}: the assistant answers.": "{who}: quem responde é o assistente.",
    "{who}: waits for a person; the assistant is silent until {until}.": (
        "{who}: espera por uma pessoa; o assistente fica em silêncio até {until}."
    ),
    "{who}: {by} has this conversation until {until}.": (
        "{who}: {by} está com esta conversa até {until}."
    ),
    "WhatsApp takes no reply now: call them, or wait until they write.": (
        "O WhatsApp não aceita resposta agora: ligue, ou espere que a pessoa escreva."
    ),
    "WhatsApp takes replies until {until}.": "O WhatsApp aceita respostas até {until}.",
    "The assistant was answering: its reply is held back, unless it has booked something.": (
        "O assistente estava respondendo: a resposta fica retida, a não ser que já tenha marcado"
        " alguma coisa."
    ),
    "It is queued; `mcp-platform conversations show` says what becomes of it.": (
        "Está na fila; `mcp-platform conversations show` mostra o que acontece com ela."
    ),
    "The assistant answers this contact again.": "O assistente volta a responder a este contato.",
    "{what} is booked: {id}": "{what} está marcado: {id}",
    "It is now {what}.": "Agora é {what}.",
    "{what} is cancelled.": "{what} foi cancelado.",
    "The customer is told by a message.": "O cliente é avisado por mensagem.",
    "The customer was not told.": "O cliente não foi avisado.",
    "WhatsApp takes no message now: call them. mcp-platform appointments calls": (
        "O WhatsApp não aceita mensagem agora: ligue para o cliente. mcp-platform appointments"
        " calls"
    ),
    "Noted.": "Anotado.",
    "Nothing is booked then.": "Não há horários marcados nesse período.",
    "Nobody is to be called.": "Não há ninguém para quem ligar.",
    # Tenants and users.
    "What to do about trouble: mcp-platform doctor <client>/<environment>": (
        "O que fazer com um problema: mcp-platform doctor <cliente>/<ambiente>"
    ),
    "{tenant} is changed; every process sees it within half a minute.": (
        "{tenant} foi alterado; todos os processos o veem em até meio minuto."
    ),
    "{tenant} is suspended; every process sees it within half a minute.": (
        "{tenant} está suspenso; todos os processos o veem em até meio minuto."
    ),
    "{tenant} is active; every process sees it within half a minute.": (
        "{tenant} está ativo; todos os processos o veem em até meio minuto."
    ),
    "The database login of {tenant} has another password.": (
        "O usuário de banco de {tenant} tem outra senha."
    ),
    "{email} is disabled; every process refuses their tokens within seconds.": (
        "{email} está desativado; todos os processos recusam seus tokens em segundos."
    ),
    "{email} may sign in again.": "{email} pode entrar de novo.",
    "{email} signs in with the password alone.": "{email} entra só com a senha.",
    # Closed days and holidays.
    "No day is closed.": "Nenhum dia está fechado.",
    "{days} is closed.": "{days}: fechado.",
    "Opened again: {count}.": "Reabertos: {count}.",
    "There are bookings then:": "Há horários marcados nesse período:",
    "Nothing was closed.": "Nada foi fechado.",
    "Keep them (k), cancel them (c), or close nothing (n)?": (
        "Manter (m), cancelar (c) ou não fechar nada (n)?"
    ),
    "Kept, although it is closed then:": "Mantidos, embora esteja fechado:",
    "Cancelled, and out of the calendar:": "Cancelados, e fora da agenda:",
    "{year} is decided: closed on {count} holidays.": (
        "{year} está decidido: fecha em {count} feriado(s)."
    ),
    "Close on which? Numbers, all or none:": "Fechar em quais? Números, todos ou nenhum:",
    "No holiday is known there: mcp-platform closed-days town.": (
        "Nenhum feriado conhecido: mcp-platform closed-days town."
    ),
    "Holidays of {region}, and of the town:": "Feriados de {region}, e os da cidade:",
    "None of its own.": "Nenhum da cidade.",
}

WORDS: Mapping[str, str] = {
    "Answered by": "Quem responde",
    "Appointment": "Agendamento",
    "Changed by": "Mudado por",
    "For": "Para",
    "Now": "Agora",
    "Phone": "Telefone",
    "They know": "O cliente conta com",
    "Told": "Avisado",
    "When": "Quando",
    "Why no message": "Por que sem mensagem",
    "cancelled": "cancelado",
    "WhatsApp takes none now": "o WhatsApp não aceita agora",
    "Conversation": "Conversa",
    "Unanswered since": "Sem resposta desde",
    "Until": "Até",
    "Wrote last": "Escreveu por último",
    "Action": "Ação",
    "At (UTC)": "Quando (UTC)",
    "Attempts": "Tentativas",
    "Business": "Negócio",
    "Code": "Código",
    "Credential": "Credencial",
    "E-mail": "E-mail",
    "Files": "Arquivos",
    "Fingerprint": "Impressão digital",
    "Folder": "Pasta",
    "From": "De onde",
    "Model": "Modelo",
    "Number id": "Id do número",
    "One-time codes": "Códigos de uso único",
    "Role": "Papel",
    "Service": "Serviço",
    "Since": "Desde",
    "Status": "Situação",
    "Tenant": "Ambiente",
    "There": "Existe",
    "Topology": "Topologia",
    "Trouble": "Problema",
    "Turn": "Turno",
    "What": "O quê",
    "Why": "Por quê",
    "By law": "Pela lei",
    "Calendar": "Agenda",
    "Day": "Dia",
    "Days": "Dias",
    "Does": "Faz",
    "Done by": "Feito por",
    "Holiday": "Feriado",
    "Hours": "Horário",
    "Id": "Id",
    "Minutes": "Minutos",
    "Name": "Nome",
    "No.": "Nº",
    "Price": "Preço",
    "Reason": "Motivo",
    "Remarks": "Observações",
    "State": "Estado",
    "Who": "Quem",
    "active": "ativo",
    "closed": "fechado",
    "everybody": "todos",
    "holiday": "feriado",
    "inactive": "inativo",
    "open": "aberto",
    "optional": "facultativo",
}

ERRORS: Mapping[str, str] = {
    "There is no user {email}.": "Não existe o usuário {email}.",
    "There is a user with this e-mail address.": "Já existe um usuário com este e-mail.",
    "This is the last administrator: make another one first.": (
        "Este é o último administrador: crie outro antes."
    ),
    "{file} cannot be read: {why}.": "{file} não pode ser lido: {why}.",
    "There is no tenant {path}.": "Não existe o ambiente {path}.",
    "There is no tenant {path}. `mcp-platform tenants list` shows all.": (
        "Não existe o ambiente {path}. `mcp-platform tenants list` mostra todos."
    ),
    "{path} is no tenant. Write it as <client>/<environment>, for instance"
    " barbearia-do-ze/production.": (
        "{path} não é um ambiente. Escreva como <cliente>/<ambiente>, por exemplo"
        " barbearia-do-ze/production."
    ),
    "{path} is offboarded: it changes no more.": (
        "{path} foi desligado: não aceita mais mudanças."
    ),
    "There is no service {id}.": "Não existe o serviço {id}.",
    "There is no professional {id}.": "Não existe o profissional {id}.",
    "there is a service {id} already": "já existe um serviço {id}",
    "there is a professional {id} already": "já existe um profissional {id}",
    "there is no such service": "não existe esse serviço",
    "nobody of that id works here": "ninguém com esse id trabalha aqui",
    "These services cannot be offered.": "Estes serviços não podem ser oferecidos.",
    "These hours cannot be.": "Este horário não pode ser.",
    "overlaps the span that opens at {opens}": "bate com o período que abre às {opens}",
    "{name} has {count} appointments ahead: make it inactive instead.": (
        "{name} tem {count} horário(s) marcado(s): deixe inativo em vez de remover."
    ),
    "{name} had {count} appointments, which are kept: make it inactive instead.": (
        "{name} já teve {count} horário(s), que são guardados: deixe inativo em vez de remover."
    ),
    "None of these days is closed.": "Nenhum desses dias está fechado.",
    "Nothing was closed: say --bookings keep or --bookings cancel.": (
        "Nada foi fechado: diga --bookings keep (manter) ou --bookings cancel (cancelar)."
    ),
    "{days} is no range of at most {count} days, the first one first.": (
        "{days} não é um período de até {count} dias, com o primeiro dia antes."
    ),
    "{day} is no day. Write it as 2026-12-25 or 25/12/2026.": (
        "{day} não é um dia. Escreva como 25/12/2026 ou 2026-12-25."
    ),
    "{day} is no day of a year. Write it as 25/01, the day first.": (
        "{day} não é um dia do ano. Escreva como 25/01, o dia antes do mês."
    ),
    "There is no such holiday of the town's: {days}.": "A cidade não tem esse feriado: {days}.",
    "These are no holidays.": "Estes dias não são feriados.",
}

PORTUGUESE: Mapping[str, str] = {**SENTENCES, **WORDS}
