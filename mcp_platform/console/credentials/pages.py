"""`…/credentials`: which keys are set, replacing them, and having them proved. Never a value.

What was typed is not given back: a wrong secret is typed again. With a script the page stays, and the
browser keeps what stands in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.console.credentials.vendors import (
    OPTIONAL,
    CheckNote,
    check_notes,
    vendor_states,
)
from mcp_platform.console.places import (
    TENANT,
    may_change,
    place_of,
    served_tenant_of,
    tenant_of,
    tenant_page,
    to_tenant,
)
from mcp_platform.console.sentences import SENTENCES
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.credentials.credentials import (
    CredentialKeys,
    ProofFailed,
    ProofUnanswered,
)
from mcp_platform.credentials.forms import OURS, PUBLIC, SETTABLE
from mcp_platform.credentials.proofs import Proof
from mcp_platform.doctor.examining import Examinations
from mcp_platform.doctor.findings import Findings
from mcp_platform.doctor.results import CheckOutcome, CheckResult
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.kit.database import Sessions
from mcp_platform.tenants.credentials import what_is_wrong
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.env_file import EnvFile, read_env_file

PATH: Final = f"{TENANT}/credentials"
SAID: Final = frozenset({"saved", "unproved", "proved", "removed", "made"})
PILLS: Final = {
    "ok": "ok",
    "warning": "warn",
    "failed": "bad",
    "unknown": "unknown",
    None: "unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysRefusal:
    """Why nothing was saved. `fields` by key; `lines` of a file; `anyway` names what would save it."""

    vendor: str = ""
    title: str
    fields: Mapping[str, str]
    lines: tuple[tuple[int, str], ...] = ()
    notes: tuple[CheckNote, ...] = ()
    anyway: str | None = None


class CredentialPages:
    """The page of a tenant's credentials."""

    def __init__(
        self,
        keys: CredentialKeys,
        *,
        sessions: Sessions,
        tenants: TenantDirectory,
        examinations: Examinations,
    ) -> None:
        self._keys = keys
        self._sessions = sessions
        self._tenants = tenants
        self._examinations = examinations

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=PATH, roles=READERS, show=self.show),
            ConsolePage(path=PATH, roles=WRITERS, act=self.replace, fresh=True, secret=True),
            ConsolePage(path=f"{PATH}/env", roles=WRITERS, act=self.paste, fresh=True, secret=True),
            ConsolePage(path=f"{PATH}/prove", roles=WRITERS, act=self.prove),
            ConsolePage(
                path=f"{PATH}/remove", roles=WRITERS, act=self.remove, fresh=True, secret=True
            ),
        )

    async def show(self, visit: PageVisit) -> Response:
        return await self._page(visit)

    async def replace(self, visit: PageVisit) -> Response:
        """Set what is filled in of one vendor's keys; what is left empty stays."""
        vendor = visit.form.get("vendor", "")
        given = {key: value for key in SETTABLE if (value := visit.form.get(key, "").strip())}
        if not given:
            title = visit.say("credentials.nothing_given")
            return await self._page(visit, KeysRefusal(vendor=vendor, title=title, fields={}))
        pasted = given.get("GOOGLE_PRIVATE_KEY", "")
        if pasted.startswith("{"):  # the whole file of the service account
            file = read_env_file(pasted)
            if file.wrong or not file.values:
                told = {"GOOGLE_PRIVATE_KEY": visit.say("unfit_key.google")}
                return await self._page(visit, _unfit(visit, vendor, told))
            given |= file.values
        return await self._change(visit, given, vendor=vendor)

    async def paste(self, visit: PageVisit) -> Response:
        """Set the credentials of a whole `.env` file."""
        try:
            file = read_env_file(visit.form.get("env", ""))
        except Invalid:
            title = visit.say("credentials.file_too_long")
            return await self._page(visit, KeysRefusal(vendor="env", title=title, fields={}))
        values = {key: value for key, value in file.values.items() if key not in OURS}
        if file.wrong or not values:
            title = "credentials.file_wrong" if file.wrong else "credentials.file_empty"
            refusal = KeysRefusal(
                vendor="env", title=visit.say(title), fields={}, lines=_lines(visit, file)
            )
            return await self._page(visit, refusal)
        return await self._change(visit, values, vendor="env")

    async def remove(self, visit: PageVisit) -> Response:
        """Take one key away."""
        key = visit.form.get("key", "")
        if key not in SETTABLE:
            raise Invalid("There is no such credential.")
        client, environment = place_of(visit)
        actor = visit.signed_in.user.actor
        await self._keys.change(client, environment, actor=actor, values={}, remove={key})
        return self._done(visit, "removed")

    async def prove(self, visit: PageVisit) -> Response:
        """Ask every vendor about what is set, and change nothing."""
        tenant = await served_tenant_of(visit, self._tenants)
        await self._examinations.run(tenant, actor=visit.signed_in.user.actor)
        return self._done(visit, "proved")

    async def _change(
        self, visit: PageVisit, values: Mapping[str, str], *, vendor: str
    ) -> Response:
        client, environment = place_of(visit)
        anyway = visit.form.get("anyway")
        try:
            done = await self._keys.change(
                client,
                environment,
                actor=visit.signed_in.user.actor,
                values=values,
                unproved=anyway == "unproved",
                force=anyway == "force",
            )
        except ProofFailed as error:
            title = visit.say("credentials.refused")
            refusal = _not_proved(visit, vendor, title, error.results, anyway="force")
            return await self._page(visit, refusal)
        except ProofUnanswered as error:
            title = visit.say("credentials.unanswered")
            refusal = _not_proved(visit, vendor, title, error.results, anyway="unproved")
            return await self._page(visit, refusal, status=503)
        except Invalid as error:
            return await self._page(visit, _unfit(visit, vendor, _by_key(visit, error, values)))
        except Conflict as error:
            if not error.fields:
                raise
            told = {"WHATSAPP_PHONE_NUMBER_ID": visit.say("credentials.number_taken")}
            return await self._page(visit, _unfit(visit, vendor, told), status=409)
        return self._done(visit, _outcome(done.proof))

    def _done(self, visit: PageVisit, said: str) -> Response:
        self._tenants.forget()  # its number or calendar may be another one now
        where = to_tenant(visit, "/credentials", said=said)
        if visit.request.headers.get("hx-request") == "true":  # the whole page, not a part of it
            return Response(status_code=204, headers={"hx-redirect": where.headers["location"]})
        return where

    async def _page(
        self, visit: PageVisit, refusal: KeysRefusal | None = None, *, status: int = 422
    ) -> Response:
        client, environment = place_of(visit)
        tenant = await tenant_of(visit, self._tenants)
        known = await self._keys.known(client, environment, actor=visit.signed_in.user.actor)
        async with self._sessions.everywhere() as session:
            findings = await Findings(session, tenant.id).last()
        return tenant_page(
            visit,
            tenant,
            "credentials/credentials.html",
            status=status if refusal else 200,
            vendors=vendor_states(known, findings, tongue=visit.tongue),
            pills=PILLS,
            public=PUBLIC,
            optional=OPTIONAL,
            typed={key: visit.form.get(key, "") for key in PUBLIC} if refusal else {},
            refusal=refusal,
            may_change=may_change(visit, tenant),
            said=visit.said(SAID),
        )


def _outcome(proof: Proof) -> str:
    return "saved" if proof.outcome == "passed" else "unproved"


def _not_proved(
    visit: PageVisit, vendor: str, title: str, results: tuple[CheckResult, ...], *, anyway: str
) -> KeysRefusal:
    found = [CheckOutcome(each.check, each.code, each.details) for each in results]
    return KeysRefusal(
        vendor=vendor,
        title=title,
        fields={},
        notes=tuple(check_notes(found, tongue=visit.tongue)),
        anyway=anyway,
    )


def _unfit(visit: PageVisit, vendor: str, fields: Mapping[str, str]) -> KeysRefusal:
    return KeysRefusal(vendor=vendor, title=visit.say("credentials.unfit"), fields=fields)


def _by_key(visit: PageVisit, error: Invalid, values: Mapping[str, str]) -> dict[str, str]:
    """Say of each key what is wrong with its form."""
    return {
        key: _said(visit, what_is_wrong(key, values.get(key, "")) or "form")
        for key in error.fields
        if key in SETTABLE
    }


def _said(visit: PageVisit, code: str) -> str:
    name = f"unfit_key.{code}"
    return visit.say(name if name in SENTENCES[visit.tongue] else "unfit_key.form")


def _lines(visit: PageVisit, file: EnvFile) -> tuple[tuple[int, str], ...]:
    said = [(each.line, each.key, _said(visit, each.code)) for each in (*file.wrong, *file.notes)]
    return tuple(
        (line, f"{key}: {text}" if key else text)
        for line, key, text in sorted(said, key=lambda each: each[0])
    )
