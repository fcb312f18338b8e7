"""Open questions over the admin API: who may what, and how a request is refused."""

import uuid
from datetime import timedelta

from tests.factories import add_contact
from tests.registry.world import NOW, RegistryWorld, fields


async def asked(registry: RegistryWorld, shop: str, words: str) -> tuple[str, uuid.UUID]:
    """Put a question of a new customer's into the rows, who wrote two days ago."""
    tenant = await registry.tenant_id(shop)
    question = f"q{uuid.uuid4().hex[:5]}"
    async with registry.sessions.everywhere.begin() as session:
        contact = await add_contact(
            session,
            tenant,  # type: ignore[arg-type]  # a plain number
            wa_id=f"55119{uuid.uuid4().int % 10**8:08}",
            last_inbound_at=NOW - timedelta(days=2),
        )
    await registry.execute(
        "INSERT INTO open_questions (tenant_id, id, words, likeness, asked_at)"
        " VALUES (:tenant, :id, :words, :id, :now)",
        tenant=tenant, id=question, words=words, now=NOW,
    )  # fmt: skip
    await registry.execute(
        "INSERT INTO question_askers (tenant_id, id, question_id, contact_id, words, language,"
        " asked_at) VALUES (:tenant, :asker, :id, :contact, :words, 'pt-BR', :now)",
        tenant=tenant, asker=uuid.uuid4(), id=question, contact=contact, words=words, now=NOW,
    )  # fmt: skip
    return question, contact


async def test_a_question_is_answered_and_its_customer_called(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    question, contact = await asked(registry, shop, "me ligam no 11 98765-4321?")
    path = f"{shop}/questions"
    listed = (await registry.ask("GET", path)).json()
    assert [each["words"] for each in listed["items"]] == ["me ligam no 11 98765-4321?"]
    seen = (await registry.ask("GET", path, role="viewer")).json()
    assert "98765" not in seen["items"][0]["words"]

    for role, status in (("viewer", 403), ("operator", 200)):
        body = {"text": "Ligamos.", "save_as_answer": None}
        done = await registry.ask("POST", f"{path}/{question}/answer", role=role, json=body)
        assert done.status_code == status, done.text
    assert (done.json()["messages"], done.json()["calls"]) == (0, 1)
    again = await registry.ask("POST", f"{path}/{question}/answer", json={"text": "Ligamos."})
    assert again.status_code == 409
    (call,) = (await registry.ask("GET", f"{path}/calls")).json()["calls"]
    assert (call["conversation_id"], call["answer"]) == (str(contact), "Ligamos.")
    (seen,) = (await registry.ask("GET", f"{path}/calls", role="viewer")).json()["calls"]
    assert call["phone"] not in str(seen)
    noted = await registry.ask("POST", f"{path}/{question}/called/{contact}")
    assert noted.status_code == 204
    assert (await registry.ask("GET", f"{path}/calls")).json() == {"calls": []}


async def test_what_cannot_be_is_refused(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    path = f"{shop}/questions"
    one, _ = await asked(registry, shop, "tem wifi?")
    other, _ = await asked(registry, shop, "tem internet?")
    for where, body, status, field in (
        (f"{path}/zzz/answer", {"text": "x"}, 404, None),
        (f"{path}/{one}/answer", {"text": "x" * 601}, 422, "text"),
        (f"{path}/{one}/answer", {"text": "x", "save_as_answer": {"title": ""}}, 422,
         "save_as_answer.title"),
        (f"{path}/{one}/merge", {"into": one}, 409, None),
        (f"{path}/{one}/called/{uuid.uuid4()}", {}, 404, None),
        (f"{path}/{one}/merge", {"into": other}, 200, None),
        (f"{path}/{one}/dismiss", {}, 404, None),
        (f"{path}/{other}/dismiss", {}, 200, None),
        (f"{path}/{other}/dismiss", {}, 409, None),
    ):  # fmt: skip
        answer = await registry.ask("POST", where, json=body)
        assert answer.status_code == status, (where, body, answer.text)
        assert field is None or list(fields(answer)) == [field]
    dismissed = await registry.ask("GET", path, params={"state": "dismissed"})
    assert [each["askers"] for each in dismissed.json()["items"]] == [2]
