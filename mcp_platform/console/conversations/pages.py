"""The pages of conversations: the list, one thread, and what a person does in it."""

from collections.abc import Mapping
from typing import Any, Final, get_args
from uuid import UUID, uuid4

from starlette.responses import Response

from mcp_platform.access.users import names_of
from mcp_platform.assistant.journal import past_turns
from mcp_platform.console.conversations.thread import (
    digest_of,
    shown,
    tint_of,
    written_phone,
)
from mcp_platform.console.conversations.working import working
from mcp_platform.console.forms import text_of_field
from mcp_platform.console.places import TENANT, tenant_of, tenant_page, to_tenant
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.conversations.api import ConversationRoutes
from mcp_platform.conversations.canned import CannedReplies, MissingValue, fill, unfilled
from mcp_platform.conversations.conversations import (
    Conversation,
    Conversations,
    Handling,
    SearchTooLong,
)
from mcp_platform.conversations.masking import masked
from mcp_platform.conversations.notes import LONGEST_NOTE, ContactNotes
from mcp_platform.conversations.person import obstacle
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.kit.cursor import read_cursor, read_number, write_cursor
from mcp_platform.kit.problem import status_of
from mcp_platform.registry.answers.canned_facts import canned_facts
from mcp_platform.registry.staff_api import READERS, WORKERS
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant

CONVERSATIONS: Final = f"{TENANT}/conversations"
ONE: Final = f"{CONVERSATIONS}/{{contact}}"
ROWS: Final = 30
MESSAGES: Final = 50
LONGEST_KEY: Final = 64  # of a form: a UUID has 36
FILTERS: Final[tuple[Handling | None, ...]] = (None, "waiting", "person", "assistant")
SAID: Final = frozenset({"taken", "under_way", "sent", "returned", "noted", "note_removed"})
FOUND: Final = 50  # of a search: who finds more says more
LONGEST_SEARCH: Final = 100
FEWEST_LETTERS: Final = 2


class ConversationPages:
    """What staff and operators read and do in a tenant's conversations."""

    def __init__(self, conversations: ConversationRoutes, *, tenants: TenantDirectory) -> None:
        self._conversations = conversations
        self._tenants = tenants

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=CONVERSATIONS, roles=READERS, show=self.list_),
            ConsolePage(path=f"{CONVERSATIONS}/search", roles=READERS, act=self.search),
            ConsolePage(path=ONE, roles=READERS, show=self.thread),
            ConsolePage(path=f"{ONE}/take", roles=WORKERS, act=self.take),
            ConsolePage(path=f"{ONE}/reply", roles=WORKERS, act=self.reply),
            ConsolePage(path=f"{ONE}/canned", roles=WORKERS, act=self.canned),
            ConsolePage(path=f"{ONE}/return", roles=WORKERS, act=self.give_back),
            ConsolePage(path=f"{ONE}/notes", roles=WORKERS, act=self.note),
            ConsolePage(path=f"{ONE}/notes/remove", roles=WORKERS, act=self.remove_note),
        )

    async def list_(self, visit: PageVisit) -> Response:
        tenant = await tenant_of(visit, self._tenants)
        query = visit.request.query_params
        handling = _handling(query.get("handling", ""))
        cursor = query.get("cursor", "")
        after = read_cursor(cursor) if cursor else None
        async with self._conversations.sessions.of(tenant.id).begin() as session:
            found = await _reading(session, tenant, visit).page(
                handling=handling, after=after, limit=ROWS + 1, now=visit.now
            )
            rows = found[:ROWS]
            names = await names_of(session, {each.taken_by for each in rows if each.taken_by})
        version = digest_of(rows, names)
        if _unchanged(visit, version):
            return Response(status_code=204)
        chosen = f"handling={handling}" if handling else ""
        following = f"cursor={write_cursor(rows[-1].place)}" if len(found) > ROWS else ""
        here = f"{ROOT}/t/{tenant.path}/conversations"
        return _list_page(
            visit,
            tenant,
            rows,
            names,
            said=visit.said(frozenset({"erased"})),
            version=version,
            handling=handling,
            shown_at=_address(here, chosen, cursor and f"cursor={cursor}"),
            following=_address(here, chosen, following) if following else None,
            first=_address(here, chosen) if cursor else None,
        )

    async def search(self, visit: PageVisit) -> Response:
        """Answer with what was found: who is looked for stands in no address, and is kept nowhere."""
        tenant = await tenant_of(visit, self._tenants)
        words = text_of_field(visit, "words")[:LONGEST_SEARCH].replace("\0", "")
        if len(words) < FEWEST_LETTERS:
            return to_tenant(visit, "/conversations")
        try:
            async with self._conversations.sessions.of(tenant.id).begin() as session:
                reading = _reading(session, tenant, visit)
                rows = await reading.search(words, limit=FOUND, now=visit.now)
                names = await names_of(session, {each.taken_by for each in rows if each.taken_by})
        except SearchTooLong as error:
            return _list_page(
                visit, tenant, [], {}, words=words, too_long=True, status=status_of(error)
            )
        return _list_page(visit, tenant, rows, names, words=words)

    async def canned(self, visit: PageVisit) -> Response:
        """Put a canned reply into the composer; nothing is sent. What has no value is said."""
        tenant, contact = await self._place(visit)
        draft = visit.form.get("text", "").removesuffix("/")
        which = visit.uuid("which")
        async with self._conversations.sessions.of(tenant.id).begin() as session:
            conversation = await _reading(session, tenant, visit).get(contact, now=visit.now)
            reply = await CannedReplies(session, tenant.id).get(which)
            facts = await canned_facts(session, tenant, conversation, now=visit.now)
        try:
            written = fill(reply.text, facts)
        except MissingValue as error:
            missing = ", ".join(visit.say(f"canned.var_{each}") for each in error.names)
            return await self._thread(
                visit, status=409, draft=draft, refused="canned", missing=missing
            )
        return await self._thread(visit, draft="\n".join(filter(None, [draft.strip(), written])))

    async def note(self, visit: PageVisit) -> Response:
        """Keep a note for the rest of the staff."""
        tenant, contact = await self._place(visit)
        try:
            await self._conversations.note(
                working(tenant, visit), contact, text_of_field(visit, "note")
            )
        except (Invalid, Conflict) as error:
            why = "note_full" if isinstance(error, Conflict) else "note_unfit"
            status = 409 if isinstance(error, Conflict) else 422
            return await self._thread(
                visit, status=status, note=visit.form.get("note", ""), note_refused=why
            )
        return _to(visit, tenant, contact, "noted")

    async def remove_note(self, visit: PageVisit) -> Response:
        tenant, contact = await self._place(visit)
        which = visit.uuid("which")
        await self._conversations.remove_note(working(tenant, visit), contact, which)
        return _to(visit, tenant, contact, "note_removed")

    async def thread(self, visit: PageVisit) -> Response:
        return await self._thread(visit, said=visit.said(SAID))

    async def take(self, visit: PageVisit) -> Response:
        """Take it, also from somebody if that was chosen; what was being written is kept."""
        tenant, contact = await self._place(visit)
        draft = visit.form.get("text", "")
        over = visit.form.get("over") == "yes"
        try:
            async with self._conversations.working(working(tenant, visit)) as person:
                taken = await person.take(contact, over=over)
        except Conflict:
            return await self._thread(visit, status=409, draft=draft, refused="taken_meanwhile")
        said = "under_way" if taken.under_way else "taken"
        if draft.strip():
            return await self._thread(visit, draft=draft, said=said)
        return _to(visit, tenant, contact, said)

    async def reply(self, visit: PageVisit) -> Response:
        """Send what was written, once for one form; what cannot be sent stays in the form."""
        tenant, contact = await self._place(visit)
        draft, key = visit.form.get("text", ""), visit.form.get("key", "")
        if not 0 < len(key) <= LONGEST_KEY:
            raise Invalid("The form's key is missing.")
        try:
            async with self._conversations.working(working(tenant, visit)) as person:
                await person.reply(contact, draft, request_key=key)
        except Conflict:
            return await self._thread(visit, status=409, draft=draft, refused="not_sent")
        except Invalid as error:
            # The key of a form that was sent, and gone back to: it makes another message.
            again = "text" not in error.fields
            why = "sent_before" if again else "long" if draft.strip() else "empty"
            if unfilled(draft) and not again:
                why = "variable"
            return await self._thread(visit, status=422, draft=draft, refused=why)
        return _to(visit, tenant, contact, "sent")

    async def give_back(self, visit: PageVisit) -> Response:
        tenant, contact = await self._place(visit)
        async with self._conversations.working(working(tenant, visit)) as person:
            await person.give_back(contact)
        return _to(visit, tenant, contact, "returned")

    async def _thread(
        self,
        visit: PageVisit,
        *,
        status: int = 200,
        draft: str = "",
        said: str | None = None,
        refused: str | None = None,
        missing: str = "",
        note: str = "",
        note_refused: str | None = None,
    ) -> Response:
        tenant, contact = await self._place(visit)
        asked = visit.request.query_params.get("before", "")
        before = read_number(asked) if asked else None
        async with self._conversations.sessions.of(tenant.id).begin() as session:
            conversations = _reading(session, tenant, visit)
            conversation = await conversations.get(contact, now=visit.now)
            found = await conversations.messages(contact, before=before, limit=MESSAGES + 1)
            appointments = await Appointments(session, tenant.id).upcoming(contact, now=visit.now)
            notes = await ContactNotes(session, tenant.id).of(contact)
            canned = await CannedReplies(session, tenant.id).all()
            people = {each.by for each in found if each.by} | {each.by for each in notes}
            names = await names_of(session, people | {conversation.taken_by or ""})
            messages = found[:MESSAGES]
            turns = await past_turns(
                session,
                tenant_id=tenant.id,
                contact_id=contact,
                turns={each.turn_id for each in messages if each.turn_id},
                without_numbers=visit.role == "viewer",
            )
        who = visit.signed_in.user.actor.subject
        hindrance = obstacle(conversation, tenant, who=who)
        version = digest_of(conversation, messages, appointments, turns, names, hindrance, notes)
        if _unchanged(visit, version):
            return Response(status_code=204)
        here = f"{ROOT}/t/{tenant.path}/conversations/{contact}"
        return tenant_page(
            visit,
            tenant,
            "conversations/thread.html",
            status=status,
            here=here,
            version=version,
            conversation=conversation,
            messages=shown(messages, turns, times=visit.times, zone=tenant.time_zone),
            older=f"{here}?before={messages[-1].id}" if len(found) > MESSAGES else None,
            newest=before is None,
            appointments=appointments,
            notes=notes,
            canned=canned,
            missing=missing,
            note=note,
            note_refused=note_refused,
            longest_note=LONGEST_NOTE,
            written=masked if visit.role == "viewer" else str,
            names=names,
            mine=conversation.taken_by == who,
            may_work=visit.role in WORKERS,
            hindrance=hindrance,
            state=_state(conversation, hindrance),
            draft=draft,
            key=uuid4(),
            said=said,
            refused=refused,
            phone=written_phone,
            tint=tint_of,
        )

    async def _place(self, visit: PageVisit) -> tuple[Tenant, UUID]:
        return await tenant_of(visit, self._tenants), visit.uuid("contact")


def _reading(session: Any, tenant: Tenant, visit: PageVisit) -> Conversations:
    return Conversations(session, tenant.id, masked=visit.role == "viewer")


def _list_page(
    visit: PageVisit,
    tenant: Tenant,
    rows: list[Conversation],
    names: Mapping[str, str],
    *,
    status: int = 200,
    words: str = "",
    too_long: bool = False,
    said: str | None = None,
    version: str = "",
    handling: Handling | None = None,
    shown_at: str | None = None,
    following: str | None = None,
    first: str | None = None,
) -> Response:
    """Answer with conversations; `words` is what they were searched by."""
    return tenant_page(
        visit,
        tenant,
        "conversations/conversations.html",
        status=status,
        here=f"{ROOT}/t/{tenant.path}/conversations",
        filters=FILTERS,
        rows=rows,
        names=names,
        words=words,
        too_long=too_long,
        phone=written_phone,
        tint=tint_of,
        said=said,
        version=version,
        handling=handling,
        shown_at=shown_at,
        following=following,
        first=first,
    )


def _state(conversation: Conversation, hindrance: str | None) -> str:
    """Return what the form for a reply depends on: it is left alone while this stays the same."""
    return digest_of(hindrance, conversation.taken_by, conversation.window_until is None)


def _handling(asked: str) -> Handling | None:
    """Return the filter that is asked for. Raises Invalid if there is none of that name."""
    found: Handling | None = next((each for each in get_args(Handling) if each == asked), None)
    if asked and found is None:
        raise Invalid("There is no such filter.")
    return found


def _unchanged(visit: PageVisit, version: str) -> bool:
    """Tell whether a page that asks for news has them already."""
    return visit.request.query_params.get("seen") == version


def _address(path: str, *query: str) -> str:
    asked = "&".join(filter(None, query))
    return f"{path}?{asked}" if asked else path


def _to(visit: PageVisit, tenant: Tenant, contact: UUID, said: str) -> Response:
    return visit.to(f"/t/{tenant.path}/conversations/{contact}", said=said)
