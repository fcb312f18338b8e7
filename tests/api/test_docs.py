"""`/docs` for people and `/openapi.json` for programs, and neither where that is wished."""

from dataclasses import replace

from mcp_platform.kit.reference import POLICY
from tests.platform_api import Api


async def test_the_api_can_be_read_by_people_without_a_script(api: Api) -> None:
    answer = await api.ask("GET", "//docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    document = (await api.ask("GET", "//openapi.json")).json()
    for operations in document["paths"].values():
        for operation in operations.values():
            assert f"<code>{operation['operationId']}</code>" in answer.text
    assert "<script" not in answer.text


async def test_what_must_be_sent_is_required_by_the_document(api: Api) -> None:
    document = (await api.ask("GET", "//openapi.json")).json()
    needed = {
        operation["operationId"]: [
            each["required"] for each in operation["parameters"] if each["name"] == "If-Match"
        ]
        for operations in document["paths"].values()
        for operation in operations.values()
        if "428" in operation["responses"]
    }
    assert len(needed) > 10
    assert {tuple(each) for each in needed.values()} == {(True,)}


async def test_neither_is_served_where_it_is_switched_off(api: Api) -> None:
    shared = api.platform.shared
    settings = shared.settings.model_copy(update={"api_docs": False})
    silent = Api(
        replace(api.platform, shared=replace(shared, settings=settings)), api.clock, api.keys
    )
    for path in ("//docs", "//openapi.json"):
        assert (await silent.ask("GET", path)).status_code == 404
    assert (await silent.ask("GET", "/auth/me")).status_code == 401
