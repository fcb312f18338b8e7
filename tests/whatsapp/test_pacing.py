"""Sends keep to Meta's limits, with Redis and without it."""

import asyncio
import tempfile
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from mcp_platform.embedded import EmbeddedValkey
from mcp_platform.whatsapp.pacing import NUMBER, PAIR, Budget, Pacing
from tests.clocks import Timer

GO = timedelta(0)
SLOW = Budget(timedelta(minutes=10), 3)


@pytest.fixture
def timer():
    return Timer()


@pytest.fixture
async def redis(valkey: EmbeddedValkey):
    async with Redis.from_url(valkey.url) as client:
        yield client


@pytest.fixture
def own_valkey():
    """A Valkey that a test may stop. Directly under the temporary folder, as for all servers."""
    with tempfile.TemporaryDirectory(prefix="mcp-platform-pacing-") as made:
        folder = Path(made)
        folder.chmod(0o711)
        server = EmbeddedValkey(folder / "valkey")
        server.start()
        yield server
        server.stop()


@pytest.fixture
def number():
    return uuid.uuid4().hex


def fallbacks():
    return REGISTRY.get_sample_value("mcp_pacing_fallback_total")


async def take(pacing, number, contact="c", times=1):
    return [
        await pacing.wait_time(phone_number_id=number, contact_key=contact) for _ in range(times)
    ]


def test_the_budgets_are_metas():
    assert (PAIR.burst, PAIR.interval) == (45, timedelta(seconds=6))
    assert (NUMBER.burst, NUMBER.interval) == (80, timedelta(seconds=1) / 80)


async def test_a_contact_gets_a_burst_and_then_one_per_interval(redis, number):
    pacing = Pacing(redis=redis, pair=SLOW)
    waits = await take(pacing, number, times=5)
    assert waits[:3] == [GO, GO, GO]
    assert all(timedelta(minutes=9) < wait <= timedelta(minutes=10) for wait in waits[3:])
    assert await take(pacing, number, contact="another") == [GO]


async def test_all_contacts_share_the_budget_of_the_number(redis, number):
    pacing = Pacing(redis=redis, number=SLOW)
    waits = [(await take(pacing, number, contact=str(n)))[0] for n in range(4)]
    assert waits[:3] == [GO, GO, GO]
    assert waits[3] > GO
    assert await take(pacing, uuid.uuid4().hex) == [GO]


async def test_a_send_that_must_wait_takes_nothing(redis, number):
    pacing = Pacing(redis=redis, pair=Budget(timedelta(minutes=10), 1))
    await take(pacing, number, times=50)
    later = await take(pacing, number)
    assert later[0] <= timedelta(minutes=10)
    held = await redis.get(f"pace:n:{number}")
    # 50 refusals would hold it back 0.6 s more. Redis forgets a number that is not held back.
    assert float(held or 0) - (await _now(redis)) < 1_000_000


async def test_processes_racing_for_one_budget_do_not_exceed_it(redis, number):
    several = [Pacing(redis=redis, pair=SLOW) for _ in range(4)]
    waits = await asyncio.gather(*(take(each, number, times=3) for each in several))
    assert sum(wait == GO for each in waits for wait in each) == 3


async def test_budgets_vanish_from_redis_once_they_are_full_again(redis, number):
    await take(Pacing(redis=redis), number)
    assert 0 < await redis.pttl(f"pace:n:{number}") <= 2_100
    assert 0 < await redis.pttl(f"pace:c:{number}:c") <= 8_000


async def test_without_redis_a_process_paces_alone(number, timer):
    pacing = Pacing(redis=None, timer=timer)
    waits = await take(pacing, number, times=46)
    assert waits == [GO] * 45 + [timedelta(seconds=6)]
    timer.now += 6
    assert await take(pacing, number, times=2) == [GO, timedelta(seconds=6)]


async def test_while_redis_is_away_the_budget_is_divided_and_one_warning_says_so(
    own_valkey, number, timer, capsys
):
    before = fallbacks()
    async with Redis.from_url(own_valkey.url) as client:
        pacing = Pacing(redis=client, processes=5, timer=timer)
        assert await take(pacing, number) == [GO]
        assert fallbacks() == before
        own_valkey.stop()
        waits = await take(pacing, number, times=10)
        assert waits == [GO] * 9 + [timedelta(seconds=30)]
        timer.now += 6
        await take(pacing, number)
        assert fallbacks() == before + 1
        assert capsys.readouterr().out.count("pacing.shared.lost") == 1


async def test_a_redis_that_comes_back_is_used_again(own_valkey, number, timer):
    async with Redis.from_url(own_valkey.url) as client:
        pacing = Pacing(redis=client, timer=timer)
        own_valkey.stop()
        await take(pacing, number)
        assert REGISTRY.get_sample_value("mcp_pacing_local") == 1
        own_valkey.start()
        client.connection_pool.connection_kwargs["port"] = own_valkey.port
        await take(pacing, number)
        assert await client.exists(f"pace:n:{number}") == 0  # it is left alone for a while
        timer.now += 6
        assert await take(pacing, number) == [GO]
        assert await client.exists(f"pace:n:{number}") == 1
        assert REGISTRY.get_sample_value("mcp_pacing_local") == 0


async def test_a_redis_that_hangs_is_not_waited_for(number, timer):
    async def swallow(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = Redis(host="127.0.0.1", port=port)
        before = fallbacks()
        async with asyncio.timeout(5):
            assert await take(Pacing(redis=client, timer=timer), number) == [GO]
        assert fallbacks() == before + 1
        await client.aclose()


async def _now(redis):
    seconds, micros = await redis.time()
    return seconds * 1_000_000 + micros
