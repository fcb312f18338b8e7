"""What choosing a phrase sets off: the meaning of each `does` of the phrase book.

What is shown to tap is issued as offers before the reply. What is done is done in the transaction that
records the reply: a phrase never says that somebody was told who was not.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.questions import OpenQuestions
from mcp_platform.assistant.menu import Menu
from mcp_platform.assistant.offers import Action
from mcp_platform.assistant.speaking.saying import Chosen
from mcp_platform.assistant.toolbox import Toolbox
from mcp_platform.conversations.contacts import Contacts
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling import wording
from mcp_platform.tenants.languages import Language
from mcp_platform.whatsapp.reply import ReplyOption
from mcp_platform.words.book import Consequence
from mcp_platform.words.texts import TEXTS
from mcp_platform.words.times import Times

Beside = Callable[[AsyncSession], Awaitable[None]]
"""Something that is done in the transaction of the reply."""

Row = tuple[str, Action, str]
"""The title of something to tap, what tapping it does, and a description."""


class Showing:
    """What can be tapped below a reply."""

    def __init__(self, *, menu: Menu, times: Times, language: Language) -> None:
        self._menu = menu
        self._times = times
        self._texts = TEXTS[language]

    async def choices(self, parts: Sequence[Chosen]) -> tuple[ReplyOption, ...]:
        """Return what the parts show, the first list whole; buttons of others are added to buttons."""
        rows: list[Row] = []
        for part in parts:
            for each in part.phrase.does:
                if each in _LISTS and not rows:
                    shown = await _LISTS[each](self, part)
                    if shown:
                        return shown
                elif each in _BUTTONS:
                    rows += [row for row in _BUTTONS[each](self, part) if row not in rows]
        return await self._menu.choices(rows[:3])

    async def _services(self, part: Chosen) -> tuple[ReplyOption, ...]:
        if len(part.about.services) > 1:
            return await self._menu.choices(
                [
                    (each.name, {"do": "professionals", "service": each.id}, "")
                    for each in part.about.services
                ]
            )
        return await self._menu.shown({"do": "services"})

    async def _professionals(self, part: Chosen) -> tuple[ReplyOption, ...]:
        if part.about.services:
            service = part.about.services[0]
            return await self._menu.shown({"do": "professionals", "service": service.id})
        return await self._menu.shown({"do": "services"})

    async def _days(self, part: Chosen) -> tuple[ReplyOption, ...]:
        if part.about.appointments:
            moved = part.about.appointments[0]
            return await self._menu.shown({"do": "move", "id": str(moved.id)})
        if part.about.services:
            service = part.about.services[0]
            return await self._menu.shown({"do": "professionals", "service": service.id})
        return await self._menu.shown({"do": "services"})

    async def _appointments(self, _: Chosen) -> tuple[ReplyOption, ...]:
        return await self._menu.shown({"do": "mine"})

    def _see_times(self, part: Chosen) -> list[Row]:
        action: Action = {"do": "services"}
        if part.about.services:
            action = {"do": "professionals", "service": part.about.services[0].id}
        return [(self._texts.buttons.times, action, "")]

    async def _first_times(self, _: Chosen) -> tuple[ReplyOption, ...]:
        return await self._menu.shown({"do": "services"})

    async def _ways(self, _: Chosen) -> tuple[ReplyOption, ...]:
        return (await self._menu.way_on("")).choices

    def _person(self, _: Chosen) -> list[Row]:
        return [(self._texts.buttons.person, {"do": "human"}, "")]

    def _move_cancel(self, part: Chosen) -> list[Row]:
        buttons = self._texts.buttons
        return [
            row
            for each in part.about.appointments[:1]
            for row in (
                (buttons.move, {"do": "move", "id": str(each.id)}, ""),
                (buttons.cancel, {"do": "cancel", "id": str(each.id)}, ""),
            )
        ]

    def _last_service(self, part: Chosen) -> list[Row]:
        return [
            row
            for each in part.about.services[:1]
            for row in (
                (each.name, {"do": "professionals", "service": each.id}, ""),
                (self._texts.buttons.other_service, {"do": "services"}, ""),
            )
        ]

    def _parts(self, _: Chosen) -> list[Row]:
        buttons = self._texts.buttons
        return [_words(each) for each in (buttons.morning, buttons.afternoon, buttons.evening)]

    def _both_days(self, part: Chosen) -> list[Row]:
        return [_words(self._times.day(each)) for each in part.about.days]

    def _am_pm(self, part: Chosen) -> list[Row]:
        hours = [each.hour % 12 for each in part.about.hours[:1]]
        return [_words(self._times.clock(time(hour + half))) for hour in hours for half in (0, 12)]

    def _for_whom(self, _: Chosen) -> list[Row]:
        return [_words(self._texts.buttons.for_me), _words(self._texts.buttons.for_other)]


def _words(title: str) -> Row:
    """Return a button that stands for what is on it, as if the contact had written that."""
    return title, {"do": "words", "text": title}, ""


_LISTS: Mapping[Consequence, Callable[[Showing, Chosen], Awaitable[tuple[ReplyOption, ...]]]] = {
    "show_services": Showing._services,  # noqa: SLF001  # the table is the class's own
    "show_professionals": Showing._professionals,  # noqa: SLF001
    "show_days": Showing._days,  # noqa: SLF001
    "show_appointments": Showing._appointments,  # noqa: SLF001
    "show_first_times": Showing._first_times,  # noqa: SLF001
    "show_ways": Showing._ways,  # noqa: SLF001
    "show_menu": Showing._ways,  # noqa: SLF001
}
_BUTTONS: Mapping[Consequence, Callable[[Showing, Chosen], list[Row]]] = {
    "show_see_times": Showing._see_times,  # noqa: SLF001
    "show_parts": Showing._parts,  # noqa: SLF001
    "show_both_days": Showing._both_days,  # noqa: SLF001
    "show_am_pm": Showing._am_pm,  # noqa: SLF001
    "show_for_whom": Showing._for_whom,  # noqa: SLF001
    "show_person": Showing._person,  # noqa: SLF001
    "show_move_cancel": Showing._move_cancel,  # noqa: SLF001
    "show_last_service": Showing._last_service,  # noqa: SLF001
}


class Doing:
    """What is done in the transaction of the reply."""

    def __init__(
        self,
        *,
        toolbox: Toolbox,
        notices: Notices,
        human_for: timedelta,
        language: Language,
        words: str,
    ) -> None:
        """`words` are the contact's own, of this turn; the owner reads them as a quotation."""
        self._tools = toolbox
        self._notices = notices
        self._human_for = human_for
        self._language: Language = language
        self._words = words

    def beside(self, parts: Sequence[Chosen]) -> tuple[Beside, ...]:
        """Return what the phrases of a reply set off, each once."""
        found: dict[Consequence, Beside] = {}
        for part in parts:
            for each in part.phrase.does:
                if each in _CALLS:
                    found.setdefault("call_person", self._calling(urgent=each in _URGENT))
                elif each == "ask_owner":
                    found.setdefault(each, self._asking(part.phrase.id))
                elif each in _TELLS:
                    found.setdefault(each, self._telling(part.phrase.id, urgent=each in _URGENT))
        return tuple(found.values())

    def _calling(self, *, urgent: bool) -> Beside:
        async def call(session: AsyncSession) -> None:
            context = self._tools.context
            tenant, contact = context.tenant, context.contact
            until = context.now + self._human_for
            await Contacts(session, tenant.id).answered_by(contact.id, "human", until=until)
            local = self._tools.catalogue.rules.local(until)
            await self._notices.wants_a_person(
                session,
                tenant,
                contact,
                until=wording.short_moment(local, language=tenant.language),
                key=str(context.turn.id),
                words=self._words,
            )
            if urgent:
                await self._telling("urgent", urgent=True)(session)

        return call

    def _asking(self, topic: str) -> Beside:
        async def ask(session: AsyncSession) -> None:
            context = self._tools.context
            await OpenQuestions(session, context.tenant.id).ask(
                context.tenant,
                context.contact,
                self._words,
                topic=topic,
                language=self._language,
                notices=self._notices,
                now=context.now,
            )

        return ask

    def _telling(self, what: str, *, urgent: bool) -> Beside:
        async def tell(session: AsyncSession) -> None:
            context = self._tools.context
            await self._notices.passed_on(
                session,
                context.tenant,
                context.contact,
                words=self._words,
                urgent=urgent,
                key=f"{context.turn.id}:{what}",
            )

        return tell


_URGENT = frozenset({"call_person_now", "tell_owner_now"})
_CALLS = frozenset({"call_person", "call_person_now"})
_TELLS = frozenset(
    {"tell_owner", "tell_owner_now", "remind_owner", "open_data_request", "list_for_owner"}
)
