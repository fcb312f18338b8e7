"""Puts the console together: its pages, its navigation, and what lets browsers in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.applications import Starlette

from mcp_platform.access.account import OwnAccount
from mcp_platform.access.browser_sign_ins import BrowserSignIns
from mcp_platform.access.passwords import Passwords
from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.access.sign_ins import SignIns
from mcp_platform.access.user_tokens import LiveSignIns
from mcp_platform.console.agenda.appointment_pages import AppointmentPages
from mcp_platform.console.agenda.booking_pages import BookingPages
from mcp_platform.console.agenda.sheet_pages import SheetPages
from mcp_platform.console.attention_pages import ATTENTION, AttentionPages, WaitingCount
from mcp_platform.console.catalogue.closed_days import ClosedDayPages
from mcp_platform.console.catalogue.hours import HoursPages
from mcp_platform.console.catalogue.people import PeoplePages
from mcp_platform.console.catalogue.services import ServicePages
from mcp_platform.console.console import ConsoleRoutes, Reception
from mcp_platform.console.conversations.canned import CannedPages
from mcp_platform.console.conversations.pages import ConversationPages
from mcp_platform.console.conversations.questions import QuestionPages
from mcp_platform.console.conversations.rights import RightsPages
from mcp_platform.console.credentials.pages import CredentialPages
from mcp_platform.console.deployment.publish import PublishPages
from mcp_platform.console.deployment.tenant import DeploymentPages
from mcp_platform.console.fleet_jobs import FleetJobPages
from mcp_platform.console.fleet_pages import FleetPages
from mcp_platform.console.home import HomePages
from mcp_platform.console.live.feed import LiveFeed
from mcp_platform.console.live.stream_pages import LiveStreamPages
from mcp_platform.console.me import OwnPages
from mcp_platform.console.onboarding.importing import ImportPages
from mcp_platform.console.onboarding.live import LivePages
from mcp_platform.console.onboarding.wizard import NewClientPages
from mcp_platform.console.oversight.audit import AuditPages
from mcp_platform.console.oversight.leave import LeavePages
from mcp_platform.console.oversight.parked import PARKED, ParkedPages
from mcp_platform.console.oversight.settings import SettingsPages
from mcp_platform.console.palette_pages import PalettePages
from mcp_platform.console.proving import FreshProofs
from mcp_platform.console.sign_in import SignInPages
from mcp_platform.console.tenant_pages import TenantPages
from mcp_platform.console.users import UserPages
from mcp_platform.console.visits import ConsolePage, NavigationItem
from mcp_platform.console.voice.answers import AnswerPages
from mcp_platform.console.voice.wording import WordingPages
from mcp_platform.conversations.api import ConversationRoutes
from mcp_platform.credentials.credentials import CredentialKeys
from mcp_platform.doctor.examining import Examinations
from mcp_platform.kit.database import Sessions
from mcp_platform.onboarding.desk import DraftDesk
from mcp_platform.publishing.desk import PublishingDesk
from mcp_platform.publishing.importing import ConfigDesk
from mcp_platform.registry.routes import Registry
from mcp_platform.rights.fingerprints import Fingerprints
from mcp_platform.scheduling.tenant_appointments import TenantAppointments
from mcp_platform.tenants.directory import TenantDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleParts:
    """The services that the console stands on, which are those of the API."""

    sessions: Sessions
    tenants: TenantDirectory
    examinations: Examinations
    conversations: ConversationRoutes
    credential_keys: CredentialKeys
    registry: Registry
    appointments: TenantAppointments
    drafts: DraftDesk
    config: ConfigDesk
    publishing: PublishingDesk
    account: OwnAccount
    passwords: Passwords
    live: LiveSignIns
    fingerprints: Fingerprints
    grace: timedelta
    sign_ins: SignIns
    browser_sign_ins: BrowserSignIns
    live_feed: LiveFeed
    clock: Callable[[], datetime]
    public_url: str | None
    development: bool


NAVIGATION: Final = (
    NavigationItem(path="/fleet", label="shell.fleet", icon="store", roles=READERS, within="/t/"),
    NavigationItem(path=ATTENTION, label="attention.title", icon="bell-ring", roles=READERS),
    NavigationItem(
        path="/t/{tenant}/agenda",
        label="agenda.tab",
        icon="calendar-days",
        roles=("staff",),
        within="/t/{tenant}/agenda/",
    ),
    NavigationItem(
        path="/t/{tenant}/conversations",
        label="talks.tab",
        icon="messages-square",
        roles=("staff",),
        within="/t/{tenant}/conversations/",
    ),
    NavigationItem(path=PARKED, label="parked.title", icon="inbox", roles=READERS),
    NavigationItem(
        path="/publish", label="publish.title", icon="cloud-upload", roles=WRITERS, narrow=False
    ),
    NavigationItem(
        path="/users",
        label="users.title",
        icon="users",
        roles=("admin",),
        within="/users/",
        narrow=False,
    ),
    NavigationItem(path="/audit", label="shell.audit", icon="scroll-text", roles=WRITERS),
    NavigationItem(
        path="/t/{tenant}/questions",
        label="asked.tab",
        icon="message-circle-question-mark",
        roles=("staff",),
    ),
    NavigationItem(path="/me", label="shell.me", icon="circle-user", roles=("staff",)),
)


def page_table(parts: ConsoleParts) -> tuple[ConsolePage, ...]:
    """Return every page that there is."""
    return (
        *HomePages(design=parts.development).table(),
        *SignInPages(parts.browser_sign_ins, parts.sign_ins).table(),
        *FleetPages(parts.sessions).table(),
        *FleetJobPages(parts.registry.jobs, parts.sessions).table(),
        *AttentionPages(parts.sessions).table(),
        *PalettePages(parts.sessions).table(),
        *LiveStreamPages(parts.live_feed, tenants=parts.tenants).table(),
        *TenantPages(
            parts.sessions,
            tenants=parts.tenants,
            examinations=parts.examinations,
            keys=parts.credential_keys,
        ).table(),
        *CannedPages(parts.conversations, tenants=parts.tenants).table(),
        *ConversationPages(parts.conversations, tenants=parts.tenants).table(),
        *QuestionPages(parts.registry).table(),
        *CredentialPages(
            parts.credential_keys,
            sessions=parts.sessions,
            tenants=parts.tenants,
            examinations=parts.examinations,
        ).table(),
        *ServicePages(parts.registry).table(),
        *PeoplePages(parts.registry).table(),
        *HoursPages(parts.registry).table(),
        *ClosedDayPages(parts.registry).table(),
        *SheetPages(parts.appointments, tenants=parts.tenants).table(),
        *AppointmentPages(parts.appointments, tenants=parts.tenants).table(),
        *BookingPages(parts.appointments, tenants=parts.tenants).table(),
        *LivePages(
            parts.credential_keys,
            sessions=parts.sessions,
            tenants=parts.tenants,
            examinations=parts.examinations,
            public_url=parts.public_url,
        ).table(),
        *DeploymentPages(
            parts.publishing,
            sessions=parts.sessions,
            tenants=parts.tenants,
            public_url=parts.public_url,
        ).table(),
        *PublishPages(parts.publishing, parts.sessions).table(),
        *ImportPages(parts.config).table(),
        *NewClientPages(parts.drafts, parts.sessions).table(),
        *AnswerPages(parts.registry).table(),
        *WordingPages(parts.registry).table(),
        *SettingsPages(parts.registry).table(),
        *ParkedPages(parts.sessions, tenants=parts.tenants).table(),
        *AuditPages(parts.sessions, tenants=parts.tenants).table(),
        *FreshProofs(parts.account).table(),
        *UserPages(parts.sessions, passwords=parts.passwords, live=parts.live).table(),
        *LeavePages(parts.sessions, tenants=parts.tenants, grace=parts.grace).table(),
        *RightsPages(
            parts.sessions,
            parts.conversations,
            tenants=parts.tenants,
            fingerprints=parts.fingerprints,
        ).table(),
        *OwnPages(parts.account, parts.browser_sign_ins).table(),
    )


def create_console(parts: ConsoleParts) -> Starlette:
    """Return what is mounted under `/console`."""
    reception = Reception(
        sign_ins=parts.browser_sign_ins,
        clock=parts.clock,
        proofs=FreshProofs(parts.account),
        badge=WaitingCount(parts.sessions).of,
        tls_outside=(parts.public_url or "").startswith("https://"),
    )
    return ConsoleRoutes(reception, page_table(parts), NAVIGATION).application()
