"""The live feed: one look at what changed for a whole process, and the streams it serves.

Postgres is the truth; a change only says where to look. A stream ends within `CHECKED_EVERY` and a
statement's time of its sign-in.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mcp_platform.access.browser_sign_ins import BrowserSignIns
from mcp_platform.console.live.models import LiveChangeRow, LiveWatchRow
from mcp_platform.console.live.topics import TopicKey, concerned
from mcp_platform.errors import Unavailable
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.sql import Driver, Sql

log = structlog.get_logger(__name__)

MOST_STREAMS: Final = 1_000  # of a process; one costs some 30 kB
MOST_OF_A_SIGN_IN: Final = 4  # a browser has one, and a moment two as it reloads
CHECKED_EVERY: Final = timedelta(seconds=3)
WATCHED_FOR: Final = timedelta(seconds=90)
WATCHED_EVERY: Final = timedelta(seconds=30)
AGAIN_AFTER: Final = timedelta(minutes=1)  # the page polls meanwhile
LOOKED_EVERY: Final = timedelta(seconds=0.5)
KEPT_FOR: Final = timedelta(minutes=1)  # a change that was not told by then is found by a page
AWAY: Final = (DBAPIError, PoolTimeout, OSError, TimeoutError)
# What transactions wrote that may not have been seen at the look before: a snapshot's `xmin` is the
# first that may still have been under way. A look at everything (`since` null) returns nothing.
_CHANGES: Final = Sql("""
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS since, c.id, c.notice
    FROM (SELECT) always
    LEFT JOIN live_changes c ON c.changed_by >= CAST(CAST(:since AS text) AS xid8)
""")


class LiveStream:
    """What one browser looks at, and what of it has changed since it was last told."""

    def __init__(self, topics: Mapping[TopicKey, str], *, sign_in_id: UUID) -> None:
        self.topics = topics
        self.sign_in_id = sign_in_id
        self.ended = False
        self._changed: set[str] = set()
        self._news = asyncio.Event()

    def note(self, topic: TopicKey) -> None:
        self._changed.add(self.topics[topic])
        self._news.set()

    def forget(self) -> None:
        """Take it as told what changed so far: a page looks as its stream begins."""
        self._changed.clear()
        self._news.clear()

    def end(self) -> None:
        self.ended = True
        self._news.set()

    async def changed(self, *, within: timedelta) -> set[str]:
        """Return the topics that changed; none: nothing did, or the stream has ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()):
                await self._news.wait()
        self._news.clear()
        changed, self._changed = self._changed, set()
        return set() if self.ended else changed


class LiveFeed:
    """The streams of one process. It looks for changes while there is one."""

    def __init__(self, sessions: Sessions, *, sign_ins: BrowserSignIns) -> None:
        self._sessions = sessions
        self._sign_ins = sign_ins
        self._streams: list[LiveStream] = []  # the oldest first
        self._looking: dict[TopicKey, set[LiveStream]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._since: str | None = None
        self._seen: set[int] = set()
        self.version = 0
        """Counts what was told."""

    @property
    def count(self) -> int:
        """How many streams there are."""
        return len(self._streams)

    async def open(self, stream: LiveStream) -> None:
        """Serve a stream from now on. The oldest of too many of a sign-in ends.

        Raises:
            Unavailable: there are too many, or the database is away.
        """
        if self._closed or len(self._streams) >= MOST_STREAMS:
            raise Unavailable("There are too many live streams.", retry_after=AGAIN_AFTER)
        mine = [each for each in self._streams if each.sign_in_id == stream.sign_in_id]
        for oldest in mine[: max(0, len(mine) - MOST_OF_A_SIGN_IN + 1)]:
            self.close_stream(oldest)
        self._streams.append(stream)
        for topic in stream.topics:
            self._looking[topic].add(stream)
        try:
            await self._watch({each.tenant_id for each in stream.topics})
            if self._task is None:
                await self._look()
        except AWAY as error:
            self.close_stream(stream)
            raise Unavailable("The database is away.", retry_after=AGAIN_AFTER) from error
        if not stream.ended:
            stream.forget()
        if self._task is None and self._streams:
            self._task = asyncio.create_task(self._run(), name="live feed")

    def close_stream(self, stream: LiveStream) -> None:
        """Serve it no more. Who closes the last one ends the looking."""
        stream.end()
        if stream not in self._streams:
            return
        self._streams.remove(stream)
        for topic in stream.topics:
            self._looking[topic].discard(stream)
            if not self._looking[topic]:
                del self._looking[topic]
        if not self._streams and self._task is not None:
            self._task.cancel()
            self._task, self._since = None, None

    def close(self) -> None:
        """End every stream and open no more: the process stops."""
        self._closed = True
        for stream in list(self._streams):
            self.close_stream(stream)

    async def _run(self) -> None:
        """Look for changes; end streams whose sign-in has ended; keep on what is watched."""
        timer = asyncio.get_running_loop().time
        checked = watched = timer()
        while True:
            await asyncio.sleep(LOOKED_EVERY.total_seconds())
            try:
                await self._look()
                if timer() - checked >= CHECKED_EVERY.total_seconds():
                    checked = timer()
                    await self._check()
                if timer() - watched >= WATCHED_EVERY.total_seconds():
                    watched = timer()
                    await self._watch({each.tenant_id for each in self._looking})
                    await self._sweep()
            except AWAY as error:
                log.warning("live.database.away", error=repr(error))
                self._since = None

    async def _look(self) -> None:
        """Tell of what changed since the last look; after none, or one that failed, of everything."""
        async with self._sessions.everywhere() as session:
            rows = await Driver(session).rows(_CHANGES, since=self._since)
        concern = (
            set(self._looking)
            if self._since is None
            else {
                topic
                for row in rows
                if row["id"] is not None and row["id"] not in self._seen
                for topic in concerned(row["notice"])
            }
        )
        self._since = rows[0]["since"]
        self._seen = {row["id"] for row in rows}
        self.version += bool(concern)
        for topic in concern:
            for stream in self._looking.get(topic, ()):
                stream.note(topic)

    async def _check(self) -> None:
        asked = list(self._streams)  # who comes meanwhile was not asked about
        standing = await self._sign_ins.stand({each.sign_in_id for each in asked})
        for stream in [each for each in asked if each.sign_in_id not in standing]:
            self.close_stream(stream)

    async def _watch(self, tenants: set[int]) -> None:
        statement = insert(LiveWatchRow).values(
            [{"watched": each, "until": func.now() + WATCHED_FOR} for each in sorted(tenants)]
        )
        async with self._sessions.everywhere.begin() as session:
            await session.execute(
                statement.on_conflict_do_update(
                    index_elements=["watched"], set_={"until": statement.excluded.until}
                )
            )

    async def _sweep(self) -> None:
        async with self._sessions.everywhere.begin() as session:
            await session.execute(delete(LiveWatchRow).where(LiveWatchRow.until < func.now()))
            await session.execute(
                delete(LiveChangeRow).where(LiveChangeRow.changed_at < func.now() - KEPT_FOR)
            )
