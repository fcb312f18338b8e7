"""What is said of the Google service account and the calendars."""

from mcp_platform.doctor.results import Language
from mcp_platform.doctor.sentences.forms import ResultSentence, failed, ok, unknown, warning

TITLES: dict[str, dict[Language, str]] = {
    "google.key": {"pt": "Google: chave da conta de serviço", "en": "Google: service account key"},
    "google.token": {"pt": "Google: acesso", "en": "Google: token"},
    "google.calendar": {"pt": "Google: agenda", "en": "Google: calendar"},
    "google.events": {"pt": "Google: eventos", "en": "Google: events"},
    "google.write": {"pt": "Google: escrita de teste", "en": "Google: test write"},
}

SENTENCES: dict[tuple[str, str], ResultSentence] = {
    ("google.key", "sound"): ok(
        pt="A chave de {client_email} está inteira ({bits} bits).",
        en="The key of {client_email} is whole ({bits} bits).",
    ),
    ("google.key", "missing"): failed(
        pt=(
            "Falta: {keys}.",
            "Copie do arquivo JSON da conta de serviço `client_email` e `private_key`.",
        ),
        en=(
            "Missing: {keys}.",
            "Copy `client_email` and `private_key` from the service account's JSON file.",
        ),
    ),
    ("google.key", "email_malformed"): failed(
        pt=(
            "GOOGLE_CLIENT_EMAIL não é o e-mail de uma conta de serviço.",
            "Copie `client_email` do arquivo JSON; termina em gserviceaccount.com.",
        ),
        en=(
            "GOOGLE_CLIENT_EMAIL is not a service account's e-mail.",
            "Copy `client_email` from the JSON file; it ends in gserviceaccount.com.",
        ),
    ),
    ("google.key", "unparseable"): failed(
        pt=(
            "GOOGLE_PRIVATE_KEY não pode ser lida como chave.",
            'Copie o "private_key" inteiro do arquivo JSON, de -----BEGIN PRIVATE KEY----- até'
            " -----END PRIVATE KEY-----.",
        ),
        en=(
            "GOOGLE_PRIVATE_KEY cannot be read as a key.",
            'Copy the whole "private_key" of the JSON file, from -----BEGIN PRIVATE KEY----- to'
            " -----END PRIVATE KEY-----.",
        ),
    ),
    ("google.key", "not_rsa"): failed(
        pt=(
            "GOOGLE_PRIVATE_KEY é uma chave de outro tipo; o Google usa RSA.",
            "Crie uma chave JSON na conta de serviço e copie-a.",
        ),
        en=(
            "GOOGLE_PRIVATE_KEY is a key of another kind; Google uses RSA.",
            "Make a JSON key for the service account, and copy that.",
        ),
    ),
    ("google.key", "weak"): failed(
        pt=(
            "A chave tem só {bits} bits; menos de 2048 não é seguro.",
            "Crie outra chave JSON na conta de serviço e apague esta.",
        ),
        en=(
            "The key has only {bits} bits; fewer than 2048 are not safe.",
            "Make another JSON key for the service account, and delete this one.",
        ),
    ),
    ("google.key", "other_project"): warning(
        pt=(
            "{client_email} não é do projeto {project} (GOOGLE_PROJECT_ID).",
            "Confira se e-mail, chave e projeto vêm do mesmo arquivo JSON.",
        ),
        en=(
            "{client_email} does not belong to the project {project} (GOOGLE_PROJECT_ID).",
            "Check that e-mail, key and project come from the same JSON file.",
        ),
    ),
    ("google.token", "granted"): ok(pt="O Google aceita a chave.", en="Google accepts the key."),
    ("google.token", "key_gone"): failed(
        pt=(
            "O Google não conhece a chave: foi apagada, desativada ou é de outra conta.",
            "Crie uma chave JSON nova para {client_email} e troque GOOGLE_PRIVATE_KEY e"
            " GOOGLE_CLIENT_EMAIL juntos.",
        ),
        en=(
            "Google does not know the key: it was deleted or disabled, or is another account's.",
            "Make a new JSON key for {client_email}, and replace GOOGLE_PRIVATE_KEY and"
            " GOOGLE_CLIENT_EMAIL together.",
        ),
    ),
    ("google.token", "account_gone"): failed(
        pt=(
            "A conta de serviço {client_email} não existe.",
            "Confira GOOGLE_CLIENT_EMAIL; se a conta foi apagada, crie outra e compartilhe a agenda"
            " com ela.",
        ),
        en=(
            "The service account {client_email} does not exist.",
            "Check GOOGLE_CLIENT_EMAIL; if the account was deleted, make another and share the"
            " calendar with it.",
        ),
    ),
    ("google.token", "account_disabled"): failed(
        pt=(
            "A conta de serviço {client_email} está desativada.",
            "No Google Cloud, em IAM → Contas de serviço, ative a conta ou a chave.",
        ),
        en=(
            "The service account {client_email} is disabled.",
            "In Google Cloud, under IAM → Service accounts, enable the account or the key.",
        ),
    ),
    ("google.token", "clock"): failed(
        pt=(
            "O relógio deste servidor está errado: o Google recusa a hora do pedido.",
            "Acerte o relógio do servidor (NTP).",
        ),
        en=(
            "This server's clock is wrong: Google refuses the time in the request.",
            "Set the server's clock right (NTP).",
        ),
    ),
    ("google.token", "refused"): failed(
        pt=(
            "O Google recusa a conta {client_email} ({error}).",
            "Crie uma chave JSON nova para a conta; se não adiantar, veja as políticas da"
            " organização no Google Cloud.",
        ),
        en=(
            "Google refuses the account {client_email} ({error}).",
            "Make a new JSON key for the account; if that does not help, look at the organisation's"
            " policies in Google Cloud.",
        ),
    ),
    ("google.calendar", "writable"): ok(
        pt="{calendars} agenda(s) podem ser lidas e escritas.",
        en="{calendars} calendar(s) can be read and written.",
    ),
    ("google.calendar", "none"): unknown(
        pt=(
            "Nenhuma agenda está cadastrada.",
            "Cadastre GOOGLE_CALENDAR_ID: em “Configurações da agenda → Integrar agenda”.",
        ),
        en=(
            "No calendar is set.",
            'Set GOOGLE_CALENDAR_ID: under "Calendar settings → Integrate calendar".',
        ),
    ),
    ("google.calendar", "nobodys"): failed(
        pt=(
            "{calendar} não é a agenda do negócio: ninguém veria o que se marca ali.",
            "Cadastre o ID que está em “Configurações da agenda → Integrar agenda”; de uma pessoa, é"
            " o e-mail dela.",
        ),
        en=(
            "{calendar} is not the business's calendar: nobody would see what is booked there.",
            'Set the id that stands under "Calendar settings → Integrate calendar"; of a person it'
            " is their e-mail address.",
        ),
    ),
    ("google.calendar", "not_found"): failed(
        pt=(
            "O Google não encontra a agenda {calendar} para {client_email}: não foi compartilhada,"
            " ou o id está errado.",
            "No Google Agenda, compartilhe a agenda com {client_email}, permissão “Fazer alterações"
            " nos eventos”. Se já está, confira GOOGLE_CALENDAR_ID.",
        ),
        en=(
            "Google finds no calendar {calendar} for {client_email}: it is not shared, or the id is"
            " wrong.",
            'In Google Calendar, share the calendar with {client_email}, permission "Make changes'
            ' to events". If it is shared already, check GOOGLE_CALENDAR_ID.',
        ),
    ),
    ("google.calendar", "read_only"): failed(
        pt=(
            "A agenda {calendar} está compartilhada só para leitura ({role}).",
            "No Google Agenda, mude a permissão de {client_email} para “Fazer alterações nos"
            " eventos” (writer).",
        ),
        en=(
            "The calendar {calendar} is shared for reading only ({role}).",
            "In Google Calendar, change the permission of {client_email} to"
            ' "Make changes to events" (writer).',
        ),
    ),
    ("google.calendar", "api_off"): failed(
        pt=(
            "A Google Calendar API está desligada no projeto da conta {client_email}.",
            "No Google Cloud, em “APIs e serviços”, ative a Google Calendar API nesse projeto.",
        ),
        en=(
            "The Google Calendar API is switched off in the project of {client_email}.",
            'In Google Cloud, under "APIs & Services", enable the Google Calendar API there.',
        ),
    ),
    ("google.calendar", "refused"): failed(
        pt=(
            "O Google recusa a leitura da agenda {calendar} ({error}).",
            "Confira o compartilhamento com {client_email} e as regras de compartilhamento externo"
            " do domínio.",
        ),
        en=(
            "Google refuses to let the calendar {calendar} be read ({error}).",
            "Check the sharing with {client_email}, and the domain's rules for external sharing.",
        ),
    ),
    ("google.events", "readable"): ok(
        pt="Os eventos são lidos como na hora de marcar. Eventos de dia inteiro fecham o dia, a não"
        " ser que se escolha o contrário; convites sem resposta não fecham nada.",
        en="Events are read as booking reads them. All-day events close their day unless chosen"
        " otherwise; unanswered invitations close nothing.",
    ),
    ("google.events", "zone_unknown"): failed(
        pt=(
            "O fuso horário da agenda {calendar} não é conhecido ({zone}): um evento de dia inteiro"
            " não pode ser lido, e nada é marcado.",
            "No Google Agenda, em “Configurações da agenda”, escolha o fuso horário da cidade.",
        ),
        en=(
            "The time zone of the calendar {calendar} is unknown ({zone}): an all-day event cannot"
            " be read, and nothing is booked.",
            'In Google Calendar, under "Calendar settings", choose the time zone of the town.',
        ),
    ),
    ("google.events", "zone_fixed"): warning(
        pt=(
            "O fuso horário da agenda {calendar} não é o de uma cidade ({zone}): dias inteiros são"
            " lidos sem horário de verão.",
            "No Google Agenda, em “Configurações da agenda”, escolha o fuso horário da cidade.",
        ),
        en=(
            "The time zone of the calendar {calendar} is not a town's ({zone}): whole days are read"
            " without daylight saving.",
            'In Google Calendar, under "Calendar settings", choose the time zone of the town.',
        ),
    ),
    ("google.events", "free_days_close"): warning(
        pt=(
            "Eventos de dia inteiro marcados como “Livre” fecham: {days}.",
            "Se nesses dias se trabalha, apague o evento, ou: mcp-platform tenants update {tenant}"
            " --free-days-open.",
        ),
        en=(
            'All-day events shown as "Free" close: {days}.',
            "If these are working days, delete the event, or: mcp-platform tenants update {tenant}"
            " --free-days-open.",
        ),
    ),
    ("google.events", "free_days_open"): warning(
        pt=(
            "Eventos de dia inteiro marcados como “Livre” não fecham: {days}.",
            "Se nesses dias não se trabalha, marque o evento como “Ocupado”, ou: mcp-platform"
            " tenants update {tenant} --free-days-close.",
        ),
        en=(
            'All-day events shown as "Free" do not close: {days}.',
            'If these are no working days, show the event as "Busy", or: mcp-platform tenants'
            " update {tenant} --free-days-close.",
        ),
    ),
    ("google.events", "unanswered_close"): warning(
        pt=(
            "{invitations} convite(s) sem resposta fecham horários.",
            "Responda aos convites no Google Agenda, ou: mcp-platform tenants update {tenant}"
            " --unanswered-open.",
        ),
        en=(
            "{invitations} unanswered invitation(s) close times.",
            "Answer them in Google Calendar, or: mcp-platform tenants update {tenant}"
            " --unanswered-open.",
        ),
    ),
    ("google.events", "unanswered_open"): warning(
        pt=(
            "{invitations} convite(s) sem resposta não fecham horários: clientes podem marcar ali.",
            "Aceite no Google Agenda os convites a que se vai.",
        ),
        en=(
            "{invitations} unanswered invitation(s) close no times: customers may book there.",
            "Accept in Google Calendar those that will be kept.",
        ),
    ),
    ("google.write", "written"): ok(
        pt="Um evento privado foi escrito e apagado.",
        en="A private event was written and deleted.",
    ),
    ("google.write", "refused"): failed(
        pt=(
            "O Google recusa a escrita na agenda {calendar} ({error}).",
            "No Google Agenda, dê a {client_email} a permissão “Fazer alterações nos eventos”.",
        ),
        en=(
            "Google refuses to write to the calendar {calendar} ({error}).",
            'In Google Calendar, give {client_email} the permission "Make changes to events".',
        ),
    ),
    ("google.write", "left"): failed(
        pt=(
            "O evento de teste foi escrito na agenda {calendar}, e não pôde ser apagado.",
            "Apague na agenda, à mão, o evento “MCP Platform: teste” das próximas horas.",
        ),
        en=(
            "The test event was written to the calendar {calendar}, and could not be deleted.",
            'Delete by hand the event "MCP Platform: teste" of the coming hours.',
        ),
    ),
}
