"""The commands' sentences in Portuguese, by the English ones that stand where they are said.

They are said through `spoken.say`, `spoken.worded` and `operating.show`. A test looks that each is
said somewhere, and none is missing.
"""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # What every command may say.
    "Aborted.": "Cancelado.",
    "Interrupted.": "Interrompido.",
    "  and {count} more": "  e mais {count}",
    # Translations of answers.
    "Nothing is left to be translated.": "Não falta traduzir nada.",
    "{number} of {count}: {title}": "{number} de {count}: {title}",
    "Look at these, which differ: {differs}": "Veja estes, que diferem: {differs}",
    "Have you read it, and may customers read it? (y/n)": (
        "Você leu, e os clientes podem ler? (s/n)"
    ),
    "Customers read it from now on.": "Os clientes leem a partir de agora.",
    "It is not kept.": "Não foi guardada.",
    # Rehearsals.
    "{path}: {dialogues} dialogues with {turns} messages of customers. {model} gets some {turns}"
    " to {most} requests.": (
        "{path}: {dialogues} diálogos com {turns} mensagens de clientes. {model} recebe de {turns}"
        " a {most} pedidos, mais ou menos."
    ),
    "The scratch installation starts.": "A instalação de rascunho está subindo.",
    "The model gave no answer.": "O modelo não respondeu.",
    "{passed} of {judged} passed; {asked} requests, {prompt} tokens in ({cached} of them cached)"
    " and {out} out.": (
        "{passed} de {judged} passaram; {asked} pedidos, {prompt} tokens de entrada ({cached} deles"
        " em cache) e {out} de saída."
    ),
    "The rehearsal ended early. {why}.": "O ensaio acabou antes do fim. {why}.",
    "Wait until it returns, or give the key's project a larger one:"
    " https://ai.google.dev/gemini-api/docs/rate-limits": (
        "Espere a cota voltar, ou dê uma maior ao projeto da chave:"
        " https://ai.google.dev/gemini-api/docs/rate-limits"
    ),
    "What is left: mcp-platform rehearse … {left}": "O que falta: mcp-platform rehearse … {left}",
    "left out, for it lacks {what}": "fica de fora, por falta de {what}",
    "an address": "endereço",
    "a telephone number": "telefone",
    "a price of its first service": "preço do primeiro serviço",
    "a day within the next six on which nobody works": "dia sem atendimento nos próximos seis",
    "an answer in this language": "resposta nesta língua",
    "a second service": "segundo serviço",
    "a second person for its first service": "segunda pessoa para o primeiro serviço",
    "a free time later today": "horário livre ainda hoje",
    "free times within the next six days": "horário livre nos próximos seis dias",
    # Templates.
    "Template": "Modelo",
    "Language": "Idioma",
    "Category": "Categoria",
    "Sent": "Envia",
    "There are no templates: mcp-platform templates create.": (
        "Não há modelos: mcp-platform templates create."
    ),
    "Meta gave no answer: {why}": "A Meta não respondeu: {why}",
    # Phrases.
    "Phrase": "Frase",
    "Words": "Palavras",
    "Wording": "Texto",
    "Example": "Exemplo",
    "book": "do livro",
    "own": "próprias",
    "fixed": "fixas",
    "unfit": "não servem mais",
    "example": "exemplo",
    "No phrase is in the business's own words: mcp-platform phrases set.": (
        "Nenhuma frase está nas palavras do próprio negócio: mcp-platform phrases set."
    ),
    "Each wording has, outside brackets: {names}": "Cada texto tem, fora de colchetes: {names}",
    "It may have: {names}": "Pode ter: {names}",
    "It is about safety: its wording is the same for every business.": (
        "É de segurança: as palavras são as mesmas para todo negócio."
    ),
    "The book has changed: the own words no longer fit, and the book's are said.": (
        "O livro mudou: as palavras próprias não servem mais, e as do livro são ditas."
    ),
    "{phrase} is said in the book's words again.": "{phrase} volta a ser dita nas palavras do livro.",
    # The file of all clients.
    "Credentials that would be compared with the store: {count}.": (
        "Ambientes cujas credenciais seriam comparadas com as guardadas: {count}."
    ),
    "Credentials: {saved} of {count} tenants are saved.": (
        "Credenciais: gravadas as de {saved} de {count} ambiente(s)."
    ),
    "  {path} is not named, and stays as it is.": "  {path} não está no arquivo, e fica como está.",
    "{what}: {created} created, {updated} updated, {unchanged} unchanged.": (
        "{what}: {created} criado(s), {updated} atualizado(s), {unchanged} sem mudança."
    ),
    "{what}: {created} would be created, {updated} would be updated, {unchanged} unchanged.": (
        "{what}: {created} seria(m) criado(s), {updated} seria(m) atualizado(s), {unchanged} sem"
        " mudança."
    ),
    "Still to be given are the credentials of:": "Ainda faltam as credenciais de:",
    "no file is named for it": "nenhum arquivo é nomeado para ele",
    "    mcp-platform credentials set {path} --from-file FILE.env": (
        "    mcp-platform credentials set {path} --from-file ARQUIVO.env"
    ),
    # The manifests and what all tenants share.
    "Pushed {commit} to {branch}.": "Enviado {commit} para {branch}.",
    "Nothing to publish: all is there.": "Não há nada a publicar: já está tudo lá.",
    "Nothing would change.": "Nada mudaria.",
    "Nothing was pushed.": "Nada foi enviado.",
    "Nothing is set yet.": "Ainda não há nada definido.",
    "Tenants that cannot work yet:": "Ambientes que ainda não podem funcionar:",
    "This fleet cannot run. It lacks:": "Esta frota não pode rodar. Falta:",
    "Looked up when it is published, as it is not set:": (
        "Procurado ao publicar, porque não está definido:"
    ),
    "A fleet does not run without:": "Uma frota não roda sem:",
    "(public key)": "(chave pública)",
    # Credentials in a cluster.
    "unchanged": "sem mudança",
    "changed ({keys})": "mudado ({keys})",
    "created ({keys})": "criado ({keys})",
    "would be changed ({keys})": "seria mudado ({keys})",
    "would be created ({keys})": "seria criado ({keys})",
    # A tenant's end.
    "{output}: {rows} rows of {tenant}.": "{output}: {rows} linha(s) de {tenant}.",
    "Write {id} to erase this contact for good": "Escreva {id} para apagar este contato de vez",
    "Erased. The receipt:": "Apagado. O comprovante:",
    "Nobody was erased.": "Ninguém foi apagado.",
    "Erased at": "Apagado em",
    "Rows": "Linhas",
    "Contacts that were erased again: {count}.": "Contatos apagados de novo: {count}.",
    "{output}: all that is kept of this contact.": "{output}: tudo o que se guarda deste contato.",
    "{tenant} is off-boarded; it is purged on {day}. Until then: mcp-platform tenants restore"
    " {tenant}": (
        "{tenant} está encerrado; será eliminado em {day}. Até lá: mcp-platform tenants restore"
        " {tenant}"
    ),
    "{tenant} is active again.": "{tenant} está ativo de novo.",
    "{tenant} is suspended again.": "{tenant} está suspenso de novo.",
    "Meta does not send its messages here any more. To have them sent again: mcp-platform doctor"
    " {tenant} --fix": (
        "A Meta não envia mais as mensagens dele para cá. Para que volte a enviar: mcp-platform"
        " doctor {tenant} --fix"
    ),
    "Write {tenant} to delete it for good": "Escreva {tenant} para apagar de vez",
    "{tenant} is purged by the running service within a few minutes. How far it has come, and what"
    " is left for you to take away: mcp-platform tenants show {tenant}": (
        "{tenant} será eliminado pelo serviço em execução em poucos minutos. Em que ponto está, e o"
        " que sobra para você retirar: mcp-platform tenants show {tenant}"
    ),
    "{tenant} is there. Its credentials are missing still: mcp-platform credentials set {tenant}"
    " --from-file FILE": (
        "{tenant} foi criado. Ainda faltam as credenciais: mcp-platform credentials set {tenant}"
        " --from-file ARQUIVO"
    ),
    # Users.
    "{email} is {role}.": "{email} é {role}.",
    "The password of {email} is another one.": "A senha de {email} foi trocada.",
    "Password": "Senha",
    "The same again": "A mesma senha outra vez",
    "These are not the same.": "As duas não são iguais.",
    "The password, shown this once; it must be changed at the first use:": (
        "A senha, mostrada só desta vez; tem de ser trocada no primeiro uso:"
    ),
    # The queue and the database.
    "{count} replayed.": "Tentados de novo: {count}.",
    "The database is up to date.": "O banco está atualizado.",
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
    "Nobody is waiting.": "Ninguém está esperando.",
    "The wish {id} is off the list.": "O pedido {id} saiu da lista.",
    "Part of the day": "Parte do dia",
    "morning": "manhã",
    "afternoon": "tarde",
    "evening": "noite",
    "any hour": "qualquer hora",
    "There is no such question.": "Não há pergunta assim.",
    "Answered: {messages} by a message, {calls} to be called (mcp-platform questions calls).": (
        "Respondida: {messages} por mensagem, {calls} por telefone (mcp-platform questions calls)."
    ),
    "The question {id} is closed.": "A pergunta {id} foi encerrada.",
    "The question {id} has now {count} customers.": "A pergunta {id} agora tem {count} cliente(s).",
    "Asked at": "Perguntada em",
    "Customers": "Clientes",
    "Topic": "Assunto",
    "Question": "Pergunta",
    "Answer": "Resposta",
    "The answer {id} is there: {title}.": "A resposta {id} está cadastrada: {title}.",
    "The answer {id} is changed: {title}.": "A resposta {id} foi alterada: {title}.",
    "The answer {id} is removed.": "A resposta {id} foi removida.",
    "There is no such answer: mcp-platform answers add.": (
        "Não há resposta assim: mcp-platform answers add."
    ),
    "{language} (not approved)": "{language} (sem aprovação)",
    "Answers": "Respostas",
    "Title": "Título",
    "Questions": "Perguntas",
    "Text": "Texto",
    "Languages": "Idiomas",
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
    "Nothing waits for anybody.": "Nada espera por ninguém.",
}

WORDS: Mapping[str, str] = {
    "Clients": "Clientes",
    "Clients and tenants": "Clientes e ambientes",
    "Tenants": "Ambientes",
    "Services": "Serviços",
    "People": "Profissionais",
    "Closed days": "Dias fechados",
    "Credentials": "Credenciais",
    "disabled": "desativado",
    "no": "não",
    "off": "desligado",
    "on": "ligado",
    "unsure: set it again": "incerta: grave de novo",
    "yes": "sim",
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

CODES: Mapping[str, str] = {
    # Of tenants and appointments.
    "suspended": "suspenso",
    "offboarded": "encerrado",
    "held": "reservado",
    "booked": "marcado",
    "confirmed": "confirmado",
    "completed": "realizado",
    "no_show": "não veio",
    # How a customer was told.
    "message": "por mensagem",
    "call": "por telefone: ligar",
    "called": "por telefone",
    # Who answers a conversation, who wrote, and what became of it.
    "assistant": "assistente",
    "waiting": "espera por uma pessoa",
    "person": "uma pessoa",
    "contact": "contato",
    "model": "assistente",
    "menu": "menu",
    "human": "pessoa",
    "system": "sistema",
    "queued": "na fila",
    "uncertain": "sem certeza de ter saído",
    "accepted": "aceita pela Meta",
    "delivered": "entregue",
    "read": "lida",
    "failed": "não entregue",
    # What waits for somebody.
    "question": "pergunta sem resposta",
    "unconfirmed": "não confirmou",
    "answer": "avisar da resposta por telefone",
    "parked": "mensagem parada",
    # Of folders.
    "added": "nova",
    "changed": "mudou",
    "removed": "removida",
}
"""Words of closed lists, which a table shows and JSON has as they are."""

PORTUGUESE: Mapping[str, str] = {**SENTENCES, **WORDS, **CODES}
