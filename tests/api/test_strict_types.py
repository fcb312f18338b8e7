"""A number is no text and a truth value is no number: of every body of the OpenAPI document."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from mcp_platform.access.tenant_tokens import TenantTokens
from mcp_platform.bootstrap.keys import token_keys
from mcp_platform.tenants.access import SCOPES
from tests.platform_api import Api

# What would pass for a value of this type, to whoever is not strict.
NEARLY = {"integer": "30", "number": "0.5", "boolean": "true"}
KNOWN = {
    "environment": "production",
    "service_id": "corte",
    "professional_id": "ze",
    "year": "2027",
}


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _nearly_right(
    document: dict[str, Any], schema: dict[str, Any]
) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """Yield for each value that is no text where it stands, and a body in which it is a text."""
    for name, described in schema.get("properties", {}).items():
        ways = [_resolved(document, each) for each in described.get("anyOf", [described])]
        types = {each.get("type") for each in ways}
        if "string" not in types:
            for each in types & NEARLY.keys():
                yield [name], {name: NEARLY[each]}
        for way in ways:
            if way.get("type") == "array":
                for place, inner in _nearly_right(document, _resolved(document, way["items"])):
                    yield [name, "0", *place], {name: [inner]}
            for place, inner in _nearly_right(document, way):
                yield [name, *place], {name: inner}


async def test_what_is_documented_as_no_text_is_refused_as_one(api: Api) -> None:
    path = await api.make_tenant()
    user = await api.sign_in("admin")
    of_tenant = TenantTokens(token_keys(api.platform.shared.settings)).mint(
        tenant=path,
        subject="site",
        scopes=frozenset(SCOPES),
        ttl=timedelta(hours=1),
        now=api.clock(),
    )
    document = (await api.ask("GET", "//openapi.json")).json()
    asked = set()
    for route, methods in document["paths"].items():
        where = route.replace("{client_name}", path.partition("/")[0])
        for name, value in KNOWN.items():
            where = where.replace(f"{{{name}}}", value)
        where = where.replace("{user_id}", "0" * 32).replace("{appointment_id}", "0" * 32)
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            for place, body in _nearly_right(document, _resolved(document, content["schema"])):
                answer = await api.ask(
                    method.upper(),
                    f"/{where}".replace("{closed_day_id}", "1"),
                    token=user if route.startswith("/api/v1") else of_tenant,
                    headers={"if-match": "*"},
                    json=body,
                )
                told = f"{method} {route} {body}: {answer.status_code} {answer.text}"
                assert answer.status_code == 422, told
                assert ".".join(place) in [each["field"] for each in answer.json()["errors"]], told
                asked.add(f"{method} {route} {'.'.join(place)}")
    assert len(asked) > 20, asked
