"""What the interview says, in Portuguese and English, by name."""

from collections.abc import Mapping

from mcp_platform.cli.commands.onboarding.answers import UnfitAnswer
from mcp_platform.doctor.results import Language

WORDS: Mapping[str, tuple[str, str]] = {
    # Questions.
    "client_name": ("Nome do cliente (vai na URL)", "Client name (goes into the URL)"),
    "business_name": (
        "Nome do negócio, como os clientes o conhecem",
        "Business name, as customers know it",
    ),
    "environments": ("Ambientes", "Environments"),
    "topology": ("Topologia", "Topology"),
    "resources": ("CPU e memória", "CPU and memory"),
    "resources.default": ("os valores padrão", "the defaults"),
    "article": ("“Sou o assistente…”", "“Sou o assistente…” (in Portuguese)"),
    "kind": ("Tipo de negócio", "Kind of business"),
    "kind.barber": ("barbearia", "barber shop"),
    "kind.salon": ("salão de beleza", "hair salon"),
    "kind.nails": ("manicure, unhas", "nails"),
    "kind.massage": ("massagem, spa", "massage, spa"),
    "kind.clinic": ("clínica, consultório", "clinic, practice"),
    "kind.dentist": ("dentista", "dentist"),
    "kind.pets": ("pet shop, veterinário", "pet shop, vet"),
    "kind.other": ("outro", "something else"),
    "address": ("Endereço do negócio (vazio: não é dito)", "Address (empty: not told)"),
    "minimum_notice": (
        "Antecedência mínima para marcar (0, 30 min, 2h, 1 dia)",
        "Shortest notice for a booking (0, 30 min, 2h, 1 day)",
    ),
    "time_zone": ("Fuso horário", "Time zone"),
    "language": ("Idioma do atendimento", "Language of the answers"),
    "owner_whatsapp": (
        "WhatsApp do dono, com DDD (vazio: sem avisos)",
        "Owner's WhatsApp, with the area code (empty: no notices)",
    ),
    "services": ("Serviços", "Services"),
    "service.name": ("Serviço: nome", "Service: name"),
    "service.minutes": ("{name}: minutos", "{name}: minutes"),
    "service.price": ("{name}: preço (vazio: não é dito)", "{name}: price (empty: not told)"),
    "service.more": ("Mais um serviço?", "Another service?"),
    "professionals": ("Profissionais", "Professionals"),
    "professional.name": ("Profissional: nome", "Professional: name"),
    "professional.hours": ("{name}: horário da semana", "{name}: weekly hours"),
    "professional.services": ("{name}: o que faz", "{name}: what they do"),
    "professional.calendar": (
        "{name}: ID da agenda própria no Google (vazio: a do negócio)",
        "{name}: id of an own Google calendar (empty: the business's)",
    ),
    "professional.more": ("Mais um profissional?", "Another professional?"),
    "google": ("Conta de serviço do Google", "Google service account"),
    "google.file": ("dizer onde está o arquivo JSON", "say where the JSON file is"),
    "google.paste": ("colar a chave ou o JSON", "paste the key or the JSON"),
    "google_file": ("Caminho do arquivo JSON", "Path of the JSON file"),
    "google.pasted": (
        "Cole aqui e tecle Enter (não aparece)",
        "Paste it here and press Enter (it is not shown)",
    ),
    "google.taken": ("  Chave de {email} recebida.", "  Key of {email} taken."),
    "GOOGLE_CLIENT_EMAIL": ("E-mail da conta de serviço", "E-mail of the service account"),
    "GOOGLE_PROJECT_ID": ("Projeto do Google", "Google project"),
    "GOOGLE_PRIVATE_KEY": ("Chave privada do Google", "Google private key"),
    "GOOGLE_CALENDAR_ID": ("ID da agenda do Google do negócio", "Google calendar id"),
    "GEMINI_API_KEY": ("Chave do Gemini", "Gemini key"),
    "WHATSAPP_API_TOKEN": ("Token do WhatsApp", "WhatsApp token"),
    "WHATSAPP_PHONE_NUMBER_ID": ("ID do número (phone number id)", "Phone number id"),
    "WHATSAPP_BUSINESS_ACCOUNT_ID": (
        "ID da conta do WhatsApp Business (WABA)",
        "WhatsApp Business account id (WABA)",
    ),
    "WHATSAPP_APP_ID": ("ID do app na Meta", "App id at Meta"),
    "WHATSAPP_APP_SECRET": ("Segredo do app (app secret)", "App secret"),
    "WHATSAPP_WEBHOOK_VERIFY_TOKEN": ("Token de verificação do webhook", "Webhook verify token"),
    "verify.made": ("gerar um agora", "make one now"),
    "verify.own": ("escrever o meu", "type my own"),
    "credentials.when": ("Credenciais de {environment}", "Credentials of {environment}"),
    "credentials.now": ("agora", "now"),
    "credentials.later": ("depois (rode este comando de novo)", "later (run this command again)"),
    "credentials.of": ("Credenciais de {path}", "Credentials of {path}"),
    "credentials.same": (
        "A conta do Google e a chave do Gemini são as de {environment}?",
        "Are the Google account and the Gemini key those of {environment}?",
    ),
    "list.keep": ("manter: {names}", "keep: {names}"),
    "list.again": ("escrever de novo", "write them anew"),
    "credentials.kept": (
        "O que for secreto não aparece aqui nem nas respostas guardadas; depois da sua confirmação é"
        " gravado em {store}.",
        "What is secret is shown neither here nor in the kept answers; once you agree it is written"
        " to {store}.",
    ),
    "store.directory": (
        "{file}, sem cifra, que só a conta deste serviço lê",
        "{file}, in clear, for this service's account alone",
    ),
    "store.kubernetes": (
        "o Secret {secret} do namespace {namespace}",
        "Secret {secret} of namespace {namespace}",
    ),
    "store.sealed": (
        "o banco, cifrado para o controlador de Sealed Secrets",
        "the database, sealed to the Sealed Secrets controller",
    ),
    "left_out": (" (vazio: sem ele)", " (empty: without it)"),
    "clears": (" (“-”: nenhum)", " (“-”: none)"),
    "hidden": ("(não aparece)", "(not shown)"),
    "yes": ("Sim", "Yes"),
    "no": ("Não", "No"),
    "arrows": ("(setas e Enter)", "(arrows and Enter)"),
    "tick": ("(espaço marca, Enter conclui)", "(space ticks, Enter ends)"),
    # What will not do.
    "wrong.reserved": (
        "Este nome é da própria plataforma; escolha outro.",
        "This name is the platform's own; choose another.",
    ),
    "wrong.client_name": (
        "Use de 3 a 40 letras minúsculas, números e hífens no meio.",
        "Use 3 to 40 lower-case letters, digits and inner hyphens.",
    ),
    "wrong.exists": (
        "Este cliente já existe, e todos os seus ambientes têm credenciais.",
        "This client exists, and all its environments have credentials.",
    ),
    "wrong.environment_exists": (
        "Já existe, com credenciais: {names}.",
        "Already there, with credentials: {names}.",
    ),
    "wrong.business_name": (
        "De 1 a 120 caracteres, numa linha.",
        "1 to 120 characters, on one line.",
    ),
    "wrong.name": ("De 1 a 120 caracteres, numa linha.", "1 to 120 characters, on one line."),
    "wrong.environments": (
        "Um ou mais de: development, staging, production.",
        "One or more of: development, staging, production.",
    ),
    "wrong.topology": ("shared ou isolated.", "shared or isolated."),
    "wrong.resources": (
        "Escreva CPU como 100m ou 0.5, e memória como 256Mi ou 1Gi.",
        "Write CPU as 100m or 0.5, and memory as 256Mi or 1Gi.",
    ),
    "wrong.above": (
        "O pedido não pode passar do máximo.",
        "A request must not be above its limit.",
    ),
    "wrong.time_zone": ("Um nome como America/Sao_Paulo.", "A name such as America/Sao_Paulo."),
    "wrong.language": ("pt-BR, en ou es.", "pt-BR, en or es."),
    "wrong.owner_whatsapp": (
        "Não é um número de telefone. Com DDD, (11) 98765-4321; de outro país, com +351….",
        "No phone number. With its area code, or with its country's: +1 415 555 2671.",
    ),
    "wrong.services": (
        "Um serviço tem name, minutes e price, e nada mais; há pelo menos um.",
        "A service has name, minutes and price, and nothing else; there is one at least.",
    ),
    "wrong.services_twice": ("Dois serviços têm o mesmo nome.", "Two services have the same name."),
    "wrong.minutes": ("De 5 a 1440 minutos.", "5 to 1440 minutes."),
    "wrong.price": ("Escreva como 45,00 ou USD 12.50.", "Write it as 45.00 or USD 12.50."),
    "wrong.professionals": (
        "Um profissional tem name, hours, services e calendar, e nada mais; há pelo menos um.",
        "A professional has name, hours, services and calendar, and nothing else; there is one at"
        " least.",
    ),
    "wrong.professionals_twice": (
        "Dois profissionais têm o mesmo nome.",
        "Two professionals have the same name.",
    ),
    "wrong.unknown_service": (
        "{name} faz “{service}”, que não está na lista de serviços.",
        "{name} does “{service}”, which is not in the list of services.",
    ),
    "wrong.hours": (
        "Não entendi “{piece}”. Escreva como seg-sex 09:00-12:00 13:00-18:00; sáb 09:00-13:00.",
        "“{piece}” is not understood. Write as mon-fri 09:00-12:00 13:00-18:00; sat 09:00-13:00.",
    ),
    "wrong.hours_overlap": (
        "Os horários se sobrepõem, ou fecham antes de abrir.",
        "Hours overlap, or close before they open.",
    ),
    "wrong.no_such_answer": ("Não há pergunta com este nome.", "No question has this name."),
    "wrong.credentials": (
        "Um objeto por ambiente, com file e os ids que não são segredo.",
        "An object for each environment, with file and the ids that are no secrets.",
    ),
    "wrong.secret_in_answers": (
        "Não fica aqui: segredos ficam no arquivo que file nomeia.",
        "Has no place here: secrets stand in the file that file names.",
    ),
    "wrong.number_taken": ("Este número já é de {path}.", "This number is that of {path} already."),
    "wrong.empty": ("Falta o valor.", "The value is missing."),
    "wrong.too_long": ("É longo demais.", "It is too long."),
    "wrong.no_private_key": (
        "Uma chave privada vai de -----BEGIN PRIVATE KEY----- até -----END PRIVATE KEY-----.",
        "A private key goes from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----.",
    ),
    "wrong.control_character": (
        "Há uma quebra de linha ou um caractere invisível.",
        "There is a line end or a character that cannot be seen.",
    ),
    "wrong.not_ascii": (
        "Há letras ou sinais que uma credencial não tem.",
        "There are letters or marks that no credential has.",
    ),
    "wrong.inner_space": ("Há um espaço no meio.", "There is a space in it."),
    "wrong.calendar_primary": (
        "“primary” é a agenda da própria conta de serviço, que ninguém vê: copie o ID da agenda nas"
        " configurações dela no Google (de uma pessoa, é o e-mail).",
        "“primary” is the service account's own calendar, which nobody sees: copy the calendar's id"
        " from its settings in Google (of a person it is their e-mail address).",
    ),
    "wrong.calendar_of_account": (
        "A agenda da conta de serviço ninguém vê: copie o ID da agenda do negócio nas configurações"
        " dela no Google.",
        "A service account's own calendar is seen by nobody: copy the id of the business's calendar"
        " from its settings in Google.",
    ),
    "wrong.calendar_address": (
        "Isto é um endereço da internet; falta o ID da agenda, que está nas configurações dela em"
        " “Integrar agenda”.",
        "This is a web address; what is needed is the calendar's id, which stands in its settings"
        " under “Integrate calendar”.",
    ),
    "wrong.form": (
        "Não tem a forma de uma credencial destas.",
        "It has not the form of such a credential.",
    ),
    "wrong.google": (
        "Não é a chave inteira, nem o JSON de uma conta de serviço.",
        "It is neither the whole key nor a service account's JSON.",
    ),
    "wrong.unreadable": (
        "{file} não pode ser lido: {why}.",
        "{file} cannot be read: {why}.",
    ),
    "wrong.encoding": (
        "A linha {line} de {file} não está em UTF-8: salve o arquivo como UTF-8.",
        "Line {line} of {file} is not in UTF-8: save the file as UTF-8.",
    ),
    "wrong.file_too_long": ("{file} é grande demais.", "{file} is too large."),
    "wrong.phone_number": (
        "Isto é um número de telefone. O ID que a Meta dá a ele tem uns 15 dígitos: no app da Meta,"
        " WhatsApp > Configuração da API.",
        "This is a phone number. The id that Meta gives it has some 15 digits: in Meta's app,"
        " WhatsApp > API Setup.",
    ),
    "wrong.article": ("o, a, os, as, ou vazio.", "o, a, os, as, or empty."),
    "wrong.kind": (
        "Um de: barber, salon, nails, massage, clinic, dentist, pets, other.",
        "One of: barber, salon, nails, massage, clinic, dentist, pets, other.",
    ),
    "wrong.address": ("Até 300 caracteres, numa linha.", "At most 300 characters, on one line."),
    "wrong.minimum_notice": (
        "Escreva como 30 min, 2h ou 1 dia; no máximo 30 dias.",
        "Write it as 30 min, 2h or 1 day; at most 30 days.",
    ),
    "wrong.env_file": (
        "{file}: há linhas que não podem ser usadas: {lines}.",
        "{file}: some lines cannot be used: {lines}.",
    ),
    "wrong.missing": ("Falta.", "Is missing."),
    "wrong.missing_in": ("Falta em {file}.", "Is missing in {file}."),
    # The course of it.
    "unfinished": ("Há cadastros por terminar.", "Some clients are not finished."),
    "unfinished.new": ("um cliente novo", "a new client"),
    "unfinished.go_on": ("continuar {name}", "go on with {name}"),
    "opening": ("Abrindo o banco de dados…", "Opening the database…"),
    "going_on": (
        "Continua de onde parou. O que era secreto não foi guardado, e é pedido de novo.",
        "Goes on where it stopped. What was secret was not kept, and is asked for again.",
    ),
    "proof": (
        "Conferindo com Google, Gemini e Meta: {path}",
        "Asking Google, Gemini and Meta: {path}",
    ),
    "proof.good": ("As credenciais funcionam.", "The credentials work."),
    "proof.next": ("Algo não está certo. O que fazer?", "Something is not right. What now?"),
    "proof.unanswered": (
        "Nem tudo pôde ser conferido. O que fazer?",
        "Not everything could be checked. What now?",
    ),
    "proof.sure.unproved": (
        "Salvar credenciais que ninguém conferiu?",
        "Save credentials that nobody has proved?",
    ),
    "proof.correct": ("corrigir: {what}", "correct: {what}"),
    "proof.again": ("conferir de novo", "ask again"),
    "proof.anyway": ("salvar assim mesmo", "save anyway"),
    "proof.sure": (
        "Salvar credenciais que não foram aceitas?",
        "Save credentials that were not accepted?",
    ),
    "stop": ("parar por aqui", "stop here"),
    "summary": ("Resumo", "Summary"),
    "summary.secret": (
        "{length} caracteres, impressão {fingerprint}",
        "{length} characters, fingerprint {fingerprint}",
    ),
    "summary.short": ("{length} caracteres", "{length} characters"),
    "summary.next": ("Está certo?", "Is it right?"),
    "summary.write": ("sim, gravar", "yes, write it"),
    "summary.correct": ("corrigir uma resposta", "correct an answer"),
    "summary.which": ("Qual?", "Which one?"),
    "overruled": ("não foram aceitas; salvas assim mesmo", "not accepted; saved anyway"),
    "unproved": ("não conferidas por inteiro", "not proved entirely"),
    "saved.unproved": (
        "Um fornecedor não respondeu: rode o diagnóstico daqui a pouco, antes de contar com elas.",
        "A vendor did not answer: run the doctor in a while, before you rely on them.",
    ),
    "written": ("Cadastrado: {path}.", "Registered: {path}."),
    "saved": ("Credenciais salvas: {path}.", "Credentials saved: {path}."),
    "refused": (
        "Nada foi gravado: as credenciais de {path} não foram aceitas. Com --save-anyway, são salvas assim mesmo.",
        "Nothing was written: the credentials of {path} were not accepted. With --save-anyway they are saved all the same.",
    ),
    "unproved.refused": (
        "Nada foi gravado: nem tudo de {path} pôde ser conferido (veja acima). Tente de novo em alguns minutos. Com --save-anyway, as credenciais são salvas assim mesmo.",
        "Nothing was written: not everything of {path} could be checked (see above). Try again in some minutes. With --save-anyway the credentials are saved all the same.",
    ),
    "stopped": (
        "Parou. As respostas que não são segredo estão em {file}; rode `mcp-platform onboard` para continuar desta pergunta.",
        "Stopped. Answers that are no secrets are in {file}; run `mcp-platform onboard` to go on from this question.",
    ),
    "stopped.empty": ("Parou. Nada foi guardado.", "Stopped. Nothing was kept."),
    "missing": (
        "Em {file} faltam respostas, ou não servem:",
        "In {file} answers are missing, or will not do:",
    ),
    # What comes next.
    "next": ("O que falta fazer para {path}:", "What is left to do for {path}:"),
    "next.webhook": (
        "No app da Meta, em WhatsApp > Configuração, cole a URL do webhook:",
        "In Meta's app, under WhatsApp > Configuration, paste the webhook URL:",
    ),
    "next.public": (
        "(PUBLIC_URL não está definida: ponha o endereço público deste serviço.)",
        "(PUBLIC_URL is not set: put this service's public address there.)",
    ),
    "next.verify": (
        "e o token de verificação, que só aparece agora:",
        "and the verify token, which is shown only now:",
    ),
    "next.share": (
        "Na agenda do Google, compartilhe com permissão de fazer alterações em eventos:",
        "In Google Calendar, share with permission to make changes to events:",
    ),
    "next.doctor": (
        "Confira tudo, e assine os webhooks:",
        "Check everything, and subscribe the webhooks:",
    ),
    "next.publish": ("Publique os manifestos:", "Publish the manifests:"),
    "next.later": (
        "Credenciais ainda por informar: {names}. Rode `mcp-platform onboard` de novo.",
        "Credentials still to be given: {names}. Run `mcp-platform onboard` again.",
    ),
}


class OnboardingWords:
    """Says what a name stands for, in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, name: str, /, **details: str) -> str:
        portuguese, english = WORDS[name]
        return (portuguese if self.language == "pt" else english).format(**details)

    def unfit(self, error: UnfitAnswer) -> str:
        """Say why an answer will not do, and in which file it stands if in one."""
        name = f"wrong.{error.code}"
        said, file = self(name, **error.details), error.details.get("file")
        return f"{said} ({file})" if file and "{file}" not in WORDS[name][0] else said
