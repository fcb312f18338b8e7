"""What the schema describes is what the builder reads, defaults included."""

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from cdk8s_app import config, settings

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(config.SCHEMA.read_text())
SECTIONS = {
    "platform": (settings.Platform, SCHEMA["$defs"]["platform"]),
    "argocd": (settings.ArgoCD, SCHEMA["$defs"]["argocd"]),
    "database": (settings.Database, SCHEMA["$defs"]["database"]),
    "logs": (settings.Logs, SCHEMA["$defs"]["platform"]["properties"]["logs"]),
    "backups": (settings.Backups, SCHEMA["$defs"]["database"]["properties"]["backups"]),
}


@pytest.mark.parametrize("section", SECTIONS)
def test_the_builder_reads_every_field_that_is_described_and_no_other(section: str) -> None:
    form, described = SECTIONS[section]

    assert {each.name for each in fields(form)} == set(described["properties"])


@pytest.mark.parametrize("section", SECTIONS)
def test_a_described_default_is_the_builders(section: str) -> None:
    form, described = SECTIONS[section]
    own: dict[str, Any] = {each.name: each.default for each in fields(form)}

    for name, field in described["properties"].items():
        if "default" in field:
            default = own[name]
            assert default is not MISSING
            assert field["default"] == (list(default) if isinstance(default, tuple) else default)


def test_the_example_is_read() -> None:
    fleet = config.read_fleet(ROOT / "docs" / "examples" / "config.json")

    assert [tenant.path for client in fleet.clients for tenant in client.tenants()] == [
        "barbearia-do-ze/staging",
        "barbearia-do-ze/production",
        "clinica-sorriso/production",
    ]
