"""Write docs/troubleshooting.md and docs/troubleshooting.pt-BR.md from the doctor's own sentences.

`python docs/troubleshooting_pages.py` writes; the tests compare.
"""  # noqa: INP001  # a script of its own, not a package

import re
from collections.abc import Iterator
from pathlib import Path

from mcp_platform.doctor.results import State
from mcp_platform.doctor.sentences import EVERY, SENTENCES, TITLES
from mcp_platform.tenants.languages import StaffLanguage

HERE = Path(__file__).parent
TARGETS: dict[StaffLanguage, Path] = {
    "en": HERE / "troubleshooting.md",
    "pt-BR": HERE / "troubleshooting.pt-BR.md",
}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

INTRODUCTIONS: dict[StaffLanguage, str] = {
    "en": """\
# Troubleshooting

*Written by `docs/troubleshooting_pages.py` from the sentences of the doctor. Change those, then run
`.venv/bin/python docs/troubleshooting_pages.py`. Em português: [troubleshooting.pt-BR.md](troubleshooting.pt-BR.md).*

The doctor asks every vendor about a tenant and says what is wrong and what to do:

```sh
mcp-platform doctor barbearia-do-ze/production
mcp-platform doctor --all
mcp-platform doctor barbearia-do-ze/production --fix
mcp-platform doctor barbearia-do-ze/production --write
```

It changes nothing unless it is told to. `--fix` subscribes the Meta app to the account where it is
not, and points the number's webhook to `PUBLIC_URL`; the account's own override is left alone, since
other tenants may share it. `--write` writes a private event to the calendar and deletes it. Exit
status: 0 all well or warnings, 1 something failed, 2 misused, 3 nothing failed but something could
not be known. `--json` prints the same for programs, and `--lang` chooses the language.

Every active tenant is examined once a day by the worker, at a time of its own; what newly fails is
told to the owner and stands in `/health/detail` until it is mended. Meta allows 200 such calls an
hour for an app and account: an examination makes six, and the daily ones keep to half of the
allowance. The admin API has the same under `/api/v1/admin`, see [api.md](api.md).

What stands below in ‹such marks› is filled in. Codes are what the API and `--json` show.
""",
    "pt-BR": """\
# Solução de problemas

*Escrito por `docs/troubleshooting_pages.py` a partir das frases do diagnóstico. Mude as frases e
rode `.venv/bin/python docs/troubleshooting_pages.py`. In English: [troubleshooting.md](troubleshooting.md).*

O diagnóstico pergunta a cada fornecedor como está um cliente e diz o que está errado e o que fazer:

```sh
mcp-platform doctor barbearia-do-ze/production
mcp-platform doctor --all
mcp-platform doctor barbearia-do-ze/production --fix
mcp-platform doctor barbearia-do-ze/production --write
```

Ele nada muda, a não ser que se peça. `--fix` inscreve o app da Meta na conta e aponta o webhook do
número para `PUBLIC_URL`; a URL da própria conta fica como está, porque outros clientes podem dividir
a conta. `--write` escreve um evento privado na agenda e o apaga. Código de saída: 0 tudo bem ou
avisos, 1 algo falhou, 2 uso errado, 3 nada falhou mas algo não pôde ser verificado. `--json` mostra o
mesmo para programas, e `--lang` escolhe a língua.

Cada cliente ativo é examinado uma vez por dia pelo worker, em horário próprio; o que passa a falhar é
avisado ao dono e aparece em `/health/detail` até ser resolvido. A Meta permite 200 dessas chamadas
por hora para cada app e conta: um exame faz seis, e os diários usam no máximo metade. A API de
administração faz o mesmo em `/api/v1/admin`, veja [api.md](api.md).

O que está entre ‹estas marcas› é preenchido. Os códigos são os que a API e `--json` mostram.
""",
}
STANDSTILLS: dict[StaffLanguage, str] = {
    "en": """\
## The service stands still

| In the log or the metrics | What it means | What to do |
|---|---|---|
| `kit.loop.stood_still`, `mcp_loop_standstills_total` | One piece of work held up all others of a process for `seconds`. `tenant` and `turn` say whose it was; without them it was no turn's. | Now and then on a busy machine: give the process more CPU. Always the same tenant: look at what its catalogue and its customers write, and report it. |
| `serve.restarted`, `mcp_started_after_standstill` | A process stood still for `STANDSTILL_S`, was ended, and `serve` started the next. The stack above this line says in which function. | Report the stack. The turn is tried `PARK_AFTER` times and then parked: `mcp-platform inbox parked`. |
| `assistant.turn.over_budget`, `mcp_menu_turns_total{why="over_budget"}` | A turn used more than `TURN_PROCESSOR_S` of processor time, and the menu answered. | As in the first line. |
""",
    "pt-BR": """\
## O serviço fica parado

| No log ou nas métricas | O que significa | O que fazer |
|---|---|---|
| `kit.loop.stood_still`, `mcp_loop_standstills_total` | Um trabalho segurou todos os outros do processo por `seconds` segundos. `tenant` e `turn` dizem de quem era; sem eles, não era de nenhum turno. | De vez em quando, em máquina ocupada: dê mais CPU ao processo. Sempre o mesmo cliente: veja o que o catálogo e os contatos dele escrevem, e relate. |
| `serve.restarted`, `mcp_started_after_standstill` | Um processo ficou parado por `STANDSTILL_S`, foi encerrado, e `serve` iniciou o seguinte. A pilha acima dessa linha diz em que função. | Relate a pilha. O turno é tentado `PARK_AFTER` vezes e depois posto de lado: `mcp-platform inbox parked`. |
| `assistant.turn.over_budget`, `mcp_menu_turns_total{why="over_budget"}` | Um turno usou mais tempo de processador que `TURN_PROCESSOR_S`, e o menu respondeu. | Como na primeira linha. |
""",
}
SHARED: dict[StaffLanguage, str] = {"en": "Any check", "pt-BR": "Qualquer verificação"}
HEADS: dict[StaffLanguage, str] = {
    "en": "| Code | State | What it means | What to do |",
    "pt-BR": "| Código | Estado | O que significa | O que fazer |",
}
STATES: dict[StaffLanguage, dict[State, str]] = {
    "en": {"ok": "ok", "warning": "warning", "failed": "failed", "unknown": "unknown"},
    "pt-BR": {"ok": "ok", "warning": "aviso", "failed": "falha", "unknown": "não se sabe"},
}


def page(language: StaffLanguage) -> str:
    """Return one whole page."""
    return "\n".join([INTRODUCTIONS[language], *_sections(language), STANDSTILLS[language]])


def _sections(language: StaffLanguage) -> Iterator[str]:
    titles = {name: title[language] for name, title in TITLES.items()}
    for check, title in [*titles.items(), (EVERY, SHARED[language])]:
        name = "" if check == EVERY else f" (`{check}`)"
        yield f"## {title}{name}\n\n{HEADS[language]}\n|---|---|---|---|"
        for (of, code), sentence in SENTENCES.items():
            if of == check:
                what, next_step = sentence.pt if language == "pt-BR" else sentence.en
                state = STATES[language][sentence.state]
                yield f"| `{code}` | {state} | {_shown(what)} | {_shown(next_step) or '–'} |"
        yield ""


def _shown(sentence: str) -> str:
    marked = _PLACEHOLDER.sub(r"‹\1›", sentence.replace("{{{{1}}}}", "&#123;&#123;1&#125;&#125;"))
    return marked.replace("|", "\\|")


if __name__ == "__main__":
    for each, target in TARGETS.items():
        target.write_text(page(each))
