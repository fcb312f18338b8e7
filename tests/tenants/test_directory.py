"""Which tenant a path means: answered from memory, absence too."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from mcp_platform.errors import NotFound, Unavailable
from mcp_platform.kit.database import Sessions, create_engine, create_sessions
from mcp_platform.tenants.directory import TenantDirectory, UnknownTenant
from mcp_platform.tenants.models import TenantRow
from mcp_platform.tenants.tenant import TenantId
from tests.factories import add_tenant, tenant


@dataclass(slots=True)
class Place:
    """A directory over a database that says how often it was asked."""

    sessions: Sessions
    now: float = 0.0
    opened: int = 0
    shop: str = field(default_factory=lambda: f"shop-{uuid4().hex[:12]}")
    directory: TenantDirectory = field(init=False)

    def __post_init__(self) -> None:
        self.directory = self.seen()

    def seen(self, *, only: tuple[str, str] | None = None) -> TenantDirectory:
        """Return a directory of this place; `only` pins it."""
        return TenantDirectory(sessions=self._counted(), timer=lambda: self.now, only=only)

    def _counted(self) -> Any:
        def open_() -> Any:
            self.opened += 1
            return self.sessions.everywhere()

        return SimpleNamespace(everywhere=open_)

    async def add(self, client: str, *environments: str, **columns: Any) -> None:
        for environment in environments:
            await add_tenant(
                self.sessions, client, business_name=client, environment=environment, **columns
            )

    async def change(self, client: str, **columns: Any) -> None:
        async with self.sessions.everywhere.begin() as session:
            await session.execute(
                update(TenantRow).where(TenantRow.client_name == client).values(**columns)
            )


@pytest.fixture
async def here(shared_sessions: Sessions) -> Place:
    made = Place(shared_sessions)
    await made.add(made.shop, "production", "staging", phone_number_id=None)
    return made


async def test_a_tenant_is_looked_up_once_and_then_known_without_the_database(here: Place) -> None:
    found = await here.directory.by_path(here.shop, "production")
    for _ in range(1_000):
        assert await here.directory.by_path(here.shop, "production") is found
    assert await here.directory.by_id(found.id) is found

    assert here.opened == 1
    assert (found.path, found.business_name, found.status) == (
        f"{here.shop}/production",
        here.shop,
        "active",
    )


async def test_an_environment_is_a_tenant_of_its_own(here: Place) -> None:
    production = await here.directory.by_path(here.shop, "production")
    staging = await here.directory.by_path(here.shop, "staging")

    assert production.id != staging.id


async def test_ten_thousand_tenants_are_known_as_two_are(here: Place) -> None:
    known = here.directory._known  # to look all of them up would take half a minute
    for number in range(10_000):
        each = tenant(id=-1 - number, client_name=f"client-{number:05}")
        known[each.id] = known[each.client_name, each.environment] = each
    first = await here.directory.by_path(here.shop, "production")

    for number in range(10_000):
        found = await here.directory.by_path(f"client-{number:05}", "production")
        assert await here.directory.by_id(found.id) is found
    assert await here.directory.by_path(here.shop, "production") is first
    assert here.opened == 1


async def test_a_herd_on_a_cold_cache_asks_once(here: Place) -> None:
    found = await asyncio.gather(
        *(here.directory.by_path(here.shop, "production") for _ in range(100))
    )

    assert len({id(each) for each in found}) == 1
    assert here.opened == 1


async def test_one_of_a_herd_that_gives_up_takes_nothing_from_the_others(here: Place) -> None:
    impatient = asyncio.create_task(here.directory.by_path(here.shop, "production"))
    patient = asyncio.create_task(here.directory.by_path(here.shop, "production"))
    await asyncio.sleep(0)
    impatient.cancel()

    assert (await patient).path == f"{here.shop}/production"
    assert here.opened == 1


async def test_an_unknown_path_is_remembered_for_a_moment(here: Place) -> None:
    nobody = f"not-yet-{here.shop}"
    for _ in range(100):
        with pytest.raises(UnknownTenant):
            await here.directory.by_path(nobody, "production")
    assert here.opened == 1

    await here.add(nobody, "production")
    here.now += 11
    assert (await here.directory.by_path(nobody, "production")).client_name == nobody


async def test_an_unknown_client_and_an_unknown_environment_are_told_apart_by_nothing(
    here: Place,
) -> None:
    told = set()
    for client, environment in (
        (here.shop, "development"),
        ("nobody", "production"),
        ("api", "v1"),
    ):
        with pytest.raises(NotFound) as refused:
            await here.directory.by_path(client, environment)
        told.add((type(refused.value), str(refused.value)))

    assert len(told) == 1


@pytest.mark.parametrize(
    ("client", "environment"),
    [
        ("api", "production"),
        ("SHOP", "production"),
        ("shop", "Production"),
        ("shop", "prod"),
        ("shop\x00", "production"),
        ("x" * 10_000, "production"),
        ("", ""),
        ("shop", "\ud800"),
    ],
)
async def test_a_name_that_nobody_can_have_is_unknown_without_asking(
    here: Place, client: str, environment: str
) -> None:
    with pytest.raises(UnknownTenant):
        await here.directory.by_path(client, environment)
    assert here.opened == 0


async def test_a_flood_of_unknown_names_pushes_no_known_tenant_out(here: Place) -> None:
    await here.directory.by_path(here.shop, "production")
    for number in range(50):
        with pytest.raises(UnknownTenant):
            await here.directory.by_path(f"nobody-{number}", "production")
    asked = here.opened

    await here.directory.by_path(here.shop, "production")

    assert here.opened == asked


async def test_a_changed_tenant_is_seen_changed_within_half_a_minute(here: Place) -> None:
    found = await here.directory.by_path(here.shop, "production")
    await here.change(here.shop, status="suspended")

    here.now += 29
    assert (await here.directory.by_path(here.shop, "production")).status == "active"
    here.now += 2
    assert (await here.directory.by_path(here.shop, "production")).status == "suspended"
    assert (await here.directory.by_id(found.id)).status == "suspended"


async def test_a_tenant_that_was_changed_here_is_seen_changed_at_once(here: Place) -> None:
    await here.directory.by_path(here.shop, "production")
    await here.change(here.shop, status="suspended")
    here.directory.forget()

    assert (await here.directory.by_path(here.shop, "production")).status == "suspended"


async def test_an_id_that_is_nobodys_is_unknown(here: Place) -> None:
    for _ in range(2):
        with pytest.raises(UnknownTenant):
            await here.directory.by_id(TenantId(999_999))
    assert here.opened == 1


async def test_a_pinned_process_knows_one_tenant(here: Place) -> None:
    pinned = here.seen(only=(here.shop, "production"))

    mine = await pinned.by_path(here.shop, "production")
    assert await pinned.by_id(mine.id) is mine
    asked = here.opened
    for environment in ("staging", "development"):
        with pytest.raises(UnknownTenant):
            await pinned.by_path(here.shop, environment)
    assert here.opened == asked
    others = (await here.directory.by_path(here.shop, "staging")).id
    with pytest.raises(UnknownTenant):
        await pinned.by_id(others)


async def test_while_the_database_is_away_what_is_known_is_known_and_the_rest_unavailable(
    here: Place,
) -> None:
    await here.directory.by_path(here.shop, "production")
    nowhere = create_engine(
        "postgresql://postgres@127.0.0.1:1/mcp", pool_size=1, application_name="tests"
    )
    there, here.sessions = here.sessions, create_sessions(nowhere)

    assert (await here.directory.by_path(here.shop, "production")).path == f"{here.shop}/production"
    for client in (here.shop, "nobody"):
        with pytest.raises(Unavailable) as refused:
            await here.directory.by_path(client, "staging")
        assert refused.value.retry_after is not None

    here.sessions = there  # and its absence was taken for nobody's
    assert (await here.directory.by_path(here.shop, "staging")).environment == "staging"
    await nowhere.dispose()
