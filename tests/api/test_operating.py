"""Credentials, off-boarding and config.json over HTTP: who may, what is answered, what is never told."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from mcp_platform.bootstrap import admin
from mcp_platform.publishing.api import MOST_BYTES
from tests.cases import cases
from tests.clocks import ClockAhead
from tests.fakes import PRIVATE_KEY, SECRET, TOKEN, FolderProvisioner, folder_store
from tests.platform_api import Api, made_api

HIDDEN = "hunter2-" + "z" * 40
VERIFY_TOKEN, NUMBER = "a-word-of-ours", "106540352242922"


@pytest.fixture
def provisioner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderProvisioner:
    made = FolderProvisioner(folder_store(tmp_path / "credentials"))

    async def of(*_: Any, **__: Any) -> FolderProvisioner:
        return made

    monkeypatch.setattr(admin, "provisioner", of)
    return made


@pytest.fixture
async def api(
    provisioner: FolderProvisioner, migrated_url: str, tmp_path: Path
) -> AsyncIterator[Api]:
    async with made_api(migrated_url, tmp_path, ClockAhead()) as made:
        yield made


@pytest.fixture
async def shop(api: Api) -> str:
    """The path of a tenant's routes, in a platform whose provisioner writes into a folder."""
    path = await api.make_tenant(client="shop")
    client_name, environment = path.split("/")
    return f"/admin/clients/{client_name}/environments/{environment}"


async def everything(api: Api) -> str:
    """Return all that the database holds, as text."""
    tables = await api.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = ""
    for (table,) in tables:
        rows = await api.sql(f"SELECT to_jsonb(t)::text FROM {table} t")
        found += "".join(row for (row,) in rows)  # a row's own repr leaves out what is long
    return found


async def test_credentials_are_set_changed_and_counted_but_never_told(api: Api, shop: str) -> None:
    token = await api.sign_in("operator")
    where = f"{shop}/credentials"
    query = {"prove": "false"}
    answers = [
        await api.ask(
            "PUT",
            where,
            token=token,
            params=query,
            json={
                "WHATSAPP_API_TOKEN": TOKEN,
                "WHATSAPP_APP_SECRET": SECRET,
                "WHATSAPP_WEBHOOK_VERIFY_TOKEN": VERIFY_TOKEN,
                "WHATSAPP_PHONE_NUMBER_ID": NUMBER,
                "GOOGLE_PRIVATE_KEY": PRIVATE_KEY,
            },
        ),
        await api.ask(
            "PATCH",
            where,
            token=token,
            params=query,
            json={"GEMINI_API_KEY": HIDDEN, "WHATSAPP_APP_SECRET": None},
            headers={"Idempotency-Key": "one"},
        ),
        await api.ask(
            "POST",
            f"{where}/env",
            token=token,
            params=query,
            content=b'export GOOGLE_CALENDAR_ID="a@b.example"\r\nDATABASE_USER=theirs\r\n',
            headers={"content-type": "text/plain"},
        ),
        await api.ask("GET", where, token=token),
    ]

    assert [each.status_code for each in answers] == [200, 200, 200, 200]
    known = {each["key"]: each for each in answers[-1].json()["keys"]}
    assert {key for key, each in known.items() if each["present"]} == {
        *("WHATSAPP_API_TOKEN", "WHATSAPP_WEBHOOK_VERIFY_TOKEN", "WHATSAPP_PHONE_NUMBER_ID"),
        *("GOOGLE_PRIVATE_KEY", "GEMINI_API_KEY", "GOOGLE_CALENDAR_ID"),
    }
    assert len(known["GEMINI_API_KEY"]["fingerprint"]) == 12
    kept = await everything(api)
    for value in (TOKEN, SECRET, VERIFY_TOKEN, "PRIVATE KEY-----", HIDDEN):
        assert not any(value in each.text for each in answers)
        assert value not in kept
    assert "GEMINI_API_KEY" in kept
    assert NUMBER in kept  # what identifies a tenant stands in its row


@cases(
    "method, where, content, field",
    [
        ("PUT", "", {"WHATSAPP_PHONE_NUMBER_ID": HIDDEN}, "WHATSAPP_PHONE_NUMBER_ID"),
        ("PATCH", "", {"DATABASE_PASSWORD": HIDDEN}, "DATABASE_PASSWORD"),
        ("PATCH", "", {"GEMINI_API_KEY": {"deep": HIDDEN}}, "GEMINI_API_KEY"),
        ("PUT", "", {"GOOGLE_PRIVATE_KEY": HIDDEN}, "GOOGLE_PRIVATE_KEY"),
        ("POST", "/env", f"\n\nGOOGLE_PRIVATE_KEY={HIDDEN}\n", "line 3"),
        ("POST", "/env", f"GEMINI_API_KEY=x\n{HIDDEN}\n", "line 2"),
    ],
)
async def test_what_is_wrong_with_a_value_is_told_by_its_name_or_line_alone(
    api: Api,
    shop: str,
    capsys: pytest.CaptureFixture[str],
    method: str,
    where: str,
    content: Any,
    field: str,
) -> None:
    token = await api.sign_in("operator")
    is_file = isinstance(content, str)
    answer = await api.ask(
        method,
        f"{shop}/credentials{where}",
        token=token,
        content=content.encode() if is_file else orjson.dumps(content),
        headers={"content-type": "text/plain" if is_file else "application/json"},
    )

    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert HIDDEN not in answer.text
    assert HIDDEN not in await everything(api)
    assert HIDDEN not in str(capsys.readouterr())


async def test_a_tenants_database_password_is_rotated_and_told_to_nobody(
    api: Api, shop: str, provisioner: FolderProvisioner
) -> None:
    operator = await api.sign_in("operator")

    rotated = await api.ask("POST", f"{shop}/credentials/database-password", token=operator)
    given = {"DATABASE_PASSWORD": "mine"}
    refused = await api.ask("PATCH", f"{shop}/credentials", token=operator, json=given)

    assert (rotated.status_code, refused.status_code) == (200, 422)
    assert provisioner.rotated == ["shop/production"]
    assert set(rotated.json()) == {"keys"}
    assert "credentials.rotate_database_password" in await api.audited()


async def test_who_may_only_read_changes_nothing(api: Api, shop: str) -> None:
    viewer, staff = (
        await api.sign_in("viewer"),
        await api.sign_in("staff", tenant="shop/production"),
    )
    asked = [
        ("PUT", "/credentials", {}),
        ("PATCH", "/credentials", {}),
        ("POST", "/credentials/env", {}),
        ("POST", "/credentials/database-password", None),
        ("DELETE", "", None),
        ("POST", "/restore", {}),
        ("POST", "/purge", {"confirm": "shop/production"}),
        ("GET", "/export", None),
    ]
    for token in (viewer, staff):
        for method, where, body in asked:
            answer = await api.ask(
                method, shop + where, token=token, json=body, headers={"If-Match": "*"}
            )
            assert answer.status_code == 403, (method, where)
        answer = await api.ask("POST", "/admin/config/import", token=token, json={"clients": []})
        assert answer.status_code == 403
    assert (await api.ask("GET", f"{shop}/credentials", token=viewer)).status_code == 200
    assert (await api.ask("GET", f"{shop}/credentials", token=staff)).status_code == 403
    assert (await api.ask("GET", f"{shop}/credentials")).status_code == 401


async def test_an_environment_is_off_boarded_restored_and_purged(api: Api, shop: str) -> None:
    token = await api.sign_in("operator")
    assert (await api.ask("DELETE", shop, token=token)).status_code == 428
    stale = await api.ask("DELETE", shop, token=token, headers={"If-Match": '"99"'})
    assert stale.status_code == 412
    assert (await api.ask("GET", f"{shop}/offboarding", token=token)).status_code == 404

    left = await api.ask("DELETE", shop, token=token, headers={"If-Match": '"1"'})
    assert (left.status_code, left.json()["stage"]) == (202, "waiting")
    one = await api.ask("GET", shop, token=token)
    assert one.json()["status"] == "offboarded"
    restored = await api.ask("POST", f"{shop}/restore", token=token)
    assert (restored.status_code, restored.json()["status_before"]) == (200, "active")
    assert (await api.ask("GET", shop, token=token)).json()["status"] == "active"

    purge = f"{shop}/purge"
    early = await api.ask("POST", purge, token=token, json={"confirm": "shop/production"})
    assert early.status_code == 409
    await api.ask("DELETE", shop, token=token, headers={"If-Match": "*"})
    wrong = await api.ask("POST", purge, token=token, json={"confirm": "shop"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "confirm")
    unexported = await api.ask("POST", purge, token=token, json={"confirm": "shop/production"})
    assert unexported.status_code == 409
    assert "never exported" in unexported.json()["detail"]
    for anything_but_true in ("yes", 1, None):
        wish = {"confirm": "shop/production", "without_export": anything_but_true}
        assert (await api.ask("POST", purge, token=token, json=wish)).status_code == 422
    wish = {"confirm": "shop/production", "without_export": True}
    purged = await api.ask("POST", purge, token=token, json=wish)
    assert purged.status_code == 202
    told = await api.ask("GET", f"{shop}/offboarding", token=token)
    assert told.json()["purge_after"] <= purged.json()["purge_after"]
    assert [each for each in await api.audited() if each.startswith("tenant.")] == [
        *("tenant.offboard", "tenant.restore", "tenant.offboard", "tenant.purge_requested")
    ]


async def test_data_is_exported_as_json_lines_and_the_trail_knows_who_took_it(
    api: Api, shop: str
) -> None:
    token = await api.sign_in("operator")
    answer = await api.ask("GET", f"{shop}/export", token=token)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert 'filename="shop-production.jsonl"' in answer.headers["content-disposition"]
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert (lines[0]["type"], lines[0]["client_name"]) == ("tenant", "shop")
    assert (await api.audited())[-2:] == ["tenant.export", "tenant.exported"]

    await api.ask("DELETE", shop, token=token, headers={"If-Match": "*"})
    purge = await api.ask("POST", f"{shop}/purge", token=token, json={"confirm": "shop/production"})
    assert purge.status_code == 202


async def test_config_is_exported_and_imported_and_a_dry_run_changes_nothing(
    api: Api, shop: str
) -> None:
    token = await api.sign_in("operator")
    first = await api.ask("GET", "/admin/config", token=token)
    assert [each["client_name"] for each in first.json()["clients"]] == ["shop"]
    wished = {
        "clients": [
            {"client_name": "shop", "environments": {"production": {"topology": "isolated"}}},
            {
                "client_name": "other",
                "environments": {"staging": True},
                "credentials_file": "other.env",
            },
        ]
    }
    dry = await api.ask(
        "POST", "/admin/config/import", token=token, params={"dry_run": "true"}, json=wished
    )
    assert dry.status_code == 200, dry.text
    assert (await api.ask("GET", "/admin/config", token=token)).content == first.content
    done = await api.ask("POST", "/admin/config/import", token=token, json=wished)

    assert done.json() == dry.json()
    assert [(each["name"], each["action"]) for each in done.json()["steps"]] == [
        ("shop/production", "update"),
        ("other", "create"),
        ("other/staging", "create"),
    ]
    assert "1 credentials files are passed over" in done.json()["warnings"][0]
    assert done.json()["without_credentials"] == ["other/staging", "shop/production"]
    after = (await api.ask("GET", "/admin/config", token=token)).json()
    assert after["clients"][1]["environments"]["production"]["topology"] == "isolated"

    wrong = {"clients": [{"client_name": "shop", "environments": {"production": 3}}]}
    refused = await api.ask("POST", "/admin/config/import", token=token, json=wrong)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "clients[0].environments.production"


async def test_what_all_tenants_share_is_changed_field_by_field_and_tells_what_it_lacks(
    api: Api, shop: str
) -> None:
    token, viewer = await api.sign_in("operator"), await api.sign_in("viewer")
    empty = await api.ask("GET", "/admin/platform", token=viewer)
    lacks = {each["field"]: each["command"] for each in empty.json()["missing"]}
    assert set(lacks) == {
        "argocd.repo_url",
        "platform.image",
        "platform.host",
        "platform.token_keys",
    }
    assert all(each.startswith("mcp-platform platform set ") for each in lacks.values())

    pem = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"
    wished = {
        "platform": {
            "image": "registry.example.com/mcp:1",
            "settings": {"PUBLIC_URL": "https://wa.example.com", "LOG_LEVEL": "DEBUG"},
            "token_keys": {"k1": pem},
        },
        "argocd": {"repo_url": "https://git.example.com/m.git"},
    }
    done = await api.ask("PATCH", "/admin/platform", token=token, json=wished)
    assert (done.status_code, done.json()["missing"]) == (200, [])
    less = {"platform": {"settings": {"LOG_LEVEL": None}}, "argocd": None}
    done = await api.ask("PATCH", "/admin/platform", token=token, json=less)
    assert done.json()["platform"]["settings"] == {"PUBLIC_URL": "https://wa.example.com"}
    assert done.json()["platform"]["image"] == "registry.example.com/mcp:1"
    assert [each["field"] for each in done.json()["missing"]] == ["argocd.repo_url"]
    exported = (await api.ask("GET", "/admin/config", token=token)).json()
    assert exported["platform"] == done.json()["platform"]

    for body, status, field in (
        ({"platform": {"imag": "x"}}, 422, "platform.imag"),
        ({"platform": {"settings": {"X_API_KEY": "x"}}}, 422, "platform.settings.X_API_KEY"),
        ({"clients": {}}, 422, "clients"),
    ):
        answer = await api.ask("PATCH", "/admin/platform", token=token, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)
    assert (await api.ask("PATCH", "/admin/platform", token=viewer, json=less)).status_code == 403


async def test_a_large_file_is_not_taken_from_somebody_nobody_knows(api: Api) -> None:
    large = b" " * (MOST_BYTES + 1)
    nobody = await api.ask("POST", "/admin/config/import", content=large)
    assert nobody.status_code == 401  # and not 413: it was not read
    viewer = await api.sign_in("viewer")
    reader = await api.ask("POST", "/admin/config/import", token=viewer, content=large)
    assert reader.status_code == 403
    operator = await api.sign_in("operator")
    writer = await api.ask("POST", "/admin/config/import", token=operator, content=large)
    assert writer.status_code == 413


async def test_the_documentation_of_credentials_shows_no_value(api: Api, shop: str) -> None:
    document = (await api.ask("GET", "//openapi.json")).json()
    shapes = document["components"]["schemas"]
    for name in ("CredentialsChange", "CredentialsReplacement"):
        for about in shapes[name]["properties"].values():
            assert about["writeOnly"]
            assert not {"example", "examples", "default"} & about.keys()
    assert "DATABASE_PASSWORD" not in shapes["CredentialsChange"]["properties"]


async def test_a_file_without_any_credential_is_refused_and_lines_left_out_are_told(
    api: Api, shop: str
) -> None:
    token = await api.sign_in("operator")

    async def sent(content: str) -> Any:
        headers = {"content-type": "text/plain"}
        where = f"{shop}/credentials/env?prove=false"
        return await api.ask("POST", where, token=token, content=content, headers=headers)

    misspelt = "WHATSAPP_TOKEN=x\n"
    for nothing in ("", "# GEMINI_API_KEY=x\n", misspelt):
        assert (await sent(nothing)).status_code == 422, nothing
    left_out = {"line 1": "no credential has this name; the line is left out"}
    assert (await sent(misspelt)).json()["errors"] == [
        {"field": place, "detail": why} for place, why in left_out.items()
    ]
    assert (await sent(f"{misspelt}GEMINI_API_KEY=y\n")).json()["notes"] == left_out


@cases(
    "content, media_type, field, said",
    [
        (b'{"nmae": "shop"}', "application/json", "nmae", "There is no such field"),
        (b'{"name": ', "application/json", "body", "This is no JSON: Expecting value, at"),
        (b"name=shop", "text/plain", "body", "sent with Content-Type: application/json"),
        (b"[]", "application/json", "body", "must be a JSON object"),
    ],
)
async def test_a_request_of_another_form_is_told_what_is_wrong_with_it(
    api: Api, content: bytes, media_type: str, field: str, said: str
) -> None:
    token = await api.sign_in("operator")
    answer = await api.ask(
        "POST",
        "/admin/clients",
        token=token,
        content=content,
        headers={"content-type": media_type},
    )

    assert answer.status_code == 422
    errors = {each["field"]: each["detail"] for each in answer.json()["errors"]}
    assert said in errors[field]
