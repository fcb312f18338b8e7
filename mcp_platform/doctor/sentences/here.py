"""What is said of the platform's own part: Secret, database role, owner, catalogue."""

from mcp_platform.doctor.results import Language
from mcp_platform.doctor.sentences.forms import EVERY, ResultSentence, failed, ok, unknown, warning

TITLES: dict[str, dict[Language, str]] = {
    "secret": {"pt": "Credenciais guardadas", "en": "Stored credentials"},
    "secret.keys": {"pt": "Credenciais completas", "en": "Complete credentials"},
    "database.role": {"pt": "Usuário do banco de dados", "en": "Database role"},
    "tenant.rollout": {"pt": "Versão no ar, no cluster", "en": "Rollout in the cluster"},
    "owner.number": {"pt": "Número do dono", "en": "Owner's number"},
    "catalogue": {"pt": "Catálogo", "en": "Catalogue"},
}

SENTENCES: dict[tuple[str, str], ResultSentence] = {
    (EVERY, "because"): unknown(
        pt=(
            "Não foi verificado, por causa de: {checks}.",
            "Resolva primeiro: {checks}. Depois rode o diagnóstico outra vez.",
        ),
        en=(
            "Not checked, because of: {checks}.",
            "Mend first: {checks}. Then run the doctor again.",
        ),
    ),
    (EVERY, "away"): unknown(
        pt=(
            "Não houve resposta confiável agora ({reason}).",
            "Rode o diagnóstico outra vez em alguns minutos; se continuar, veja a rede de saída e"
            " a página de status do fornecedor.",
        ),
        en=(
            "There was no trustworthy answer now ({reason}).",
            "Run the doctor again in a few minutes; if it goes on, look at the outgoing network and"
            " at the vendor's status page.",
        ),
    ),
    (EVERY, "too_many_calls"): unknown(
        pt=(
            "O fornecedor recusou a pergunta por excesso de chamadas ({reason}).",
            "Espere uma hora e rode o diagnóstico outra vez.",
        ),
        en=(
            "The vendor refused the question: too many calls ({reason}).",
            "Wait an hour, then run the doctor again.",
        ),
    ),
    (EVERY, "timed_out"): unknown(
        pt=(
            "Não terminou em {seconds} s.",
            "Rode o diagnóstico outra vez; se continuar, veja a rede de saída.",
        ),
        en=(
            "Did not finish within {seconds} s.",
            "Run the doctor again; if it goes on, look at the outgoing network.",
        ),
    ),
    (EVERY, "broken"): unknown(
        pt=(
            "A própria verificação falhou ({reason}).",
            "É um defeito da plataforma: envie ao suporte o registro `doctor.check.broken`.",
        ),
        en=(
            "The check itself failed ({reason}).",
            "This is a defect of the platform: report it with the log line `doctor.check.broken`.",
        ),
    ),
    ("secret", "readable"): ok(pt="As credenciais foram lidas.", en="The credentials can be read."),
    ("secret", "missing"): failed(
        pt=(
            "Não há credenciais guardadas para este cliente e ambiente. {reason}",
            "Cadastre-as: mcp-platform credentials set {path} --from-file ARQUIVO.env, ou pela API de"
            " administração.",
        ),
        en=(
            "No credentials are stored for this client and environment. {reason}",
            "Set them: mcp-platform credentials set {path} --from-file FILE.env, or through the admin"
            " API.",
        ),
    ),
    ("secret", "forbidden"): failed(
        pt=(
            "O serviço não tem permissão para ler as credenciais. {reason}",
            "Publique de novo os manifestos deste cliente: o RoleBinding que dá a leitura do Secret"
            " falta ou está errado.",
        ),
        en=(
            "The service may not read the credentials. {reason}",
            "Publish this client's manifests again: the RoleBinding that lets the Secret be read is"
            " missing or wrong.",
        ),
    ),
    ("secret", "unreadable"): failed(
        pt=(
            "As credenciais não puderam ser lidas. {reason}",
            "Verifique o arquivo ou o acesso à API do Kubernetes, e rode o diagnóstico outra vez.",
        ),
        en=(
            "The credentials could not be read. {reason}",
            "Look at the file, or at the access to the Kubernetes API, and run the doctor again.",
        ),
    ),
    ("secret", "garbled"): failed(
        pt=(
            "O arquivo das credenciais não está em UTF-8. {reason}",
            "Abra o arquivo no editor, confira os acentos e salve-o como UTF-8 (no Bloco de Notas:"
            " “Salvar como”, “Codificação”).",
        ),
        en=(
            "The file of the credentials is not in UTF-8. {reason}",
            "Open it in an editor, look at the accents and save it as UTF-8 (in Notepad: “Save as”,"
            " “Encoding”).",
        ),
    ),
    ("secret", "certificate_ends"): warning(
        pt=(
            "As credenciais podem ser lidas, mas o certificado que as sela vale só até {day}.",
            "Busque o atual (kubeseal --fetch-cert), troque SEALING_CERTIFICATE e reinicie; as"
            " chaves antigas do controlador ficam.",
        ),
        en=(
            "The credentials can be read, but the certificate that seals them ends on {day}.",
            "Fetch the present one (kubeseal --fetch-cert), set SEALING_CERTIFICATE and restart;"
            " keep the controller's old keys.",
        ),
    ),
    ("secret.keys", "complete"): ok(pt="Nenhuma credencial falta.", en="No credential is missing."),
    ("secret.keys", "missing"): failed(
        pt=(
            "Faltam credenciais: {keys}.",
            "Cadastre as que faltam, e as outras ficam como estão: mcp-platform credentials set {path}"
            " --from-file ARQUIVO.env, ou com os nomes das chaves.",
        ),
        en=(
            "Credentials are missing: {keys}.",
            "Set those that are missing, and the others stay: mcp-platform credentials set {path}"
            " --from-file FILE.env, or with the names of the keys.",
        ),
    ),
    ("secret.keys", "advised"): warning(
        pt=(
            "Tudo funciona, mas faltam: {keys}. Sem elas o diagnóstico vê menos.",
            "Cadastre as que faltam, para que o token e a conta possam ser verificados: mcp-platform"
            " credentials set {path}, com os nomes das chaves.",
        ),
        en=(
            "All works, but these are missing: {keys}. Without them the doctor sees less.",
            "Set them, so that the token and the account can be checked: mcp-platform credentials set"
            " {path}, with the names of the keys.",
        ),
    ),
    ("database.role", "shared"): ok(
        pt="O serviço compartilhado atende este cliente; usuário próprio no banco ele ainda não tem,"
        " nem precisa.",
        en="The shared service answers this tenant; it has no database role of its own yet, and needs"
        " none.",
    ),
    ("database.role", "sound"): ok(
        pt="O usuário {role} existe e só alcança as linhas deste cliente.",
        en="The role {role} exists and reaches the rows of this tenant alone.",
    ),
    ("database.role", "absent"): failed(
        pt=(
            "O usuário {role} não existe no banco de dados.",
            "Salve de novo uma das credenciais do cliente: com ela o usuário é criado e a senha,"
            " guardada.",
        ),
        en=(
            "The role {role} does not exist in the database.",
            "Save one of the tenant's credentials again: that makes the role, too, and stores its"
            " password.",
        ),
    ),
    ("database.role", "not_member"): failed(
        pt=(
            "O usuário {role} não faz parte de mcp_tenant, e por isso não vê linha nenhuma.",
            "Rode como dono do banco: GRANT mcp_tenant TO {role}.",
        ),
        en=(
            "The role {role} is no member of mcp_tenant, and so sees no rows.",
            "Run as the database's owner: GRANT mcp_tenant TO {role}.",
        ),
    ),
    ("database.role", "too_powerful"): failed(
        pt=(
            "O usuário {role} pode mais do que deve: {powers}. O isolamento não vale para ele.",
            "Tire esses poderes (ALTER ROLE, REVOKE) ou remova o usuário e salve de novo uma das"
            " credenciais do cliente.",
        ),
        en=(
            "The role {role} may do more than it should: {powers}. Isolation does not hold for it.",
            "Take these powers away (ALTER ROLE, REVOKE), or drop the role and save one of the"
            " tenant's credentials again.",
        ),
    ),
    ("database.role", "no_login"): failed(
        pt=(
            "O usuário {role} não pode entrar no banco de dados.",
            "Rode como dono do banco: ALTER ROLE {role} LOGIN.",
        ),
        en=(
            "The role {role} may not log in to the database.",
            "Run as the database's owner: ALTER ROLE {role} LOGIN.",
        ),
    ),
    ("tenant.rollout", "shared"): ok(
        pt="O serviço compartilhado atende este cliente: ele não tem pods próprios.",
        en="The shared service answers this tenant: it has no pods of its own.",
    ),
    ("tenant.rollout", "complete"): ok(
        pt="Todos os pods ({updated}) têm a versão e a configuração atuais e atendem.",
        en="All pods ({updated}) are of the present release and settings, and serve.",
    ),
    ("tenant.rollout", "under_way"): warning(
        pt=(
            "De {wanted} pods, {updated} têm a versão e a configuração atuais; {available} atendem.",
            "Espere alguns minutos e rode o diagnóstico outra vez; se continuar:"
            " kubectl describe pods -n {namespace}",
        ),
        en=(
            "Of {wanted} pods, {updated} are of the present release and settings; {available} serve.",
            "Wait some minutes and run the doctor again; if it goes on:"
            " kubectl describe pods -n {namespace}",
        ),
    ),
    ("tenant.rollout", "stands_still"): failed(
        pt=(
            "A versão ou configuração nova não entra no ar; o que roda, se roda, é a anterior. {reason}",
            "Veja o que falta: kubectl get resourcequota,pods,events -n {namespace}. O guia de GitOps"
            " (“Problemas”) diz o que fazer.",
        ),
        en=(
            "A new release or configuration does not come about; what runs, if anything,"
            " is the one before. {reason}",
            "Look what it lacks: kubectl get resourcequota,pods,events -n {namespace}. The GitOps"
            " guide (“Troubles”) says what to do.",
        ),
    ),
    ("tenant.rollout", "absent"): failed(
        pt=(
            "O cliente é isolado e não tem Deployment no namespace {namespace}: ninguém o atende.",
            "Publique os manifestos deste cliente e aplique-os.",
        ),
        en=(
            "The tenant is isolated and has no Deployment in namespace {namespace}: nobody answers"
            " it.",
            "Publish this tenant's manifests, and apply them.",
        ),
    ),
    ("tenant.rollout", "not_seen"): unknown(
        pt=(
            "Não se pôde ver como está a troca de versão. {reason}",
            "Publique de novo os manifestos deste cliente, se a permissão falta; senão, rode o"
            " diagnóstico outra vez em alguns minutos.",
        ),
        en=(
            "How the rollout stands could not be seen. {reason}",
            "Publish this client's manifests again, if the right is missing; otherwise run the"
            " doctor again in a few minutes.",
        ),
    ),
    ("owner.number", "set"): ok(
        pt="Os avisos têm para quem ir.", en="Notices have somebody to go to."
    ),
    ("owner.number", "no_number"): failed(
        pt=(
            "O número do dono, {number}, não existe assim, talvez por faltar o código do país ou um"
            " dígito: nenhum aviso chega.",
            "Cadastre-o outra vez: mcp-platform tenants update … --owner-whatsapp"
            ' "(11) 98765-4321".',
        ),
        en=(
            "The owner's number, {number}, does not exist like that, perhaps for want of the"
            " country's code or a digit: no notice arrives.",
            "Set it again: mcp-platform tenants update … --owner-whatsapp +5511987654321.",
        ),
    ),
    ("owner.number", "missing"): warning(
        pt=(
            "O dono não tem número cadastrado: avisos e pedidos de atendimento humano não chegam a"
            " ninguém.",
            "Cadastre o WhatsApp do dono: (11) 98765-4321, ou com código do país.",
        ),
        en=(
            "The owner has no number: notices and wishes to talk to a person reach nobody.",
            "Set the owner's WhatsApp number, as it is written there or with its country's code.",
        ),
    ),
    ("catalogue", "complete"): ok(
        pt="Podem ser marcados: {services} serviço(s), {professionals} pessoa(s).",
        en="{services} service(s) and {professionals} professional(s) can be booked.",
    ),
    ("catalogue", "no_service"): failed(
        pt=("Não há serviço ativo: nada pode ser marcado.", "Cadastre pelo menos um serviço."),
        en=("There is no active service: nothing can be booked.", "Add at least one service."),
    ),
    ("catalogue", "no_professional"): failed(
        pt=(
            "Não há profissional ativo: nada pode ser marcado.",
            "Cadastre pelo menos um profissional.",
        ),
        en=(
            "There is no active professional: nothing can be booked.",
            "Add at least one professional.",
        ),
    ),
    ("catalogue", "no_hours"): failed(
        pt=(
            "Nenhum profissional tem horário de trabalho: não há vaga para oferecer.",
            "Cadastre os horários da semana.",
        ),
        en=(
            "No professional has working hours: there is no slot to offer.",
            "Set the week's hours.",
        ),
    ),
    ("catalogue", "nobody"): failed(
        pt=(
            "Nenhum profissional faz serviço algum: nada pode ser marcado.",
            "Diga quem faz cada serviço.",
        ),
        en=(
            "No professional does any service: nothing can be booked.",
            "Say who does each service.",
        ),
    ),
    ("catalogue", "not_offered"): warning(
        pt=(
            "Ninguém faz: {services}. Esses serviços nunca terão horário.",
            "Diga quem faz cada serviço, ou desative-os.",
        ),
        en=(
            "Nobody does: {services}. These services will never have a slot.",
            "Say who does each service, or make it inactive.",
        ),
    ),
    ("catalogue", "holidays"): warning(
        pt=(
            "{name} ({day}) está perto, e ninguém disse em quais feriados de {year} o negócio"
            " fecha: até lá, fica aberto para marcar.",
            "Pergunte ao dono e rode: mcp-platform closed-days holidays {tenant} --year {year}",
        ),
        en=(
            "{name} ({day}) is near, and nobody said on which holidays of {year} the business"
            " closes: until then it can be booked.",
            "Ask the owner, and run: mcp-platform closed-days holidays {tenant} --year {year}",
        ),
    ),
    ("catalogue", "no_calendar"): failed(
        pt=(
            "Sem agenda do Google para: {who}.",
            "Cadastre GOOGLE_CALENDAR_ID (a agenda do negócio) ou a agenda de cada profissional.",
        ),
        en=(
            "No Google calendar for: {who}.",
            "Set GOOGLE_CALENDAR_ID (the business's calendar), or each professional's calendar.",
        ),
    ),
}
