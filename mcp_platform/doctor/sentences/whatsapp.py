"""What is said of WhatsApp: app, token, number, account, webhooks, template."""

from mcp_platform.doctor.results import Language
from mcp_platform.doctor.sentences.forms import ResultSentence, failed, ok, unknown, warning

TITLES: dict[str, dict[Language, str]] = {
    "whatsapp.app_secret": {"pt": "WhatsApp: segredo do app", "en": "WhatsApp: app secret"},
    "whatsapp.token": {"pt": "WhatsApp: token", "en": "WhatsApp: token"},
    "whatsapp.scopes": {"pt": "WhatsApp: permissões do token", "en": "WhatsApp: token's scopes"},
    "whatsapp.number": {"pt": "WhatsApp: número", "en": "WhatsApp: number"},
    "whatsapp.quality": {"pt": "WhatsApp: qualidade", "en": "WhatsApp: quality"},
    "whatsapp.name": {"pt": "WhatsApp: nome exibido", "en": "WhatsApp: display name"},
    "whatsapp.throughput": {"pt": "WhatsApp: vazão", "en": "WhatsApp: throughput"},
    "whatsapp.account": {"pt": "WhatsApp: conta (WABA)", "en": "WhatsApp: account (WABA)"},
    "whatsapp.subscription": {"pt": "WhatsApp: inscrição", "en": "WhatsApp: subscription"},
    "whatsapp.callback": {"pt": "WhatsApp: URL do webhook", "en": "WhatsApp: callback"},
    "whatsapp.template": {"pt": "WhatsApp: modelo de aviso", "en": "WhatsApp: notice template"},
}

_SYSTEM_USER_PT = (
    "Nas configurações do negócio (Meta), crie um token de usuário do sistema sem validade, com"
    " whatsapp_business_messaging e whatsapp_business_management, e troque WHATSAPP_API_TOKEN."
)
_SYSTEM_USER_EN = (
    "In Meta's business settings, make a system user token that never expires, with"
    " whatsapp_business_messaging and whatsapp_business_management, and replace"
    " WHATSAPP_API_TOKEN."
)
_FIX_PT = "Rode o diagnóstico com --fix, que inscreve e aponta o webhook para cá."
_FIX_EN = "Run the doctor with --fix, which subscribes and points the webhook here."

SENTENCES: dict[tuple[str, str], ResultSentence] = {
    ("whatsapp.app_secret", "matches"): ok(
        pt="O segredo do app é o do app do token.", en="The app secret is that of the token's app."
    ),
    ("whatsapp.app_secret", "missing"): failed(
        pt=(
            "Falta WHATSAPP_APP_SECRET: toda mensagem que chega é recusada.",
            "Copie o segredo em Meta for Developers → Configurações do app → Básico.",
        ),
        en=(
            "WHATSAPP_APP_SECRET is missing: every message that comes in is refused.",
            "Copy it from Meta for Developers → App settings → Basic.",
        ),
    ),
    ("whatsapp.app_secret", "wrong"): failed(
        pt=(
            "WHATSAPP_APP_SECRET não é o segredo do app do token: toda mensagem que chega é"
            " recusada, embora o envio funcione.",
            "Copie o segredo em Meta for Developers → Configurações do app → Básico, do mesmo app"
            " que criou o token.",
        ),
        en=(
            "WHATSAPP_APP_SECRET is not the secret of the token's app: every message that comes in"
            " is refused, although sending works.",
            "Copy it from Meta for Developers → App settings → Basic, of the app that made the"
            " token.",
        ),
    ),
    ("whatsapp.app_secret", "token_refused"): unknown(
        pt=(
            "A Meta recusa o token, e sem ele o segredo não pode ser provado.",
            "Resolva o token primeiro.",
        ),
        en=(
            "Meta refuses the token, without which the secret cannot be proved.",
            "Mend the token first.",
        ),
    ),
    ("whatsapp.token", "permanent"): ok(
        pt="O token ({kind}) vale e não vence.", en="The token ({kind}) is valid and never expires."
    ),
    ("whatsapp.token", "lasting"): ok(
        pt="O token ({kind}) vale até {date}.", en="The token ({kind}) is valid until {date}."
    ),
    ("whatsapp.token", "missing"): failed(
        pt=("Falta WHATSAPP_API_TOKEN, ou não é um token.", _SYSTEM_USER_PT),
        en=("WHATSAPP_API_TOKEN is missing, or no token at all.", _SYSTEM_USER_EN),
    ),
    ("whatsapp.token", "no_app_id"): unknown(
        pt=(
            "Sem WHATSAPP_APP_ID a Meta não diz o que é o token.",
            "Cadastre WHATSAPP_APP_ID (Meta for Developers → Configurações do app → Básico).",
        ),
        en=(
            "Without WHATSAPP_APP_ID Meta does not say what the token is.",
            "Set WHATSAPP_APP_ID (Meta for Developers → App settings → Basic).",
        ),
    ),
    ("whatsapp.token", "personal"): warning(
        pt=("O token é pessoal e vence em {date}.", _SYSTEM_USER_PT),
        en=("The token is a person's, and expires on {date}.", _SYSTEM_USER_EN),
    ),
    ("whatsapp.token", "expires_soon"): warning(
        pt=("O token ({kind}) vence em {date}.", _SYSTEM_USER_PT),
        en=("The token ({kind}) expires on {date}.", _SYSTEM_USER_EN),
    ),
    ("whatsapp.token", "expired"): failed(
        pt=("O token venceu em {date}: nada pode ser enviado.", _SYSTEM_USER_PT),
        en=("The token expired on {date}: nothing can be sent.", _SYSTEM_USER_EN),
    ),
    ("whatsapp.token", "invalid"): failed(
        pt=("A Meta não aceita o token: nada pode ser enviado.", _SYSTEM_USER_PT),
        en=("Meta does not accept the token: nothing can be sent.", _SYSTEM_USER_EN),
    ),
    ("whatsapp.token", "other_app"): failed(
        pt=(
            "WHATSAPP_APP_ID ({app_id}) não é o app que criou o token.",
            "Use o id, o segredo e o token do mesmo app da Meta.",
        ),
        en=(
            "WHATSAPP_APP_ID ({app_id}) is not the app that made the token.",
            "Use id, secret and token of the same Meta app.",
        ),
    ),
    ("whatsapp.scopes", "granted"): ok(
        pt="O token tem as duas permissões, e para esta conta.",
        en="The token has both scopes, and for this account.",
    ),
    ("whatsapp.scopes", "missing"): failed(
        pt=("Faltam permissões no token: {scopes}.", _SYSTEM_USER_PT),
        en=("The token lacks scopes: {scopes}.", _SYSTEM_USER_EN),
    ),
    ("whatsapp.scopes", "not_this_account"): failed(
        pt=(
            "O token não alcança a conta {account}.",
            "Nas configurações do negócio, dê ao usuário do sistema acesso a essa conta do WhatsApp,"
            " e crie o token outra vez.",
        ),
        en=(
            "The token does not reach the account {account}.",
            "In Meta's business settings, give the system user access to this WhatsApp account, and"
            " make the token again.",
        ),
    ),
    ("whatsapp.number", "connected"): ok(
        pt="O número {number} está conectado.", en="The number {number} is connected."
    ),
    ("whatsapp.number", "missing"): failed(
        pt=(
            "Falta WHATSAPP_PHONE_NUMBER_ID, ou não é um id.",
            "Copie o “ID do número de telefone” em WhatsApp → Configuração da API.",
        ),
        en=(
            "WHATSAPP_PHONE_NUMBER_ID is missing, or no id.",
            'Copy the "Phone number ID" from WhatsApp → API setup.',
        ),
    ),
    ("whatsapp.number", "token_refused"): failed(
        pt=("A Meta recusa o token ({error}).", _SYSTEM_USER_PT),
        en=("Meta refuses the token ({error}).", _SYSTEM_USER_EN),
    ),
    ("whatsapp.number", "not_found"): failed(
        pt=(
            "A Meta não encontra o número {number_id}, ou o token não o alcança.",
            "Confira WHATSAPP_PHONE_NUMBER_ID (é um id, não o telefone) e o acesso do usuário do"
            " sistema à conta.",
        ),
        en=(
            "Meta finds no number {number_id}, or the token does not reach it.",
            "Check WHATSAPP_PHONE_NUMBER_ID (an id, not the phone) and the system user's access to"
            " the account.",
        ),
    ),
    ("whatsapp.number", "proof_required"): failed(
        pt=(
            "O app exige “appsecret_proof”, que a plataforma não envia: nada pode ser enviado.",
            "Em Meta for Developers → Configurações do app → Avançado, desligue “Exigir chave"
            " secreta do app”.",
        ),
        en=(
            'The app demands "appsecret_proof", which the platform does not send: nothing can be'
            " sent.",
            'In Meta for Developers → App settings → Advanced, switch off "Require app secret".',
        ),
    ),
    ("whatsapp.number", "refused"): failed(
        pt=(
            "A Meta não deixa o token ler o número ({error}).",
            "Confira as permissões do token e se a conta não está bloqueada.",
        ),
        en=(
            "Meta does not let the token read the number ({error}).",
            "Check the token's scopes, and that the account is not blocked.",
        ),
    ),
    ("whatsapp.number", "not_registered"): failed(
        pt=(
            "O número {number} não está registrado na API ({status}).",
            "No Gerenciador do WhatsApp, registre o número na Cloud API (com o PIN de duas etapas).",
        ),
        en=(
            "The number {number} is not registered with the API ({status}).",
            "In WhatsApp Manager, register the number with the Cloud API (with its two-step PIN).",
        ),
    ),
    ("whatsapp.number", "restricted"): failed(
        pt=(
            "A Meta restringiu o número {number} ({status}).",
            "Veja no Gerenciador do WhatsApp o motivo, e peça revisão.",
        ),
        en=(
            "Meta has restricted the number {number} ({status}).",
            "See the reason in WhatsApp Manager, and ask for a review.",
        ),
    ),
    ("whatsapp.number", "limited"): warning(
        pt=(
            "A Meta limita o que o número {number} envia ({status}).",
            "Veja no Gerenciador do WhatsApp o que falta (verificação, pagamento, limites).",
        ),
        en=(
            "Meta limits what the number {number} sends ({status}).",
            "See in WhatsApp Manager what is missing (verification, payment, limits).",
        ),
    ),
    ("whatsapp.quality", "good"): ok(
        pt="A qualidade do número é {rating}.", en="The number's quality is {rating}."
    ),
    ("whatsapp.quality", "falling"): warning(
        pt=(
            "A qualidade do número é {rating}: clientes bloqueiam ou denunciam mensagens.",
            "Reduza mensagens não pedidas; abaixo disso a Meta baixa os limites de envio.",
        ),
        en=(
            "The number's quality is {rating}: customers block or report messages.",
            "Send fewer unasked messages; below this Meta lowers the sending limits.",
        ),
    ),
    ("whatsapp.name", "approved"): ok(
        pt="O nome exibido está aprovado.", en="The display name is approved."
    ),
    ("whatsapp.name", "in_review"): warning(
        pt=(
            "O nome exibido ainda está em análise ({status}).",
            "Espere a análise da Meta; enquanto isso o limite de envio é menor.",
        ),
        en=(
            "The display name is still under review ({status}).",
            "Wait for Meta's review; until then the sending limit is lower.",
        ),
    ),
    ("whatsapp.name", "declined"): failed(
        pt=(
            "A Meta recusou o nome exibido ({status}): envios podem falhar (131037).",
            "No Gerenciador do WhatsApp, peça outro nome, ligado ao nome do negócio.",
        ),
        en=(
            "Meta declined the display name ({status}): sending may fail (131037).",
            "In WhatsApp Manager, ask for another name, related to the business's.",
        ),
    ),
    ("whatsapp.throughput", "available"): ok(
        pt="O nível de vazão é {level}.", en="The throughput level is {level}."
    ),
    ("whatsapp.throughput", "none"): warning(
        pt=(
            "A Meta não dá vazão a este número ({level}).",
            "Confira no Gerenciador do WhatsApp se o número está na Cloud API.",
        ),
        en=(
            "Meta gives this number no throughput ({level}).",
            "Check in WhatsApp Manager that the number is on the Cloud API.",
        ),
    ),
    ("whatsapp.account", "contains"): ok(
        pt="O número pertence à conta {account}.", en="The number belongs to the account {account}."
    ),
    ("whatsapp.account", "missing"): unknown(
        pt=(
            "Falta WHATSAPP_BUSINESS_ACCOUNT_ID, ou não é um id: conta, inscrição e modelos não são"
            " verificados.",
            "Copie o “ID da conta do WhatsApp Business” em WhatsApp → Configuração da API.",
        ),
        en=(
            "WHATSAPP_BUSINESS_ACCOUNT_ID is missing, or no id: account, subscription and templates"
            " are not checked.",
            'Copy the "WhatsApp Business Account ID" from WhatsApp → API setup.',
        ),
    ),
    ("whatsapp.account", "not_found"): failed(
        pt=(
            "A Meta não encontra a conta {account}, ou o token não a alcança ({error}).",
            "Confira WHATSAPP_BUSINESS_ACCOUNT_ID e o acesso do usuário do sistema à conta.",
        ),
        en=(
            "Meta finds no account {account}, or the token does not reach it ({error}).",
            "Check WHATSAPP_BUSINESS_ACCOUNT_ID, and the system user's access to the account.",
        ),
    ),
    ("whatsapp.account", "other"): failed(
        pt=(
            "O número não pertence à conta {account}.",
            "Corrija WHATSAPP_BUSINESS_ACCOUNT_ID ou WHATSAPP_PHONE_NUMBER_ID: são de contas"
            " diferentes.",
        ),
        en=(
            "The number does not belong to the account {account}.",
            "Correct WHATSAPP_BUSINESS_ACCOUNT_ID or WHATSAPP_PHONE_NUMBER_ID: they are of"
            " different accounts.",
        ),
    ),
    ("whatsapp.subscription", "subscribed"): ok(
        pt="O app recebe as mensagens da conta.", en="The app gets the account's messages."
    ),
    ("whatsapp.subscription", "subscribed_now"): ok(
        pt="O app foi inscrito agora na conta.", en="The app was subscribed to the account now."
    ),
    ("whatsapp.subscription", "not_subscribed"): failed(
        pt=("O app não está inscrito na conta: nenhuma mensagem chega.", _FIX_PT),
        en=("The app is not subscribed to the account: no message comes in.", _FIX_EN),
    ),
    ("whatsapp.subscription", "fix_refused"): failed(
        pt=(
            "A Meta recusou a inscrição ({error}).",
            "Confira whatsapp_business_management no token e tente --fix outra vez.",
        ),
        en=(
            "Meta refused the subscription ({error}).",
            "Check whatsapp_business_management in the token, and try --fix again.",
        ),
    ),
    ("whatsapp.subscription", "refused"): failed(
        pt=(
            "A Meta não mostra as inscrições da conta ({error}).",
            "Confira whatsapp_business_management no token.",
        ),
        en=(
            "Meta does not show the account's subscriptions ({error}).",
            "Check whatsapp_business_management in the token.",
        ),
    ),
    ("whatsapp.callback", "here"): ok(
        pt="As mensagens vão para {expected}.", en="Messages go to {expected}."
    ),
    ("whatsapp.callback", "overridden_now"): ok(
        pt="As mensagens vão agora para {expected}.", en="Messages go to {expected} now."
    ),
    ("whatsapp.callback", "no_public_url"): unknown(
        pt=(
            "A plataforma não sabe o próprio endereço público.",
            "Defina PUBLIC_URL, por exemplo https://agenda.example.com.",
        ),
        en=(
            "The platform does not know its own public address.",
            "Set PUBLIC_URL, for instance https://agenda.example.com.",
        ),
    ),
    ("whatsapp.callback", "none"): failed(
        pt=("Nenhuma URL de webhook vale para este número.", _FIX_PT),
        en=("No callback URL is in force for this number.", _FIX_EN),
    ),
    ("whatsapp.callback", "elsewhere"): failed(
        pt=("As mensagens vão para {actual}, e não para {expected}.", _FIX_PT),
        en=("Messages go to {actual}, and not to {expected}.", _FIX_EN),
    ),
    ("whatsapp.callback", "too_long"): failed(
        pt=(
            "A URL do webhook tem mais de 200 caracteres, o máximo da Meta.",
            "Use um PUBLIC_URL mais curto.",
        ),
        en=(
            "The callback URL has more than 200 characters, Meta's limit.",
            "Use a shorter PUBLIC_URL.",
        ),
    ),
    ("whatsapp.callback", "fix_refused"): failed(
        pt=(
            "A Meta não aceitou {expected} ({error}): ao ser definida, a URL precisa responder à"
            " verificação.",
            "Veja “Público: verificação” neste diagnóstico, e tente --fix outra vez.",
        ),
        en=(
            "Meta did not take {expected} ({error}): when it is set, the URL has to answer the"
            " handshake.",
            'See "Public: handshake" in this diagnosis, and try --fix again.',
        ),
    ),
    ("whatsapp.template", "approved"): ok(
        pt="O modelo {template} está aprovado.", en="The template {template} is approved."
    ),
    ("whatsapp.template", "not_configured"): warning(
        pt=(
            "Sem modelo de aviso: o dono só recebe avisos até 24 horas depois de escrever ao"
            " número.",
            "Crie um modelo “utility” com uma variável no corpo e defina OWNER_NOTICE_TEMPLATE.",
        ),
        en=(
            "No notice template: the owner gets notices only within 24 hours of writing to the"
            " number.",
            "Make a utility template with one body variable, and set OWNER_NOTICE_TEMPLATE.",
        ),
    ),
    ("whatsapp.template", "window_open"): warning(
        pt=(
            "Sem modelo de aviso: avisos chegam ao dono só até {until}, 24 horas depois de ele"
            " escrever ao número.",
            "Crie um modelo “utility” com uma variável no corpo e defina OWNER_NOTICE_TEMPLATE.",
        ),
        en=(
            "No notice template: notices reach the owner only until {until}, 24 hours after they"
            " wrote to the number.",
            "Make a utility template with one body variable, and set OWNER_NOTICE_TEMPLATE.",
        ),
    ),
    ("whatsapp.template", "window_closed"): warning(
        pt=(
            "Nenhum aviso chegaria ao dono agora: não há modelo de aviso, e ele não escreveu ao"
            " número nas últimas 24 horas.",
            "Crie um modelo “utility” com uma variável no corpo e defina OWNER_NOTICE_TEMPLATE; até"
            " lá, peça ao dono que escreva ao número.",
        ),
        en=(
            "No notice would reach the owner now: there is no notice template, and they have not"
            " written to the number in the last 24 hours.",
            "Make a utility template with one body variable, and set OWNER_NOTICE_TEMPLATE; until"
            " then have the owner write to the number.",
        ),
    ),
    ("whatsapp.template", "absent"): failed(
        pt=(
            "A conta não tem o modelo {template} em {language}: avisos ao dono não são entregues.",
            "Crie-o no Gerenciador do WhatsApp: utility, {language}, uma variável no corpo.",
        ),
        en=(
            "The account has no template {template} in {language}: notices to the owner are not"
            " delivered.",
            "Make it in WhatsApp Manager: utility, {language}, one body variable.",
        ),
    ),
    ("whatsapp.template", "not_approved"): failed(
        pt=(
            "O modelo {template} não está aprovado ({status}).",
            "Veja o motivo no Gerenciador do WhatsApp; edite e envie de novo para análise.",
        ),
        en=(
            "The template {template} is not approved ({status}).",
            "See why in WhatsApp Manager; edit it and submit it again.",
        ),
    ),
    ("whatsapp.template", "wrong_variables"): failed(
        pt=(
            "O corpo do modelo {template} tem {count} variáveis; tem de ter uma, numerada.",
            "Edite o modelo: uma variável {{{{1}}}} no corpo.",
        ),
        en=(
            "The body of the template {template} has {count} variables; it must have one, numbered.",
            "Edit the template: one variable {{{{1}}}} in its body.",
        ),
    ),
    ("whatsapp.template", "refused"): failed(
        pt=(
            "A Meta não mostra os modelos da conta ({error}).",
            "Confira whatsapp_business_management no token.",
        ),
        en=(
            "Meta does not show the account's templates ({error}).",
            "Check whatsapp_business_management in the token.",
        ),
    ),
}
