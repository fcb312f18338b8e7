"""A fleet is examined before it is pushed, and each command that is named mends what it is named for."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import PATH, Database, Mcp

COMMAND = re.compile(r"^    mcp-platform (platform set .*)$", re.MULTILINE)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty manifests repository; no cluster can be asked for anything."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MANIFESTS_REPOSITORY", str(tmp_path / "manifests.git"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    subprocess.run(["git", "init", "--quiet", "--bare", "manifests.git"], check=True)
    return tmp_path / "manifests.git"


def files(bare: Path) -> list[str]:
    listed = ["git", "-C", str(bare), "ls-tree", "-r", "--name-only", "main"]
    return subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\n")


def test_a_fleet_that_was_filled_by_hand_is_not_pushed_before_it_can_run(
    mcp: Mcp, database: Database, bare: Path
) -> None:
    refused = mcp("publish")
    assert (refused.status, "Nothing was pushed." in refused.err) == (1, True)
    assert f"mcp-platform credentials set {PATH} --from-file" in refused.err  # a word, no refusal
    commands = COMMAND.findall(refused.err)
    assert [re.split(r"[ =]", each)[2] for each in commands] == [
        "image",
        "host",
        "--token-keys",
        "api_server_ranges",
    ]
    shown = mcp("platform", "show").err
    assert [re.split(r"[ =]", each)[2] for each in COMMAND.findall(shown)] == [
        re.split(r"[ =]", each)[2] for each in commands
    ]
    assert "publish asks the cluster of KUBECONFIG" in shown
    assert mcp("diff", "--stat").status == 1  # what cannot be made cannot be shown
    assert not subprocess.run(
        ["git", "-C", str(bare), "branch"], check=True, capture_output=True
    ).stdout

    for number, command in enumerate(commands, start=1):
        ran = mcp(*shlex.split(command))
        assert ran.status == 0, ran.err
        left = COMMAND.findall(mcp("publish").err)
        assert left == commands[number:]

    found = files(bare)
    assert any(name.startswith("argocd/") for name in found)
    assert f"clients/{PATH}/Namespace.barbearia-do-ze-production.yaml" in found
    assert Path("keys/totp.key").exists()
    pushed = json.loads(
        subprocess.run(
            ["git", "-C", str(bare), "show", "main:config.json"], check=True, capture_output=True
        ).stdout
    )
    assert pushed["argocd"]["repo_url"] == str(bare)
    (pem,) = pushed["platform"]["token_keys"].values()
    assert pem == next(Path("keys").glob("*.pub.pem")).read_text()


def test_fields_are_set_by_name_taken_away_and_checked(mcp: Mcp, database: Database) -> None:
    given = [
        "database.instances=2",
        "monitoring=false",
        "api_server_ranges=192.0.2.1/32,192.0.2.2/32",
    ]
    assert mcp("platform", "set", *given, "settings.LOG_LEVEL=DEBUG").status == 0
    shown = json.loads(mcp("platform", "show", "--json").out)
    assert shown["platform"] == {
        "monitoring": False,
        "api_server_ranges": ["192.0.2.1/32", "192.0.2.2/32"],
        "settings": {"LOG_LEVEL": "DEBUG"},
    }
    assert shown["database"] == {"instances": 2}
    assert "platform.image" in {each["field"] for each in shown["missing"]}

    assert mcp("platform", "set", "settings.LOG_LEVEL=", "database.instances=").status == 0
    shown = json.loads(mcp("platform", "show", "--json").out)
    assert ("settings" in shown["platform"], "database" in shown) == (False, False)
    for wrong, why in (
        ("imag=x", "perhaps 'image' is meant"),
        ("database.instances=much", "database.instances: must be integer"),
        ("settings.GEMINI_API_KEY=x", "is a secret"),
        ("image", "FIELD=VALUE"),
    ):
        ran = mcp("platform", "set", wrong)
        assert (ran.status != 0, why in ran.err) == (True, True), ran.err
    assert (
        database.value("SELECT count(*) FROM audit_entries WHERE action = 'platform.update'") == 2
    )
