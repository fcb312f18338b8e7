"""A tenant's answers over the admin API."""

import asyncio
from typing import Any

from mcp_platform.answers.known import KnownAnswers
from mcp_platform.answers.models import MOST_ANSWERS
from mcp_platform.answers.search import search
from mcp_platform.tenants.languages import Language
from mcp_platform.tenants.tenant import TenantId
from tests.cases import cases
from tests.registry.world import RegistryWorld, fields

PARKING = {
    "title": "Estacionamento",
    "questions": ["Tem estacionamento?", "Onde deixo o carro?"],
    "text": "Ao lado, por R$ 10,00.",
}
ENGLISH = {"title": "Parking", "questions": ["Is there parking?"], "text": "Next door, R$ 10.00."}
PIX = {"title": "Pagamento", "questions": ["Aceita pix?"], "text": "Pix, cartão e dinheiro."}


async def found(
    registry: RegistryWorld, shop: str, words: str, language: Language = "pt-BR"
) -> list[str]:
    tenant = TenantId(await registry.tenant_id(shop))
    async with registry.sessions.of(tenant)() as session:
        return await search(session, tenant, words, language)


async def test_an_answer_is_added_read_replaced_and_removed(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    made = await registry.ask("POST", f"{shop}/answers", json=PARKING)
    one = made.json()["id"]
    assert made.status_code == 201
    assert made.headers["location"].endswith(f"{shop}/answers/{one}")
    assert (made.json()["language"], made.json()["position"]) == ("pt-BR", 0)
    assert await found(registry, shop, "onde posso estacionar o carro") == [one]

    read = await registry.ask("GET", f"{shop}/answers/{one}", role="viewer")
    assert (read.json(), read.headers["etag"]) == (made.json(), '"1"')
    wish = {**PARKING, "text": "Na rua.", "translations": {"en": ENGLISH}}
    replaced = await registry.ask("PUT", f"{shop}/answers/{one}", seen=1, json=wish)
    assert (replaced.status_code, replaced.headers["etag"]) == (200, '"2"')
    assert replaced.json()["translations"]["en"]["approved"] is False
    again = await registry.ask("PUT", f"{shop}/answers/{one}", seen=2, json=wish)
    assert again.json() == replaced.json()  # nothing differs: the same version
    assert (
        await registry.ask("PUT", f"{shop}/answers/{one}", seen=1, json=wish)
    ).status_code == 412

    other = (await registry.ask("POST", f"{shop}/answers", json=PIX)).json()
    listed = (await registry.ask("GET", f"{shop}/answers", params={"limit": 1})).json()
    assert [each["id"] for each in listed["items"]] == [one]
    page = {"limit": 1, "cursor": listed["next_cursor"]}
    listed = (await registry.ask("GET", f"{shop}/answers", params=page)).json()
    assert ([each["id"] for each in listed["items"]], listed["next_cursor"]) == (
        [other["id"]],
        None,
    )

    assert (await registry.ask("DELETE", f"{shop}/answers/{one}", seen=2)).status_code == 204
    assert (await registry.ask("GET", f"{shop}/answers/{one}")).status_code == 404
    assert one not in await found(registry, shop, "estacionamento")
    path = f"{shop.removeprefix('/clients/').replace('/environments', '')}/{one}"
    trail = await registry.trail(path)
    assert [each.action for each in trail] == ["answer.create", "answer.replace", "answer.delete"]
    assert trail[1].before["text"], trail[1].after["text"] == ("Ao lado, por R$ 10,00.", "Na rua.")


async def test_a_translation_is_found_once_a_person_approved_it(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    wish = {**PARKING, "translations": {"en": ENGLISH}}
    one = (await registry.ask("POST", f"{shop}/answers", json=wish)).json()["id"]
    tenant = TenantId(await registry.tenant_id(shop))
    assert await found(registry, shop, "where do I park", "en") == []
    async with registry.sessions.of(tenant)() as session:
        assert await KnownAnswers(session, tenant, language="en").find(one) is None

    wish = {**PARKING, "translations": {"en": {**ENGLISH, "approved": True}}}
    await registry.ask("PUT", f"{shop}/answers/{one}", seen=1, json=wish)
    assert await found(registry, shop, "where do I park", "en") == [one]
    assert await found(registry, shop, "dónde estaciono", "es") == []
    async with registry.sessions.of(tenant)() as session:
        said = await KnownAnswers(session, tenant, language="en").find(one)
    assert said is not None
    assert said.text == "Next door, R$ 10.00."


@cases(
    "wrong, field",
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 61}, "title"),
        ({"title": "Two\nlines"}, "title"),
        ({"questions": []}, "questions"),
        ({"questions": ["?"] * 7}, "questions"),
        ({"questions": ["Tem Wi-Fi?", "tem wi-fi?"]}, "questions"),
        ({"questions": ["x", "x" * 151]}, "questions.1"),
        ({"text": "x" * 601}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"language": "fr"}, "language"),
        ({"position": 1.5}, "position"),
        ({"translations": {"pt-BR": ENGLISH}}, "translations.pt-BR"),
        ({"translations": {"en": {**ENGLISH, "text": ""}}}, "translations.en.text"),
        ({"translations": {"fr": ENGLISH}}, "translations.fr.[key]"),
        ({"color": "red"}, "color"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(
    registry: RegistryWorld, wrong: dict[str, Any], field: str
) -> None:
    shop = await registry.environment()
    answer = await registry.ask("POST", f"{shop}/answers", json={**PARKING, **wrong})
    assert (answer.status_code, list(fields(answer))) == (422, [field]), answer.text


async def test_a_title_stands_for_one_answer(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    one = (await registry.ask("POST", f"{shop}/answers", json=PARKING)).json()["id"]
    same = await registry.ask("POST", f"{shop}/answers", json={**PIX, "title": "ESTACIONAMENTO"})
    assert (same.status_code, fields(same)) == (409, {"title": f"the answer {one} has this title"})
    # Its own title is no other's.
    wish = {**PARKING, "title": "estacionamento"}
    assert (
        await registry.ask("PUT", f"{shop}/answers/{one}", seen=1, json=wish)
    ).status_code == 200


async def test_two_answers_are_conditions_and_no_more(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    made = [
        await registry.ask(
            "POST", f"{shop}/answers", json={**PARKING, "title": title, "condition": marked}
        )
        for title, marked in (("a", True), ("b", True), ("c", False), ("d", True))
    ]
    assert [each.status_code for each in made] == [201, 201, 201, 409]
    assert fields(made[-1]) == {"condition": "2 answers stand below proposals already"}
    third = f"{shop}/answers/{made[2].json()['id']}"
    wish = {**PARKING, "title": "c", "condition": True}
    assert (await registry.ask("PUT", third, seen=1, json=wish)).status_code == 409
    first = f"{shop}/answers/{made[0].json()['id']}"
    off = await registry.ask("PUT", first, seen=1, json={**PARKING, "title": "a"})
    assert (off.status_code, off.json()["condition"]) == (200, False)
    assert (await registry.ask("PUT", third, seen=1, json=wish)).json()["condition"] is True
    tenant = TenantId(await registry.tenant_id(shop))
    async with registry.sessions.of(tenant)() as session:
        known = KnownAnswers(session, tenant, language="pt-BR")
        assert await known.conditions() == [PARKING["text"]] * 2
        assert len(await known.every()) == 3


async def test_there_are_never_more_than_two_hundred(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    tenant = await registry.tenant_id(shop)
    await registry.execute(
        "INSERT INTO answers (tenant_id, id, language, position)"
        " SELECT :tenant, 'x' || n, 'pt-BR', n FROM generate_series(1, :count) n",
        tenant=tenant,
        count=MOST_ANSWERS - 1,
    )
    await registry.execute(
        "INSERT INTO answer_texts (tenant_id, answer_id, language, title, questions, text,"
        " approved, search) SELECT tenant_id, id, language, id, ARRAY['?'], 'x', true, ''"
        " FROM answers WHERE tenant_id = :tenant",
        tenant=tenant,
    )
    wishes = [{**PARKING, "title": f"Vaga {number}"} for number in range(4)]
    asked = await asyncio.gather(
        *(registry.ask("POST", f"{shop}/answers", json=wish) for wish in wishes)
    )
    assert sorted(each.status_code for each in asked) == [201, 409, 409, 409]


async def test_who_may_read_may_not_change(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    one = (await registry.ask("POST", f"{shop}/answers", json=PARKING, key="k1")).json()
    assert (await registry.ask("POST", f"{shop}/answers", json=PARKING, key="k1")).json() == one
    path = f"{shop}/answers/{one['id']}"
    for role, method, more, status in (
        ("viewer", "POST", {"json": PIX}, 403),
        ("viewer", "PUT", {"json": PIX, "seen": 1}, 403),
        ("viewer", "DELETE", {"seen": 1}, 403),
        ("staff", "GET", {}, 403),
        ("operator", "PUT", {"json": PIX}, 428),
        ("operator", "DELETE", {}, 428),
    ):
        where = f"{shop}/answers" if method == "POST" else path
        asked = await registry.ask(method, where, role=role, **more)
        assert asked.status_code == status, (role, method, asked.text)
