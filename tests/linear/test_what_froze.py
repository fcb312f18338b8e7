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


def test_a_hand_over_file_is_read_at_once() -> None:
    _ends("from mcp_platform.tenants.env_file import read_env_file as run", *ENV_FILES)


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
