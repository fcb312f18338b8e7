"""What choosing a phrase sets off: the meaning of each `does` of the phrase book.

What is shown to tap is issued as offers before the reply. What is done is done in the transaction that
records the reply: a phrase never says that somebody was told who was not.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, time

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.questions import OpenQuestions
from mcp_platform.assistant.choosing.searches import days_action
from mcp_platform.assistant.menu import Menu
from mcp_platform.assistant.offers import Action
from mcp_platform.assistant.speaking.saying import ChosenPhrase
from mcp_platform.assistant.toolbox import Toolbox
from mcp_platform.scheduling.availability import SearchWindow
from mcp_platform.scheduling.catalogue import Service
from mcp_platform.scheduling.finding.searching import SlotSearch
from mcp_platform.tenants.languages import Language
from mcp_platform.whatsapp.reply import ReplyOption
from mcp_platform.words.book import BOOK, Consequence, Phrase
from mcp_platform.words.templates import fill, placeholders
from mcp_platform.words.texts import TEXTS, Texts
from mcp_platform.words.times import Times

ReplyEffect = Callable[[AsyncSession], Awaitable[None]]
"""Something that is done in the transaction of the reply."""

MOST_BUTTONS = 3  # Source: WhatsApp, reply buttons
Row = tuple[str, Action, str]
"""The title of something to tap, what tapping it does, and a description."""


class PhraseOptions:
    """What can be tapped below a reply."""

    def __init__(self, *, menu: Menu, times: Times, language: Language) -> None:
        self._menu = menu
        self._times = times
        self._texts = TEXTS[language]

    async def choices(self, parts: Sequence[ChosenPhrase]) -> tuple[ReplyOption, ...]:
        """Return what the parts show, the first list whole; buttons of others are added to buttons."""
        rows: list[Row] = []
        for part in parts:
            for each in part.phrase.does:
                if not rows and (shown := await self._list(each, part)):
                    return shown
                rows += [row for row in self._buttons(each, part) if row not in rows]
        return await self._menu.choices(rows[:MOST_BUTTONS])

    async def person(self, parts: Sequence[ChosenPhrase]) -> tuple[ReplyOption, ...]:
        """Return what calls a person, where a part offers one."""
        offered = any("show_person" in part.phrase.does for part in parts)
        return await self._menu.choices([_a_person(self._texts)] if offered else [])

    async def _list(self, shows: Consequence, part: ChosenPhrase) -> tuple[ReplyOption, ...]:
        match shows:
            case "show_services" if len(part.about.services) > 1:
                services = part.about.services
                return await self._menu.choices([(each.name, _of(each), "") for each in services])
            case "show_days" if part.about.appointments:
                moved = part.about.appointments[0]
                return await self._menu.shown({"do": "move", "id": str(moved.id)})
            case "show_days" if len(part.about.services) > 1:
                return await self._menu.shown(_one_after_another(part.about.services))
            case "show_days" if part.about.services:
                return await self._menu.shown(_days_of(part.about.services[0]))
            case "show_professionals":
                return await self._menu.shown(_of(*part.about.services[:1]))
            case "show_services":
                return await self._menu.shown(_of())
            case "show_first_times":
                known = [each.id for each in part.about.services[:1]]
                return await self._menu.shown({"do": "first", "services": known})
            case "show_appointments":
                return await self._menu.shown({"do": "mine"})
            case "show_ways" | "show_menu":
                return (await self._menu.way_on("")).choices
        return ()

    def _buttons(self, shows: Consequence, part: ChosenPhrase) -> list[Row]:
        buttons, about = self._texts.buttons, part.about
        match shows:
            case "show_see_times":
                return [(buttons.times, _of(*about.services[:1]), "")]
            case "show_parts":
                parts = (buttons.morning, buttons.afternoon, buttons.evening)
                return [_words(each) for each in parts]
            case "show_both_days":
                return [_words(self._times.day(each)) for each in about.days]
            case "show_am_pm":
                hour = about.hours[0].hour % 12
                return [_words(self._times.clock(time(each))) for each in (hour, hour + 12)]
            case "show_for_whom":
                return [_words(buttons.for_me), _words(buttons.for_other)]
            case "show_note_wish":
                wish = {"service": about.services[0].id, "day": about.days[0].isoformat()}
                note: Action = {"do": "note_wish", **wish}
                return [(buttons.note_wish, note, ""), _a_person(self._texts)]
            case "show_person":
                return [_a_person(self._texts)]
            case "show_erase":
                return [(buttons.data_erase, {"do": "erase"}, "")]
            case "show_back":
                see: Action = {"do": "back", "then": _of()}
                return [(buttons.times, see, ""), (buttons.back, {"do": "back"}, "")]
            case "show_move_cancel":
                its = str(about.appointments[0].id)
                move: Action = {"do": "move", "id": its}
                return [(buttons.move, move, ""), (buttons.cancel, {"do": "cancel", "id": its}, "")]
            case "show_last_service":
                service = about.services[0]
                return [(service.name, _of(service), ""), (buttons.other_service, _of(), "")]
        return []


def _of(*service: Service) -> Action:
    """Return what leads on from a service, or to the choice of one."""
    return {"do": "professionals", "service": service[0].id} if service else {"do": "services"}


def _days_of(service: Service) -> Action:
    """Return what leads to the days on which a service can be had, with whoever is free."""
    return {"do": "days", "service": service.id, "professional": None, "moving": None}


def _one_after_another(services: Sequence[Service]) -> Action:
    """Return what leads to the days on which all of these can be had in one visit."""
    search = SlotSearch(
        service_ids=tuple(each.id for each in services),
        window=SearchWindow(first=date.min, last=date.max),
        together=True,
        everyone=True,
    )
    return days_action(search)


def _a_person(texts: Texts) -> Row:
    return texts.buttons.person, {"do": "human"}, ""


def _words(title: str) -> Row:
    """Return a button that stands for what is on it, as if the contact had written that."""
    return title, {"do": "words", "text": title}, ""


class PhraseEffects:
    """What is done in the transaction of the reply."""

    def __init__(
        self,
        *,
        toolbox: Toolbox,
        language: Language,
    ) -> None:
        self._tools = toolbox
        self._language: Language = language

    def can(self, phrase: Phrase) -> bool:
        """Tell whether what a phrase says is done can be: an owner without a number is not told."""
        tells = not (_TELLS | _TELLS_LATER).isdisjoint(phrase.does) and phrase.id not in _CLAUSED
        return not tells or self._reaches_owner

    def asks(self, phrase: Phrase) -> bool:
        """Tell whether a phrase may say that the team was asked: nobody asks who cannot be reached."""
        says = "ask_owner" in phrase.does or "asked" in phrase.of
        return self._reaches_owner or not says

    def told(self, phrase: Phrase) -> str | None:
        """Return what a phrase says of having told the team; None: it does not, or nobody is told."""
        if phrase.force != "does" or not self._reaches_owner:
            return None
        outcomes = TEXTS[self._language].outcomes
        if "tell_file" in phrase.does:
            return outcomes.team_told_file
        return outcomes.team_reminded if "remind_owner" in phrase.does else outcomes.team_told

    def file_unseen(self) -> str:
        """Say that of a file only the words below it were read, and whether the team hears of it."""
        outcomes = TEXTS[self._language].outcomes
        told = outcomes.team_told_file if self._reaches_owner else None
        return fill(outcomes.file_unseen, {"team_told": told}) or ""

    @property
    def _reaches_owner(self) -> bool:
        return self._tools.context.tenant.owner_whatsapp is not None

    def beside(self, parts: Sequence[ChosenPhrase]) -> tuple[ReplyEffect, ...]:
        """Return what the phrases of a reply set off, each once."""
        found: dict[Consequence, ReplyEffect] = {}
        for part in parts:
            for each in part.phrase.does:
                if each in _CALLS:
                    found.setdefault("call_person", self._calling(urgent=each in _URGENT))
                elif each == "remind_owner" and self._tools.context.with_person:
                    found.setdefault(each, self._remind)
                elif each == "ask_owner":
                    found.setdefault(each, self._asking(part.phrase.id))
                elif each in _TELLS:
                    found.setdefault(each, self._telling(part.phrase.id, urgent=each in _URGENT))
        return tuple(found.values())

    def _calling(self, *, urgent: bool) -> ReplyEffect:
        async def call(session: AsyncSession) -> None:
            if not self._tools.context.with_person:
                await self._tools.call_person(session)
            if urgent:
                await self._telling("urgent", urgent=True)(session)

        return call

    async def _remind(self, session: AsyncSession) -> None:
        context = self._tools.context
        await self._tools.notices.still_waits(
            session,
            context.tenant,
            context.contact,
            words=self._tools.written,
            key=str(context.turn.id),
        )

    def _asking(self, topic: str) -> ReplyEffect:
        async def ask(session: AsyncSession) -> None:
            context = self._tools.context
            await OpenQuestions(session, context.tenant.id).ask(
                context.tenant,
                context.contact,
                self._tools.written,
                topic=topic,
                language=self._language,
                notices=self._tools.notices,
                now=context.now,
                messages=self._tools.written_in,
            )

        return ask

    def _telling(self, what: str, *, urgent: bool) -> ReplyEffect:
        async def tell(session: AsyncSession) -> None:
            context = self._tools.context
            await self._tools.notices.passed_on(
                session,
                context.tenant,
                context.contact,
                words=self._tools.written,
                urgent=urgent,
                # A stranger who plays with us is told of once a day, not once a message.
                key=f"{context.contact.id}:{what}:{context.now:%Y%m%d}"
                if what in _LISTED
                else f"{context.turn.id}:{what}",
            )

        return tell


# The phrases of which the owner need not hear at once.
_LISTED = frozenset(id_ for id_, each in BOOK.items() if "list_for_owner" in each.does)
_URGENT = frozenset({"call_person_now", "tell_owner_now"})
# Of having told the team they speak in a clause that can be left out.
_CLAUSED = frozenset(
    id_
    for id_, wordings in TEXTS["pt-BR"].phrases.items()
    if any("team_told" in placeholders(each) for each in wordings)
)
_CALLS = frozenset({"call_person", "call_person_now"})
_TELLS = frozenset(
    {"tell_owner", "tell_owner_now", "remind_owner", "open_data_request", "list_for_owner"}
)
_TELLS_LATER = frozenset({"show_note_wish"})  # once it is tapped
