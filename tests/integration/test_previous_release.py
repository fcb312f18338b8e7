"""The release before this one goes on serving on the new schema until it is replaced."""

from pathlib import Path

import pytest

from tests.integration.fleet import PREVIOUS, Fleet, has_image
from tests.world import eventually, text_of, tomorrow


async def test_a_customer_books_with_the_previous_image(fleet: Fleet, tmp_path: Path) -> None:
    if not has_image(PREVIOUS):
        pytest.skip(f"there is no image {PREVIOUS}: no release was made before this one")
    with fleet.serving("previous", image=PREVIOUS) as (url, container):
        async with fleet.world(tmp_path) as here:
            here.url, here.service = url, container
            await here.add_tenant(serve_at="http://previous:8000")
            booked = await here.ask_and_agree("Oi! Quero marcar um corte amanhã às 15h com o Zé")
            assert "✅ Agendado: Corte com Zé" in text_of(booked)
            await eventually(lambda: here.shows(tomorrow(15)), why="the calendar's event")
            cancelled = await here.ask_and_agree("Quero cancelar meu horário")
            assert cancelled
