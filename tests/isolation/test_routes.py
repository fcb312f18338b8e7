"""Every route of the OpenAPI document, asked for one tenant's things with another's token.

Made from the document: a route that is added is asked too.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mcp_platform.access.tenant_tokens import SCOPES, TenantTokens
from mcp_platform.bootstrap.keys import token_keys
from mcp_platform.kit.database import create_engine
from tests.clocks import ClockAhead
from tests.platform_api import Api, made_api
from tests.tenant_rows import OF_TENANTS, fill_tables, named

METHODS = {"get", "post", "put", "patch", "delete"}
REFUSED = {401, 403, 404, 405}
# What passes for a body, so that it is looked at whose the thing is.
CHANGES = {
    "services": {"name": "x"},
    "professionals": {"name": "x"},
    "closed-days": {"reason": "x"},
    "answers": {"title": "x", "questions": ["x"], "text": "x"},
}
BODIES = {
    "hours": {"hours": []},
    "appointments": {"status": "confirmed"},
    "answer": {"text": "x"},
    "dismiss": {},
    "merge": {"into": "x"},
    "called": {},
    "done": {},
    "phrases": {"wordings": ["x"]},
    "notes": {"text": "x"},
    "canned-replies": {"title": "x", "text": "x"},
    "undo": {},
    "conversations": {},
    "take": {},
    "preview": {"cancel": True},
    "erase": {},
    "reply": {"text": "x"},
    **CHANGES,
}


@pytest.fixture
async def api(migrated_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with made_api(migrated_url, tmp_path, ClockAhead()) as made:
        yield made


async def _snapshot(api: Api, tenant_id: int) -> dict[str, list[Any]]:
    """Return all that there is of a tenant."""
    found = {
        table.name: await api.sql(
            f"SELECT CAST(t AS text) FROM {table.name} t WHERE tenant_id = :id ORDER BY 1",
            id=tenant_id,
        )
        for table in OF_TENANTS
    }
    found["tenants"] = await api.sql("SELECT * FROM tenants WHERE id = :id", id=tenant_id)
    found["clients"] = await api.sql(
        "SELECT c.* FROM clients c JOIN tenants t ON t.client_name = c.name WHERE t.id = :id",
        id=tenant_id,
    )
    return found


def _at(path: str, client_name: str, tenant_id: int) -> str:
    """Fill a path in with what the other tenant has."""
    known = {
        "client_name": client_name,
        "environment": "production",
        "appointment_id": str(named(tenant_id, "appointment")),
        "conversation_id": str(named(tenant_id, "contact")),
        "service_id": f"corte-{tenant_id}",
        "professional_id": f"ze-{tenant_id}",
        "answer_id": f"a{tenant_id}",
        "language": "en",
        "question_id": f"q{tenant_id}",
        "turn_id": str(named(tenant_id, "turn")),
        "user_id": str(named(tenant_id, "user")),
        "note_id": str(named(tenant_id, "note")),
        "reply_id": str(named(tenant_id, "canned")),
        "key": "GEMINI_API_KEY",
    }
    for name in [each.partition("}")[0] for each in path.split("{")[1:]]:
        path = path.replace(f"{{{name}}}", known.get(name, "1"))
    return path


async def _two_tenants(api: Api) -> tuple[str, str, int]:
    """Return two paths, and the id of the second, which has one row of everything."""
    mine, theirs = await api.make_tenant(), await api.make_tenant()
    ((tenant_id,),) = await api.sql(
        "SELECT id FROM tenants WHERE client_name = :name", name=theirs.partition("/")[0]
    )
    engine = create_engine(
        str(api.platform.shared.settings.database_url), pool_size=1, application_name="tests"
    )
    async with engine.begin() as connection:
        await fill_tables(connection, tenant_id)
    await engine.dispose()
    return mine, theirs, tenant_id


async def _token(api: Api, kind: str, *, tenant: str) -> str:
    if kind != "site":
        bound = tenant if kind == "staff" else None
        return await api.sign_in(kind, tenant=bound)  # type: ignore[arg-type]  # a role
    keys = token_keys(api.platform.shared.settings)
    return TenantTokens(keys).mint(
        tenant=tenant,
        subject="site",
        scopes=frozenset(SCOPES),
        ttl=timedelta(hours=1),
        now=api.clock(),
    )


@pytest.mark.parametrize("kind", ["staff", "site"])
async def test_no_route_gives_or_takes_another_tenants_things(api: Api, kind: str) -> None:
    mine, theirs, tenant_id = await _two_tenants(api)
    client_name = theirs.partition("/")[0]
    token = await _token(api, kind, tenant=mine)
    before = await _snapshot(api, tenant_id)
    document = (await api.ask("GET", "//openapi.json")).json()
    asked = 0
    for path, methods in document["paths"].items():
        if "{client_name}" not in path and not path.startswith("/api/v1/admin"):
            continue
        for method in METHODS & set(methods):
            answer = await api.ask(
                method.upper(), f"/{_at(path, client_name, tenant_id)}", token=token, json={}
            )
            asked += 1
            assert answer.status_code in REFUSED, f"{method} {path}: {answer.status_code}"
            for secret in (f"words of {tenant_id}", f"staff-{tenant_id}", f"corte-{tenant_id}"):
                told = answer.text.replace(_at(path, client_name, tenant_id), "")
                assert secret not in told, f"{method} {path} tells {secret}"
    assert asked > 10
    assert await _snapshot(api, tenant_id) == before


@pytest.mark.parametrize("kind", ["staff", "site", "operator"])
async def test_no_id_of_another_tenants_is_found_under_ones_own_path(api: Api, kind: str) -> None:
    mine, _, tenant_id = await _two_tenants(api)
    token = await _token(api, kind, tenant=mine)
    ((day,),) = await api.sql("SELECT id FROM closed_days WHERE tenant_id = :id", id=tenant_id)
    before = await _snapshot(api, tenant_id)
    document = (await api.ask("GET", "//openapi.json")).json()
    found_missing = set()
    for path, methods in document["paths"].items():
        rest = path.partition("{environment}")[2]
        if "{" not in rest.replace("{year}", ""):  # a year is nobody's
            continue
        filled = path.replace("{closed_day_id}", str(day))
        filled = _at(filled, mine.partition("/")[0], tenant_id)
        what = next(each for each in reversed(rest.split("/")) if each in BODIES)
        for method in METHODS & set(methods):
            bodied = method in {"put", "patch", "post"}
            body = (
                {"confirm": str(named(tenant_id, "contact"))} if what == "erase" else BODIES[what]
            )
            more: dict[str, Any] = {"json": body} if bodied else {}
            answer = await api.ask(
                method.upper(), f"/{filled}", token=token, headers={"if-match": "*"}, **more
            )
            assert answer.status_code in REFUSED, f"{method} {path}: {answer.text}"
            if answer.status_code == 404:
                found_missing.add(what)
    # Who may go there at all is told that there is no such thing.
    of_staff = {"conversations", "take", "reply"}
    if kind == "staff":
        of_staff |= {"answer", "dismiss", "merge", "done", "canned-replies", "notes"}
    of_tenants = {"appointments", "called", "preview", "undo", *of_staff}
    assert found_missing == (set(BODIES) if kind == "operator" else of_tenants)
    assert await _snapshot(api, tenant_id) == before
