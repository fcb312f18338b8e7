"""One cache before every store: fast, soon up to date, and of use while the store is away."""

import asyncio
from dataclasses import dataclass, field

import pytest

from mcp_platform.tenants.credential_cache import CachedCredentials
from mcp_platform.tenants.credentials import (
    Credentials,
    CredentialsMissing,
    CredentialsUnreadable,
)
from mcp_platform.tenants.tenant import Tenant
from tests.factories import tenant

PROMISED_S = 60


@dataclass(slots=True)
class Store:
    """A store that counts, and does what it is told."""

    secret: str | None = "first"
    away: bool = False
    slow: asyncio.Event | None = None
    reads: int = 0
    asked: list[str] = field(default_factory=list)

    async def read(self, *, client_name: str, environment: str) -> Credentials:
        self.reads += 1
        self.asked.append(f"{client_name}/{environment}")
        secret = self.secret
        if self.slow is not None:
            await self.slow.wait()
        if self.away:
            raise CredentialsUnreadable("The store is away.")
        if secret is None:
            raise CredentialsMissing("There is nothing.")
        return Credentials(whatsapp_app_secret=secret)


@dataclass(slots=True)
class Place:
    """A cache, its store and its clock."""

    store: Store = field(default_factory=Store)
    now: float = 1_000.0
    cache: CachedCredentials = field(init=False)
    tenant: Tenant = field(default_factory=tenant)

    def __post_init__(self) -> None:
        self.cache = CachedCredentials(self.store, timer=lambda: self.now)

    async def secret(self) -> str:
        return (await self.cache.of(self.tenant)).whatsapp_app_secret

    async def later(self, seconds: float) -> None:
        self.now += seconds
        await settled()


async def settled() -> None:
    """Let tasks that nobody waits for come to their end."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_value_is_read_once_and_served_from_memory() -> None:
    here = Place()
    for _ in range(100):
        assert await here.secret() == "first"
    assert here.store.reads == 1


async def test_a_herd_on_a_cold_cache_reads_once() -> None:
    here = Place(Store(slow=asyncio.Event()))
    herd = [asyncio.create_task(here.secret()) for _ in range(200)]
    await settled()
    assert here.store.slow is not None
    here.store.slow.set()

    assert await asyncio.gather(*herd) == ["first"] * 200
    assert here.store.reads == 1


async def test_one_of_a_herd_that_gives_up_takes_nothing_from_the_others() -> None:
    here = Place(Store(slow=asyncio.Event()))
    impatient, patient = (asyncio.create_task(here.secret()) for _ in range(2))
    await settled()
    impatient.cancel()
    await settled()
    assert here.store.slow is not None
    here.store.slow.set()

    assert await patient == "first"
    assert impatient.cancelled()
    assert here.store.reads == 1


async def test_a_value_in_use_is_refreshed_behind_the_requests_that_use_it() -> None:
    here = Place()
    await here.secret()
    here.store.secret, here.store.slow = "second", asyncio.Event()
    await here.later(25)

    assert await here.secret() == "first"  # at once, though the store is not done
    here.store.slow.set()
    await settled()
    assert await here.secret() == "second"
    assert here.store.reads == 2


@pytest.mark.parametrize("every_s", [1, 7, 19, 31, 49, 59, 3_600])
async def test_a_changed_secret_is_seen_within_a_minute_however_often_it_is_used(
    every_s: float,
) -> None:
    here = Place()
    await here.secret()
    here.store.secret = "second"
    changed = here.now

    while True:
        await here.later(every_s)
        seen = await here.secret()
        await settled()
        if seen == "second":
            break
        assert here.now - changed < PROMISED_S


async def test_nobody_of_a_crowd_gets_a_value_that_was_stale_before_they_came() -> None:
    here = Place()
    await here.secret()
    here.store.secret, here.store.slow = "second", asyncio.Event()
    await here.later(600)

    crowd = [asyncio.create_task(here.secret()) for _ in range(20)]
    await settled()
    here.store.slow.set()

    assert await asyncio.gather(*crowd) == ["second"] * 20
    assert here.store.reads == 2


async def test_while_the_store_is_away_the_last_good_value_serves_and_is_seldom_asked_for() -> None:
    here = Place()
    await here.secret()
    here.store.away = True

    for _ in range(3_600):
        await here.later(1)
        assert await here.secret() == "first"
    assert here.store.reads <= 1 + 3_600 / 20

    here.store.away, here.store.secret = False, "second"
    for _ in range(PROMISED_S):
        await here.later(1)
        await here.secret()
    assert await here.secret() == "second"


async def test_while_the_store_hangs_only_the_first_waits_for_it() -> None:
    here = Place()
    await here.secret()
    here.store.away = True
    await here.later(600)
    assert await here.secret() == "first"
    here.store.slow = asyncio.Event()
    await here.later(30)

    async with asyncio.timeout(1):
        assert await here.secret() == "first"
    here.store.slow.set()
    await settled()


async def test_a_store_that_is_away_on_a_cold_cache_is_told_and_tried_again() -> None:
    here = Place(Store(away=True))
    for _ in range(2):
        with pytest.raises(CredentialsUnreadable):
            await here.secret()
    here.store.away = False
    await here.later(5)

    assert await here.secret() == "first"


@pytest.mark.parametrize("store", [Store(away=True), Store(secret=None)], ids=["away", "none"])
async def test_a_refusal_is_remembered_for_seconds(store: Store) -> None:
    here = Place(store)
    for _ in range(100):
        with pytest.raises(CredentialsUnreadable):
            await here.secret()
    assert here.store.reads == 1

    await here.later(5)
    with pytest.raises(CredentialsUnreadable):
        await here.secret()
    assert here.store.reads == 2


async def test_one_tenants_refusal_is_no_other_tenants() -> None:
    here = Place(Store(secret=None))
    with pytest.raises(CredentialsMissing):
        await here.secret()
    here.store.secret = "of the other"

    other = await here.cache.of(tenant(id=2, environment="staging"))

    assert other.whatsapp_app_secret == "of the other"


async def test_a_store_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta  # noqa: PLC0415  # for this test alone

    from mcp_platform.tenants import credential_cache  # noqa: PLC0415  # patched here alone

    monkeypatch.setattr(credential_cache, "READ_TIMEOUT", timedelta(seconds=0.01))
    here = Place(Store(slow=asyncio.Event()))

    with pytest.raises(CredentialsUnreadable, match="does not answer"):
        await here.secret()


async def test_a_removed_secret_is_void() -> None:
    here = Place()
    await here.secret()
    here.store.secret = None

    await here.later(25)
    await here.secret()  # refreshed behind this one
    await settled()
    with pytest.raises(CredentialsMissing):
        await here.secret()


async def test_a_removed_secret_is_void_at_once_when_it_was_stale() -> None:
    here = Place()
    await here.secret()
    here.store.secret = None
    await here.later(600)

    with pytest.raises(CredentialsMissing):
        await here.secret()


async def test_one_tenants_value_is_no_other_tenants() -> None:
    here = Place()
    await here.secret()
    here.store.secret = "of the other"

    other = await here.cache.of(tenant(id=2, environment="staging"))

    assert other.whatsapp_app_secret == "of the other"
    assert await here.secret() == "first"
    assert here.store.asked == ["shop/production", "shop/staging"]
