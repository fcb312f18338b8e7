"""`conversations export`: a customer's data at a terminal, and in a file."""

import json
from pathlib import Path

from tests.cli.conftest import PATH, Database, Mcp

PHONE = "+55 11 99999-8888"


def test_a_customers_data_is_printed_or_written_to_a_file_of_ones_own(
    mcp: Mcp, database: Database, tmp_path: Path
) -> None:
    printed = json.loads(mcp("conversations", "export", PATH, PHONE).out)
    assert (printed["tenant"], printed["contact"]["phone"]) == (PATH, "5511999998888")
    file = tmp_path / "ana.json"

    assert mcp("conversations", "export", PATH, PHONE, "--output", str(file)).status == 0

    written = json.loads(file.read_text())
    assert written["contact"] == printed["contact"]
    assert file.stat().st_mode & 0o777 == 0o600
    again = mcp("conversations", "export", PATH, PHONE, "--output", str(file))
    assert (again.status, "cannot be made" in again.err) == (1, True)
    audited = database.sql("SELECT action FROM audit_entries ORDER BY id")
    assert [each[0] for each in audited] == ["contact.export"] * 2


def test_no_file_is_left_of_somebody_who_is_not_known(
    mcp: Mcp, database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "nobody.json"
    ran = mcp("conversations", "export", PATH, "5511900000000", "--output", str(file))
    assert (ran.status, file.exists()) == (1, False)
