"""`/new`: a new client step by step, kept as a draft that anybody goes on with, made at the end.

Credentials come when it is made, on its own page: no secret is ever in a draft.
"""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from mcp_platform.access.routes import WRITERS
from mcp_platform.answers.usual import USUAL
from mcp_platform.console.onboarding.steps import (
    DOES,
    MOST_ROWS,
    STEPS,
    fields_of,
    read_step,
    rows_shown,
)
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.database import Sessions
from mcp_platform.onboarding.answers import ARTICLES, KINDS
from mcp_platform.onboarding.desk import DraftDesk
from mcp_platform.onboarding.drafts import ClientDraftOut, DraftWish
from mcp_platform.onboarding.registering import look
from mcp_platform.onboarding.words import OnboardingWords
from mcp_platform.registry.environments import EnvironmentChange
from mcp_platform.tenants.languages import LANGUAGES
from mcp_platform.tenants.tenant import ENVIRONMENTS

PATH: Final = "/new"
SAID: Final = frozenset({"removed"})
FIRST, LAST = STEPS[0], STEPS[-1]
HOURS: Final = {
    "pt-BR": "seg-sex 09:00-12:00 13:00-18:00; sáb 09:00-13:00",
    "en": "mon-fri 09:00-12:00 13:00-18:00; sat 09:00-13:00",
}


class NewClientPages:
    """The steps, and the list of drafts."""

    def __init__(self, drafts: DraftDesk, sessions: Sessions) -> None:
        self._drafts = drafts
        self._sessions = sessions

    def table(self) -> tuple[ConsolePage, ...]:
        one = f"{PATH}/{{draft}}/{{step}}"
        return (
            ConsolePage(path=PATH, roles=WRITERS, show=self.begin),
            ConsolePage(path=PATH, roles=WRITERS, act=self.create),
            ConsolePage(path=one, roles=WRITERS, show=self.show),
            ConsolePage(path=one, roles=WRITERS, act=self.answer),
            ConsolePage(path=f"{PATH}/{{draft}}/step/remove", roles=WRITERS, act=self.remove),
        )

    async def begin(self, visit: PageVisit) -> Response:
        return await self._page(visit, None, FIRST, fields_of(FIRST, {}))

    async def create(self, visit: PageVisit) -> Response:
        """Begin a draft with the answers of the first step."""
        found = await self._read_client(visit)
        if found.wrong:
            return await self._page(visit, None, FIRST, visit.form, wrong=found.wrong)
        actor = visit.signed_in.user.actor
        draft = await self._drafts.create(actor, DraftWish(answers=found.values))
        return visit.to(f"{PATH}/{draft.id}/{STEPS[1]}")

    async def show(self, visit: PageVisit) -> Response:
        draft, step = await self._draft(visit)
        return await self._page(visit, draft, step, fields_of(step, draft.answers))

    async def answer(self, visit: PageVisit) -> Response:
        """Keep the answers of a step and lead to the next; make the client at the last."""
        draft, step = await self._draft(visit)
        if visit.form.get("do") == "more":
            return await self._page(visit, draft, step, visit.form, more=True)
        if step == LAST:
            return await self._register(visit, draft)
        if step == FIRST:
            found = await self._read_client(visit)
        else:
            found = read_step(step, visit.form, draft.answers, words=_words(visit))
        if found.wrong:
            return await self._page(visit, draft, step, visit.form, wrong=found.wrong)
        answers = {**draft.answers, **found.values}
        await self._drafts.update(
            visit.signed_in.user.actor,
            draft.id,
            DraftWish(answers=answers),
            versions=frozenset({draft.version}),
        )
        following = STEPS[STEPS.index(step) + 1]
        return visit.to(f"{PATH}/{draft.id}/{following}")

    async def remove(self, visit: PageVisit) -> Response:
        await self._drafts.remove(visit.signed_in.user.actor, visit.uuid("draft"))
        return visit.to(PATH, said="removed")

    async def _register(self, visit: PageVisit, draft: ClientDraftOut) -> Response:
        try:
            made = await self._drafts.register(visit.signed_in.user.actor, draft.id)
        except (Invalid, Conflict) as error:
            if not error.fields:
                raise
            taken = isinstance(error, Conflict)
            wrong = {"review": visit.say("new.taken" if taken else "new.incomplete")}
            return await self._page(visit, draft, LAST, {}, wrong=wrong)
        return visit.to(f"/t/{made.tenants[0]}/credentials", said="made")

    async def _read_client(self, visit: PageVisit) -> Any:
        found = read_step(FIRST, visit.form, {}, words=_words(visit))
        if not found.wrong:
            async with self._sessions.everywhere() as session:
                known = await look(session, visit.signed_in.user.actor)
            path = f"{found.values['client_name']}/{found.values['environments'][0]}"
            if path in known.environments:
                found.wrong["client_name"] = visit.say("new.taken")
        return found

    async def _draft(self, visit: PageVisit) -> tuple[ClientDraftOut, str]:
        step = visit.request.path_params["step"]
        if step not in STEPS:
            raise NotFound("There is no such step.")
        return await self._drafts.get(visit.signed_in.user.actor, visit.uuid("draft")), step

    async def _page(
        self,
        visit: PageVisit,
        draft: ClientDraftOut | None,
        step: str,
        fields: Mapping[str, str],
        *,
        wrong: Mapping[str, str] | None = None,
        more: bool = False,
    ) -> Response:
        answers: Mapping[str, Any] = draft.answers if draft else {}
        words = _words(visit)
        business = answers.get("business_name", "…")
        offered = [each["name"] for each in answers.get("services", ())]
        return visit.page(
            "onboarding/new.html",
            status=422 if wrong else 200,
            draft=draft,
            drafts=[] if draft else await self._drafts.list(visit.signed_in.user.actor),
            step=step,
            steps=STEPS,
            done=_done(answers),
            before=STEPS[STEPS.index(step) - 1] if step != FIRST else None,
            fields=fields,
            wrong=wrong or {},
            words=words,
            answers=answers,
            kinds=[(each, words(f"kind.{each}").capitalize()) for each in KINDS],
            articles=[(each, f"{of} {business}") for each, of in ARTICLES.items()],
            languages=[(each, visit.times.language(each)) for each in LANGUAGES],
            environments=ENVIRONMENTS[::-1],
            zone=EnvironmentChange().time_zone,
            topics=list(USUAL),
            offered=offered,
            ticks=_ticks(fields, answers, offered, sent=bool(wrong) or more),
            rows=rows_shown(step, fields, more=more),
            hours=HOURS[words.language],
            said=visit.said(SAID),
        )


def _words(visit: PageVisit) -> OnboardingWords:
    return OnboardingWords(visit.tongue)


def _done(answers: Mapping[str, Any]) -> frozenset[str]:
    """Return the steps that have been answered."""
    asked = {
        "client": "client_name",
        "business": "language",
        "services": "services",
        "people": "professionals",
        "answers": "answers",
    }
    return frozenset(step for step, name in asked.items() if name in answers)


def _ticks(
    fields: Mapping[str, str], answers: Mapping[str, Any], offered: list[str], *, sent: bool
) -> frozenset[str]:
    """Return which tick boxes are ticked: what was sent, else what is known, else all."""
    if sent:
        return frozenset(name for name in fields if f".{DOES}." in name)
    people = answers.get("professionals", ())
    return frozenset(
        f"row.{number}.{DOES}.{place}"
        for number in range(len(people) + MOST_ROWS)
        for place, name in enumerate(offered)
        if number >= len(people) or name in people[number].get("services", offered)
    )
