"""The live stream: what changed reaches who may see it, from any process, and ends with the sign-in."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import asyncpg
import pytest

from mcp_platform.console.live import feed as feed_module
from mcp_platform.console.live.topics import TopicKey, concerned
from mcp_platform.conversations.messages import Message, Messages
from mcp_platform.errors import Unavailable
from tests.console.browser import PlainBrowser
from tests.console.test_conversations import Talk, enter, talk
from tests.factories import add_appointment, add_tenant, catalogue
from tests.platform_api import HERE, Api

PATIENCE_S = 20


class Stream:
    """One request for the stream, read as it comes: an HTTP client of tests would wait for its end."""

    def __init__(self) -> None:
        self.status = 0
        self.lines: list[str] = []
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self._sent.put(message)

    def leave(self) -> None:
        self._gone.set()

    async def part(self) -> str | None:
        """Return the next part; None: it has ended."""
        async with asyncio.timeout(PATIENCE_S):
            message = await self._sent.get()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return await self.part()
        return message["body"].decode() if message.get("more_body") else None

    async def told(self) -> list[str]:
        """Return the topics of the next part that tells of any."""
        while (part := await self.part()) is not None:
            assert "Bia" not in part
            topics = [
                line.removeprefix("data: ").split()[0]
                for line in part.splitlines()
                if line.startswith("data: ")
            ]
            if topics:
                return topics
        return []

    async def end(self) -> str:
        """Return the last part."""
        last = ""
        while (part := await self.part()) is not None:
            last = part
        return last


@asynccontextmanager
async def stream(api: Api, browser: PlainBrowser, *topics: str) -> AsyncIterator[Stream]:
    """Open the stream as a browser does, and read what it says of its beginning."""
    opened = Stream()
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/console/live",
        "raw_path": b"/console/live",
        "root_path": "",
        "query_string": urlencode([("topic", each) for each in topics]).encode(),
        "headers": [
            (b"host", b"localhost"),
            (b"cookie", f"mcp={browser.cookie}".encode()),
        ],
        "client": (HERE, 4711),
        "server": ("localhost", 80),
    }
    serving = asyncio.create_task(api.app(scope, opened.receive, opened.send))  # type: ignore[arg-type]  # ASGI's
    try:
        yield opened
    finally:
        opened.leave()
        async with asyncio.timeout(PATIENCE_S):
            await serving


async def listening(opened: Stream) -> None:
    """Wait until the stream is served: from then on nothing is missed."""
    assert await opened.part() == ": live\n\n"


def topic_of(here: Talk) -> str:
    return f"t/{here.tenant}/conversations/{here.contact}"


async def test_a_message_of_another_process_is_told_with_its_topic_only(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    await enter(api, browser)
    thread, list_ = topic_of(here), f"t/{here.tenant}/conversations"
    async with stream(
        api, browser, thread, list_, f"t/{here.tenant}/agenda", "attention"
    ) as opened:
        await listening(opened)
        await here.say("contact", "Oi")
        assert set(await opened.told()) == {thread, list_, "attention"}
        await api.sql("UPDATE contacts SET answered_by = 'human'")
        assert thread in await opened.told()


async def test_an_appointment_is_told_to_the_agenda(api: Api, browser: PlainBrowser) -> None:
    sessions = api.platform.shared.admin_sessions
    tenant = await add_tenant(sessions, offers=catalogue())
    here = await talk(api, path=tenant.path, tenant_id=tenant.id)
    await enter(api, browser)
    async with stream(api, browser, f"t/{tenant.path}/agenda") as opened:
        await listening(opened)
        await here.say("contact", "of no concern")
        await add_appointment(
            sessions, tenant.id, here.contact, starts_at=api.clock() + timedelta(days=1)
        )
        assert await opened.told() == [f"t/{tenant.path}/agenda"]


async def test_nothing_is_written_down_of_what_nobody_looks_at(api: Api) -> None:
    here = await talk(api)
    await here.say("contact", "Oi")
    for until in ("-1 minute", "1 minute"):
        await api.sql("DELETE FROM live_watches")
        await api.sql(
            "INSERT INTO live_watches (watched, until)"
            " VALUES (:id, now() + CAST(CAST(:until AS text) AS interval))",
            id=here.tenant_id,
            until=until,
        )
        await here.say("contact", f"Olá {until}")
    [change] = await api.sql("SELECT notice FROM live_changes")
    assert change.notice == f"{here.tenant_id} messages {here.contact}"


async def test_of_two_transactions_the_first_may_be_committed_last(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    other = await talk(api, path=here.tenant, tenant_id=here.tenant_id, wa_id="5511987650000")
    await enter(api, browser)
    async with stream(api, browser, topic_of(here), topic_of(other)) as opened:
        await listening(opened)
        async with api.platform.shared.admin_sessions.everywhere.begin() as session:
            message = Message("contact", "Oi", api.clock(), "k", None)
            await Messages(session, here.tenant_id).write(here.contact, [message], turn_id=None)  # type: ignore[arg-type]  # ids
            await other.say("contact", "E eu")
            assert await opened.told() == [topic_of(other)]
        assert await opened.told() == [topic_of(here)]


async def test_staff_hear_of_their_own_business_alone(api: Api, browser: PlainBrowser) -> None:
    mine, other = await talk(api), await talk(api)
    await enter(api, browser, "staff", tenant=mine.tenant)
    asked = [topic_of(other), "attention", topic_of(mine), "t/x/y/z", "t/../agenda", "nonsense"]
    async with stream(api, browser, *asked) as opened:
        await listening(opened)
        await other.say("contact", "Oi")
        await mine.say("contact", "Oi")
        assert await opened.told() == [topic_of(mine)]
    none = await browser.get(f"/live?topic=attention&topic={topic_of(other)}")
    assert none.status_code == 204, "204 ends the asking of an EventSource"


async def test_a_stream_ends_with_its_sign_in(
    api: Api, browser: PlainBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert feed_module.CHECKED_EVERY.total_seconds() < 5
    monkeypatch.setattr(feed_module, "CHECKED_EVERY", timedelta(milliseconds=20))
    here = await talk(api)
    await enter(api, browser)
    async with stream(api, browser, topic_of(here)) as opened:
        await listening(opened)
        await api.sql("UPDATE sign_ins SET revoked_at = now()")
        assert await opened.end() == "event: end\ndata:\n\n"
    assert api.admin.live_feed.count == 0


async def test_who_comes_while_sign_ins_are_looked_at_stays(
    api: Api, browser: PlainBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "CHECKED_EVERY", timedelta(milliseconds=20))
    here = await talk(api)
    await enter(api, browser)
    other = PlainBrowser(api)
    await enter(api, other)
    asked, answered, looked = asyncio.Event(), asyncio.Event(), asyncio.Event()
    stand = api.admin.browser_sign_ins.stand

    async def slow(ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
        found = await stand(ids)
        if asked.is_set():
            looked.set()
        asked.set()
        await answered.wait()
        return found

    monkeypatch.setattr(api.admin.browser_sign_ins, "stand", slow)
    async with stream(api, browser, topic_of(here)) as first:
        await listening(first)
        await asked.wait()
        async with stream(api, other, topic_of(here)) as second:
            await listening(second)
            answered.set()
            await looked.wait()
            assert api.admin.live_feed.count == 2


async def test_who_is_disabled_hears_no_more(
    api: Api, browser: PlainBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "CHECKED_EVERY", timedelta(milliseconds=20))
    here = await talk(api)
    await enter(api, browser)
    async with stream(api, browser, topic_of(here)) as opened:
        await listening(opened)
        await api.sql("UPDATE users SET disabled = true")
        assert await opened.end() == "event: end\ndata:\n\n"


async def test_a_database_that_was_away_is_looked_at_again_and_so_is_everything(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    await enter(api, browser)
    async with stream(api, browser, topic_of(here)) as opened:
        await listening(opened)
        owner = await asyncpg.connect(api.platform.shared.database.url)
        await owner.execute("ALTER TABLE live_changes RENAME TO gone")
        while api.admin.live_feed._since is not None:  # noqa: ASYNC110  # a look has failed
            await asyncio.sleep(0.01)
        await owner.execute("ALTER TABLE gone RENAME TO live_changes")
        await owner.close()
        assert await opened.told() == [topic_of(here)], "what came meanwhile nobody saw"
        await here.say("contact", "Oi")
        assert await opened.told() == [topic_of(here)]


async def test_a_sign_in_has_few_streams_and_a_process_not_too_many(
    api: Api, browser: PlainBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await talk(api)
    await enter(api, browser)
    async with stream(api, browser, topic_of(here)) as oldest:
        await listening(oldest)
        for _ in range(feed_module.MOST_OF_A_SIGN_IN):
            async with stream(api, browser, topic_of(here)) as opened:
                assert await opened.part() == ": live\n\n"
        assert api.admin.live_feed.count == 1
        monkeypatch.setattr(feed_module, "MOST_STREAMS", 1)
        refused = await browser.get(f"/live?topic={topic_of(here)}")
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "60"
    assert api.admin.live_feed.count == 0, "who went is served no more"


async def test_what_was_told_and_what_nobody_watches_any_more_is_swept(
    api: Api, browser: PlainBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "WATCHED_EVERY", timedelta(0))
    here = await talk(api)
    await enter(api, browser)
    await api.sql("INSERT INTO live_watches (watched, until) VALUES (-1, now() - interval '1 s')")
    await api.sql(
        "INSERT INTO live_changes (notice, changed_at) VALUES ('old', now() - interval '2 minutes')"
    )
    async with stream(api, browser, topic_of(here)) as opened:
        await listening(opened)
        while await api.sql("SELECT id FROM live_changes"):
            pass
        assert [row.watched for row in await api.sql("SELECT watched FROM live_watches")] == [
            here.tenant_id
        ]


async def test_a_process_that_stops_ends_its_streams_and_opens_none(
    api: Api, browser: PlainBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await talk(api)
    await enter(api, browser)
    feed = api.admin.live_feed
    async with stream(api, browser, topic_of(here)) as opened:
        await listening(opened)
        monkeypatch.setattr(feed, "_closed", False)  # it is lent to other tests
        feed.close()
        assert await opened.end() == "event: end\ndata:\n\n"
        with pytest.raises(Unavailable):
            await feed.open(feed_module.LiveStream({}, sign_in_id=here.contact))


@pytest.mark.parametrize(
    "notice", ["", "x messages 1", "1", "1 messages", "1 other x", "²  messages x", "1 waiting x"]
)
def test_what_is_no_notice_concerns_nobody(notice: str) -> None:
    assert concerned(notice) == ()


def test_a_notice_without_a_contact_concerns_the_pages_of_its_tenant() -> None:
    assert concerned("3 messages ") == (TopicKey("attention"), TopicKey("conversations", 3))
