"""config.json in and out, and the end of a tenant, on the command line."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from mcp_platform.bootstrap import commands
from mcp_platform.errors import Unavailable
from tests.cli.conftest import PATH, Database, Mcp
from tests.cli.terminal import Terminal
from tests.fakes import PRIVATE_KEY, TOKEN, FolderProvisioner, folder_store
from tests.handed_over import CONFIG, ENV

NEW = {
    "client_name": "clinica-sorriso",
    "environments": {"production": {"topology": "isolated"}},
}


def written(folder: Path, *clients: dict[str, Any]) -> str:
    file = folder / "config.json"
    file.write_text(json.dumps({"clients": clients}))
    return str(file)


@pytest.fixture(autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderProvisioner:
    """Keep commands from making roles, which the tests' server would keep."""
    made = FolderProvisioner(folder_store(tmp_path / "kept"))

    async def provisioner(*_: Any, **__: Any) -> FolderProvisioner:
        return made

    monkeypatch.setattr(commands, "provisioner", provisioner)
    return made


def test_what_is_imported_as_isolated_is_prepared_and_again_where_that_broke_off(
    mcp: Mcp, database: Database, tmp_path: Path, made: FolderProvisioner
) -> None:
    isolated = {"environments": {"production": {"topology": "isolated"}}}
    file = written(tmp_path, {**isolated, "client_name": PATH.partition("/")[0]})
    made.fail_before = Unavailable("The provisioner cannot be reached.")

    refused = mcp("config", "import", file)
    assert (refused.status, "cannot be reached" in refused.err) == (1, True)
    assert database.value("SELECT topology FROM tenants") == "shared"

    made.fail_before = None
    assert mcp("config", "import", file).status == 0
    assert database.value("SELECT topology FROM tenants") == "isolated"
    assert made.prepared[0] == PATH

    made.fail_before = Unavailable("The provisioner cannot be reached.")
    file = written(tmp_path, NEW)
    assert mcp("config", "import", file).status == 1  # it is there, and has nothing yet
    made.fail_before = None
    assert mcp("config", "import", file).status == 0
    assert made.prepared[-1] == "clinica-sorriso/production"


def test_a_dry_run_shows_what_an_import_then_does(
    mcp: Mcp, database: Database, tmp_path: Path
) -> None:
    file = written(tmp_path, NEW)
    dry = mcp("config", "import", file, "--dry-run")
    assert dry.status == 0
    assert "+ tenant clinica-sorriso/production  topology: isolated" in dry.out
    assert f"{PATH} is not named" in dry.out
    assert database.value("SELECT count(*) FROM tenants") == 1

    done = mcp("config", "import", file)
    assert "Tenants: 1 created, 0 updated, 0 unchanged." in done.out
    assert database.value("SELECT count(*) FROM tenants") == 2
    assert database.value("SELECT actor_kind FROM audit_entries LIMIT 1") == "command"


def test_who_imports_a_thousand_tenants_sees_how_far_it_is(
    database: Database, tmp_path: Path
) -> None:
    many = ({**NEW, "client_name": f"cliente-{number:04}"} for number in range(1_000))
    file = written(tmp_path, *({**each, "environments": {"staging": True}} for each in many))

    with Terminal("config", "import", file, env={"DATABASE_URL": database.url}) as terminal:
        terminal.shows("Tenants: 1000 created, 0 updated, 0 unchanged.")
        assert terminal.ends() == 0

    shown = [int(done) for done in re.findall(r"Clients and tenants .*?(\d+)/2000", terminal.text)]
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (0, 2_000)
    assert set(shown) - {0, 1_000, 2_000}, "all clients, then all tenants, is no progress"
    assert database.value("SELECT count(*) FROM tenants") == 1_001


def test_what_is_wrong_with_a_file_is_one_sentence_that_names_client_field_and_line(
    mcp: Mcp, database: Database, tmp_path: Path
) -> None:
    ran = mcp("config", "import", written(tmp_path, {**NEW, "environments": {"prod": True}}))
    assert ran.status == 1
    assert "clients[0].environments.prod: is no field of this form" in ran.err
    assert "client clinica-sorriso (line 1)" in ran.err
    assert mcp("config", "import", str(tmp_path / "none.json")).status == 1


def test_credentials_files_beside_the_config_are_saved_and_a_broken_one_is_named(
    mcp: Mcp,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: FolderProvisioner,
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIR", str(tmp_path / "kept"))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    file = written(tmp_path, {**NEW, "credentials_file": "clinica.env"})
    (tmp_path / "clinica.env").write_text("nonsense\n")
    asked = mcp("config", "import", file, "--no-prove")
    assert asked.status == 0, asked.err  # nothing was given that is lost
    assert "clinica.env: line 1" in asked.err
    assert database.value("SELECT count(*) FROM tenants") == 2

    (tmp_path / "clinica.env").write_text(f"WHATSAPP_API_TOKEN='{TOKEN}'\n")
    ran = mcp("config", "import", file, "--no-prove")
    assert ran.status == 0, ran.err
    assert "Credentials: 1 of 1 tenants are saved." in ran.out
    assert made.written == [frozenset({"WHATSAPP_API_TOKEN"})]
    assert TOKEN not in ran.out + ran.err

    (tmp_path / "clinica.env").write_text("nonsense\n")
    refused = mcp("config", "import", file, "--no-prove")
    assert refused.status == 1  # what is kept stays, and whoever changed the file must hear of it
    assert "clinica.env: line 1" in refused.err


def test_what_an_agency_hands_over_is_imported_unchanged_and_the_rest_is_asked_for(
    mcp: Mcp, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIR", str(tmp_path / "kept"))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    config = tmp_path / "config.json"
    config.write_bytes(CONFIG.read_bytes())
    alone = mcp("config", "import", str(config), "--no-prove")
    assert (alone.status, "Tenants: 2 created" in alone.out) == (0, True), alone.err
    asked = "mcp-platform credentials set comercial-guanabara/{} --from-file FILE.env"
    assert asked.format("development") in alone.err
    assert asked.format("staging") in alone.err

    # As it was handed over, values not filled in yet.
    (tmp_path / ENV.name).write_bytes(ENV.read_bytes())
    example = mcp("config", "import", str(config), "--no-prove")
    assert example.status == 0, example.err
    assert asked.format("staging") in example.err

    real = PRIVATE_KEY.strip().replace("\n", "\\n")
    pem = "-----BEGIN PRIVATE KEY-----\\n...\\n-----END PRIVATE KEY-----"
    assert pem in ENV.read_text()
    values = ENV.read_text().replace(pem, real).replace("numero-id", "106540352242922")
    (tmp_path / ENV.name).write_text(values)
    for _ in range(2):
        ran = mcp("config", "import", str(config), "--no-prove")
        assert ran.status == 0, ran.err
        assert "Tenants: 0 created, 0 updated, 2 unchanged." in ran.out
        assert "Credentials: 1 of 1 tenants are saved." in ran.out
        assert asked.format("development") in ran.err
        assert asked.format("staging") not in ran.err
    named = "SELECT environment FROM tenants WHERE phone_number_id = '106540352242922'"
    assert database.value(named) == "staging"


def test_what_is_exported_is_imported_without_a_change(
    mcp: Mcp, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "exported.json"
    assert mcp("config", "export", "--output", str(file)).status == 0
    assert mcp("config", "export").out.encode() == file.read_bytes()
    ran = mcp("config", "import", str(file))
    assert "Tenants: 0 created, 0 updated, 1 unchanged." in ran.out


def test_a_tenants_data_goes_into_a_new_file_that_only_its_owner_reads(
    mcp: Mcp, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "data.jsonl"
    ran = mcp("tenants", "export", PATH, "--output", str(file))
    assert ran.status == 0, ran.err
    types = [json.loads(line)["type"] for line in file.read_text().splitlines()]
    assert types == ["tenant", "contacts", "contact_aliases"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = mcp("tenants", "export", PATH, "--output", str(file))
    assert again.status == 1
    assert "File exists" in again.err
    audited = database.sql("SELECT action FROM audit_entries ORDER BY id")
    assert [row[0] for row in audited] == ["tenant.export", "tenant.exported"]
    assert mcp("tenants", "export", "no/production", "--output", str(tmp_path / "x")).status == 1
    assert not (tmp_path / "x").exists()


def test_a_tenant_is_off_boarded_restored_and_purged(mcp: Mcp, database: Database) -> None:
    assert mcp("tenants", "purge", PATH, "--confirm", PATH).status == 1
    left = mcp("tenants", "offboard", PATH)
    assert left.status == 0, left.err
    assert f"mcp-platform tenants restore {PATH}" in left.out
    assert database.value("SELECT status FROM tenants") == "offboarded"
    assert "is active again" in mcp("tenants", "restore", PATH).out
    assert database.value("SELECT status FROM tenants") == "active"

    mcp("tenants", "offboard", PATH)
    unasked = mcp("tenants", "purge", PATH)
    assert (unasked.status, "--confirm" in unasked.err) == (2, True)
    assert mcp("tenants", "purge", PATH, "--confirm", "barbearia-do-ze").status == 1
    unexported = mcp("tenants", "purge", PATH, "--confirm", PATH)
    assert (unexported.status, "never exported" in unexported.err) == (1, True)
    assert mcp("tenants", "purge", PATH, "--confirm", PATH, "--without-export").status == 0
    assert database.value("SELECT purge_after <= now() FROM offboardings")
    shown = json.loads(mcp("tenants", "show", PATH).out)
    assert shown["offboarding"]["stage"] == "waiting"
    assert shown["offboarding"]["left_behind"] is None
    assert PATH in mcp("tenants", "list").out
    database.sql("UPDATE offboardings SET purged_at = now()")  # as the service does
    assert mcp("tenants", "list").out.startswith("There are no tenants yet")
    assert json.loads(mcp("tenants", "show", PATH).out)["offboarding"]["stage"] == "purged"


def test_a_tenants_database_password_is_rotated(
    mcp: Mcp,
    database: Database,
    made: FolderProvisioner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIR", str(tmp_path))
    assert mcp("tenants", "rotate-database-password", PATH).status == 0
    assert made.rotated == [PATH]
