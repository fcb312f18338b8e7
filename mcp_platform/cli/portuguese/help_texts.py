"""What `--help` says, in Portuguese: a paragraph by the English one that stands where it is written."""

from collections.abc import Mapping

HELP: Mapping[str, str] = {
    # Typer's own.
    "Show this message and exit.": "Mostra esta ajuda e termina.",
    "Install completion for the current shell.": "Instala o autocompletar no shell em uso.",
    "Show completion for the current shell, to copy it or customize the installation.": (
        "Mostra o autocompletar do shell em uso, para copiar ou adaptar."
    ),
    # All commands.
    "WhatsApp scheduling assistants for many small businesses, isolated per client.": (
        "Assistentes de agendamento no WhatsApp para muitos pequenos negócios, com um cliente"
        " isolado do outro."
    ),
    "Without DATABASE_URL and REDIS_URL the commands use PostgreSQL and Valkey of their own, in the"
    " folder DATA_DIR (default: .data).": (
        "Sem DATABASE_URL e REDIS_URL, os comandos usam um PostgreSQL e um Valkey próprios, na"
        " pasta DATA_DIR (sem valor: .data)."
    ),
    "Say which release this is, and end.": "Diz qual é a versão e termina.",
    "What is said in. Unset: Portuguese where LANG is, else English.": (
        "O idioma das mensagens. Sem valor: português se LANG for português; senão, inglês."
    ),
    "What is said in.": "O idioma das perguntas e mensagens.",
    "A tenant: [bold]<client>/<environment>[/].": "Um ambiente: [bold]<cliente>/<ambiente>[/].",
    "A tenant: [bold]<client>/<environment>[/]. None named: all of them.": (
        "Um ambiente: [bold]<cliente>/<ambiente>[/]. Sem nenhum: todos."
    ),
    "A tenant: [bold]<client>/<environment>[/], unless [bold]--all[/] is given.": (
        "Um ambiente: [bold]<cliente>/<ambiente>[/], a não ser com [bold]--all[/]."
    ),
    "All of them, instead of naming each.": "Todos, em vez de nomear cada um.",
    "Print JSON, for programs, instead of a table.": (
        "Imprime JSON, para programas, em vez de uma tabela."
    ),
    "Show what would change, and change nothing.": "Mostra o que mudaria e não muda nada.",
    # Serve, demo, migrate.
    "Serve. SIGTERM and Ctrl-C stop it when what is under way is finished.": (
        "Põe o serviço no ar. Com SIGTERM ou Ctrl-C, ele termina o que está em andamento e para."
    ),
    "The public port is PORT on HOST, metrics and detailed health are on INTERNAL_PORT. Everything"
    " that can be set is an environment variable: see docs/configuration.md.": (
        "A porta pública é PORT em HOST; métricas e saúde detalhada ficam em INTERNAL_PORT. Tudo o"
        " que se configura é variável de ambiente: veja docs/configuration.md."
    ),
    "Any of [bold]gateway[/bold] (webhooks, tenant API), [bold]worker[/bold] (answers, sends),"
    " [bold]admin[/bold] and [bold]provisioner[/bold] (Secrets, database logins). None named: all.": (
        "[bold]gateway[/bold] (webhooks, API dos ambientes), [bold]worker[/bold] (responde, envia),"
        " [bold]admin[/bold] e [bold]provisioner[/bold] (Secrets, usuários de banco). Sem nenhuma:"
        " todas."
    ),
    "Bring the database to this release first.": "Antes, atualiza o banco para esta versão.",
    "Run everything here, with simulated vendors: no account, no key, no Docker.": (
        "Roda tudo aqui, com fornecedores simulados: sem conta, sem chave, sem Docker."
    ),
    "Starts PostgreSQL, Valkey, the simulators of Meta, Gemini and Google Calendar, a gateway and a"
    " worker; makes two tenants; plays a conversation; then stays up with a page on which you write"
    " as a customer. Ctrl-C stops it all. Its data is in DATA_DIR/demo, emptied at each start.": (
        "Inicia o PostgreSQL, o Valkey, os simuladores da Meta, do Gemini e do Google Agenda, um"
        " gateway e um worker; cria dois ambientes; encena uma conversa; e continua no ar com uma"
        " página em que você escreve como cliente. Ctrl-C para tudo. Os dados ficam em"
        " DATA_DIR/demo, esvaziada a cada início."
    ),
    "Play the script, check what came of it, and end.": (
        "Encena o roteiro, confere o resultado e termina."
    ),
    "Play the scripted conversation first.": "Encena antes a conversa do roteiro.",
    "Open the page in a browser, where there is a screen.": (
        "Abre a página no navegador, se houver uma tela."
    ),
    "Port of the page. Unset: 8088, or any if it is taken.": (
        "Porta da página. Sem valor: 8088, ou outra qualquer se estiver ocupada."
    ),
    "Seconds to pause after each message. Unset: 0.8, and 0 with --once.": (
        "Segundos de pausa depois de cada mensagem. Sem valor: 0,8; com --once, 0."
    ),
    "Bring the database to this release. Safe to repeat, and to run by several at once.": (
        "Atualiza o banco para esta versão. Pode ser repetido, e rodado por vários ao mesmo tempo."
    ),
    "Uses DATABASE_URL, or the embedded PostgreSQL in DATA_DIR, which is created when missing.": (
        "Usa DATABASE_URL, ou o PostgreSQL embutido em DATA_DIR, que é criado se não existir."
    ),
    "Revision to go to.": "A revisão de destino.",
    "Compare the tables that the migrations make with those that the code declares.": (
        "Compara as tabelas que as migrações criam com as que o código declara."
    ),
    "Runs on an embedded PostgreSQL of its own, which is gone afterwards. For those who change the"
    " code: `make check` runs it.": (
        "Roda num PostgreSQL embutido próprio, que depois some. Para quem muda o código: `make"
        " check` já o roda."
    ),
    # Onboard, doctor, audit.
    "Ask everything about a new client, prove its credentials with the vendors, and save it.": (
        "Pergunta tudo sobre um cliente novo, prova as credenciais com os fornecedores e grava."
    ),
    "Ctrl-C at any question: what is no secret is kept, and the next run goes on at that question."
    " Exit status: 0 done, 1 refused or stopped, 2 answers missing or misused.": (
        "Ctrl-C em qualquer pergunta: o que não é segredo fica guardado, e a próxima vez continua"
        " nela. Status de saída: 0 feito, 1 recusado ou interrompido, 2 respostas faltando ou uso"
        " errado."
    ),
    "Answers in JSON or YAML, as docs/examples/onboarding.json: what it answers is not asked.": (
        "Respostas em JSON ou YAML, como docs/examples/onboarding.json: o que está nele não é"
        " perguntado."
    ),
    "Ask nothing: everything is in the file, or is said to be missing.": (
        "Não pergunta nada: o que não estiver no arquivo é dito que falta."
    ),
    "Without questions: save credentials that a vendor refuses, or does not answer for.": (
        "Sem perguntas: grava credenciais que um fornecedor recusa, ou sobre as quais não responde."
    ),
    "Check credentials, vendors and webhooks of a tenant, and say what to do.": (
        "Confere as credenciais, os fornecedores e os webhooks de um ambiente, e diz o que fazer."
    ),
    "Exit status: 0 all well or warnings, 1 something failed, 2 misused, 3 nothing failed but"
    " something could not be known.": (
        "Status de saída: 0 tudo bem ou só avisos, 1 algo falhou, 2 uso errado, 3 nada falhou, mas"
        " algo não pôde ser verificado."
    ),
    "Subscribe to webhooks, and point them here, where they are not.": (
        "Inscreve o app nos webhooks e os aponta para cá, onde ainda não estão."
    ),
    "Write a private event to the calendar, and delete it.": (
        "Escreve um evento privado na agenda e o apaga."
    ),
    "Print results as JSON instead of a table.": (
        "Imprime os resultados em JSON, em vez de uma tabela."
    ),
    "Have the tenant's model propose translations, one after the other, and approve each or not.": (
        "Faz o modelo do ambiente propor traduções, uma depois da outra, e você aprova cada uma ou"
        " não."
    ),
    "Customers read a translation only once a person has approved it; one that is not approved is not"
    " kept. What has an approved translation is not asked about again, unless it is named.": (
        "Os clientes só leem uma tradução depois que uma pessoa a aprovou; a que não é aprovada não é"
        " guardada. O que já tem tradução aprovada não volta, a não ser que seja nomeado."
    ),
    "Ids, as `answers list` shows them. None named: all that lack it.": (
        "Ids, como `answers list` mostra. Sem nenhum: todas as que não a têm."
    ),
    "The language to translate into.": "A língua para a qual traduzir.",
    "Play dialogues with a tenant's real model, and judge the replies. No customer is reached.": (
        "Encena diálogos com o modelo real de um ambiente e julga as respostas. Nenhum cliente"
        " recebe nada."
    ),
    "The tenant's catalogue, hours, answers and wordings are copied into a database that goes again"
    " afterwards; WhatsApp and the calendar are simulated. Gemini is asked with the tenant's own"
    " key, which costs tokens. Exit status: 0 every dialogue passed, 1 not so.": (
        "O catálogo, os horários, as respostas e as frases do ambiente são copiados para um banco"
        " que some depois; o WhatsApp e a agenda são simulados. O Gemini é perguntado com a chave do"
        " próprio ambiente, o que gasta tokens. Código de saída: 0 todos os diálogos passaram, 1"
        " não."
    ),
    "A YAML file of your own, as docs/dialogues.md describes it.": (
        "Um arquivo YAML seu, como docs/dialogues.md descreve."
    ),
    "In which language customers write. Unset: the tenant's.": (
        "Em que língua os clientes escrevem. Sem ela: a do ambiente."
    ),
    "The dialogue of this name. May be given several times.": (
        "O diálogo com este nome. Pode ser dado várias vezes."
    ),
    "Also write all that was said to this file, as JSON.": (
        "Também grava neste arquivo tudo o que foi dito, em JSON."
    ),
    "Show the dialogues, and ask the model nothing.": (
        "Mostra os diálogos e não pergunta nada ao modelo."
    ),
    "Print everything the assistant can say, with an example of each value, as Markdown.": (
        "Imprime tudo o que o assistente pode dizer, com um exemplo de cada valor, em Markdown."
    ),
    "What customers and owners read, in their language. Phrases are named as the assistant chooses"
    " them; what is filled in stands in bold. With [bold]--tenant[/] it is a document that its"
    " owner can read and sign: the hash is of all that stands below it.": (
        "O que clientes e donos leem, no idioma deles. As frases têm o nome pelo qual o assistente"
        " as escolhe; em negrito está o que é preenchido. Com [bold]--tenant[/], é um documento que"
        " o dono do negócio pode ler e assinar: o hash é de tudo o que vem abaixo dele."
    ),
    "Show who did what, newest first. Secrets are masked, and phone numbers but for two digits.": (
        "Mostra quem fez o quê, do mais novo ao mais antigo. Segredos são mascarados, e telefones"
        " também, menos dois dígitos."
    ),
    "How many of the newest.": "Quantos dos mais novos.",
    "Whose: an e-mail, or an account of a machine.": (
        "De quem: um e-mail, ou uma conta da máquina."
    ),
    "What, such as tenant.update.": "O quê: por exemplo, tenant.update.",
    "Print JSON lines, with what was before and after.": (
        "Imprime linhas JSON, com o que havia antes e depois."
    ),
    # Publish, config, platform, secrets.
    "Export the database, make the manifests, and push them to MANIFESTS_REPOSITORY.": (
        "Exporta o banco, gera os manifestos e os envia a MANIFESTS_REPOSITORY."
    ),
    "A fleet that could not run is not pushed: what is missing is said, and which command gives it."
    " Safe to repeat, and to run by several at once: nothing is pushed when nothing changed, and a"
    " push never goes over somebody else's. Needs `git`, and the extra `manifests` of this package.": (
        "Uma frota que não poderia rodar não é enviada: o comando diz o que falta, e como resolver."
        " Pode ser repetido, e rodado por vários ao mesmo tempo: nada é enviado se nada mudou, e um"
        " envio nunca passa por cima do de outra pessoa. Precisa do `git` e do extra `manifests`"
        " deste pacote."
    ),
    "Remove the folders of tenants that are gone. With them Argo CD removes what runs.": (
        "Remove as pastas dos ambientes que não existem mais. Com elas, o Argo CD remove o que está"
        " rodando."
    ),
    "Show what `publish --prune` would change. Pushes nothing.": (
        "Mostra o que `publish --prune` mudaria. Não envia nada."
    ),
    "Name the folders only, not the lines.": "Mostra só as pastas, sem as linhas.",
    "Bring clients in from a config.json, or write one for the manifest builder.": (
        "Traz clientes de um config.json, ou escreve um para o gerador de manifestos."
    ),
    "Create the clients and environments that a file names, and update those that differ.": (
        "Cria os clientes e ambientes que um arquivo nomeia, e atualiza os que diferem."
    ),
    "Nothing is deleted. What the database takes, it takes as a whole; then credentials are proved"
    " and saved, one tenant at a time. Tenants without a file of their own are named, with the"
    " command that gives them one, and so are those whose file is no more than an example. Exit"
    " status 1: some credentials were given, and not saved.": (
        "Nada é apagado. O que vai para o banco vai por inteiro; depois as credenciais são provadas"
        " e gravadas, um ambiente por vez. Os ambientes sem arquivo próprio são listados, com o"
        " comando que lhes dá um; também aqueles cujo arquivo não passa de um exemplo. Status de"
        " saída 1: algumas credenciais foram dadas e não foram gravadas."
    ),
    "A config.json, as docs/config.md describes it.": (
        "Um config.json, como docs/config.md o descreve."
    ),
    "Where the credentials files lie that it names. Unset: beside it.": (
        "Onde estão os arquivos de credenciais que ele nomeia. Sem valor: ao lado dele."
    ),
    "Save credentials without asking the vendors.": (
        "Grava as credenciais sem perguntar aos fornecedores."
    ),
    "Write config.json: what the manifest builder reads. The same database, the same bytes.": (
        "Escreve o config.json que o gerador de manifestos lê. O mesmo banco dá os mesmos bytes."
    ),
    "Write to this file instead of standard output.": (
        "Escreve neste arquivo, em vez da saída padrão."
    ),
    "Also what each offers, who does it and when. Not for the manifests repository.": (
        "Inclui o que cada um oferece, quem faz e quando. Não serve para o repositório de"
        " manifestos."
    ),
    "See and set what all tenants share in the manifests, and what is missing in it.": (
        "Mostra e define o que todos os ambientes compartilham nos manifestos, e o que falta nisso."
    ),
    "Show what all tenants share, and what a fleet still needs to run.": (
        "Mostra o que todos os ambientes compartilham, e o que ainda falta para rodarem."
    ),
    "As JSON, for programs.": "Em JSON, para programas.",
    "Set what all tenants share. What is not named stays; `publish` brings it to the cluster.": (
        "Define o que todos os ambientes compartilham. O que não é nomeado fica como está;"
        " `publish` leva ao cluster."
    ),
    "Fields of docs/config.md: [bold]image=…[/], [bold]host=…[/], [bold]argocd.repo_url=…[/],"
    " [bold]settings.LOG_LEVEL=…[/]. Lists with commas. Nothing behind the = takes a field away.": (
        "Campos de docs/config.md: [bold]image=…[/], [bold]host=…[/], [bold]argocd.repo_url=…[/],"
        " [bold]settings.LOG_LEVEL=…[/]. Listas com vírgulas. Nada depois do = retira o campo."
    ),
    "A folder: the public halves of its keys become those that tokens are verified with. A first"
    " pair is made where there is none. Its private half goes into a Secret, by hand.": (
        "Uma pasta: as metades públicas das chaves dela passam a ser as que conferem os tokens. Se"
        " não há nenhuma, um primeiro par é criado. A metade privada vai para um Secret, à mão."
    ),
    "Bring credentials into a cluster without Argo CD and without Sealed Secrets.": (
        "Leva credenciais a um cluster sem Argo CD e sem Sealed Secrets."
    ),
    "Write each tenant's Secret from its .env file: where KUBECONFIG leads, or around this Pod.": (
        "Escreve o Secret de cada ambiente a partir do arquivo .env dele: no cluster de KUBECONFIG,"
        " ou no deste Pod."
    ),
    "Keys that the file does not have stay in the Secret. Exit status 1: some could not be written.": (
        "As chaves que o arquivo não tem ficam no Secret. Status de saída 1: alguns não puderam ser"
        " escritos."
    ),
    "Tenants: [bold]<client>/<environment>[/]. None named: each that the database knows.": (
        "Ambientes: [bold]<cliente>/<ambiente>[/]. Sem nenhum: todos os que estão no banco."
    ),
    "Where the .env files lie. Unset: CREDENTIALS_DIR.": (
        "Onde estão os arquivos .env. Sem valor: CREDENTIALS_DIR."
    ),
    "Say what would change, and change nothing.": "Diz o que mudaria e não muda nada.",
    # Tenants.
    "Make, change, list and show tenants, suspend and resume them, make tokens for their API.": (
        "Cria, muda, lista e mostra ambientes, suspende e retoma, cria tokens para a API deles."
    ),
    "Write all that is kept of a tenant as JSON lines: services, customers, messages, bookings.": (
        "Escreve tudo o que se guarda de um ambiente em linhas JSON: serviços, clientes, mensagens,"
        " agendamentos."
    ),
    "Credentials are not in it. It holds what customers wrote: keep it as such.": (
        "Não contém credenciais. Contém o que os clientes escreveram: guarde como tal."
    ),
    "Where the data goes; a file that is there is not overwritten.": (
        "Para onde vão os dados; um arquivo que já existe não é sobrescrito."
    ),
    "Stop a tenant for good: nothing is answered, and after a grace period all of it is purged.": (
        "Encerra um ambiente: nada mais é respondido e, depois de um prazo, tudo é eliminado."
    ),
    "Until then `restore` brings it back. What it leaves with Meta is taken away in the background.": (
        "Até lá, `restore` o traz de volta. O que ele deixa na Meta é retirado em segundo plano."
    ),
    "Bring an off-boarded tenant back, as it was.": (
        "Traz de volta um ambiente encerrado, como ele era."
    ),
    "Delete all that is kept of an off-boarded tenant, now. There is no way back.": (
        "Apaga agora tudo o que se guarda de um ambiente encerrado. Não há volta."
    ),
    "The running service does it, within a few minutes; `tenants export` keeps a copy before."
    " Without a copy of all that is there now it is refused, unless you say so.": (
        "Quem apaga é o serviço em execução, em poucos minutos; antes, `tenants export` guarda uma"
        " cópia. Sem uma cópia de tudo o que há agora, o comando recusa, a não ser que você diga o"
        " contrário."
    ),
    "The tenant's name once more: [bold]<client>/<environment>[/]. Unset: it is asked for.": (
        "O nome do ambiente outra vez: [bold]<cliente>/<ambiente>[/]. Sem valor: é perguntado."
    ),
    "Delete it although no export holds all that is there now.": (
        "Apaga mesmo que nenhuma exportação contenha tudo o que há agora."
    ),
    "List the tenants: status, number, calendar, and what is wrong with them.": (
        "Lista os ambientes: situação, número, agenda e o que há de errado com eles."
    ),
    "Make a tenant, and its client if that is new. What it offers: mcp-platform services.": (
        "Cria um ambiente, e o cliente dele se for novo. O que ele oferece: mcp-platform services."
    ),
    "The business, as customers know it; of a new client.": (
        "O negócio, como os clientes o conhecem; para um cliente novo."
    ),
    "pt-BR, en or es.": "pt-BR, en ou es.",
    "An IANA name.": "Um nome IANA, como America/Sao_Paulo.",
    "Before the business's name: o, a, os or as. Unset: de, as in de Studio.": (
        "Antes do nome do negócio: o, a, os ou as. Sem valor: de, como em “de Studio”."
    ),
    "What it is, told to the model: barber, salon, nails, massage, clinic, dentist, pets or other.": (
        "O que ele é, para a equipe: barber (barbearia), salon (salão), nails (unhas), massage"
        " (massagem), clinic (clínica), dentist (dentista), pets ou other (outro)."
    ),
    "Where the business is.": "Onde fica o negócio.",
    "Its phone, as people write it.": "O telefone, como as pessoas o escrevem.",
    "What else customers may know.": "O que mais os clientes podem saber.",
    "Where notices go: (11) 98765-4321, or with its country's code.": (
        "Para onde vão os avisos: (11) 98765-4321, ou com o código do país."
    ),
    "Meta's id of the WhatsApp number.": "O ID do número de WhatsApp na Meta.",
    "Meta's id of the WhatsApp Business account.": "O ID da conta do WhatsApp Business na Meta.",
    "The Google calendar that bookings go into.": (
        "A agenda do Google em que os horários são marcados."
    ),
    "Whether an all-day event that Google counts as free closes its day (it does).": (
        "Se um evento de dia inteiro que o Google mostra como livre fecha o dia (fecha)."
    ),
    "Whether an invitation nobody answered closes its time (it does not).": (
        "Se um convite sem resposta fecha o horário dele (não fecha)."
    ),
    "shared or isolated.": "shared (compartilhado) ou isolated (isolado).",
    "Change a tenant; what is not named stays as it is, and an empty value takes one away.": (
        "Muda um ambiente; o que não é nomeado fica como está, e um valor vazio retira o que havia."
    ),
    "Show a tenant as JSON: everything but its credentials and its catalogue.": (
        "Mostra um ambiente em JSON: tudo, menos as credenciais e o catálogo."
    ),
    "Off-boarded, how far its end has come, and what is left for you to take away.": (
        "Se encerrado, em que ponto está o fim e o que sobra para você retirar."
    ),
    "Stop answering a tenant's customers. What they write is kept, and answered after `resume`.": (
        "Para de responder aos clientes de um ambiente. O que escrevem fica guardado, e é"
        " respondido depois de `resume`."
    ),
    "Answer a suspended tenant's customers again, what waits first.": (
        "Volta a responder aos clientes de um ambiente suspenso, começando pelo que espera."
    ),
    "Give a tenant's database login another password, in the database and in its credentials.": (
        "Dá outra senha ao usuário de banco de um ambiente, no banco e nas credenciais."
    ),
    "What is connected stays so. Pods of an isolated tenant read the password for each new"
    " connection, and need no restart. Where credentials are sealed, publish at once.": (
        "O que está conectado continua. Os pods de um ambiente isolado leem a senha a cada conexão"
        " nova, e não precisam reiniciar. Onde as credenciais são seladas, publique em seguida."
    ),
    "Make a token for a tenant's API, and print it alone.": (
        "Cria um token para a API de um ambiente, e imprime só ele."
    ),
    "It is a secret: whoever has it can do what its scopes allow until it expires. The signing key"
    " is in JWT_KEYS_DIR, or made in DATA_DIR at the first use.": (
        "É um segredo: quem o tem pode fazer o que os escopos permitem até ele vencer. A chave que"
        " o assina está em JWT_KEYS_DIR, ou é criada em DATA_DIR no primeiro uso."
    ),
    "What the token allows: [bold]chat[/], [bold]appointments:read[/], [bold]appointments:write[/],"
    " … May be given several times.": (
        "O que o token permite: [bold]chat[/], [bold]appointments:read[/],"
        " [bold]appointments:write[/], … Pode ser repetida."
    ),
    "How long it is valid: 90s, 30m, 12h or 7d; at most 366d.": (
        "Por quanto tempo vale: 90s, 30m, 12h ou 7d; no máximo 366d."
    ),
    "Who will use it; written into the audit trail.": (
        "Quem vai usá-lo; fica na trilha de auditoria."
    ),
    # Catalogue.
    "See, add, change and remove what a tenant offers.": (
        "Mostra, inclui, muda e remove o que um ambiente oferece."
    ),
    "List what a tenant offers, in the owner's order.": (
        "Lista o que um ambiente oferece, na ordem do dono."
    ),
    "Add a service. It can be booked once somebody does it: mcp-platform people.": (
        "Inclui um serviço. Pode ser marcado quando alguém o faz: mcp-platform people."
    ),
    "As customers read it.": "Como os clientes o leem.",
    "How long it takes.": "Quanto tempo leva.",
    'Such as 45,00 or "USD 12.50"; empty: it is not told.': (
        'Por exemplo, 45,00 ou "USD 12.50"; vazio: não é dito.'
    ),
    "Unset: made of the name. It never changes.": "Sem valor: feito do nome. Nunca muda.",
    "Minutes kept free before it.": "Minutos livres antes dele.",
    "Minutes kept free after it.": "Minutos livres depois dele.",
    "Lower comes first.": "O menor vem primeiro.",
    "Whether it also stands below what is proposed to a customer: a rule that they agree to.": (
        "Se ela também fica abaixo do que é proposto ao cliente: uma regra com a qual ele concorda."
    ),
    "Change a service; what is not named stays as it is.": (
        "Muda um serviço; o que não é nomeado fica como está."
    ),
    "Its id, as `services list` shows it.": "O id dele, como `services list` mostra.",
    "Whether it is offered; its history stays.": "Se é oferecido; o histórico fica.",
    "Of which language. Unset: the one that commands speak here; with --tenant, the tenant's.": (
        "De que idioma. Sem ela: o que os comandos falam aqui; com --tenant, o do negócio."
    ),
    "What this one's customers can read: its own wordings, answers and names, with a hash.": (
        "O que os clientes deste podem ler: palavras, respostas e nomes próprios, com um hash."
    ),
    "See what the assistant says, and put a business's own words in its place.": (
        "Ver o que o assistente diz, e trocar pelas palavras do próprio negócio."
    ),
    "List the phrases of the book, each as it reads to this business's customers.": (
        "Listar as frases do livro, cada uma como os clientes deste negócio a leem."
    ),
    "Show a phrase: when it is said, its wordings, and what is filled in.": (
        "Mostrar uma frase: quando é dita, como é dita, e o que é preenchido."
    ),
    "Say a phrase in the business's own words, from the next reply on.": (
        "Dizer uma frase nas palavras do próprio negócio, a partir da próxima resposta."
    ),
    "{name} is filled in, and [, {name}] left out whole where there is no name. Which values there are,"
    " and which must be there, [bold]phrases show[/] tells. Nobody but you checks what the words say:"
    " they must not agree to, refuse or promise what the phrase does not.": (
        "{name} é preenchido, e [, {name}] some inteiro quando não há nome. Quais valores existem, e"
        " quais têm de estar lá, [bold]phrases show[/] mostra. Ninguém além de você confere o que as"
        " palavras dizem: elas não podem aceitar, recusar nem prometer o que a frase não faz."
    ),
    'For instance: mcp-platform phrases set barbearia-do-ze/production ask_help "Diga lá[, {name}]!"'
    ' "No que dá pra ajudar?"': (
        "Por exemplo: mcp-platform phrases set barbearia-do-ze/production ask_help"
        ' "Diga lá[, {name}]!" "No que dá pra ajudar?"'
    ),
    "Say a phrase in the book's words again.": "Voltar a dizer uma frase nas palavras do livro.",
    "Its id, as `phrases list` shows it.": "O id dela, como `phrases list` mostra.",
    "Of which language. Unset: the tenant's.": "De que idioma. Sem ela: o do negócio.",
    "Only those in the business's own words.": "Só as que estão nas palavras do próprio negócio.",
    "One to four, which alternate; at most 200 characters each.": (
        "De uma a quatro, que se alternam; cada uma com no máximo 200 caracteres."
    ),
    "See what customers asked and nobody has answered yet, and answer it.": (
        "Mostra o que os clientes perguntaram e ninguém respondeu ainda, e responde."
    ),
    "Show what waits for somebody over all tenants, the longest first. Of active tenants.": (
        "Mostra o que espera por alguém em todos os tenants, o mais antigo primeiro. Dos ativos."
    ),
    "What a customer said is shown by `conversations show` and `questions list`.": (
        "O que um cliente disse é mostrado por `conversations show` e `questions list`."
    ),
    "Only customers [bold]waiting[/] for a person, a [bold]question[/] without an answer, a"
    " [bold]call[/] about a changed appointment, an appointment that is near and"
    " [bold]unconfirmed[/], a call with an [bold]answer[/], or what is [bold]parked[/].": (
        "Só clientes que esperam por uma pessoa ([bold]waiting[/]), perguntas sem resposta"
        " ([bold]question[/]), quem avisar por telefone de um horário mudado ([bold]call[/]), quem"
        " não confirmou um horário próximo ([bold]unconfirmed[/]), quem avisar de uma resposta"
        " ([bold]answer[/]), ou mensagens paradas ([bold]parked[/])."
    ),
    "How many, what waits longest first.": "Quantos, o que espera há mais tempo primeiro.",
    'How many hours before customers are reminded, such as "24 2"; "": never.': (
        'Quantas horas antes os clientes são lembrados, por exemplo "24 2"; "": nunca.'
    ),
    "From when on nobody is reminded: 21:00.": "A partir de quando ninguém é lembrado: 21:00.",
    "Until when nobody is reminded: 08:00. The same: no quiet hours.": (
        "Até quando ninguém é lembrado: 08:00. O mesmo: sem horas de silêncio."
    ),
    "How many hours before staff is shown who has not confirmed. Unset: 4.": (
        "Quantas horas antes a equipe vê quem não confirmou. Sem a opção: 4."
    ),
    "See and make the message templates by which customers are reached outside of 24 hours.": (
        "Mostra e cria os modelos de mensagem com que se fala com clientes fora das 24 horas."
    ),
    "reminder, confirmation, moved, cancelled, answer or agenda. Unset: all.": (
        "reminder, confirmation, moved, cancelled, answer ou agenda. Sem a opção: todos."
    ),
    "The business's own words, with the same variables.": (
        "As palavras do próprio negócio, com as mesmas variáveis."
    ),
    "List the templates and what Meta says of each. Only what is APPROVED is sent.": (
        "Lista os modelos e o que a Meta diz de cada um. Só o que está APPROVED é enviado."
    ),
    "Have templates made at Meta, in our words or the business's own.": (
        "Pede à Meta os modelos, com as nossas palavras ou as do próprio negócio."
    ),
    "A worker asks Meta within seconds; its review takes minutes, at most a day. Repeat it after"
    " Meta rejected one: the next version is made. What is approved is sent until the next one is.": (
        "Um worker pede à Meta em segundos; a análise leva minutos, no máximo um dia. Repita depois"
        " de uma recusa: é feita a versão seguinte. O que está aprovado é enviado até que ela esteja."
    ),
    "Have Meta asked again what it says of the templates; a worker does it within seconds.": (
        "Pergunta de novo à Meta o que ela diz dos modelos; um worker faz isso em segundos."
    ),
    "Whether a template that Meta counts as MARKETING is sent all the same (it is not).": (
        "Se um modelo que a Meta conta como MARKETING é enviado assim mesmo (não é)."
    ),
    "See who would come if a time became free, and note whom you have seen to.": (
        "Mostra quem viria se vagasse um horário, e anota quem já foi atendido."
    ),
    "List the wishes for today and later, the nearest day first.": (
        "Lista os pedidos para hoje e depois, do dia mais próximo em diante."
    ),
    "Its id, as `waitlist list` shows it.": "O id dele, como `waitlist list` mostra.",
    "Note that a customer was offered a time, or is not waiting any more.": (
        "Anota que um cliente recebeu uma oferta, ou não espera mais."
    ),
    "List the questions, the oldest first, in the words of the first customer who asked.": (
        "Lista as perguntas, da mais antiga à mais nova, com as palavras do primeiro cliente."
    ),
    "Which ones.": "Quais.",
    "Answer a question. All who asked read it, with their own words quoted.": (
        "Responde a uma pergunta. Todos que perguntaram recebem, com as próprias palavras citadas."
    ),
    "WhatsApp takes a message until 24 hours after the customer's last one. Who wrote earlier is"
    " listed by [bold]questions calls[/].": (
        "O WhatsApp aceita mensagens até 24 horas depois da última do cliente. Quem escreveu antes"
        " aparece em [bold]questions calls[/]."
    ),
    "Its id, as `questions list` shows it.": "O id dela, como `questions list` mostra.",
    "What the customers read.": "O que os clientes leem.",
    "Keep it as an answer of this title, for the next who asks.": (
        "Guarda como resposta com este título, para o próximo que perguntar."
    ),
    "With --keep: how customers ask it. Unset: as this one did.": (
        "Com --keep: como os clientes perguntam. Sem valor: como este perguntou."
    ),
    "Close a question without an answer. Its customers are told nothing.": (
        "Encerra uma pergunta sem resposta. Os clientes não recebem nada."
    ),
    "Make two questions one, where customers asked the same in other words.": (
        "Junta duas perguntas em uma, quando clientes perguntaram o mesmo com outras palavras."
    ),
    "The id of the one that stays.": "O id da que fica.",
    "List the customers to call with an answer, since no message could bring it.": (
        "Lista os clientes para ligar com a resposta, porque nenhuma mensagem pôde levá-la."
    ),
    "Who was called is taken off with [bold]questions called[/]; what is a week old goes by itself.": (
        "Quem já recebeu a ligação sai da lista com [bold]questions called[/]; o que tem mais de uma"
        " semana sai sozinho."
    ),
    "Note that a customer was called with the answer.": (
        "Anota que um cliente recebeu a ligação com a resposta."
    ),
    "The id that [bold]calls[/] shows.": "O id que [bold]calls[/] mostra.",
    "See, add, edit and remove what the assistant answers about a business.": (
        "Mostra, cadastra, altera e remove o que o assistente responde sobre o negócio."
    ),
    "List the answers in the owner's order. As JSON they can be edited, and brought in again.": (
        "Lista as respostas na ordem do dono. Em JSON, dá para editar e importar de volta."
    ),
    "Add an answer. The assistant quotes it from its next reply on.": (
        "Cadastra uma resposta. O assistente já a usa na próxima mensagem."
    ),
    'For instance: mcp-platform answers add barbearia-do-ze/production Estacionamento --question "Tem'
    ' estacionamento?" --question "Onde deixo o carro?" --text "Sim, ao lado, por R$ 10,00."': (
        "Por exemplo: mcp-platform answers add barbearia-do-ze/production Estacionamento --question"
        ' "Tem estacionamento?" --question "Onde deixo o carro?" --text "Sim, ao lado, por'
        ' R$ 10,00."'
    ),
    "Change an answer, or its words in another language; what is not named stays as it is.": (
        "Altera uma resposta, ou o texto dela em outro idioma; o que não é dito fica como está."
    ),
    "Questions that are given replace all it had. A translation is read by customers only once it is"
    " approved, and no longer when its words change: approve it again.": (
        "As perguntas dadas substituem todas as que havia. O cliente só lê uma tradução aprovada, e"
        " deixa de ler quando o texto muda: aprove de novo."
    ),
    "Remove an answer, in every language. The assistant no longer knows it.": (
        "Remove uma resposta, em todos os idiomas. O assistente não a conhece mais."
    ),
    "Bring in a file of answers: all of it, or none if one cannot be.": (
        "Importa um arquivo de respostas: todas, ou nenhuma se uma não puder."
    ),
    "An answer with the id or the title of one that is there replaces it; others are added. What the"
    " file does not name stays. A CSV has the columns title, questions and text (or título, perguntas"
    ' and resposta), with several questions on lines of their own or behind a "|" in one cell.': (
        "Uma resposta com o id ou o título de uma que já existe a substitui; as outras são"
        " cadastradas. O que não está no arquivo fica. Um CSV tem as colunas título, perguntas e"
        " resposta (ou title, questions e text); várias perguntas vão na mesma célula, uma por"
        ' linha ou separadas por "|".'
    ),
    "Show which answers a customer's words find, best first: try out your questions with it.": (
        "Mostra quais respostas as palavras de um cliente encontram, a melhor primeiro: serve para"
        " testar as perguntas."
    ),
    "As a customer would write it.": "Como um cliente escreveria.",
    "Its id, as `answers list` shows it.": "O id dela, como `answers list` mostra.",
    "A .yaml, .json or .csv file of answers, as docs/operators-guide.md describes it.": (
        "Um arquivo .yaml, .json ou .csv de respostas, como em docs/operators-guide.pt-BR.md."
    ),
    "What it is about, as a menu shows it: Estacionamento.": (
        "Sobre o que é, como aparece no menu: Estacionamento."
    ),
    "What it is about, as a menu shows it.": "Sobre o que é, como aparece no menu.",
    "How customers ask it. Up to six, each in an option of its own.": (
        "Como os clientes perguntam. Até seis, cada uma com a sua opção."
    ),
    "What customers read, as it stands; at most 600 characters.": (
        "O que o cliente lê, tal e qual; no máximo 600 caracteres."
    ),
    "The language of these words. Unset: the one that the owner wrote it in.": (
        "O idioma deste texto. Sem valor: o idioma em que o dono escreveu."
    ),
    "Of a translation: whether customers may read it. A person has to have read it.": (
        "De uma tradução: se os clientes podem ler. Uma pessoa tem de ter lido antes."
    ),
    "Take the translation away.": "Remove a tradução.",
    "Remove a service that nobody ever booked; one with a history is made inactive instead.": (
        "Remove um serviço que ninguém marcou; um que tem histórico é deixado inativo com `change`."
    ),
    "See, add, change and remove who works for a tenant.": (
        "Mostra, inclui, muda e remove quem trabalha num ambiente."
    ),
    "List who works for a tenant and what they do, in the owner's order.": (
        "Lista quem trabalha num ambiente e o que faz, na ordem do dono."
    ),
    "Add somebody. They can be booked once they have hours, and services that they do.": (
        "Inclui alguém. Pode receber clientes quando tem horário e serviços que faz."
    ),
    "A service they do, by its id. Several times for several; all of them.": (
        "Um serviço que a pessoa faz, pelo id. Repita para cada um; diga todos."
    ),
    "Their week, as `hours set` takes it.": "A semana da pessoa, como em `hours set`.",
    "Their own Google calendar; empty: the business's.": (
        "A agenda própria no Google; vazio: a do negócio."
    ),
    "Change somebody; what is not named stays as it is. Their week: mcp-platform hours set.": (
        "Muda alguém; o que não é nomeado fica como está. A semana: mcp-platform hours set."
    ),
    "Their id, as `people list` shows it.": "O id da pessoa, como `people list` mostra.",
    "Whether they take bookings; history stays.": "Se atende; o histórico fica.",
    "Remove somebody whom nobody ever booked; one with a history is made inactive instead.": (
        "Remove alguém com quem ninguém marcou; quem tem histórico é deixado inativo com `change`."
    ),
    "See and set the weekly hours of people.": "Mostra e define o horário da semana das pessoas.",
    "List the weekly hours of everybody who works for a tenant.": (
        "Lista o horário da semana de todos os que trabalham num ambiente."
    ),
    "Replace somebody's whole week.": "Troca a semana inteira de alguém.",
    'The whole week, such as "seg-sex 09:00-12:00 13:00-18:00; sáb 9h-13h". Empty: none.': (
        'A semana inteira, por exemplo "seg-sex 09:00-12:00 13:00-18:00; sáb 9h-13h". Vazio:'
        " nenhum horário."
    ),
    "See, close and open days, half days and holidays of a tenant.": (
        "Mostra, fecha e abre dias, meios dias e feriados de um ambiente."
    ),
    "List the days and hours that are closed, earliest first.": (
        "Lista os dias e horários fechados, do primeiro ao último."
    ),
    "The first day to list; unset: today.": "O primeiro dia da lista; sem valor: hoje.",
    "The last day to list.": "O último dia da lista.",
    "Close days, or the same hours of each. Who has booked then is listed, and you are asked.": (
        "Fecha dias, ou as mesmas horas de cada um. Quem já marcou é listado, e o comando pergunta"
        " o que fazer."
    ),
    "What is closed already stays as it is. Every process offers it so within fifteen seconds.": (
        "O que já está fechado fica como está. Todos os processos veem em até quinze segundos."
    ),
    "A day or a range: 2026-12-25, 25/12/2026, 2026-12-24..2027-01-02.": (
        "Um dia ou um período: 25/12/2026, 2026-12-25, 24/12/2026..02/01/2027."
    ),
    "Half a day: from this hour, such as 12:00 or 12h.": (
        "Meio dia: a partir desta hora, por exemplo 12:00 ou 12h."
    ),
    "Until this hour; 00:00 is midnight.": "Até esta hora; 00:00 é meia-noite.",
    "Only this person's, by their id. Unset: everybody's.": (
        "Só desta pessoa, pelo id. Sem valor: de todos."
    ),
    "Why, for those who read the list.": "Por quê, para quem lê a lista.",
    "What becomes of bookings then: keep or cancel. ask: you are asked.": (
        "O que fazer com os horários já marcados: keep (manter) ou cancel (cancelar). ask: o"
        " comando pergunta."
    ),
    "Open closed days again, half days too.": "Reabre dias fechados, e meios dias também.",
    "Show the holidays of a year and close on those that you name; on none without a yes.": (
        "Mostra os feriados de um ano e fecha nos que você disser; em nenhum sem um sim."
    ),
    "The state's and the town's own are set by [bold]closed-days town[/].": (
        "Os do estado e os da cidade são definidos com [bold]closed-days town[/]."
    ),
    "Unset: this one; from November on, the next.": (
        "Sem valor: este ano; a partir de novembro, o próximo."
    ),
    "A holiday to close on, by its day; [bold]all[/] or [bold]none[/]. May be given several times."
    " Unset: you are asked.": (
        "Um feriado em que se fecha, pelo dia; [bold]all[/] (todos) ou [bold]none[/] (nenhum). Pode"
        " ser repetida. Sem valor: o comando pergunta."
    ),
    "Show and set where a tenant is: its state, and the holidays of its town, of every year.": (
        "Mostra e define onde fica um ambiente: o estado, e os feriados da cidade, de todo ano."
    ),
    "Whose holidays are offered besides: a country, or a state such as BR-SP.": (
        "De onde são os feriados oferecidos: um país, ou um estado como BR-SP."
    ),
    'Such as "25/01 Aniversário da cidade". Several times for several.': (
        'Por exemplo, "25/01 Aniversário da cidade". Repita para cada um.'
    ),
    "By its day, such as 25/01.": "Pelo dia, por exemplo 25/01.",
    # Credentials.
    "See which credentials of a tenant there are, and set them.": (
        "Mostra quais credenciais um ambiente tem, e as grava."
    ),
    "Show which credentials there are, since when, and a fingerprint of each.": (
        "Mostra quais credenciais existem, desde quando, e a impressão digital de cada uma."
    ),
    "Prove credentials with their vendors and save them. What is not named stays as it is.": (
        "Prova credenciais com os fornecedores e as grava. O que não é nomeado fica como está."
    ),
    "Credentials to be asked for, such as GEMINI_API_KEY; what is typed is not shown.": (
        "Credenciais a perguntar, por exemplo GEMINI_API_KEY; o que se digita não aparece."
    ),
    "An .env file, or a service account's JSON file. - reads standard input.": (
        "Um arquivo .env, ou o arquivo JSON de uma conta de serviço. - lê a entrada padrão."
    ),
    "A credential to take away. May be given several times.": (
        "Uma credencial a retirar. Pode ser repetida."
    ),
    "Save without asking the vendors.": "Grava sem perguntar aos fornecedores.",
    "Save although a vendor does not answer; none may refuse.": (
        "Grava mesmo que um fornecedor não responda; nenhum pode recusar."
    ),
    "Save although a vendor refuses.": "Grava mesmo que um fornecedor recuse.",
    # Users.
    "Make and manage the platform's users.": "Cria e administra os usuários da plataforma.",
    "Make a user. The password is asked for, twice, unless an option says otherwise.": (
        "Cria um usuário. A senha é pedida duas vezes, a não ser que uma opção diga outra coisa."
    ),
    "The user's e-mail address.": "O e-mail do usuário.",
    "[bold]admin[/] may do everything, [bold]operator[/] everything but users, [bold]viewer[/]"
    " reads, [bold]staff[/] works in one tenant.": (
        "[bold]admin[/] pode tudo, [bold]operator[/] tudo menos usuários, [bold]viewer[/] só lê,"
        " [bold]staff[/] trabalha em um ambiente."
    ),
    "The user's name. Unset: the address.": "O nome do usuário. Sem valor: o e-mail.",
    "The tenant of staff: [bold]<client>/<environment>[/].": (
        "O ambiente de quem é staff: [bold]<cliente>/<ambiente>[/]."
    ),
    "Make a password and print it, once; it must be changed at the first use.": (
        "Cria uma senha e a mostra uma única vez; ela tem de ser trocada no primeiro uso."
    ),
    "Read the password from standard input.": "Lê a senha da entrada padrão.",
    "List the users, with what each may do.": "Lista os usuários, com o que cada um pode.",
    "Sign a user out everywhere, and let them in no more.": (
        "Encerra as sessões de um usuário em todo lugar e não o deixa mais entrar."
    ),
    "Let a disabled user in again.": "Deixa um usuário desativado entrar de novo.",
    "Give a user another password, and sign them out everywhere.": (
        "Dá outra senha a um usuário e encerra as sessões dele em todo lugar."
    ),
    "Turn a user's one-time codes off, who has lost what makes them.": (
        "Desliga os códigos de uso único de um usuário que perdeu o autenticador."
    ),
    # Inbox and outbox.
    "See messages that could not be answered, and try again.": (
        "Mostra mensagens que não puderam ser respondidas, e tenta de novo."
    ),
    "List the turns that were set aside because every attempt to answer them failed.": (
        "Lista os turnos postos de lado porque toda tentativa de responder falhou."
    ),
    "Answer parked turns after all: their messages wait again, as if they had just come.": (
        "Responde a turnos parados: as mensagens voltam à espera, como se acabassem de chegar."
    ),
    "Ids that `inbox parked` shows.": "Os ids que `inbox parked` mostra.",
    "See messages and calendar writes that were given up, and try again.": (
        "Mostra mensagens e gravações na agenda que foram abandonadas, e tenta de novo."
    ),
    "List what could not be sent or written, and the vendor's last answer.": (
        "Lista o que não pôde ser enviado ou gravado, e a última resposta do fornecedor."
    ),
    "Most per tenant, the latest first.": "Quantos por ambiente, no máximo; o mais novo primeiro.",
    "Try again what was given up. A message may reach the customer a second time: judge first.": (
        "Tenta de novo o que foi abandonado. Uma mensagem pode chegar ao cliente duas vezes: avalie"
        " antes."
    ),
    "Ids that `outbox dead` shows.": "Os ids que `outbox dead` mostra.",
    # Conversations.
    "See conversations, take them from the assistant, answer, and give them back.": (
        "Mostra conversas, assume no lugar do assistente, responde e devolve."
    ),
    "List conversations, those first whose contact wrote last.": (
        "Lista as conversas, da escrita mais recente à mais antiga."
    ),
    "Only those that the [bold]assistant[/] answers, that are [bold]waiting[/] for a person, or that"
    " a [bold]person[/] has.": (
        "Só as que o assistente responde ([bold]assistant[/]), as que esperam por uma pessoa"
        " ([bold]waiting[/]), ou as que uma pessoa assumiu ([bold]person[/])."
    ),
    "Most of each tenant, the latest first.": (
        "Quantas de cada ambiente, no máximo; a mais nova primeiro."
    ),
    "Show who answers a contact, and what was said, the newest last.": (
        "Mostra quem responde a um contato, e o que foi dito, com o mais novo no fim."
    ),
    "A phone number in any form, a user id of Meta's (BR.…), an API user, or the id that"
    " [bold]list[/] shows.": (
        "Um telefone em qualquer forma, um id de usuário da Meta (BR.…), um usuário da API, ou o id"
        " que [bold]list[/] mostra."
    ),
    "How many of the newest messages.": "Quantas das mensagens mais novas.",
    "Take a conversation: the assistant is silent in it until you return it, or write no more.": (
        "Assume uma conversa: o assistente fica em silêncio até você devolvê-la ou parar de"
        " escrever."
    ),
    "It is yours for HUMAN_IDLE_S (an hour), and for as long again after each of your replies.": (
        "Ela é sua por HUMAN_IDLE_S (uma hora), e por mais o mesmo tempo depois de cada resposta"
        " sua."
    ),
    "Write all that is kept of a contact as JSON, for the customer who asks for it.": (
        "Grava em JSON tudo o que se guarda de um contato, para o cliente que pede."
    ),
    "It holds what they wrote, and what was answered: give it to nobody else. docs/api.md says what"
    " each field is.": (
        "Contém o que a pessoa escreveu e o que foi respondido: não entregue a mais ninguém."
        " docs/api.md diz o que é cada campo."
    ),
    "Where the data goes; a file that is there is not overwritten. Unset: it is printed.": (
        "Para onde vão os dados; um arquivo que já existe não é sobrescrito. Sem isso: são"
        " mostrados."
    ),
    "Delete all that is kept of a contact, now. There is no way back.": (
        "Apaga agora tudo o que se guarda de um contato. Não há volta."
    ),
    "Their appointments stay in the business's books, of nobody; events in the calendar lose name and"
    " note. While appointments lie ahead it is refused, unless they are to be cancelled.": (
        "Os horários ficam nos registros do negócio, sem dono; os eventos da agenda perdem nome e"
        " observação. Havendo horários à frente é recusado, a não ser que devam ser cancelados."
    ),
    "Cancel what they have ahead, and tell nobody.": (
        "Cancela o que a pessoa tem à frente, sem avisar ninguém."
    ),
    "The id of the conversation once more, as [bold]list[/] shows it. Unset: it is asked for.": (
        "O id da conversa mais uma vez, como [bold]list[/] mostra. Sem isso: é perguntado."
    ),
    "List erasures: when, and how much. Nothing of it names anybody.": (
        "Lista as eliminações: quando e quanto. Nada ali identifica alguém."
    ),
    "Keep what `--json` prints outside of the database, and give it to `replay-erasures` before a"
    " restored backup serves anybody.": (
        "Guarde fora do banco o que `--json` mostra, e passe a `replay-erasures` antes que um backup"
        " restaurado atenda alguém."
    ),
    "Erase again whom a restored backup has brought back. Safe to repeat.": (
        "Apaga de novo quem um backup restaurado trouxe de volta. Pode ser repetido."
    ),
    "Who has written again since their erasure stays. What lies ahead of the others is cancelled.": (
        "Quem voltou a escrever depois da eliminação fica. O que os outros têm à frente é cancelado."
    ),
    "What `erasures --json` printed.": "O que `erasures --json` mostrou.",
    "From the person, too, who has it now.": "Mesmo de outra pessoa que esteja com ela agora.",
    "Write on WhatsApp to a contact whose conversation you have taken.": (
        "Escreve no WhatsApp a um contato cuja conversa você assumiu."
    ),
    "What to write: at most 4096 characters.": "O que escrever: no máximo 4096 caracteres.",
    "Let the assistant answer a contact again, from their next message on.": (
        "Deixa o assistente responder de novo a um contato, a partir da próxima mensagem."
    ),
    # Appointments.
    "See a tenant's appointments, book, move and cancel them; see whom to call.": (
        "Mostra os horários marcados de um ambiente, marca, remarca e cancela; mostra para quem"
        " ligar."
    ),
    "List what is booked on some days, earliest first, and what became of it.": (
        "Lista o que está marcado em alguns dias, do primeiro ao último, e o que foi feito disso."
    ),
    "The first day, as 2026-12-01. Unset: today.": (
        "O primeiro dia, como 01/12/2026 ou 2026-12-01. Sem valor: hoje."
    ),
    "How many days.": "Quantos dias.",
    "Book for somebody, by the assistant's own rules, and have them told.": (
        "Marca para alguém, pelas regras do próprio assistente, e avisa a pessoa."
    ),
    "The service's id.": "O id do serviço.",
    'When, by the tenant\'s clock: "2026-12-01 10:00".': (
        'Quando, pelo relógio do ambiente: "01/12/2026 10:00".'
    ),
    "Whose it is: their number on WhatsApp, as people write it. They need not have written.": (
        "De quem é: o número de WhatsApp, como as pessoas o escrevem. A pessoa não precisa ter"
        " escrito antes."
    ),
    "Stands in the owner's calendar.": "Aparece na agenda do dono.",
    "The person's id. Unset: whoever is free.": "O id da pessoa. Sem valor: quem estiver livre.",
    "Move an appointment to another time, person or service, and have its customer told.": (
        "Muda um horário marcado para outra hora, pessoa ou serviço, e avisa o cliente."
    ),
    "The id that [bold]list[/] shows.": "O id que [bold]list[/] mostra.",
    "Whether the customer is told: by a message where WhatsApp takes one, else they are listed to be"
    " called.": (
        "Se o cliente é avisado: por mensagem, se o WhatsApp aceitar; senão, entra na lista de quem"
        " é preciso ligar."
    ),
    "Cancel an appointment, and have its customer told.": (
        "Cancela um horário marcado e avisa o cliente."
    ),
    "List the customers to call: what was changed for them, and no message could tell them.": (
        "Lista os clientes para quem ligar: o que mudou para eles e nenhuma mensagem pôde avisar."
    ),
    "The most urgent first. Whoever was called is taken off with [bold]called[/]; what has begun"
    " goes by itself.": (
        "Os mais urgentes primeiro. [bold]called[/] tira da lista para quem já se ligou; o que já"
        " começou sai sozinho."
    ),
    "Note that the customer of an appointment was called.": (
        "Anota que já se ligou para o cliente de um horário marcado."
    ),
}

WORDS: Mapping[str, str] = {
    "Usage: ": "Uso: ",
    "Arguments": "Argumentos",
    "Options": "Opções",
    "Commands": "Comandos",
    "Error": "Erro",
    "[default: {}]": "[padrão: {}]",
    "[required]": "[obrigatório]",
    "Try [blue]'{command_path} {help_option}'[/] for help.": (
        "Veja [blue]'{command_path} {help_option}'[/]."
    ),
    "[OPTIONS]": "[OPÇÕES]",
    "COMMAND [ARGS]...": "COMANDO [ARGUMENTOS]...",
    "CLIENT/ENV": "CLIENTE/AMBIENTE",
    "[CLIENT/ENV]": "[CLIENTE/AMBIENTE]",
    "[CLIENT/ENV…]": "[CLIENTE/AMBIENTE…]",
    "[TURN]…": "[TURNO]…",
    "[ID]…": "[ID]…",
    "[KEY]…": "[CHAVE]…",
    "[FIELD=VALUE]…": "[CAMPO=VALOR]…",
    "[gateway|worker|admin|provisioner]…": "[gateway|worker|admin|provisioner]…",
    "NAME": "NOME",
    "DAYS": "DIAS",
    "HOURS": "HORÁRIO",
}
"""What Typer writes around the paragraphs, and what stands for a value."""
