"""Agendas of tenants, over the calendars that their credentials reach."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from mcp_platform.bootstrap.doors import google_account
from mcp_platform.errors import CredentialRefused
from mcp_platform.kit.database import Sessions
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling.agenda import Agenda
from mcp_platform.scheduling.calendar import Calendar, CalendarUnreadable
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.google.calendar import GoogleCalendars
from mcp_platform.tenants.credential_cache import CachedCredentials
from mcp_platform.tenants.credentials import Credentials
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.tenant import Tenant


class Agendas:
    """Agendas by tenant, over the calendars its credentials reach."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        calendars: GoogleCalendars,
        credentials: CachedCredentials,
        health: TenantHealth,
        notices: Notices,
        hold_for: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._calendars = calendars
        self._credentials = credentials
        self._health = health
        self._notices = notices
        self._hold_for = hold_for
        self._clock = clock

    def calendar(self, credentials: Credentials) -> Calendar:
        return self._calendars.of(google_account(credentials))

    async def calendar_of(self, tenant: Tenant) -> Calendar:
        return self.calendar(await self._credentials.of(tenant))

    async def of(self, tenant: Tenant, catalogue: Catalogue) -> Agenda:
        async def tell(
            error: CalendarUnreadable | CredentialRefused, *, calendar_id: str | None
        ) -> None:
            if isinstance(error, CredentialRefused) or calendar_id is None:
                await self._health.refused(tenant.id, "calendar", str(error))
                await self._notices.trouble(tenant, "calendar_refused", now=self._clock())
            else:
                await self._notices.trouble(tenant, "calendar_unreadable", now=self._clock())

        credentials = await self._credentials.of(tenant)
        if tenant.calendar_id is None and credentials.google_calendar_id:
            tenant = replace(tenant, calendar_id=credentials.google_calendar_id)
        return Agenda(
            tenant=tenant,
            catalogue=catalogue,
            sessions=self._sessions,
            calendar=self.calendar(credentials),
            hold_for=self._hold_for,
            tell=tell,
        )
