"""One tenant: how it is, its facts, what the doctor found; suspending, resuming, examining."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.console.credentials.vendors import VENDORS, missing_keys
from mcp_platform.console.fleet_pages import PILLS
from mcp_platform.console.forms import version_of
from mcp_platform.console.places import (
    TENANT,
    place_of,
    served_tenant_of,
    tenant_of,
    tenant_page,
    to_tenant,
)
from mcp_platform.console.reasons import finding_said, finding_title, mended_at, reason_of
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.credentials.credentials import CredentialKeys, KnownKey
from mcp_platform.doctor.examining import Examinations
from mcp_platform.doctor.findings import Finding, Findings
from mcp_platform.doctor.sentences import state
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.environments import EnvironmentChange, EnvironmentOut, Environments
from mcp_platform.registry.fleet.fleet import fleet_row
from mcp_platform.registry.fleet.parked import ParkedQuery, parked_page
from mcp_platform.registry.professionals import Professionals
from mcp_platform.registry.services import CatalogueQuery, Services
from mcp_platform.tenants.directory import TenantDirectory

SAID: Final = frozenset({"suspended", "resumed", "examined"})
FOUND_PILLS: Final = {"ok": "ok", "warning": "warn", "failed": "bad", "unknown": "unknown"}
WORST_FIRST: Final = ("failed", "warning", "unknown", "ok")


class TenantPages:
    """The page of a tenant."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        tenants: TenantDirectory,
        examinations: Examinations,
        keys: CredentialKeys,
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._tenants = tenants
        self._examinations = examinations

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=TENANT, roles=READERS, show=self.show),
            ConsolePage(path=f"{TENANT}/suspend", roles=WRITERS, act=self.suspend),
            ConsolePage(path=f"{TENANT}/resume", roles=WRITERS, act=self.resume),
            ConsolePage(path=f"{TENANT}/doctor", roles=WRITERS, act=self.examine),
        )

    async def show(self, visit: PageVisit) -> Response:
        client, environment = place_of(visit)
        async with self._sessions.everywhere() as session:
            environments = Environments(session, visit.signed_in.user.actor)
            facts = await environments.get(client, environment)
            located = await environments.locate(client, environment)
            row = await fleet_row(session, client, environment, now=visit.now)
            findings = await Findings(session, located.id).last()
            actor = visit.signed_in.user.actor
            stopped = await parked_page(
                session, ParkedQuery(client_name=client, environment=facts.environment, limit=1)
            )
            offers = await Services(session, actor, located).page(CatalogueQuery(limit=1))
            people = await Professionals(session, actor, located).page(CatalogueQuery(limit=1))
        known = await self._keys.known(client, environment, actor=actor)
        return tenant_page(
            visit,
            await tenant_of(visit, self._tenants),
            "tenant.html",
            facts=facts,
            row=row,
            stopped=sum(stopped.counts.values()),
            reason=reason_of(row, say=visit.say, tongue=visit.tongue),
            pills=PILLS,
            checks=_checks(findings, visit),
            well=sum(state(each.found) == "ok" for each in findings if _known(each)),
            found_pills=FOUND_PILLS,
            todo=_todo(
                visit,
                facts,
                known,
                offers=bool(offers.items),
                people=bool(people.items),
                heard=row.last_message_at is not None,
            ),
            may_change=visit.role in WRITERS and facts.status != "offboarded",
            said=visit.said(SAID),
        )

    async def suspend(self, visit: PageVisit) -> Response:
        return await self._change(visit, EnvironmentChange(status="suspended"), "suspended")

    async def resume(self, visit: PageVisit) -> Response:
        return await self._change(visit, EnvironmentChange(status="active"), "resumed")

    async def examine(self, visit: PageVisit) -> Response:
        """Ask every vendor, which takes some seconds, and change nothing."""
        tenant = await served_tenant_of(visit, self._tenants)
        await self._examinations.run(tenant, actor=visit.signed_in.user.actor)
        return visit.to(f"/t/{tenant.path}", said="examined")

    async def _change(self, visit: PageVisit, change: EnvironmentChange, said: str) -> Response:
        client, environment = place_of(visit)
        versions = version_of(visit)
        async with self._sessions.everywhere.begin() as session:
            await Environments(session, visit.signed_in.user.actor).update(
                client, environment, change, versions=versions
            )
        self._tenants.forget()
        return to_tenant(visit, "", said=said)


def _todo(
    visit: PageVisit,
    facts: EnvironmentOut,
    known: Sequence[KnownKey],
    *,
    offers: bool,
    people: bool,
    heard: bool,
) -> list[tuple[str, str]]:
    """Return what is left until customers are answered, and below which path it is done."""
    left = [
        (
            visit.say("todo.credentials", vendor=visit.say(f"vendor.{mark.id}")),
            "/credentials",
        )
        for mark in VENDORS
        if missing_keys(mark, known)
    ]
    if not offers:
        left.append((visit.say("todo.services"), "/services/_new"))
    if not people:
        left.append((visit.say("todo.people"), "/people/_new"))
    if left or not heard:
        left.append((visit.say("todo.live"), "/live"))
    return left if facts.status != "offboarded" else []


def _known(finding: Finding) -> bool:
    try:
        state(finding.found)
    except KeyError:
        return False
    return True


def _checks(findings: list[Finding], visit: PageVisit) -> list[dict[str, object]]:
    """Return what is not well, the worst first: what it is called, what it means, what to do."""
    shown: list[dict[str, object]] = [
        {
            "title": finding_title(each.found.check, tongue=visit.tongue),
            "state": state(each.found),
            "said": finding_said(each.found, tongue=visit.tongue),
            "mended_at": mended_at(each.found.check),
            "since": each.since,
        }
        for each in findings
        if _known(each) and state(each.found) != "ok"
    ]
    return sorted(shown, key=lambda each: WORST_FIRST.index(str(each["state"])))
