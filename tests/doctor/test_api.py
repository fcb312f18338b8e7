"""The doctor over the admin API: who may ask, and what is answered."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from mcp_platform.access.passwords import Passwords
from mcp_platform.app import create_internal_app
from mcp_platform.bootstrap import admin, service
from mcp_platform.settings import Settings
from mcp_platform.simulators.serving import serving
from tests.clocks import ClockAhead
from tests.doctor.examined_tenant import TEMPLATE
from tests.doctor.world import DoctorWorld
from tests.platform_api import Api

PATH = "/admin/clients/shop/environments/production/doctor"


def settings_of(world: DoctorWorld, database_url: str, folder: Path) -> dict[str, str]:
    urls = world.examined.urls
    return {
        "DATABASE_URL": database_url,
        "DATA_DIR": str(folder),
        "CREDENTIALS_DIR": str(world.folder),
        "META_GRAPH_URL": urls["meta"],
        "GEMINI_URL": urls["gemini"],
        "GOOGLE_CALENDAR_URL": f"{urls['google']}/calendar/v3/",
        "GOOGLE_TOKEN_URL": f"{urls['google']}/token",
        "PUBLIC_URL": urls["gateway"],
        "OWNER_NOTICE_TEMPLATE": TEMPLATE,
    }


@pytest.fixture
async def api(
    world: DoctorWorld,
    migrated_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Api]:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(admin, "Passwords", lambda: Passwords(cheap))
    folder = tmp_path_factory.mktemp("data")
    for name, value in settings_of(world, migrated_url, folder).items():
        monkeypatch.setenv(name, value)
    async with service.platform(
        Settings(), ("admin",), database_url=migrated_url, redis_url=None
    ) as platform:
        yield Api(platform, ClockAhead(), folder / "keys")


@pytest.fixture
async def apart(
    world: DoctorWorld,
    migrated_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Api]:
    """The part `admin` as a cluster has it: it reads no credentials, and has a provisioner to ask."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(admin, "Passwords", lambda: Passwords(cheap))
    folder = tmp_path_factory.mktemp("data")
    for name, value in settings_of(world, migrated_url, folder).items():
        monkeypatch.setenv(name, value)
    given: dict[str, Any] = {"database_url": migrated_url, "redis_url": None}
    async with (
        service.platform(Settings(), ("provisioner",), **given) as provisioner,
        serving(create_internal_app(provisioner)) as url,
    ):
        monkeypatch.setenv("PROVISIONER_URL", url)
        monkeypatch.setenv("CREDENTIALS_STORE", "kubernetes")
        monkeypatch.setenv("KUBECONFIG", str(folder / "none"))
        # No vendor is to be asked from here.
        for name in ("META_GRAPH_URL", "GEMINI_URL", "GOOGLE_CALENDAR_URL", "GOOGLE_TOKEN_URL"):
            monkeypatch.setenv(name, "http://127.0.0.1:9/")
        async with service.platform(Settings(), ("admin",), **given) as platform:
            yield Api(platform, ClockAhead(), folder / "keys")


async def test_a_part_that_reads_no_credentials_has_the_provisioner_examine(apart: Api) -> None:
    operator = await apart.sign_in("operator")

    ran = await apart.ask("POST", PATH, token=operator, json={})
    read = await apart.ask("GET", PATH, token=operator)

    assert ran.status_code == 200, ran.text
    assert {each["state"] for each in ran.json()["results"]} == {"ok"}
    assert read.json() == ran.json()


async def test_what_is_to_be_changed_over_there_is_changed_and_written_down(
    apart: Api, world: DoctorWorld
) -> None:
    token = await apart.sign_in("operator")
    world.examined.number.override_url = None

    fixed = await apart.ask("POST", PATH, token=token, json={"fix": True})

    results = {each["check"]: each["code"] for each in fixed.json()["results"]}
    assert results["whatsapp.callback"] == "overridden_now"
    assert (await apart.audited())[-1] == "tenant.examine"


async def test_one_credential_is_proved_beside_those_that_only_the_provisioner_reads(
    apart: Api, world: DoctorWorld
) -> None:
    token = await apart.sign_in("operator")
    where = PATH.replace("doctor", "credentials")
    secret = world.examined.case.secrets.whatsapp_app_secret

    wrong = await apart.ask(
        "PATCH", where, token=token, json={"WHATSAPP_APP_SECRET": "0" * len(secret)}
    )
    right = await apart.ask("PATCH", where, token=token, json={"WHATSAPP_APP_SECRET": secret})

    assert wrong.status_code == 422
    assert "whatsapp.app_secret" in [each["field"] for each in wrong.json()["errors"]]
    assert right.status_code == 200, right.text


async def test_an_operator_examines_and_a_viewer_reads(api: Api) -> None:
    operator, viewer = await api.sign_in("operator"), await api.sign_in("viewer")

    ran = await api.ask("POST", PATH, token=operator, json={})
    read = await api.ask("GET", PATH, token=viewer, params={"language": "pt-BR"})

    assert ran.status_code == read.status_code == 200, ran.text
    assert ran.json()["tenant"] == "shop/production"
    states = {each["check"]: each["state"] for each in ran.json()["results"]}
    assert states.pop("gemini.key") == "ok"
    assert set(states.values()) == {"ok"}
    said = {each["check"]: each["what"] for each in read.json()["results"]}
    assert said["google.token"] == "O Google aceita a chave."


@pytest.mark.parametrize("role", ["viewer", "staff"])
async def test_others_may_not_examine(api: Api, role: str) -> None:
    tenant = "shop/production" if role == "staff" else None
    token = await api.sign_in(role, tenant=tenant)  # type: ignore[arg-type]

    answer = await api.ask("POST", PATH, token=token, json={})

    assert answer.status_code == 403


async def test_nobody_signed_in_reads_nothing(api: Api) -> None:
    assert (await api.ask("GET", PATH)).status_code == 401


async def test_a_tenant_that_there_is_not_is_not_found(api: Api) -> None:
    token = await api.sign_in("operator")

    for method in ("GET", "POST"):
        answer = await api.ask(
            method,
            "/admin/clients/nobody/environments/production/doctor",
            token=token,
            **({"json": {}} if method == "POST" else {}),
        )
        assert answer.status_code == 404


async def test_before_the_first_examination_there_are_no_results(api: Api) -> None:
    token = await api.sign_in("viewer")

    answer = await api.ask("GET", PATH, token=token)

    assert answer.json() == {"tenant": "shop/production", "results": []}


async def test_who_has_things_changed_is_written_down_and_who_reads_is_not(
    api: Api, world: DoctorWorld
) -> None:
    token = await api.sign_in("operator")
    world.examined.number.override_url = None

    await api.ask("POST", PATH, token=token, json={})
    before = await api.audited()
    fixed = await api.ask("POST", PATH, token=token, json={"fix": True})

    results = {each["check"]: each["code"] for each in fixed.json()["results"]}
    assert results["whatsapp.callback"] == "overridden_now"
    assert "tenant.examine" not in before
    assert (await api.audited())[-1] == "tenant.examine"


@pytest.mark.parametrize("body", [{"fix": "yes"}, {"repair": True}, []])
async def test_what_is_not_documented_is_refused(api: Api, body: object) -> None:
    token = await api.sign_in("operator")

    answer = await api.ask("POST", PATH, token=token, json=body)

    assert answer.status_code == 422
