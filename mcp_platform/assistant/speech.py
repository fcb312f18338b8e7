"""From what was done to what the contact reads: every fact written here, from the database.

Owns the composition of a reply out of outcomes and the model's free text. The free text has been
through grounding; outcomes are stated by code whatever the model said of them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mcp_platform.assistant.grounding import Grounded, ground
from mcp_platform.assistant.information import about, passages, tells
from mcp_platform.assistant.metrics import DROPPED
from mcp_platform.assistant.obliged import obliged_of, still_to_choose
from mcp_platform.assistant.outcomes import (
    EFFECTS,
    DaysDiffer,
    Done,
    HandedOver,
    Informed,
    Listed,
    Refused,
    ToCancel,
    ToChoose,
    UnknownSlot,
)
from mcp_platform.assistant.phrases import icon, phrases
from mcp_platform.assistant.toolbox import MOST_SLOTS
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
from mcp_platform.tenants.languages import supported
from mcp_platform.tenants.tenant import Kind
from mcp_platform.whatsapp.messages import ROW_DESCRIPTION_MAX
from mcp_platform.whatsapp.reply import Reply, ReplyOption
from mcp_platform.words.templates import fill
from mcp_platform.words.texts import TEXTS

_READS = (Listed, Informed, Refused)  # none of them does what was asked
_ASKS = (SlotsFound, DaysDiffer, Taken, ToChoose, ToCancel)  # said right above what can be chosen
_SLOT = re.compile(r"\{slot:([\w-]+)\}")
_SLOT_LINE = re.compile(r"(?m)^[ \t•*\-\d.)]*(?:\{slot:[\w-]+\}[ \t,;.]*)+$\n?")


@dataclass(frozen=True, slots=True)
class Block:
    """What one outcome says: lines of text, and what can be tapped below them."""

    text: str
    choices: tuple[ReplyOption, ...] = ()


class Speech:
    """Writes for one turn: a language, a catalogue, an instant."""

    def __init__(
        self, *, language: str, catalogue: Catalogue, now: datetime, kind: Kind | None = None
    ) -> None:
        self.language = language
        self.phrases = phrases(language)
        self._texts = TEXTS[supported(language)]
        self._catalogue = catalogue
        self._now = now
        self._kind = kind

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
        say = self.phrases
        begins = (each.partition("{")[0] for each in (say.booked, say.moved, say.cancelled))
        return any(each in text for each in begins)

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

    def _what(self, slot: SlotView) -> str:
        """Say what a slot is for, and with whom; of a long name the end is lost, not the person."""
        parts = [slot.service_name, *filter(None, [self._named(slot.professional_name)])]
        if len(" · ".join(parts)) > ROW_DESCRIPTION_MAX:
            parts.reverse()
        return " · ".join(parts)

    def _named(self, professional_name: str) -> str | None:
        """A professional's name, where the contact could have had another."""
        return professional_name if len(self._catalogue.professionals) > 1 else None

    # -- outcomes ------------------------------------------------------------------------------

    def block(self, done: Done, *, asked: str = "") -> Block:
        """Return what must be said of an outcome, whatever else is."""
        say = self.phrases
        match done.outcome:
            case Booked(appointment=view):
                return Block(say.booked.format(appointment=self.appointment(view)))
            case BookedTogether(appointments=views):
                lines = [say.booked.format(appointment=self.appointment(each)) for each in views]
                return Block("\n".join(lines))
            case Proposed():
                return self._proposal(done.outcome, done.ids)
            case Released():
                return Block(say.not_booked)
            case Moved(appointment=view):
                return Block(say.moved.format(appointment=self.appointment(view)))
            case Cancelled(appointment=view):
                return Block(say.cancelled.format(appointment=self.appointment(view)))
            case DaysDiffer(slots=slots):
                return Block(self._which_of(slots), self.slot_choices(slots, done.ids))
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
                return Block(say.slots, self.slot_choices(slots, done.ids))
            case SlotsFound(status=status, slots=slots):
                return self._instead(getattr(say, status), slots, done.ids)
            case Taken(alternatives=slots):
                return self._instead(say.taken, slots, done.ids)
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
            case Informed(info):
                return Block(self.card(about(info, asked=asked)))
            case HandedOver():
                return Block(say.handed_over)
        return Block("")  # a call that was not made

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
        template, named = said.propose_book, self._slots(proposed.slots)
        values = {
            "person": proposed.person,
            "note_goes": said.note_goes if proposed.note else None,
            "until": wording.clock(proposed.until, language=self.language),
            "appointment": named,
            "new": named,
        }
        if proposed.moving is not None:
            titles = (buttons.yes_move, buttons.keep)
            template = said.propose_move
            values["old"] = self.appointment(proposed.moving)
        lines = (fill(each, values) for each in (template, said.proposal_held))
        text = "\n".join(line for line in lines if line)
        return Block(text, tuple(map(ReplyOption, ids, titles)))

    def _slots(self, slots: Sequence[ProposedSlot]) -> str:
        """Slots with the price that each is proposed at, as one phrase."""
        return "; ".join(
            ", ".join(filter(None, [self._slot_in_full(each.slot), self._price_of(each)]))
            for each in slots
        )

    def _slot_in_full(self, slot: SlotView) -> str:
        return wording.appointment(
            service=slot.service_name,
            professional=self._named(slot.professional_name),
            start=slot.start,
            language=self.language,
            now=self._now,
        )

    def _price_of(self, proposed: ProposedSlot) -> str | None:
        if proposed.price_cents is None or proposed.currency is None:
            return None
        return wording.price(
            proposed.price_cents, currency=proposed.currency, language=self.language
        )

    def _instead(self, why: str, slots: Sequence[SlotView], ids: Sequence[str]) -> Block:
        say = self.phrases
        if not slots:
            return Block(f"{why} {say.no_slots}")
        return Block(f"{why} {say.slots}", self.slot_choices(slots, ids))

    def _listed(self, appointments: Sequence[Appointment]) -> Block:
        if not appointments:
            return Block(self.phrases.none_mine)
        lines = [f"• {self.appointment(each)}" for each in appointments]
        return Block("\n".join([self.phrases.mine, *lines]))

    def card(self, info: Mapping[str, object]) -> str:
        """Write all that the business says of itself."""
        say = self.phrases
        lines = [str(info["name"])] if info.get("name") else []
        if info.get("address"):
            lines.append(say.address.format(value=info["address"]))
        if info.get("phone"):
            lines.append(say.phone.format(value=info["phone"]))
        hours, services = info.get("hours"), info.get("services")
        if isinstance(hours, list) and hours:
            lines.append(say.hours.format(value="; ".join(hours)))
        if isinstance(services, list) and services:
            lines.append(say.services.format(icon=icon(self._kind)))
            lines += ["• " + " — ".join(each.values()) for each in services]
        if info.get("notes"):
            lines.append(str(info["notes"]))
        return "\n".join(lines)

    # -- the reply of a turn that the model answered -------------------------------------------

    def compose(
        self,
        *,
        text: str,
        done: Sequence[Done],
        appointments: Mapping[str, Appointment],
        offered: Mapping[str, SlotView],
        names: Sequence[str],
        asked: str,
        together: int = 1,
    ) -> Reply | None:
        """Return the reply: what the outcomes oblige us to say, and the grounded free text.

        Slots are a list below the text; lines of the text that hold nothing else are left out. The
        last `together` of `done` were asked for at once.

        None: nothing survived and nothing was done, so that there is nothing to say.
        """
        obliged = obliged_of(done, together=together)
        offered = still_to_choose(offered, obliged)
        stated = {offer: self.block(each).text for each in obliged for offer in _effect_ids(each)}
        placeholders = self._placeholders(done, appointments, offered)
        listed = [
            f"slot:{offer}" for line in _SLOT_LINE.findall(text) for offer in _SLOT.findall(line)
        ]
        grounded = ground(
            _SLOT_LINE.sub("", text),
            language=self.language,
            placeholders=placeholders
            | {f"appointment:{offer}": block for offer, block in stated.items()},
            quotable=_quotable(done),
            names=names,
            facts=_facts(done),
            asked="" if any(not isinstance(each.outcome, _READS) for each in done) else asked,
        )
        DROPPED.inc(grounded.dropped)
        first: list[str] = []
        last: list[str] = []
        told: list[str] = []
        choices: tuple[ReplyOption, ...] = ()
        for each in obliged:
            block = self.block(each, asked=asked)
            choices = choices or block.choices
            if block.text and not self._told(each, grounded, asked=asked):
                if isinstance(each.outcome, Informed):
                    told += block.text.splitlines()
                # What was done or asked for comes first; why there is nothing, beside the list.
                (last if isinstance(each.outcome, _ASKS) else first).append(block.text)
        used = [key for key in (*listed, *grounded.used) if key in placeholders]
        chosen = [key.removeprefix("slot:") for key in used if key.startswith("slot:")]
        # What is asked before it is done is asked whole, whatever the model would show of it.
        asks = any(isinstance(each.outcome, ToChoose | ToCancel | Proposed) for each in obliged)
        found = choices if asks else _evenly(_chosen(choices, chosen), most=MOST_SLOTS)
        choices = found or self._offered_choices(chosen, offered)
        free = [unsaid] if (unsaid := _unsaid(grounded.text, told)) else []
        # A question comes after the reason for asking it, right above what can be chosen.
        question = grounded.text.endswith("?")
        parts = [*first, *last, *free] if question else [*first, *free, *last]
        if not parts and not choices:
            return None
        # What was offered in an earlier turn may be taken by now: it is not called free.
        body = "\n\n".join(parts) or (self.phrases.slots if found else self.phrases.which_time)
        return Reply(body, choices, self.phrases.see_times if choices else "")

    def _placeholders(
        self,
        done: Sequence[Done],
        appointments: Mapping[str, Appointment],
        offered: Mapping[str, SlotView],
    ) -> dict[str, str]:
        found = {f"slot:{offer}": self.slot(slot) for offer, slot in offered.items()}
        found |= {
            f"appointment:{offer}": self.appointment(view) for offer, view in appointments.items()
        }
        for each in done:
            match each.outcome:
                case SlotsFound(slots=slots) | DaysDiffer(slots=slots) | Taken(alternatives=slots):
                    pairs = zip(each.ids, slots, strict=True)
                    found |= {f"slot:{offer}": self.slot(slot) for offer, slot in pairs}
                case ToChoose(slots=slots):
                    asked = zip(each.ids, slots, strict=False)  # an id more: for all of them
                    found |= {f"slot:{offer}": self.slot(slot) for offer, slot in asked}
                case Listed(listed):
                    views = zip(each.ids, listed, strict=True)
                    found |= {f"appointment:{offer}": self.appointment(v) for offer, v in views}
        for service in self._catalogue.services:
            found[f"service:{service.id}"] = service.name
            price = self.price(service.id)
            if price is not None:
                found[f"price:{service.id}"] = price
        for professional in self._catalogue.professionals:
            found[f"professional:{professional.id}"] = professional.name
        return found

    def _told(self, done: Done, grounded: Grounded, *, asked: str) -> bool:
        """Tell whether the free text already says what this outcome shows."""
        if not grounded.text:
            return False
        match done.outcome:
            case Booked() | Moved() | Cancelled():
                return f"appointment:{done.ids[0]}" in grounded.used
            case Informed(info):
                # What was dropped may have been half of the answer: then all of it is told.
                return not grounded.dropped and tells(grounded.text, info, asked=asked)
            case Listed(appointments):
                return bool(appointments) and all(
                    f"appointment:{offer}" in grounded.used for offer in done.ids
                )
            case DaysDiffer():
                return False
            case SlotsFound(status="ok"):
                return True  # the list below the text shows them
        return False

    def _offered_choices(
        self, chosen: Sequence[str], offered: Mapping[str, SlotView]
    ) -> tuple[ReplyOption, ...]:
        known = [offer for offer in chosen if offer in offered]
        return self.slot_choices([offered[offer] for offer in known], known)


def _effect_ids(done: Done) -> tuple[str, ...]:
    return done.ids if isinstance(done.outcome, EFFECTS) else ()


def _quotable(done: Sequence[Done]) -> list[str]:
    return [
        passage
        for each in done
        if isinstance(each.outcome, Informed)
        for passage in passages(each.outcome.info)
    ]


def _facts(done: Sequence[Done]) -> dict[str, list[str]]:
    """Return the figures of each service that was told of, by its name."""
    return {
        service["name"]: [value for key, value in service.items() if key != "name"]
        for each in done
        if isinstance(each.outcome, Informed)
        for service in each.outcome.info["services"]
    }


def _chosen(choices: tuple[ReplyOption, ...], chosen: Sequence[str]) -> tuple[ReplyOption, ...]:
    """Return the choices the model picked out, or all of them."""
    picked = tuple(each for each in choices if each.id in chosen)
    return picked or choices


def _evenly(choices: tuple[ReplyOption, ...], *, most: int) -> tuple[ReplyOption, ...]:
    """Return at most so many, from all over."""
    if len(choices) <= most:
        return choices
    step = (len(choices) - 1) / (most - 1)
    return tuple(choices[round(number * step)] for number in range(most))


def _unsaid(text: str, told: Sequence[str]) -> str:
    """Leave out the lines of `text` all of whose words stand in one of the lines `told`."""
    known = [_words(line) for line in told]
    return "\n".join(
        line
        for line in text.splitlines()
        if not (words := _words(line)) or not any(words <= each for each in known)
    ).strip()


def _words(line: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", line.casefold()))
