"""What is said of the way in from the internet: what Meta meets at the public address."""

from mcp_platform.doctor.results import Language
from mcp_platform.doctor.sentences.forms import ResultSentence, failed, ok, unknown, warning

TITLES: dict[str, dict[Language, str]] = {
    "public.proxies": {"pt": "Público: proxies", "en": "Public: proxies"},
    "public.handshake": {"pt": "Público: verificação", "en": "Public: handshake"},
    "public.webhook": {"pt": "Público: assinatura", "en": "Public: signature"},
}

SENTENCES: dict[tuple[str, str], ResultSentence] = {
    ("public.proxies", "named"): ok(
        pt="Quem entra tem o próprio endereço.", en="Who signs in has an address of their own."
    ),
    ("public.proxies", "not_named"): warning(
        pt=(
            "Há um proxy na frente (PUBLIC_URL é https), e todos parecem vir dele: vinte senhas"
            " erradas de um estranho deixam todos de fora.",
            "Defina TRUSTED_PROXIES: quantos proxies há, por exemplo 1; 0, se não há.",
        ),
        en=(
            "A proxy stands in front (PUBLIC_URL is https), and all seem to come from it: twenty"
            " wrong passwords of a stranger shut out everybody.",
            "Set TRUSTED_PROXIES: how many proxies there are, for instance 1; 0, if there is none.",
        ),
    ),
    ("public.handshake", "echoed"): ok(
        pt="{url} responde à verificação.", en="{url} answers the handshake."
    ),
    ("public.handshake", "no_public_url"): unknown(
        pt=(
            "A plataforma não sabe o próprio endereço público.",
            "Defina PUBLIC_URL, por exemplo https://agenda.example.com.",
        ),
        en=(
            "The platform does not know its own public address.",
            "Set PUBLIC_URL, for instance https://agenda.example.com.",
        ),
    ),
    ("public.handshake", "no_verify_token"): failed(
        pt=(
            "Falta WHATSAPP_WEBHOOK_VERIFY_TOKEN.",
            "Invente um valor longo, cadastre-o e use o mesmo na Meta.",
        ),
        en=(
            "WHATSAPP_WEBHOOK_VERIFY_TOKEN is missing.",
            "Make up a long value, set it, and use the same at Meta.",
        ),
    ),
    ("public.handshake", "unreachable"): failed(
        pt=(
            "{url} não pode ser alcançada ({reason}).",
            "Confira DNS, a rota (HTTPRoute) e o balanceador até o gateway.",
        ),
        en=(
            "{url} cannot be reached ({reason}).",
            "Check DNS, the route (HTTPRoute) and the load balancer on the way to the gateway.",
        ),
    ),
    ("public.handshake", "certificate"): failed(
        pt=(
            "O certificado de {url} não é aceito; a Meta também o recusa.",
            "Instale um certificado público válido, com a cadeia inteira.",
        ),
        en=(
            "The certificate of {url} is not accepted; Meta refuses it, too.",
            "Install a valid public certificate, with its whole chain.",
        ),
    ),
    ("public.handshake", "not_found"): failed(
        pt=(
            "{url} responde 404: outra coisa atende ali, ou o gateway não conhece este cliente.",
            "Confira a rota e se o cliente está no banco de dados desse gateway.",
        ),
        en=(
            "{url} answers 404: something else stands there, or the gateway does not know this"
            " tenant.",
            "Check the route, and that the tenant is in that gateway's database.",
        ),
    ),
    ("public.handshake", "refused"): failed(
        pt=(
            "{url} recusa o token de verificação: o gateway lê outras credenciais.",
            "Espere um minuto (as credenciais são relidas) e rode outra vez; se continuar, confira"
            " de onde o gateway as lê.",
        ),
        en=(
            "{url} refuses the verify token: the gateway reads other credentials.",
            "Wait a minute (credentials are read again) and run it again; if it goes on, look where"
            " the gateway reads them.",
        ),
    ),
    ("public.handshake", "answered"): failed(
        pt=(
            "{url} responde HTTP {status}, e não a verificação.",
            "Veja o registro do gateway e o que está à frente dele (redirecionamento, WAF, login).",
        ),
        en=(
            "{url} answers HTTP {status}, and not the handshake.",
            "See the gateway's log, and what stands before it (a redirect, a firewall, a login).",
        ),
    ),
    ("public.handshake", "wrong_echo"): failed(
        pt=(
            "{url} responde 200, mas não com o desafio: outra coisa atende ali.",
            "Confira a rota: esse caminho tem de chegar ao gateway, sem cache.",
        ),
        en=(
            "{url} answers 200, but not the challenge: something else stands there.",
            "Check the route: this path has to reach the gateway, without a cache.",
        ),
    ),
    ("public.webhook", "guarded"): ok(
        pt="Assinaturas certas são aceitas, e erradas recusadas.",
        en="Right signatures are taken, and wrong ones refused.",
    ),
    ("public.webhook", "signed_refused"): failed(
        pt=(
            "Uma mensagem bem assinada é recusada: o gateway lê outro segredo, ou algo muda o corpo"
            " no caminho.",
            "Espere um minuto e rode outra vez; se continuar, confira de onde o gateway lê as"
            " credenciais e tire o que reescreve corpos.",
        ),
        en=(
            "A well signed message is refused: the gateway reads another secret, or something"
            " changes the body on its way.",
            "Wait a minute and run it again; if it goes on, look where the gateway reads its"
            " credentials, and take away what rewrites bodies.",
        ),
    ),
    ("public.webhook", "unsigned_taken"): failed(
        pt=(
            "Uma mensagem mal assinada foi aceita ({status}): quem responde ali não é este gateway.",
            "Confira já a rota: ninguém além do gateway pode atender esse caminho.",
        ),
        en=(
            "A badly signed message was accepted ({status}): who answers there is not this gateway.",
            "Check the route at once: nobody but the gateway may answer this path.",
        ),
    ),
    ("public.webhook", "answered"): failed(
        pt=(
            "Uma mensagem bem assinada recebe HTTP {status}; a Meta a enviaria de novo por 7 dias.",
            "Veja o registro do gateway: banco de dados ou credenciais estão fora.",
        ),
        en=(
            "A well signed message is answered HTTP {status}; Meta would send it again for 7 days.",
            "See the gateway's log: the database or the credentials are away.",
        ),
    ),
    ("public.webhook", "offboarded"): unknown(
        pt=(
            "O cliente foi desligado: o webhook responde 200 a tudo, e nada guarda.",
            "Nada a fazer.",
        ),
        en=(
            "The tenant is off-boarded: its webhook answers 200 to all, and keeps nothing.",
            "Nothing.",
        ),
    ),
}
