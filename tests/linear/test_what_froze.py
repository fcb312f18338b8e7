"""No text of a stranger decides how long a process is busy with it.

Each case runs in a process of its own, which is killed at a limit far above what it takes: a case
that is not linear takes minutes or years, on any machine.
"""

import subprocess
import sys

import pytest

LIMIT_S = 6  # each case takes less than two seconds, most of them for the imports

NAMES = (
    "a" * 29 + "1",
    "a" * 64_000 + "1",
    "a-" * 32_000 + "1",
    "a. & " * 13_000 + "1",
    "Instalação de ar-condicionado split 9000 BTU",
    "Clínica Odontológica Sorriso Aberto 24h",
    "Trabalhamos somente com hora marcada, obrigado",
    "Avenida Brigadeiro Faria Lima, 1500",
)
ENV_FILES = (
    "A=" + " " * 250_000,
    "A=" + "\t" * 250_000 + "x",
    'A="' + '"#' * 125_000 + "x",
    "A='" + "\\'#" * 83_000 + "x",
    'A="' + '" ' * 125_000 + "x",
    "GOOGLE_PRIVATE_KEY=-----BEGIN PRIVATE KEY-----\n" * 5_000,
    "GOOGLE_PRIVATE_KEY=\n" * 12_500,
    'A={"a":\n' * 30_000,
    '{"private_key": "-----BEGIN PRIVATE KEY-----' + "\\\\" * 100_000 + "-----END PRIVATE KEY-----"
    '", "client_email": "a"}',
)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_name_is_judged_at_once(name: str) -> None:
    _ends("from mcp_platform.assistant.lexicon.reading import is_name as run", name)


@pytest.mark.parametrize("text", ENV_FILES, ids=range(len(ENV_FILES)))
def test_a_hand_over_file_is_read_at_once(text: str) -> None:
    _ends("from mcp_platform.tenants.env_file import read_env_file as run", text)


def test_a_models_answer_is_cut_before_it_is_looked_at() -> None:
    _ends(
        "from mcp_platform.assistant.lexicon import fold\n"
        "from mcp_platform.assistant.lexicon.reading import clean\n"
        "run = lambda text: fold(clean(text))",
        "a" + "\u0323\u0301" * 500_000,  # marks out of order: sorted in quadratic time
    )


def _ends(imports: str, text: str) -> None:
    subprocess.run(  # our own interpreter
        [sys.executable, "-c", f"import sys\n{imports}\nrun(sys.stdin.read())"],
        input=text.encode(),
        timeout=LIMIT_S,
        check=True,
        env={"PYTHONUTF8": "1"},
    )
