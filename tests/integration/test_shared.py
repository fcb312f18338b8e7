"""One container with all parts serves every shared tenant."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.integration.fleet import ContainerWorld, Fleet
from tests.world import choices_of, eventually, text_of, tomorrow


@pytest.fixture(scope="module")
async def here(
    fleet: Fleet, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ContainerWorld]:
    folder: Path = tmp_path_factory.mktemp("shared")
    with fleet.serving("service") as (url, container):
        async with fleet.world(folder) as made:
            made.url, made.service = url, container
            await made.add_tenant(serve_at="http://service:8000")
            yield made


async def test_a_customer_books_moves_and_cancels(here: ContainerWorld) -> None:
    booked = await here.ask_and_agree("Oi! Quero marcar um corte amanhã às 15h com o Zé")
    assert "✅ Agendado: Corte com Zé" in text_of(booked)
    await eventually(lambda: here.shows(tomorrow(15)), why="the calendar's event")

    moved = await here.ask_and_agree("Quero mudar meu corte para amanhã às 16h")
    assert "16:00" in text_of(moved)
    await eventually(lambda: here.shows(tomorrow(16)), why="the event, moved")

    cancelled = await here.ask_and_agree("Quero cancelar meu horário")
    if choices_of(cancelled):
        await here.choose(choices_of(cancelled)[0])
    await eventually(here.shows, why="an empty calendar")
    assert (await here.statuses())[-1] == "cancelled"


async def test_it_is_up_and_tells_what_it_serves_to_nobody(here: ContainerWorld) -> None:
    async with httpx.AsyncClient(base_url=here.url) as client:
        assert (await client.get("/health")).json() == {"status": "up"}
        unknown = await client.get("/no-such-client/production/api/v1/appointments/list")
    assert unknown.status_code in (401, 404)
