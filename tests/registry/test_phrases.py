"""A tenant's own wordings over the admin API."""

from typing import Any

from mcp_platform.answers.wordings import own_wordings
from mcp_platform.tenants.languages import Language
from mcp_platform.tenants.tenant import TenantId
from mcp_platform.words.book import BOOK
from mcp_platform.words.texts import TEXTS
from tests.registry.world import RegistryWorld, fields


async def said(
    registry: RegistryWorld, shop: str, language: Language = "pt-BR"
) -> dict[str, list[str]]:
    """Return what the assistant would say in other words than ours."""
    tenant = TenantId(await registry.tenant_id(shop))
    async with registry.sessions.of(tenant)() as session:
        own = await own_wordings(session, tenant, language)
    return {phrase: list(wordings) for phrase, wordings in own.items()}


async def test_a_phrase_is_replaced_read_and_reset(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    one = f"{shop}/phrases/ask_help"
    read = await registry.ask("GET", one, role="viewer")
    assert (read.status_code, read.headers["etag"]) == (200, '"0"')
    assert read.json()["own"] is None
    wish = {"wordings": ["Diga lá[, {name}]!", "  No que dá pra ajudar?  "]}
    made = await registry.ask("PUT", one, seen=0, json=wish)
    assert (made.status_code, made.headers["etag"]) == (200, '"1"')
    assert made.json()["own"] == ["Diga lá[, {name}]!", "No que dá pra ajudar?"]
    assert made.json()["examples"] == ["Diga lá, Carla!", "No que dá pra ajudar?"]
    assert made.json()["book"] == read.json()["book"]
    assert await said(registry, shop) == {"ask_help": made.json()["own"]}
    again = await registry.ask("PUT", one, seen=1, json=wish)
    assert again.json() == made.json()  # nothing differs: the same version
    assert (await registry.ask("PUT", one, seen=0, json=wish)).status_code == 412

    other = await registry.ask(
        "PUT", one, seen=0, params={"language": "en"}, json={"wordings": ["Hi!"]}
    )
    assert other.json()["language"] == "en"
    assert await said(registry, shop, "en") == {"ask_help": ["Hi!"]}
    listed = (await registry.ask("GET", f"{shop}/phrases", params={"own": True})).json()
    assert (listed["language"], [each["id"] for each in listed["items"]]) == ("pt-BR", ["ask_help"])
    every = await _every(registry, shop)
    assert len(every) > 150
    assert {each["id"] for each in every if not each["replaceable"]} >= {"emergency", "despair"}

    assert (await registry.ask("DELETE", one, seen=2)).status_code == 412
    assert (await registry.ask("DELETE", one, seen=1)).status_code == 204
    assert (await registry.ask("DELETE", one, seen=1)).status_code == 404
    assert await said(registry, shop) == {}
    path = f"{shop.removeprefix('/clients/').replace('/environments', '')}/pt-BR/ask_help"
    trail = await registry.trail(path)
    assert [each.action for each in trail] == ["phrase.replace", "phrase.reset"]


async def _every(registry: RegistryWorld, shop: str) -> list[dict[str, Any]]:
    """Return all phrases, page by page."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next_cursor": None}
    while not found or page["next_cursor"]:
        cursor = {"cursor": page["next_cursor"]} if found else {}
        answer = await registry.ask("GET", f"{shop}/phrases", params={"limit": 70, **cursor})
        page = answer.json()
        assert len(page["items"]) == 70 or page["next_cursor"] is None
        found += page["items"]
    assert [each["id"] for each in found] == [
        each for each in BOOK if each in TEXTS["pt-BR"].phrases
    ]
    return found


async def test_a_cursor_that_names_no_phrase_is_refused(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    answer = await registry.ask("GET", f"{shop}/phrases", params={"cursor": "nonsense"})
    assert (answer.status_code, fields(answer)) == (422, {"cursor": "is none of ours"})


async def test_one_tenants_wordings_are_no_other_tenants(registry: RegistryWorld) -> None:
    mine, theirs = await registry.environment(), await registry.environment()
    wish = {"wordings": ["Diga lá!"]}
    await registry.ask("PUT", f"{mine}/phrases/ask_help", seen=0, json=wish)
    assert await said(registry, theirs) == {}
    assert (await registry.ask("GET", f"{theirs}/phrases/ask_help")).json()["own"] is None


async def test_what_has_not_the_form_or_may_not_be_replaced_is_refused(
    registry: RegistryWorld,
) -> None:
    shop = await registry.environment()

    async def refused(phrase: str, *wordings: str) -> dict[str, str]:
        answer = await registry.ask(
            "PUT", f"{shop}/phrases/{phrase}", seen=0, json={"wordings": list(wordings)}
        )
        assert answer.status_code == 422
        return fields(answer)

    assert await refused("price", "É barato.") == {
        "wordings.0": "lacks {price}, {service} (outside brackets)"
    }
    assert "wordings.1" in await refused("ask_help", "Oi!", "a\nb")
    assert "wordings" in await refused("ask_help")
    assert "wordings" in await refused("ask_help", *"abcde")
    assert "wordings.0" in await refused("ask_help", "x" * 201)
    assert "wordings.0" in await refused("ask_help", " ")
    assert await refused("emergency", "Calma.") == {}
    unknown = await registry.ask(
        "PUT", f"{shop}/phrases/nonsense", seen=0, json={"wordings": ["Oi!"]}
    )
    assert unknown.status_code == 404
    assert (
        await registry.ask(
            "PUT", f"{shop}/phrases/ask_help", role="viewer", seen=0, json={"wordings": ["Oi!"]}
        )
    ).status_code == 403
    assert await said(registry, shop) == {}


async def test_wordings_that_a_newer_book_refuses_are_not_said(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    await registry.ask("PUT", f"{shop}/phrases/ask_help", seen=0, json={"wordings": ["Diga lá!"]})
    async with registry.sessions.everywhere.begin() as session:
        row = "UPDATE own_wordings SET wordings = '{\"Fale de {service}.\"}'"
        await (await session.connection()).exec_driver_sql(row)
    assert await said(registry, shop) == {}
    told = (await registry.ask("GET", f"{shop}/phrases/ask_help")).json()
    assert (told["fits"], told["own"]) == (False, ["Fale de {service}."])
    assert told["examples"][0] == "Como posso ajudar?"
