"""What a good model would do: it chooses functions, ids it was given and phrases by id.

It ends a turn with the function `reply`. The same conversation gives the same choices. It is as fallible as a model is: now and then it misspells an id, says only a greeting,
or looks at what it was asked last.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zlib import crc32

from mcp_platform.simulators.gemini import wishes
from mcp_platform.simulators.gemini.hearing import SYNONYMS
from mcp_platform.simulators.gemini.scene import Scene, falls_on, scene_of
from mcp_platform.simulators.gemini.understanding import (
    find_arguments,
    service_wanted,
    slot_chosen,
    wanted_among,
)
from mcp_platform.simulators.gemini.wire import ModelFunctionCall, Prompt
from mcp_platform.simulators.gemini.words import plain, words

REPLY = "reply"
MOST_PARTS = 4
MOST_ROUNDS = 4  # of calls in one turn before it only replies
_QUIRKS = 16  # one turn in so many has a misspelled phrase, and one a wrong id
# Its own spelling of a function or an argument, where the request declares another.
_ALSO = {
    "move": ("reschedule",),
    "services": ("service_ids", "service", "service_id"),
    "service": ("service_id",),
    "professional": ("professional_id",),
    "slot": ("slot_id",),
    "appointment": ("appointment_id",),
}
_DULL = frozenset(
    ["a", "o", "e", "de", "da", "do", "em", "um", "uma", "que", "voces", "voce", "tem", "posso", "pode", "aceita", "aceitam", "levar", "deixo", "atende", "atendem", "meu", "minha", "ai", "la", "the", "do", "you", "can", "i", "have", "is", "there", "my", "where", "en", "hay", "puedo", "el", "la", "los", "mi", "tienen", "llevar", "donde", "onde", "para", "pra", "com", "por", "no", "na", "os", "as", "se", "and", "or", "to", "of", "be", "bring", "accept", "take", "estoy", "esta", "isso"]
)  # fmt: skip
_SAME = (
    {"crianca", "criancas", "filho", "filha", "kids", "child", "children", "nino", "ninos"},
    {"estacionamento", "estacionar", "carro", "parking", "park", "estacionamiento", "aparcar"},
    {"cartao", "pix", "pagamento", "pagar", "card", "pay", "payment", "tarjeta", "pago"},
)

Parts = list[Mapping[str, str]]


def choose(prompt: Prompt) -> list[ModelFunctionCall]:
    """Return the functions to be called next, spelled as the request declares them."""
    turn = _Turn(prompt)
    only_reply = prompt.may_call <= {REPLY} or len(turn.scene.steps) >= MOST_ROUNDS
    calls = turn.begin() if not turn.scene.steps else turn.go_on()
    if only_reply:
        calls = [call for call in calls if call.name == REPLY] or [turn.reply()]
    known = [call if call.name == REPLY else spelled(call, prompt=prompt) for call in calls]
    allowed = [call for call in known if call.name in prompt.may_call]
    if any(_lacks_service(call, prompt=prompt) for call in allowed):
        return [turn.reply(part("ask_service"))]
    return _quirk(allowed, turn) or [turn.reply(part("not_understood"))]


def part(phrase: str, *about: Any) -> Mapping[str, str]:
    """Return one part of a reply."""
    ids = " ".join(str(each) for each in about if each)
    return {"phrase": phrase, "about": ids} if ids else {"phrase": phrase}


def spelled(call: ModelFunctionCall, *, prompt: Prompt) -> ModelFunctionCall:
    """Return a call under the names that the request declares; what it does not declare is left out."""
    name = next(
        (each for each in (call.name, *_ALSO.get(call.name, ())) if each in prompt.schemas), ""
    )
    declared = prompt.schemas.get(name, {}).get("properties", {})
    args: dict[str, Any] = {}
    for key, value in call.args.items():
        wanted = next((each for each in (key, *_ALSO.get(key, ())) if each in declared), None)
        if wanted is None or value in (None, "", []):
            continue
        a_list = str(declared[wanted].get("type", "")).lower() == "array"
        if isinstance(value, list) and not a_list:
            value = str(value[0]) if wanted == "service_id" else " ".join(value)  # noqa: PLW2901 - the same in another form
        args[wanted] = value
    return ModelFunctionCall(name or call.name, args)


def _lacks_service(call: ModelFunctionCall, *, prompt: Prompt) -> bool:
    """Tell whether a search is declared to need a service that is not known."""
    required = set(prompt.schemas[call.name].get("required", ()))
    return call.name == "find_slots" and bool(required - call.args.keys())


class _Turn:
    """One request, and what to make of it."""

    def __init__(self, prompt: Prompt) -> None:
        self.scene: Scene = scene_of(prompt)
        self.said = plain(self.scene.text)
        self.told = self.scene.context.told
        self.asks = "?" in self.said
        self.service = self.scene.heard.service or service_wanted(self.scene) or self._shown()
        self.mine = self.scene.context.appointments

    def _shown(self) -> str | None:
        """Return the service of the times that are on the screen, if it is one."""
        names = {each.get("service") for each in self.scene.context.offered}
        found = [each["id"] for each in self.scene.context.services if each["name"] in names]
        return str(found[0]) if len(found) == 1 == len(names) else None

    # -- the first round ---------------------------------------------------------------------------

    def begin(self) -> list[ModelFunctionCall]:
        said, scene = self.said, self.scene
        if scene.unheard_audio:
            return [self.reply(part("media"))]
        alone = wishes.first(wishes.ALONE, said)
        if alone:
            return [self.reply(part(alone))]
        looks = (
            *(self._closing, self._wrong, self._lateness),
            *(self._unsure, self._note, self._refused),
        )
        for look in looks:
            if calls := look():
                return calls
        if scene.heard.intent == "human":
            return [self.reply(part("human_called"))]
        if scene.heard.ordinal and re.search(r"quem\b|\bwho|quien", said):
            return [self.reply(part("who_works", self.service), part("ask_time"))]
        if not self._asks_for_a_time():
            informs = self._informs()
            if informs:
                return [*self._questions(informs), self.reply(*informs)][:MOST_PARTS]
            if self.asks and scene.heard.intent in (None, "ask", "info", "book"):
                return self._question()
        return self._pursue()

    def _closing(self) -> list[ModelFunctionCall]:
        closing = wishes.first(wishes.CLOSINGS, self.said)
        busy = self.asks or self.scene.heard.intent not in (None, "thanks", "greet")
        if closing is None or busy or wishes.first((*wishes.WRONG, *wishes.INFORMS), self.said):
            return []
        if re.search(wishes.LATE, self.said) or (
            self.told.get("proposal") and self.scene.heard.yes
        ):
            return []
        if not plain(self.scene.text).strip(" .!") and not self._spoken_before():
            return [self.reply(part("ask_help"))]
        if closing == "see_you":
            meant = self._meant()
            return [self.reply(part("see_you", meant) if meant else part("bye"))]
        return [self.reply(part(closing))]

    def _spoken_before(self) -> bool:
        """Tell whether the customer knows us: a bare emoji closes then, and greets otherwise."""
        contact = self.told.get("contact") or {}
        return bool(self.mine or contact.get("greeted_today") or contact.get("last_wrote"))

    def _wrong(self) -> list[ModelFunctionCall]:
        found = wishes.first(wishes.WRONG, self.said)
        if found is None:
            return []
        if found == "frustrated" and self.scene.wish.when and self.service:
            return [self._find()]
        return [self.reply(*self._reacts(), part(found))]

    def _lateness(self) -> list[ModelFunctionCall]:
        if not re.search(wishes.LATE, self.said) or not self.mine:
            return []
        late = {"kind": "late", "appointment": self._meant(), "minutes": wishes.minutes(self.said)}
        calls = [ModelFunctionCall("tell_team", {**late, "text": self.scene.text[:200]})]
        return calls + (self._ask_owner() if self.asks else [])

    def _note(self) -> list[ModelFunctionCall]:
        """Have the team know something of an appointment that stands and is left as it is."""
        heard = self.scene.heard
        if not self._meant() or heard.when or heard.service or heard.intent in ("cancel", "move"):
            return []
        told = re.search(wishes.TO_BE_TOLD, self.scene.text)
        known = re.search(wishes.TO_KNOW, self.scene.text)
        note = told["what"] if told else known[0] if known else ""
        if not note.strip() or self.asks:
            return []
        args = {"kind": "note", "appointment": self._meant(), "note": note.strip()[:200]}
        return [ModelFunctionCall("tell_team", args)]

    def _unsure(self) -> list[ModelFunctionCall]:
        meant = self._meant()
        grief = wishes.first(wishes.REACTS, self.said) in ("death", "ill", "ill_other")
        if meant and grief and re.search(wishes.NOT_COMING, self.said):
            return [self.reply(*self._reacts(), part("not_coming", meant))]
        if meant is None or self.scene.wish.intent not in ("cancel", "move"):
            return []
        if re.search(wishes.UNSURE, self.said):
            return [self.reply(part("stays_for_now", meant))]
        certain = re.search(wishes.CERTAIN_NOT, self.said) and not re.search(
            r"cancel|desmarc", self.said
        )
        return [self.reply(part("ask_move_or_cancel", meant))] if certain else []

    def _refused(self) -> list[ModelFunctionCall]:
        if not self.scene.heard.no and not re.search(wishes.LEAVE_IT, self.said):
            return []
        if self.scene.heard.intent in ("cancel", "move", "book"):
            return []
        meant = self._meant()
        return [self.reply(part("stays", meant) if meant else part("nothing_booked"))]

    # -- facts -------------------------------------------------------------------------------------

    def _asks_for_a_time(self) -> bool:
        heard = self.scene.heard
        named = heard.service or self.scene.wish.service
        if re.search(wishes.COMBINED, self.said) and self.mine and named:
            return True
        if heard.intent in ("cancel", "move", "mine"):
            return True
        if re.search(wishes.SERIES, self.said) or re.search(wishes.WAITLIST, self.said):
            return True
        if "hours" in heard.topics:
            return False
        timed = heard.when.first or heard.when.at or heard.when.after
        if wishes.first(wishes.INFORMS, self.said) and heard.intent is None:
            return False
        firm = heard.intent in ("book", "ask", None) and timed
        return bool(firm or (heard.intent == "book" and heard.service and not heard.topics))

    def _informs(self) -> Parts:
        """Return the phrases that answer what was asked, besides a time."""
        said, heard = self.said, self.scene.heard
        found: Parts = []
        known = wishes.first(wishes.INFORMS, said)
        if known == "my_next":
            found = [part("my_next", self._meant())] if self._meant() else []
        elif known == "duration":
            found = [part("duration", self.service)] if self.service else []
        elif known == "who_works":
            found = [part("who_works", heard.service)]
        elif known:
            found = [part(known)]
        if known == "trick" and heard.service:
            found.append(part("price", heard.service))
        if "price" in heard.topics or re.search(
            r"\bquanto (deu|vai ficar|ficou)|how much|cuanto", said
        ):
            found += self._prices()
        if "hours" in heard.topics and not known and not self._answer():
            found.append(self._hours())
        if "address" in heard.topics and not found and not self._answer():
            found.append(part("address"))
        if not found and self._answer():
            found = [part("answer", self._answer())]
        if not found and self._unknown_service():
            found = [part("not_offered")]
        if not found and heard.intent == "scope":
            found = [part("out_of_scope")]
        if found and self.scene.context.offered:  # what was to be chosen still is
            found.append(part("ask_time"))
        return [*self._reacts(), *found] if found else []

    def _prices(self) -> Parts:
        named = self._whole_names()
        if len(named) > 1:
            return [part("price", each) for each in named[:2]]
        if named:
            return [part("price", named[0])]
        if len(self.mine) > 1 and re.search(wishes.TOGETHER, self.said):
            return [part("price_sum", *[each["id"] for each in self.mine[:4]])]
        if self._meant():
            return [part("price_of_appointment", self._meant())]
        return [part("price", self.service)] if self.service else [part("ask_service")]

    def _hours(self) -> Mapping[str, str]:
        day = self.scene.heard.when.first
        if day is None:
            return part("hours_week")
        today = self.scene.context.now.date()
        return part("hours_today") if day == today else part("hours_day", day.isoformat())

    def _answer(self) -> str | None:
        """Return the id of the answer whose questions have most words in common with what is asked."""
        given = self.told.get("answers") or {}
        items = (
            given.items() if isinstance(given, Mapping) else [(each["id"], each) for each in given]
        )
        asked = _meaning(self.said)
        best = max(
            ((len(asked & _meaning(plain(str(said)))), str(id_)) for id_, said in items),
            default=(0, ""),
        )
        return best[1] if best[0] else None

    def _services_named(self) -> list[str]:
        """Return the services of whose names every word is said, in these words or in near ones."""
        told = set(words(self.said))
        found = []
        for each in self.scene.context.services:
            # "trim" of the beard is not of the hair
            name = _name_words(each)
            heard = told - {"trim"} if "beard" in told and "beard" not in name else told
            if name and all(_same(word, heard) for word in name):
                found.append(str(each["id"]))
        return found

    def _whole_names(self) -> list[str]:
        """Return the services named: "corte e barba" is one, where there is one of that name."""
        named = self._services_named()
        of = {
            str(each["id"]): set(_name_words(each))
            for each in self.scene.context.services
            if str(each["id"]) in named
        }
        return [id_ for id_ in named if not any(of[id_] < other for other in of.values())]

    def _unknown_service(self) -> bool:
        """Tell whether a service is asked for by a well-known name that is not in the catalogue."""
        told = set(words(self.said))
        return not self._services_named() and any(group & told for group in SYNONYMS)

    def _question(self) -> list[ModelFunctionCall]:
        """Pass on a question that nothing here answers."""
        asked = _meaning(self.said)
        open_ = self.told.get("open_questions") or ()
        if any(asked & _meaning(plain(str(each))) for each in open_):
            return [self.reply(part("already_asked"))]
        return self._ask_owner()

    def _questions(self, informs: Parts) -> list[ModelFunctionCall]:
        """Return what must be called beside phrases that say that something was passed on."""
        topics = {phrase for phrase, _ in wishes.TOPICS}
        asked = any(each["phrase"] in topics for each in informs)
        return self._ask_owner() if asked else []

    def _ask_owner(self) -> list[ModelFunctionCall]:
        args = {"question": self.scene.text[:300], "topic": self._topic().removeprefix("asked_")}
        return [ModelFunctionCall("ask_owner", args)]

    def _topic(self) -> str:
        if re.search(wishes.LATE, self.said):
            return "asked_late"
        if re.search(wishes.SERIES, self.said):
            return "asked_series"
        return wishes.first(wishes.TOPICS, self.said) or "asked_owner"

    # -- appointments ------------------------------------------------------------------------------

    def _meant(self) -> str | None:
        """Return the appointment that is spoken of: named, or the only one, or the one on that day."""
        if self.scene.wish.appointment:
            return self.scene.wish.appointment
        on = [each for each in self.mine if falls_on(each, self.scene.heard.when)]
        fitting = on or list(self.mine)
        return str(fitting[0]["id"]) if len(fitting) == 1 else None

    def _pursue(self) -> list[ModelFunctionCall]:
        scene, said = self.scene, self.said
        if re.search(wishes.WAITLIST, said) and self.service:
            return [ModelFunctionCall("join_waitlist", self._wished())]
        if re.search(wishes.SERIES, said):
            return [*self._ask_owner(), *([self._find()] if self.service else [])]
        if re.search(wishes.COMBINED, said) and self.mine and len(self._services_named()) > 1:
            named = {each["id"]: each["name"] for each in scene.context.services}
            all_in_one_first = sorted(self._services_named(), key=lambda each: -len(named[each]))
            changed = {"appointment": self._meant(), "services": all_in_one_first}
            return [ModelFunctionCall("move", changed)]
        wanted = scene.wish.intent
        if scene.heard.intent == "mine":
            meant = self._meant()
            return [self.reply(part("my_next", meant) if meant else part("ask_appointment"))]
        if scene.heard.intent == "keep":
            meant = self._meant()
            return [self.reply(part("stays", meant) if meant else part("ask_help"))]
        if wanted in ("cancel", "move") and not self.mine:
            return [self.reply(*(self._reacts() or [part("ask_appointment")]))]
        if wanted == "cancel" and scene.heard.everything:
            return [ModelFunctionCall("cancel", {"appointment": each["id"]}) for each in self.mine]
        if wanted in ("cancel", "move") and self._meant() is None:
            return [self.reply(part("ask_appointment"))]
        if wanted == "cancel":
            return [ModelFunctionCall("cancel", {"appointment": self._meant()})]
        slot = None if self.asks else slot_chosen(scene)
        if wanted == "move" and slot:
            return [self._take(slot)]
        if wanted == "move":
            day = scene.heard.when if scene.heard.intent is None else scene.wish.when
            sooner = re.search(wishes.SOONER, said)
            return (
                [self._find()]
                if day or sooner
                else [self.reply(part("ask_new_day", self._meant()))]
            )
        if wanted in ("book", "ask"):
            return self._book()
        if scene.heard.intent == "greet" or re.search(wishes.HOW_ARE_YOU, said):
            react = [part("how_are_you")] if re.search(wishes.HOW_ARE_YOU, said) else self._reacts()
            return [self.reply(part("greet"), *react, part("ask_help"))]
        reacts = self._reacts()
        return [self.reply(*reacts)] if reacts else [self.reply(part("not_understood"))]

    def _book(self) -> list[ModelFunctionCall]:
        scene = self.scene
        slot = None if self.asks else slot_chosen(scene)
        if slot:
            return [self._take(slot)]
        if self.service is None and not (scene.wish.when.after or scene.wish.when.at):
            return [self.reply(*self._greets(), *self._reacts(), part("ask_service"))]
        if self._unclear_hour():
            return [self.reply(part("ask_am_or_pm", f"{scene.heard.when.at:%H:%M}"))]
        if not scene.wish.when and not scene.heard.ordinal:
            named = self._whole_names()
            visit = [self.service] if len(named) < 2 or self._either() else named  # noqa: PLR2004
            return [self.reply(*self._greets(), part("ask_day", *visit[:4]))]
        who = next(
            (each for each in scene.context.professionals if each["id"] == scene.wish.professional),
            {},
        )
        if self.service and who and self.service not in who.get("services", (self.service,)):
            wrong = part("person_not_that_service", who["id"], self.service)
            return [
                self.reply(
                    wrong, part("who_works", self.service), part("ask_see_times", self.service)
                )
            ]
        return [self._find()]

    def _either(self) -> bool:
        """Tell whether one of several is wanted; in Portuguese "o" is no "or"."""
        spanish = self.told.get("language") == "es"
        return bool(re.search(wishes.EITHER_IN_SPANISH if spanish else wishes.EITHER, self.said))

    def _unclear_hour(self) -> bool:
        at = re.search(
            r"\b(?:as|at|a las) (\d{1,2})\b(?![:h\d]| ?(?:am|pm|h\b|da |de la ))", self.said
        )
        return bool(at and self.scene.heard.when.at and int(at[1]) == wishes.HALF_DAY)

    def _find(self) -> ModelFunctionCall:
        args = dict(find_arguments(self.scene))
        args.pop("service_id", None)
        named = self._whole_names()
        args["services"] = named[:4] if len(named) > 1 else [self.service] if self.service else []
        if len(named) > 1 and not self._either():
            args["together"] = "true"
        if re.search(wishes.FROM_ON, self.said) and args.get("from_date") == args.get("to_date"):
            first = self.scene.wish.when.first
            args["to_date"] = first and (first + timedelta(days=6)).isoformat()
        args["professional"] = args.pop("professional_id", None)
        args["appointment"] = args.pop("appointment_id", None)
        if args["appointment"] and re.search(wishes.SOONER, self.said):
            window = ("from_date", "to_date", "from_time", "to_time")
            args = {name: value for name, value in args.items() if name not in window}
            args["order"] = "sooner"
        elif self.scene.heard.ordinal == -1:
            args["order"] = "latest"
        elif self.scene.heard.ordinal == 1 and not self.scene.offered:
            args["order"] = "earliest"
        elif args.get("from_time") and self.scene.wish.when.at:
            args["order"] = "nearest"
        return ModelFunctionCall("find_slots", args | self._visit())

    def _visit(self) -> dict[str, str]:
        """Return for whom it is and what is to be known, in the words of this message."""
        found = {
            "person": re.search(wishes.FOR_WHOM, self.scene.text),
            "note": re.search(wishes.TO_KNOW, self.scene.text),
        }
        return {name: match[0][:200].strip() for name, match in found.items() if match}

    def _take(self, slot: str) -> ModelFunctionCall:
        if self.scene.wish.intent == "move":
            moved = {"appointment": self._meant(), "slot": slot, **self._visit()}
            return ModelFunctionCall("move", moved)
        args: dict[str, Any] = {"slot": slot}
        args |= self._visit()
        return ModelFunctionCall("book", args)

    def _wished(self) -> dict[str, Any]:
        wanted = self.scene.wish.when
        part_of_day = {"06:00": "morning", "12:00": "afternoon", "18:00": "evening"}
        return {
            "service": self.service,
            "day": wanted.first.isoformat() if wanted.first else None,
            "part": part_of_day.get(wanted.after or ""),
        }

    # -- after functions answered ------------------------------------------------------------------

    def go_on(self) -> list[ModelFunctionCall]:
        """Look at what the functions answered, the last ones first."""
        again = self._again()
        if again:
            return [again]
        informs = self._informs() if "price" in self.scene.heard.topics else []
        wrong = wishes.first(wishes.WRONG, self.said)
        parts: Parts = [part(wrong)] if wrong == "frustrated" else []
        for name, result in self._results():
            if name == "find_slots":
                slot = wanted_among(result.get("slots", ()), scene=self.scene)
                looks = self.asks and self.scene.heard.ordinal  # "which is the last one?"
                known = self.service or len(self._services_named()) > 1
                if (
                    slot
                    and known
                    and not wrong
                    and not looks
                    and not re.search(wishes.SERIES, self.said)
                ):
                    return [self._take(slot)]
            parts += self._said_of(name, result)
        done = any(each["phrase"].startswith("done_") for each in parts)  # it reacts by itself
        reacts = [] if done else self._reacts()
        return [self.reply(*self._greets(), *reacts, *informs, *parts)]

    def _results(self) -> list[tuple[str, Mapping[str, Any]]]:
        canonical = {spelling: name for name, others in _ALSO.items() for spelling in others}
        return [
            (canonical.get(call["name"], call["name"]), result)
            for call, result in self.scene.steps[-1]
        ]

    def _again(self) -> ModelFunctionCall | None:
        """Return what to call instead of what was refused; once for each."""
        for name, result in self._results():
            refused = str(result.get("status") or result.get("error") or "")
            if name == REPLY:
                told = plain(str(result))
                earlier = self.scene.steps[-1][-1][0].get("args", {}).get("say", [])
                wrong = {int(number) for number in re.findall(r"say.(\d+)", told)}
                kept = [
                    each
                    for number, each in enumerate(earlier)
                    if number not in wrong and str(each.get("phrase")) not in told
                ]
                return self.reply(*(kept or [part("not_understood")]))
            if refused.startswith("unknown") or refused in ("taken", "bad_arguments"):
                if len(self.scene.steps) == 1 and name in ("book", "move"):
                    return self._find()
                if len(self.scene.steps) == 1 and name == "cancel":
                    return ModelFunctionCall("cancel", {"appointment": self._meant()})
        return None

    def _said_of(self, name: str, result: Mapping[str, Any]) -> Parts:
        status = str(result.get("status", ""))
        if name == "find_slots":
            if status == "bad_arguments" and self.service is None:
                return [part("ask_service")]
            if not result.get("slots"):
                day = self.scene.wish.when.first
                if not self.service or not day or status in ("away", "calendar_unavailable"):
                    return []
                return [part("offer_waitlist", self.service, day.isoformat())]
            if re.search(wishes.SERIES, self.said):
                return [part("recurring"), part("ask_time")]
            near = self.scene.wish.when.at is not None and status != "ok"
            return [part("no_such_time_nearest" if near else "look_at_times"), part("ask_time")]
        if name == "ask_owner":
            return [part(self._topic())]
        grief = wishes.first(wishes.REACTS, self.said) in ("death", "ill", "accident")
        if name in ("book", "move", "cancel") and status in ("proposed", "to_confirm", "to_cancel"):
            return [part("do_not_worry") if grief else part("see_below")]
        done = {"booked": "done_book", "moved": "done_move", "cancelled": "done_cancel"}.get(status)
        if done == "done_cancel":
            return [part("do_not_worry" if grief else done)]
        if done:
            return [part(done), part("look_forward")]
        if name in ("tell_team", "join_waitlist"):
            return [part("ask_else")] if name == "join_waitlist" else []  # code says what was done
        return [part("ask_day", self.service)]

    # -- replying ----------------------------------------------------------------------------------

    def _greets(self) -> Parts:
        """Greet back, once a day."""
        contact = self.told.get("contact") or {}
        greeting = re.match(
            r"(oi+|ola|bom dia|boa tarde|boa noite|hi|hello|hey|hola|buen\w+)\b", self.said
        )
        return [part("greet")] if greeting and not contact.get("greeted_today") else []

    def _reacts(self) -> Parts:
        found = wishes.first(wishes.REACTS, self.said)
        return [part(found)] if found else []

    def reply(self, *parts: Mapping[str, str]) -> ModelFunctionCall:
        return ModelFunctionCall(REPLY, {"say": [dict(each) for each in parts[:MOST_PARTS]]})


def _name_words(service: Mapping[str, Any]) -> list[str]:
    return [word for word in words(plain(service["name"])) if len(word) > 2]  # noqa: PLR2004 - "e", "de"


def _meaning(said: str) -> set[str]:
    """Return what a question is about: its words but the small ones, near names as one."""
    found = {word for word in words(said) if word not in _DULL and len(word) > 2}  # noqa: PLR2004 - small words
    groups = {f"#{number}" for number, group in enumerate(_SAME) if group & found}
    return {word[:6] for word in found} | groups


def _same(word: str, told: set[str]) -> bool:
    return word in told or any(word in group and group & told for group in SYNONYMS)


def _quirk(calls: list[ModelFunctionCall], turn: _Turn) -> list[ModelFunctionCall]:
    """Make the mistakes that models make, each in one of some turns: always in the same ones."""
    kind = crc32(turn.said.encode()) % _QUIRKS
    if not calls or len(turn.scene.steps) > 1:
        return calls
    last = calls[-1]
    if kind == 1 and last.name == REPLY and last.args["say"]:  # a letter is missing
        say = [dict(each) for each in last.args["say"]]
        say[-1]["phrase"] = say[-1]["phrase"][:-1]
        return [*calls[:-1], ModelFunctionCall(REPLY, {"say": say})]
    if kind == 2 and last.name in ("book", "move", "reschedule") and not turn.scene.steps:  # noqa: PLR2004 - a kind
        key = next(key for key in last.args if key.startswith("slot"))
        return [*calls[:-1], ModelFunctionCall(last.name, {**last.args, key: f"{last.args[key]}x"})]
    return calls
