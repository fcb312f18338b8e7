"""Translations that the model proposes, over the admin API: nothing is stored before somebody says so."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from mcp_platform.bootstrap.doors import own_gemini
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.answers.translating import Translator, differing
from mcp_platform.settings import Settings
from mcp_platform.simulators.gemini import app as gemini
from mcp_platform.simulators.serving import serving
from mcp_platform.tenants.stores import EnvDirectoryStore
from tests.registry.world import RegistryWorld

PARKING = {
    "title": "Estacionamento",
    "questions": ["Tem estacionamento?"],
    "text": "Ao lado, por R$ 10,00: https://ze.example/mapa",
}
ENGLISH = {
    "title": "Parking",
    "questions": ["Is there parking?"],
    "text": "Next door, for R$ 10.00: https://ze.example/map",
}
KEY = "AIza-of-the-shop"


@pytest.fixture
async def model() -> AsyncIterator[str]:
    async with serving(gemini.create_app()) as url:
        yield url


@pytest.fixture
async def registry(
    shared_sessions: Sessions, model: str, tmp_path: Path
) -> AsyncIterator[RegistryWorld]:
    async with AsyncExitStack() as stack:
        door = await own_gemini(Settings(gemini_url=model), stack)
        translator = Translator(model=door, store=EnvDirectoryStore(tmp_path))
        yield RegistryWorld(shared_sessions, translator)


async def _shop(registry: RegistryWorld, folder: Path) -> tuple[str, dict[str, Any]]:
    """Make a shop with a key and an answer; return its path, and the answer."""
    shop = await registry.environment()
    _, _, client, _, environment = shop.split("/")
    (folder / f"{client}-{environment}.env").write_text(f"GEMINI_API_KEY={KEY}\n")
    made = await registry.ask("POST", f"{shop}/answers", json=PARKING)
    return shop, made.json()


async def _proposes(model: str, **words: Any) -> None:
    answer = {"call": {"name": "translation", "args": {**ENGLISH, **words}}}
    async with httpx.AsyncClient(base_url=model) as client:
        told = await client.post("/_control/answers", json={"answers": [answer]})
        told.raise_for_status()


async def test_a_proposal_is_told_and_not_stored(
    registry: RegistryWorld, model: str, tmp_path: Path
) -> None:
    shop, answer = await _shop(registry, tmp_path)
    await _proposes(model)
    path = f"{shop}/answers/{answer['id']}"

    told = await registry.ask("POST", f"{path}/translations/en/proposal")

    assert told.status_code == 200
    links = ["https://ze.example/map", "https://ze.example/mapa"]
    assert told.json() == {**ENGLISH, "differs": links}
    assert (await registry.ask("GET", path)).json() == answer
    async with httpx.AsyncClient(base_url=model) as client:
        (asked,) = (await client.get("/_control/requests")).json()["requests"]
    assert asked["headers"]["x-goog-api-key"] == KEY


async def test_who_only_reads_has_nothing_proposed(registry: RegistryWorld, tmp_path: Path) -> None:
    shop, answer = await _shop(registry, tmp_path)
    path = f"{shop}/answers/{answer['id']}/translations/en/proposal"
    assert (await registry.ask("POST", path, role="viewer")).status_code == 403


async def test_what_cannot_be_proposed_is_refused_with_its_reason(
    registry: RegistryWorld, model: str, tmp_path: Path
) -> None:
    shop, answer = await _shop(registry, tmp_path)
    path = f"{shop}/answers/{answer['id']}/translations"
    own = await registry.ask("POST", f"{path}/pt-BR/proposal")
    assert (own.status_code, own.json()["detail"]) == (
        409,
        "No answer is translated into its own language.",
    )
    assert (await registry.ask("POST", f"{path}/fr/proposal")).status_code == 422
    missing = f"{shop}/answers/nothing/translations/en/proposal"
    assert (await registry.ask("POST", missing)).status_code == 404

    await _proposes(model, title="x" * 61)
    long = await registry.ask("POST", f"{path}/en/proposal")
    assert long.status_code == 503
    assert "title: String should have at most 60 characters" in long.json()["detail"]

    async with httpx.AsyncClient(base_url=model) as client:
        await client.post("/_control/keys", json={"keys": ["another"]})
    refused = await registry.ask("POST", f"{path}/en/proposal")
    assert refused.status_code == 503
    assert "Gemini refuses the key" in refused.json()["detail"]


async def test_without_a_model_there_is_nothing_to_ask(shared_sessions: Sessions) -> None:
    registry = RegistryWorld(shared_sessions)
    shop = await registry.environment()
    answer = (await registry.ask("POST", f"{shop}/answers", json=PARKING)).json()
    path = f"{shop}/answers/{answer['id']}/translations/en/proposal"
    assert (await registry.ask("POST", path)).status_code == 409


def test_numbers_and_links_that_differ_are_named_and_marks_between_digits_are_not() -> None:
    assert differing("R$ 10,00, das 9 às 18h", "R$ 10.00, from 9 to 18") == []
    assert differing("até 10 anos", "up to 12 years") == ["10", "12"]
    assert differing("ze@example.com, 2 vagas", "write to us, 2 spots") == ["ze@example.com"]
    assert differing("2 e 2", "2") == ["2"]
