"""The menu: books, moves and cancels by lists and buttons, without any model.

Owns what a tap does and which choices follow. Every choice is an offer whose meaning was written
by the server; the menu keeps no state of its own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from mcp_platform.assistant.choosing.searches import find_action, just_after, more_action, search_of
from mcp_platform.assistant.faq.menu_answers import Faq, FaqRow
from mcp_platform.assistant.faq.own_data import DOES, OwnData
from mcp_platform.assistant.obliged import ends_nowhere
from mcp_platform.assistant.offers import Action
from mcp_platform.assistant.outcomes import Done
from mcp_platform.assistant.speaking.own_voice import OwnVoice
from mcp_platform.assistant.speech import Block, Speech
from mcp_platform.assistant.toolbox import (
    MOST_SERVICES,
    Toolbox,
    other_times,
    slot_action,
    with_visit,
)
from mcp_platform.assistant.tools.join_waitlist import Wished, note_wish
from mcp_platform.errors import CredentialRefused, Invalid, NotFound
from mcp_platform.scheduling import wording
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.availability import SearchWindow
from mcp_platform.scheduling.calendar import CalendarUnreadable
from mcp_platform.scheduling.finding.searching import SlotSearch
from mcp_platform.scheduling.outcome import CalendarClosed, SlotsFound, SlotView
from mcp_platform.tenants.languages import supported
from mcp_platform.whatsapp.reply import Reply, ReplyOption
from mcp_platform.words.texts import TEXTS

# A list has ten rows; one is kept for "more".
ROWS = 10
PAGE = ROWS - 1
A_WEEK = timedelta(days=6)  # after today: how far "as soon as possible" looks
STEP = "tap"
NOT_NOW: Action = {"do": "root", "asking": True}  # beside "write your question"


@dataclass(frozen=True, slots=True)
class _Row:
    """A choice to be: its title, and what choosing it means."""

    title: str
    action: Action
    description: str = ""


class Menu:
    """The menu of one turn."""

    def __init__(
        self, *, toolbox: Toolbox, speech: Speech, voice: OwnVoice, of_business: str
    ) -> None:
        self._tools = toolbox
        self._speech = speech
        self._say = speech.phrases
        self._of_business = of_business
        self._catalogue = toolbox.catalogue
        self._voice = voice
        self._faq = Faq(toolbox, language=supported(speech.language), voice=voice)
        self._own_data = OwnData(toolbox, language=supported(speech.language))

    async def root(self, *, why: str = "", greet: bool = True) -> Reply:
        """Say what can be done here, with buttons that do it."""
        hello = self._say.hello.format(of_business=self._of_business) if greet else ""
        return await self.way_on("\n".join(part for part in (why or hello, self._say.help) if part))

    async def way_on(self, text: str) -> Reply:
        """Say `text`, with buttons for what can be done here."""
        return await self._reply(
            text,
            [
                _Row(self._say.button_book, {"do": "services"}),
                _Row(self._say.button_mine, {"do": "mine"}),
                *await self._faq.entry(),
                _Row(self._say.button_person, {"do": "human"}),
            ],
        )

    async def typed(self, words: str, *, key: str | None, greet: bool) -> Reply:
        """Answer typed words that are nothing to tap: with an answer, or what may be meant."""
        exact = await self._faq.named(words)
        if exact is not None:
            return await self.way_on(exact)
        found = await self._faq.found(words, key=key)
        if not found:
            return await self.root(greet=greet)
        usual = [
            _Row(self._say.button_book, {"do": "services"}),
            _Row(self._say.button_mine, {"do": "mine"}),
        ]
        person = _Row(self._say.button_person, {"do": "human"})
        if "?" in words and len(found) > 1:
            return await self._reply(self._faq.intro, [*found, *usual])
        if "?" in words:
            more = await self._faq.entry()
            return await self._reply(self._say.help, [*found, *more, *usual, person])
        hello = self._say.hello.format(of_business=self._of_business) if greet else ""
        text = "\n".join(part for part in (hello, self._say.help) if part)
        faq = await self._faq.entry() if len(found) == 1 else []
        return await self._reply(text, [*usual, *found[:-1], *faq, person])

    async def asks(self, offers: Collection[str]) -> bool:
        """Tell whether our last message, which showed these offers, asked for a question."""
        if len(offers) != 1:
            return False
        async with self._tools.journal.begin() as session:
            (offer,) = offers
            return await self._tools.offers(session).find(offer, now=self._tools.now) == NOT_NOW

    async def ask_team(self, words: str | None, *, key: str | None = None) -> Reply:
        """Pass a question on to the team; without one, ask for it.

        `key` is that of the message in which it was written; None: it was written in this turn.
        """
        if words is None:
            texts = TEXTS[supported(self._speech.language)]
            return await self._reply(
                texts.outcomes.ask_what, [_Row(texts.buttons.not_now, NOT_NOW)]
            )
        messages = self._tools.written_in if key is None else [key]
        return Reply(await self._faq.ask(STEP, words, messages=messages))

    async def shown(self, action: Action) -> tuple[ReplyOption, ...]:
        """Return what can be tapped after such a choice; nothing where it cannot be made now."""
        try:
            return (await self._act(action)).choices
        except (Invalid, NotFound, CalendarUnreadable, CredentialRefused):
            return ()

    async def choices(self, rows: Sequence[tuple[str, Action, str]]) -> tuple[ReplyOption, ...]:
        """Issue offers for titles, what tapping them does, and descriptions."""
        if not rows:
            return ()
        return (await self._reply("", [_Row(*row) for row in rows])).choices

    async def meaning(self, offer: str) -> Action | None:
        """Return what a tapped choice means; None: it is not this contact's, or too old."""
        async with self._tools.journal.begin() as session:
            return await self._tools.offers(session).find(offer, now=self._tools.now)

    async def tap(self, offer: str) -> Reply:
        """Do what a tapped choice means."""
        return await self.do(await self.meaning(offer))

    async def do(self, action: Action | None) -> Reply:
        """Do what was chosen; where that is nothing any more, say so."""
        if action is None:
            return await self.root(why=self._say.expired, greet=False)
        try:
            return await self._act(action)
        except (Invalid, NotFound):  # a service or professional that is no longer offered
            return await self.root(why=self._say.expired, greet=False)
        except (CalendarUnreadable, CredentialRefused):
            return await self.way_on(self._say.calendar_closed)

    async def _act(self, action: Action) -> Reply:
        match action:
            case {"do": "services"}:
                return await self._services(action)
            case {"do": "professionals"}:
                return await self._professionals(action)
            case {"do": "days"}:
                return await self._days(action)
            case {"do": "times"}:
                return await self._times(action)
            case {"do": "first", "services": known}:
                return await self._first(known)
            case {"do": "find"}:
                return await self._find(action)
            case {"do": "slot"}:
                return await self._done(await self._tools.take(STEP, action))
            case {"do": "slots", "slots": slots}:
                return await self._all(slots)
            case {"do": "confirm"}:
                return await self._done(await self._tools.confirm(STEP, action))
            case {"do": "other_time", "slot": slot}:
                return await self._times(other_times(slot))
            case {"do": "not_now", "proposal": proposal_id}:
                await self._tools.release(STEP, proposal_id)
                book = _Row(self._say.button_book, {"do": "services"})
                return await self._reply(self._say.not_booked, [book])
            case {"do": "keep", "id": appointment_id}:
                return await self._kept(action.get("proposal"), appointment_id)
            case {"do": "mine"}:
                return await self._mine()
            case {"do": "appointment", "id": appointment_id}:
                return await self._appointment(appointment_id)
            case {"do": "move", "id": appointment_id}:
                return await self._move(appointment_id)
            case {"do": "attend", "id": appointment_id, "was": was}:
                return await self._attend(appointment_id, was)
            case {"do": "cancel", "id": appointment_id}:
                return await self._sure(appointment_id)
            case {"do": "cancel_sure", "id": appointment_id}:
                view = await self._one(appointment_id)
                was = action.get("was")
                if view is not None and was not in (None, view.starts_at.isoformat()):
                    return await self._sure(appointment_id, why=self._say.changed_meanwhile)
                if also := action.get("also"):
                    return await self._cancel_all([action, *also])
                return await self._done(await self._tools.cancel(STEP, appointment_id))
            case {"do": "faq"}:
                rows = await self._faq.rows(seen=action.get("seen", 0))
                return await self._reply(self._faq.intro, rows) if rows else await self.root()
            case {"do": "answer", "id": answer_id}:
                said = await self._faq.answer(answer_id)
                return await self.way_on(said or f"{self._say.expired} {self._say.help}")
            case {"do": "ask_team"}:
                key = action.get("of")
                words = None if key is None else await self._faq.words_of(key)
                return await self.ask_team(words, key=key)
            case {"do": "back"}:
                then = action.get("then")
                return await self._act(then) if then else await self.root(greet=False)
            case {"do": "note_wish", "service": service, "day": day}:
                return await self._wish(service, date.fromisoformat(day))
            case {"do": does} if does in DOES:
                text, choices = await self._own_data.do(does)
                return await self._reply(text, choices)
            case {"do": "human"}:
                return await self._done(await self._tools.hand_over(STEP))
        return await self.root(greet=False)

    async def _wish(self, service: str, day: date) -> Reply:
        done = await note_wish(self._tools, STEP, service, day, None)
        if not isinstance(done.outcome, Wished):
            return await self.way_on(self._say.expired)
        values = {**done.outcome.values, "on_day": self._speech.on_day(day)}
        said = await self._voice.said(done.outcome.phrase, values)
        return Reply(said) if done.outcome.noted else await self.way_on(said)

    async def _all(self, slots: Sequence[Action]) -> Reply:
        """Take every one of several slots; what cannot be had any more says so."""
        done = [
            await self._tools.take(f"{STEP}:{number}" if number else STEP, slot)
            for number, slot in enumerate(slots)
        ]
        blocks = [self._speech.block(each) for each in done]
        text = "\n".join(dict.fromkeys(block.text for block in blocks))
        choices = next((block.choices for block in blocks if block.choices), ())
        if choices or not any(ends_nowhere([each]) for each in done):
            return Reply(text, choices, self._say.see_times if choices else "")
        return await self.way_on(text)

    async def _cancel_all(self, each_of: Sequence[Action]) -> Reply:
        """Cancel several; one that staff has moved since it was asked about stays."""
        ahead = {str(view.id): view for view in await self._upcoming()}
        texts = []
        for number, each in enumerate(each_of):
            view = ahead.get(each["id"])
            if view is not None and view.starts_at.isoformat() != each["was"]:
                texts.append(self._say.changed_meanwhile)
                continue
            step = f"{STEP}:{number}" if number else STEP
            texts.append(self._speech.block(await self._tools.cancel(step, each["id"])).text)
        return Reply("\n".join(dict.fromkeys(texts)))

    async def _done(self, done: Done) -> Reply:
        block: Block = self._speech.block(done)
        if ends_nowhere([done]):
            return await self.way_on(block.text)
        return Reply(block.text, block.choices, self._say.see_times if block.choices else "")

    # -- booking -------------------------------------------------------------------------------

    async def _services(self, action: Action) -> Reply:
        services = self._catalogue.services
        if not services:
            return await self.root(why=self._say.no_days, greet=False)
        if len(services) == 1:
            return await self._act({"do": "professionals", "service": services[0].id})
        seen = action.get("seen", 0)
        services = services[seen:]
        page = services if len(services) <= ROWS else services[:PAGE]
        rows = [
            _Row(
                each.name,
                {"do": "professionals", "service": each.id},
                " · ".join(
                    part
                    for part in (
                        wording.duration(each.duration, language=self._speech.language),
                        self._speech.price(each.id),
                    )
                    if part
                ),
            )
            for each in page
        ]
        if len(services) > ROWS:
            rows.append(_Row(self._say.more_services, {"do": "services", "seen": seen + PAGE}))
        return await self._reply(self._say.which_service, rows)

    async def _professionals(self, action: Action) -> Reply:
        offering = self._catalogue.offering(action["service"])
        onward = {"do": "days", "service": action["service"], "moving": None}
        if len(offering) == 1:
            return await self._act({**onward, "professional": offering[0].id})
        seen = action.get("seen", 0)
        rows = [_Row(each.name, {**onward, "professional": each.id}) for each in offering[seen:]]
        if not seen:
            rows.insert(0, _Row(self._say.any_professional, {**onward, "professional": None}))
        if len(rows) > ROWS:
            told = seen + PAGE - (0 if seen else 1)  # anyone is nobody yet
            rows[PAGE:] = [_Row(self._say.more_professionals, {**action, "seen": told})]
        return await self._reply(self._say.which_professional, rows)

    async def _days(self, action: Action) -> Reply:
        """Offer the next days that have a free time."""
        seen = action.get("seen", 0)
        days = await self._tools.agenda.openings.days(
            search_of(action),
            now=self._tools.now,
            limit=seen + ROWS + 1,
            contact_id=self._tools.context.contact.id,
        )
        days = days[seen:]
        if not days:
            return await self.root(why=self._say.no_days, greet=False)
        today = self._catalogue.rules.local(self._tools.now).date()
        onward = {**action, "do": "times", "after": action.get("from"), "seen": 0, "more": False}
        page = days if len(days) <= ROWS else days[:PAGE]
        rows = [
            _Row(
                wording.short_day(day, language=self._speech.language),
                {**onward, "day": day.isoformat()},
                wording.day(day, language=self._speech.language, today=today),
            )
            for day in page
        ]
        if len(days) > ROWS:
            rows.append(_Row(self._say.more_days, {**action, "seen": seen + PAGE}))
        return await self._reply(self._say.which_day, rows)

    async def _times(self, action: Action) -> Reply:
        """Offer one day's free times; there may be more than a list holds."""
        found = await self._tools.agenda.openings.find(
            replace(search_of(action), order="earliest"),
            now=self._tools.now,
            contact_id=self._tools.context.contact.id,
        )
        found = with_visit(found, action)
        if found.status != "ok":
            nearest = replace(found, slots=found.slots[:ROWS])
            return await self._found(nearest, moving=action.get("moving"))
        page = _page(found.slots)
        rows = self._rows(page, moving=action.get("moving"))
        if len(found.slots) > len(page):
            later = just_after(page[-1].start).isoformat()
            rows.append(_Row(self._say.more_times, {**action, "after": later, "more": True}))
        return await self._reply(self._say.which_time, rows)

    async def _first(self, known: Sequence[str]) -> Reply:
        """Offer the first free times: of a service, else of the contact's last one, else of the few."""
        every = [each.id for each in self._catalogue.services]
        last = await self._tools.agenda.last_service(contact_id=self._tools.context.contact.id)
        services = known or ([last] if last in every else every)
        if not 0 < len(services) <= MOST_SERVICES:
            return await self._services({"do": "services"})
        today = self._catalogue.rules.local(self._tools.now).date()
        window = SearchWindow(first=today, last=today + A_WEEK)
        search = SlotSearch(service_ids=tuple(services), window=window, everyone=True)
        return await self._find(find_action(search))

    async def _find(self, action: Action) -> Reply:
        """Offer what a search finds that waited for its service."""
        search = search_of(action)
        found = with_visit(await self._tools.find(search), action)
        if isinstance(found, CalendarClosed):
            return await self.way_on(self._say.calendar_closed)
        more = more_action(search, found, like=action)
        return await self._found(found, moving=action.get("moving"), more=more)

    async def _found(
        self, found: SlotsFound, *, moving: str | None, more: Action | None = None
    ) -> Reply:
        """Show what was found, and nothing written down: a turn that only looks is begun anew."""
        rows = self._rows(found.slots, moving=moving)
        if more:
            rows.append(_Row(self._say.more_times, more))
        text = self._speech.block(Done(found, ("",) * len(found.slots))).text
        return await self._reply(text, rows) if rows else await self.way_on(text)

    def _rows(self, slots: Sequence[SlotView], *, moving: str | None) -> list[_Row]:
        choices = self._speech.slot_choices(slots, [""] * len(slots))
        return [
            _Row(choice.title, slot_action(slot, moving=moving), choice.description)
            for slot, choice in zip(slots, choices, strict=True)
        ]

    # -- what one has --------------------------------------------------------------------------

    async def _mine(self) -> Reply:
        views = await self._upcoming()
        if not views:
            return await self.root(why=self._say.none_mine, greet=False)
        if len(views) == 1:
            return await self._appointment(str(views[0].id))
        rows = [
            _Row(
                wording.short_moment(view.starts_at, language=self._speech.language),
                {"do": "appointment", "id": str(view.id)},
                f"{view.service_name} · {view.professional_name}",
            )
            for view in views[:ROWS]
        ]
        return await self._reply(self._say.mine, rows)

    async def _appointment(self, appointment_id: str, *, why: str = "") -> Reply:
        view = await self._one(appointment_id)
        if view is None:
            return await self.root(why=self._say.unknown_appointment, greet=False)
        text = self._say.move_or_cancel.format(appointment=self._speech.appointment(view))
        return await self._reply(
            f"{why} {text}".strip(),
            [
                _Row(self._say.button_move, {"do": "move", "id": appointment_id}),
                _Row(self._say.button_cancel, {"do": "cancel", "id": appointment_id}),
            ],
        )

    async def _move(self, appointment_id: str) -> Reply:
        view = await self._one(appointment_id)
        if view is None:
            return await self.root(why=self._say.unknown_appointment, greet=False)
        return await self._act(
            {
                "do": "days",
                "service": view.service_id,
                "professional": view.professional_id,
                "moving": appointment_id,
            }
        )

    async def _sure(self, appointment_id: str, *, why: str = "") -> Reply:
        view = await self._one(appointment_id)
        if view is None:
            return await self.root(why=self._say.unknown_appointment, greet=False)
        text = self._say.sure_cancel.format(appointment=self._speech.appointment(view))
        was = view.starts_at.isoformat()  # if it is moved meanwhile, it is asked about again
        return await self._reply(
            f"{why} {text}".strip(),
            [
                _Row(
                    self._say.button_yes_cancel,
                    {"do": "cancel_sure", "id": appointment_id, "was": was},
                ),
                _Row(self._say.button_keep, {"do": "keep", "id": appointment_id}),
            ],
        )

    async def _attend(self, appointment_id: str, was: str) -> Reply:
        """Note that the contact comes, if it is still when they were asked about."""
        view = await self._one(appointment_id)
        if view is None:
            return await self.root(why=self._say.unknown_appointment, greet=False)
        if view.starts_at != datetime.fromisoformat(was) or not await self._tools.attend(view):
            return await self._appointment(appointment_id, why=self._say.changed_meanwhile)
        return Reply(self._say.attended.format(appointment=self._speech.appointment(view)))

    async def _kept(self, proposal_id: str | None, appointment_id: str) -> Reply:
        """Say that an appointment stays as it is; let go of where it would have been moved to."""
        if proposal_id is not None:
            await self._tools.release(STEP, proposal_id)
        view = await self._one(appointment_id)
        if view is None:
            return await self.root(why=self._say.unknown_appointment, greet=False)
        return Reply(self._say.kept.format(appointment=self._speech.appointment(view)))

    async def _upcoming(self) -> tuple[Appointment, ...]:
        views = await self._tools.agenda.upcoming(
            contact_id=self._tools.context.contact.id, now=self._tools.now
        )
        self._tools.see(*views)
        return views

    async def _one(self, appointment_id: str) -> Appointment | None:
        return next(
            (view for view in await self._upcoming() if str(view.id) == appointment_id), None
        )

    async def _reply(self, text: str, rows: Sequence[_Row | FaqRow]) -> Reply:
        """Issue an id for each row and return the message that shows them."""
        journal = self._tools.journal
        # What it means is part of the id: begun again after a crash, the turn may find other days
        # or times free, and a row must never mean what another row meant before.
        ids = [
            f"m_{journal.token('menu', index, *sorted(row.action.items()))}"
            for index, row in enumerate(rows)
        ]
        async with journal.begin() as session:
            await self._tools.offers(session).issue(
                {offer: row.action for offer, row in zip(ids, rows, strict=True)},
                now=self._tools.now,
            )
        choices = tuple(
            ReplyOption(offer, row.title, row.description)
            for offer, row in zip(ids, rows, strict=True)
        )
        return Reply(text, choices, self._say.see_options)


def _page(slots: Sequence[SlotView]) -> Sequence[SlotView]:
    """Return what a list holds: the next page begins with another start."""
    if len(slots) <= ROWS:
        return slots
    page = [each for each in slots[:PAGE] if each.start != slots[PAGE].start]
    return page or slots[:PAGE]
