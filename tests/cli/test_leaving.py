"""A tenant's data leaves whole, by processes that import what each command imports and no more.

What is asked first, and written down, needs no process of its own.
"""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mcp_platform.kit.database import Base
from mcp_platform.offboarding.exported import NOT_DATA
from mcp_platform.offboarding.work import KEPT
from tests.cli.conftest import PATH, Database, Mcp
from tests.cli.processes import PATIENCE_S, serving
from tests.factories import add_tenant
from tests.tenant_rows import fill_tables

OTHER = "outra/production"
PURGE = ("tenants", "purge", PATH, "--confirm", PATH)
# Of the whole schema, as the database itself knows it.
TABLES = """
    SELECT columns.table_name FROM information_schema.columns
    JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_type = 'BASE TABLE'
"""
COLUMNS = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = $1
"""


def command(database: Database, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as an operator does: in a process of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "mcp_platform.cli", *arguments],
        env={**kept, "DATABASE_URL": database.url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.fixture
def filled(database: Database) -> Database:
    """A row of every table for the tenant, and for another; no end of either has begun."""
    other = database.make(add_tenant, "outra")
    for table in ("contact_leases", "contact_aliases", "contacts"):
        database.sql(f"DELETE FROM {table}")
    for tenant_id in (database.tenant, other.id):
        database.make(fill_tables, tenant_id)
    database.sql("DELETE FROM offboardings")
    return database


def tables_of_tenants(database: Database) -> set[str]:
    return {row[0] for row in database.sql(TABLES)}


def kept_of(database: Database, path: str) -> dict[str, int]:
    client, _, environment = path.partition("/")
    tenant_id = database.value(
        "SELECT id FROM tenants WHERE client_name = $1 AND environment = $2", client, environment
    )
    counted = {
        table: database.value(f"SELECT count(*) FROM {table} WHERE tenant_id = {tenant_id}")
        for table in tables_of_tenants(database)
    }
    return {table: count for table, count in counted.items() if count}


def bytes_of(told: Any) -> bytes:
    if isinstance(told, dict) and told.keys() == {"base64"}:
        return base64.b64decode(told["base64"])
    return json.dumps(told).encode()


def is_kept(database: Database, line: Mapping[str, Any]) -> bool:
    """Tell whether a line of an export is a row of the tenant, whole, as the database reads it."""
    table = Base.metadata.tables[line["type"]]
    derived = {each.name for each in table.columns if "derived" in each.info}
    told = database.sql(COLUMNS, line["type"])
    types = {name: kind for name, kind in told if name not in derived}
    assert line.keys() == types.keys() - {"tenant_id"} | {"type"}
    row = {"tenant_id": database.tenant}
    for column, kind in types.items():
        value = line.get(column)
        if kind == "bytea":
            row[column] = "\\x" + bytes_of(value).hex()
        elif kind == "tstzrange":
            row[column] = f'["{value[0]}","{value[1]}")'
        elif column != "tenant_id":
            row[column] = value
    table = line["type"]
    return bool(
        database.value(
            f"SELECT count(*) FROM {table} AS row_in_database,"
            f" jsonb_populate_record(NULL::{table}, $1::text::jsonb) AS row_in_file"
            " WHERE to_jsonb(row_in_database) - $2::text[] = to_jsonb(row_in_file) - $2::text[]",
            json.dumps(row),
            sorted(derived),
        )
    )


def test_an_export_holds_row_by_row_what_a_purge_deletes(filled: Database, tmp_path: Path) -> None:
    others = kept_of(filled, OTHER)
    file = tmp_path / "data.jsonl"
    ran = command(filled, "tenants", "export", PATH, "--output", str(file))
    assert ran.returncode == 0, ran.stderr
    head, *lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert (head["type"], head["client_name"]) == ("tenant", "barbearia-do-ze")
    assert not [line for line in lines if not is_kept(filled, line)]
    told = sorted(line["type"] for line in lines)

    before = kept_of(filled, PATH)
    assert told == sorted(set(before) - NOT_DATA)  # one row of each was filled
    assert "messages" in told
    assert command(filled, "tenants", "offboard", PATH).returncode == 0
    assert command(filled, *PURGE).returncode == 0
    filled.sql("UPDATE offboardings SET started_at = now() - interval '1 hour', due_at = now()")
    (tmp_path / "credentials").mkdir()
    with serving(filled.url, "provisioner", CREDENTIALS_DIR=str(tmp_path / "credentials")):
        wait_until_purged(filled)

    assert set(kept_of(filled, PATH)) == KEPT
    assert kept_of(filled, OTHER) == others


def wait_until_purged(database: Database) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not database.value("SELECT purged_at IS NOT NULL FROM offboardings"):
        assert time.monotonic() < deadline, database.value("SELECT error FROM offboardings")
        time.sleep(0.1)


def test_a_purge_of_what_is_in_no_complete_export_asks_for_the_name_and_a_flag(
    mcp: Mcp, filled: Database, tmp_path: Path
) -> None:
    assert mcp("tenants", "offboard", PATH).status == 0
    never = mcp(*PURGE)
    assert (never.status, "was never exported" in never.err) == (1, True)

    file = str(tmp_path / "before.jsonl")
    assert mcp("tenants", "export", PATH, "--output", file).status == 0
    filled.sql("UPDATE messages SET text = 'Às dez' WHERE tenant_id = $1", filled.tenant)
    changed = mcp(*PURGE)
    assert changed.status == 1
    assert "has changed since its last export: messages." in changed.err
    assert "--without-export" in changed.err
    assert not filled.value("SELECT purge_after <= now() FROM offboardings")

    file = str(tmp_path / "after.jsonl")
    assert mcp("tenants", "export", PATH, "--output", file).status == 0
    assert mcp(*PURGE).status == 0


def test_a_purge_without_an_export_is_written_down_as_such(mcp: Mcp, filled: Database) -> None:
    assert mcp("tenants", "offboard", PATH).status == 0
    assert mcp(*PURGE, "--without-export").status == 0
    after = filled.value("SELECT after FROM audit_entries WHERE action = 'tenant.purge_requested'")
    assert json.loads(after)["without_export"] is True
