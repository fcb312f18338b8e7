"""Erases the customers who asked for it themselves and confirmed it by a button.

The part that has the key of fingerprints does it: the worker, which talks to them, has it not. Owns the
receipt that they are sent; how a contact is erased is in `erasure.py`.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from mcp_platform.audit.actor import system
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.errors import NotFound, PlatformError
from mcp_platform.kit.database import Sessions, is_away
from mcp_platform.kit.queue import schema_for, wakes
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.notices import Notices
from mcp_platform.outbox.outbox import Outbox
from mcp_platform.rights.erasure import ContactErasure
from mcp_platform.rights.fingerprints import Fingerprints
from mcp_platform.tenants.directory import tenant_at
from mcp_platform.tenants.languages import supported
from mcp_platform.whatsapp.messages import Recipient
from mcp_platform.whatsapp.reply import Reply
from mcp_platform.words.templates import fill
from mcp_platform.words.texts import TEXTS

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=5)  # the customer waits for the receipt
MOST = 20  # of one look
# Who could not be erased before waits behind those who were never tried.
WAITING = Sql("""
    SELECT c.id, c.wa_id, c.bsuid, c.language, t.client_name, t.environment
    FROM contacts c JOIN tenants t ON t.id = c.tenant_id
    WHERE c.erasure_asked_at IS NOT NULL AND t.status = 'active'
    ORDER BY c.id = ANY(CAST(:failed AS uuid[])), c.erasure_asked_at LIMIT :most
""")


class RequestedErasures:
    """Erases who waits for it, in a transaction each. Of several processes one does it."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        notices: Notices,
        fingerprints: Fingerprints,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._notices = notices
        self._fingerprints = fingerprints
        self._clock = clock
        self._failed = set[UUID]()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if is_away(error):
                    log.warning("rights.requested.away", error=repr(error))
                else:
                    log.exception("rights.requested.failed")
            await asyncio.sleep(LOOK_EVERY.total_seconds())

    async def look(self) -> int:
        """Erase who waits; return how many that were."""
        async with self._sessions.everywhere.begin() as session:
            waiting = await Driver(session).rows(WAITING, failed=list(self._failed), most=MOST)
        erased = 0
        for each in waiting:
            try:
                await self._erase(each)
                erased += 1
                self._failed.discard(each["id"])
            except NotFound:  # another process was first
                self._failed.discard(each["id"])
            except PlatformError as error:
                self._failed.add(each["id"])
                log.warning("rights.requested.refused", contact=str(each["id"]), error=str(error))
            except Exception as error:
                # Also where Postgres seems away: a tenant's login may hold a row of theirs locked.
                self._failed.add(each["id"])
                if is_away(error):
                    raise
                log.exception("rights.requested.failed", contact=str(each["id"]))
        return erased

    async def _erase(self, asked: Mapping[str, Any]) -> None:
        """Erase a contact, send them the receipt and tell the owner: all or nothing.

        What is queued for their number then is of no contact, and goes with the retention.
        """
        async with self._sessions.everywhere.begin() as session:
            tenant = await tenant_at(session, asked["client_name"], asked["environment"])
            wakes(session, schema_for(tenant.id, tenant.topology))
            now = self._clock()
            work = ContactErasure(session, tenant, fingerprints=self._fingerprints, now=now)
            receipt = await work.erase(
                asked["id"], cancel=True, trail=ActorTrail(system("the customer's own wish"))
            )
            said = TEXTS[supported(asked["language"] or tenant.language)].outcomes.erased
            if asked["bsuid"] or asked["wa_id"]:  # else their number has changed hands since
                await Outbox(session, tenant.id).send(
                    key=f"erased:{receipt.id}",
                    lane=f"erased:{receipt.id}",
                    recipient=Recipient(bsuid=asked["bsuid"], wa_id=asked["wa_id"]),
                    content=Reply(fill(said, {"receipt": str(receipt.id)}) or ""),
                    purpose="notice",  # by now nobody is known whose window could be looked up
                )
            await self._notices.erased(
                session,
                tenant,
                cancelled=receipt.counts["appointments_cancelled"],
                receipt=receipt.id,
            )
