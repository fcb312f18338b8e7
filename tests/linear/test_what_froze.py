"""No text of a stranger decides how long a process is busy with it.

The cases run in a process of their own, which is killed at a limit far above what they take: one
that is not linear takes minutes or years, on any machine.
"""

import json
import subprocess
import sys

import pytest

LIMIT_S = 60  # all cases take two seconds, most of them for the imports
RUN = """
import json, sys
for number, text in enumerate(json.load(sys.stdin)):
    print(f"case {number}: {text[:60]!a}", flush=True)
    run(text)
"""

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


def test_a_name_is_judged_at_once() -> None:
    _ends("from mcp_platform.assistant.lexicon.reading import is_name as run", *NAMES)


def test_a_hand_over_file_is_read_at_once() -> None:
    _ends("from mcp_platform.tenants.env_file import read_env_file as run", *ENV_FILES)


def test_a_models_answer_is_cut_before_it_is_looked_at() -> None:
    _ends(
        "from mcp_platform.assistant.lexicon import fold\n"
        "from mcp_platform.assistant.lexicon.reading import clean\n"
        "run = lambda text: fold(clean(text))",
        "a" + "\u0323\u0301" * 500_000,  # marks out of order: sorted in quadratic time
    )


def _ends(imports: str, *texts: str) -> None:
    try:
        subprocess.run(  # our own interpreter
            [sys.executable, "-c", imports + RUN],
            input=json.dumps(texts).encode(),
            stdout=subprocess.PIPE,
            timeout=LIMIT_S,
            check=True,
        )
    except subprocess.TimeoutExpired as late:
        *_, last = (late.stdout or b"none begun").decode().splitlines()
        pytest.fail(f"After {LIMIT_S} s still at: {last}")
