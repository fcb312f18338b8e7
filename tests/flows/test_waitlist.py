"""Nothing suits: a wish is noted, the owner told, and nothing promised."""

from tests.world import World, choice, choices_of, text_of, tomorrow


async def test_a_wish_is_noted_once_and_the_owner_told(here: World) -> None:
    for _ in range(2):
        reply = await here.ask("corte amanhã à tarde, me avisa se alguém desistir")
        assert "Corte, amanhã" in text_of(reply)
        assert ", à tarde." in text_of(reply)
    await here.idle()
    [notice] = map(text_of, await here.sent(as_=here.tenant.owner))
    assert "Corte, amanhã" in notice
    assert "waitlist list" in notice
    wishes = await here.rows(
        "SELECT service_id, day, part FROM waitlist_wishes WHERE tenant_id = :tenant"
    )
    assert wishes == [("corte", tomorrow().date(), "afternoon")]


async def test_no_more_than_three_wishes_are_noted(here: World) -> None:
    for part in ("de manhã", "à tarde", "à noite"):
        await here.ask(f"corte amanhã {part}, me avisa se alguém desistir")
    reply = await here.ask("barba amanhã de manhã, me avisa se alguém desistir")
    assert "três pedidos seus" in text_of(reply)
    assert [each["title"] for each in choices_of(reply)] == ["Falar com a equipe"]
    assert len(await here.rows("SELECT 1 FROM waitlist_wishes WHERE tenant_id = :tenant")) == 3


async def test_a_tap_notes_the_wish_without_the_model(here: World) -> None:
    about = f"corte {tomorrow():%Y-%m-%d}"
    say = [{"phrase": "offer_waitlist", "about": about}]
    await here.script({"call": {"name": "reply", "args": {"say": say}}})
    offer = await here.ask("poxa, nenhum desses me serve")
    await here.without_model()
    reply = await here.choose(choice(offer, "Anotar interesse"))
    assert "Corte, amanhã" in text_of(reply)
    assert len(await here.rows("SELECT 1 FROM waitlist_wishes WHERE tenant_id = :tenant")) == 1


async def test_without_an_owner_to_tell_nothing_is_offered_or_noted(here: World) -> None:
    await here.change(owner_whatsapp=None)
    reply = await here.ask("corte amanhã à tarde, me avisa se alguém desistir")
    assert "Anot" not in text_of(reply)
    assert await here.rows("SELECT 1 FROM waitlist_wishes WHERE tenant_id = :tenant") == []


async def test_who_wants_a_person_has_one_called(here: World) -> None:
    reply = await here.ask("quero falar com um atendente")
    assert "equipe" in text_of(reply)
    await here.idle()
    [notice] = map(text_of, await here.sent(as_=here.tenant.owner))
    assert "quero falar com um atendente" in notice
