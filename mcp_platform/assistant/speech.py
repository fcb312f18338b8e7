"""From what was done to what the contact reads: every outcome is stated here, from the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from mcp_platform.assistant.outcomes import (
    DaysDiffer,
    Done,
    HandedOver,
    Listed,
    ToCancel,
    ToChoose,
    UnknownSlot,
    WhichService,
)
from mcp_platform.assistant.phrases import phrases
from mcp_platform.scheduling import wording
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.outcome import (
    Booked,
    BookedTogether,
    CalendarClosed,
    Cancelled,
    LimitReached,
    Moved,
    Proposed,
    ProposedSlot,
    Released,
    SlotsFound,
    SlotView,
    Taken,
    UnknownAppointment,
)
from mcp_platform.tenants.languages import Language
from mcp_platform.whatsapp.messages import ROW_DESCRIPTION_MAX
from mcp_platform.whatsapp.reply import Reply, ReplyOption
from mcp_platform.words.forms import forms, your_person
from mcp_platform.words.templates import fill
from mcp_platform.words.texts import TEXTS
from mcp_platform.words.times import Times

FOLLOWED_BY = " + "


@dataclass(frozen=True, slots=True)
class Block:
    """What one outcome says: lines of text, and what can be tapped below them."""

    text: str
    choices: tuple[ReplyOption, ...] = ()


class Speech:
    """Writes for one turn: a language, a catalogue, an instant."""

    def __init__(self, *, language: Language, catalogue: Catalogue, now: datetime) -> None:
        self.language: Language = language
        self.phrases = phrases(language)
        self._texts = TEXTS[language]
        self._forms = forms(language)
        self._times = Times(language, catalogue.rules.local(now).date())
        self._catalogue = catalogue
        self._now = now
        self.conditions: Sequence[str] = ()
        """What the business has stand below a proposal, in its own words."""

    # -- parts ---------------------------------------------------------------------------------

    def appointment(self, view: Appointment) -> str:
        return wording.appointment(
            service=view.service_name,
            professional=self._named(view.professional_name),
            start=view.starts_at,
            language=self.language,
            now=self._now,
        )

    def tells_of(self, view: Appointment, reply: Reply) -> bool:
        """Tell whether a reply says when an appointment is."""
        when = wording.moment(view.starts_at, language=self.language, now=self._now)
        short = wording.short_moment(view.starts_at, language=self.language)
        return when in reply.text or any(short in each.title for each in reply.choices)

    def tells_of_an_effect(self, text: str) -> bool:
        """Tell whether a reply said that something was booked, moved or cancelled."""
        say = self._texts.outcomes
        done = (say.booked_is, say.moved_is, say.cancelled_is)
        return any(each.partition("{")[0] in text for each in done)

    def on_day(self, day: date) -> str:
        """A day with its preposition, in the middle of a sentence."""
        return self._times.on_day(day)

    def slot(self, slot: SlotView) -> str:
        """A slot in few words, for a row or the middle of a sentence."""
        return wording.short_moment(slot.start, language=self.language)

    def price(self, service_id: str) -> str | None:
        service = self._catalogue.service(service_id)
        if service.price_cents is None:
            return None
        return wording.price(service.price_cents, currency=service.currency, language=self.language)

    def slot_choices(
        self, slots: Sequence[SlotView], ids: Sequence[str]
    ) -> tuple[ReplyOption, ...]:
        return tuple(
            ReplyOption(offer, self.slot(slot), self._what(slot))
            for slot, offer in zip(slots, ids, strict=True)
        )

    def still_free(
        self, slots: Mapping[str, SlotView], *, more: str | None
    ) -> tuple[ReplyOption, ...]:
        """Return the rows of times that were shown before, by their ids."""
        rows = self.slot_choices(tuple(slots.values()), tuple(slots))
        leads_on = (ReplyOption(more, self.phrases.more_times),) if rows and more else ()
        return rows + leads_on

    def _what(self, slot: SlotView) -> str:
        """Say what a slot is for, with whom and for whom; of a long name the end is lost.

        Of slots that follow one another, of each, and when the later ones begin.
        """
        most = (ROW_DESCRIPTION_MAX + len(FOLLOWED_BY)) // len(slot.each) - len(FOLLOWED_BY)
        first, *then = (self._what_of(each, most=most) for each in slot.each)
        clocks = [wording.clock(each.start, language=self.language) for each in slot.then]
        later = [f"{clock} {what}" for clock, what in zip(clocks, then, strict=True)]
        return FOLLOWED_BY.join([first, *later])

    def _what_of(self, slot: SlotView, *, most: int) -> str:
        whom = slot.person and self._forms["for_person"].format(person=your_person(slot.person))
        named = [self._named(slot.professional_name), whom]
        parts = [slot.service_name, *(each for each in named if each)]
        if len(" · ".join(parts)) > most:
            parts.reverse()
        return " · ".join(parts)

    def _named(self, professional_name: str) -> str | None:
        """A professional's name, where the contact could have had another."""
        return professional_name if len(self._catalogue.professionals) > 1 else None

    # -- outcomes ------------------------------------------------------------------------------

    def block(self, done: Done) -> Block:
        """Return what must be said of an outcome, whatever else is."""
        say = self.phrases
        match done.outcome:
            case Booked(appointment=view):
                return Block(self._stands(view, self._texts.outcomes.booked_is))
            case BookedTogether(appointments=views):
                # One note goes with all of them.
                alike = [*(replace(each, note=None) for each in views[:-1]), views[-1]]
                lines = [self._stands(each, self._texts.outcomes.booked_is) for each in alike]
                return Block("\n".join(lines))
            case Proposed():
                return self._proposal(done.outcome, done.ids)
            case Released():
                return Block(say.not_booked)
            case Moved(appointment=view):
                return Block(self._stands(view, self._texts.outcomes.moved_is))
            case Cancelled(appointment=view):
                return Block(self._stands(view, self._texts.outcomes.cancelled_is))
            case DaysDiffer(slots=slots):
                return Block(self._which_of(slots), self._list(slots, done))
            case ToChoose():
                return self._to_choose(done.outcome, done.ids)
            case ToCancel(view, also):
                titles = (say.button_yes_cancel, say.button_keep)
                named = "; ".join(self.appointment(each) for each in (view, *also))
                return Block(
                    say.sure_cancel.format(appointment=named),
                    tuple(map(ReplyOption, done.ids, titles)),
                )
            case SlotsFound(status="ok", slots=slots):
                return Block(self._header(slots), self._list(slots, done))
            case SlotsFound(status=status, slots=slots):
                return self._instead(getattr(say, status), slots, done)
            case Taken(alternatives=slots):
                return self._instead(say.taken, slots, done)
            case WhichService(names=names):
                rows = tuple(map(ReplyOption, done.ids, names))
                return Block(say.which_service, rows + self._more(done, say.more_services))
            case CalendarClosed():
                return Block(say.calendar_closed)
            case LimitReached(limit=limit):
                return Block(say.limit_reached.format(limit=limit))
            case UnknownAppointment():
                return Block(say.unknown_appointment)
            case UnknownSlot():
                return Block(say.expired)
            case Listed(appointments):
                return self._listed(appointments)
            case HandedOver():
                return Block(say.handed_over)
        return Block("")  # a call that was not made

    def _header(self, slots: Sequence[SlotView]) -> str:
        """Write what stands above times: service and day, where all are of one."""
        services = {tuple(sorted(each.service_name for each in slot.each)) for slot in slots}
        days = {slot.start.date() for slot in slots}
        if len(days) != 1:
            return self.phrases.slots
        values = {"on_day": self._times.on_day(days.pop())}
        said = self._texts.outcomes
        template = said.times_any
        if len(services) == 1:
            named = [each.service_name for each in slots[0].each]
            values |= dict(zip(("service", "service2"), named, strict=False))
            several = {1: said.times_of, 2: said.times_two}
            template = several.get(len(named), said.times_any)
        return fill(template, values) or self.phrases.slots

    def _which_of(self, slots: Sequence[SlotView]) -> str:
        today = self._catalogue.rules.local(self._now).date()
        days = dict.fromkeys(slot.start.date() for slot in slots)
        named = [wording.day(each, language=self.language, today=today) for each in days]
        return self.phrases.which_of_days.format(days=self.phrases.or_.join(named))

    def _to_choose(self, asked: ToChoose, ids: Sequence[str]) -> Block:
        say, several = self.phrases, len(asked.slots)
        rows = self.slot_choices(asked.slots, ids[:several])
        if several == 1:
            return Block(say.slots if asked.moving[0] else say.this_one_too, rows)
        every = say.both_of_them if several == 2 else say.all_of_them  # noqa: PLR2004  # a pair
        return Block(say.which_of_them, (*rows, ReplyOption(ids[several], every)))

    def _proposal(self, proposed: Proposed, ids: Sequence[str]) -> Block:
        """Ask whether to book, or to move, with all that a yes would do, and until when it is held."""
        said, buttons = self._texts.outcomes, self._texts.buttons
        titles: tuple[str, ...] = (buttons.confirm, buttons.other_time, buttons.not_now)
        template = said.propose_book
        named = "; ".join(self._slot_in_full(each.slot) for each in proposed.slots)
        values = {
            **self._of_visit(proposed),
            "until": wording.clock(proposed.until, language=self.language),
            "price": self._price_of(proposed.slots),
            "appointment": named,
            "new": named,
        }
        if proposed.moving is not None:
            titles = (buttons.yes_move, buttons.keep)
            template = said.propose_move
            values["old"] = self.appointment(proposed.moving)
        lines = (fill(each, values) for each in (template, said.proposal_held))
        text = "\n".join(line for line in lines if line)
        text = "\n\n".join([text, *self.conditions])
        return Block(text, tuple(map(ReplyOption, ids, titles)))

    def _stands(self, view: Appointment, template: str) -> str:
        """State what became of an appointment, with its price and what was said of the visit."""
        values = {
            **self._of_visit(view),
            "appointment": self.appointment(view),
            "price": self._price(view.price_cents, view.currency),
        }
        return fill(template, values) or ""

    def _of_visit(self, visit: Appointment | Proposed) -> dict[str, str | None]:
        """Write for whom a visit is; of a note only that it goes along."""
        return {
            "person": visit.person and your_person(visit.person),
            "note_goes": self._texts.outcomes.note_goes if visit.note else None,
        }

    def _slot_in_full(self, slot: SlotView) -> str:
        return wording.appointment(
            service=slot.service_name,
            professional=self._named(slot.professional_name),
            start=slot.start,
            language=self.language,
            now=self._now,
        )

    def _price_of(self, slots: Sequence[ProposedSlot]) -> str | None:
        """Write the price of a proposal: of several slots the sum, where all have one."""
        cents = [each.price_cents for each in slots if each.price_cents is not None]
        currencies = {each.currency for each in slots}
        if len(cents) < len(slots) or len(currencies) != 1:
            return None
        price = self._price(sum(cents), currencies.pop())
        return self._forms["in_total"].format(price=price) if price and slots[1:] else price

    def _price(self, cents: int | None, currency: str | None) -> str | None:
        if cents is None or currency is None:
            return None
        if cents == 0:
            return str(self._forms["nothing"])
        return wording.price(cents, currency=currency, language=self.language)

    def _list(self, slots: Sequence[SlotView], done: Done) -> tuple[ReplyOption, ...]:
        return self.slot_choices(slots, done.ids) + self._more(done, self.phrases.more_times)

    def _more(self, done: Done, title: str) -> tuple[ReplyOption, ...]:
        return () if done.more is None else (ReplyOption(done.more, title),)

    def _instead(self, why: str, slots: Sequence[SlotView], done: Done) -> Block:
        say = self.phrases
        if not slots:
            return Block(f"{why} {say.no_slots}")
        return Block(f"{why} {say.slots}", self._list(slots, done))

    def _listed(self, appointments: Sequence[Appointment]) -> Block:
        if not appointments:
            return Block(self.phrases.none_mine)
        lines = [f"• {self.appointment(each)}" for each in appointments]
        return Block("\n".join([self.phrases.mine, *lines]))
