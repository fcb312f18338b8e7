"""`…/wording`: the phrase book as a business says it, with what each phrase looks like."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.console.forms import at_of, version_of
from mcp_platform.console.places import TENANT, may_change, tenant_of, tenant_page, to_tenant
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Invalid
from mcp_platform.kit.http import PreconditionFailed
from mcp_platform.registry.answers.phrases import PhraseOut, PhraseWish, TenantPhrases
from mcp_platform.registry.routes import Registry
from mcp_platform.words.book import BOOK
from mcp_platform.words.own import MOST_WORDINGS

PATH: Final = f"{TENANT}/wording"
PLACES: Final = ("open", "react", "inform", "lead", "ask", "close", "alone")
SAID: Final = frozenset({"saved", "reset"})


class WordingPages:
    """The phrases by where they stand in a message, and the form of one."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def table(self) -> tuple[ConsolePage, ...]:
        one = f"{PATH}/{{phrase}}"
        return (
            ConsolePage(path=PATH, roles=READERS, show=self.show),
            ConsolePage(path=one, roles=READERS, show=self.edit),
            ConsolePage(path=one, roles=WRITERS, act=self.replace),
            ConsolePage(path=f"{one}/reset", roles=WRITERS, act=self.reset),
        )

    async def show(self, visit: PageVisit) -> Response:
        own = visit.request.query_params.get("own") == "yes"
        async with self._registry.catalogue(TenantPhrases, at_of(visit)) as part:
            every = await part.every(None, own=False)
        tenant = await tenant_of(visit, self._registry.tenants)
        shown = [each for each in every if each.own or not own]
        return tenant_page(
            visit,
            tenant,
            "voice/wording.html",
            groups=[
                (place, found)
                for place in PLACES
                if (found := [each for each in shown if BOOK[each.id].place == place])
            ],
            own=own,
            owned=sum(each.own is not None for each in every),
            said=visit.said(SAID),
        )

    async def edit(self, visit: PageVisit) -> Response:
        phrase = await self._one(visit)
        return await self._form(visit, phrase, phrase.own or phrase.book)

    async def replace(self, visit: PageVisit) -> Response:
        at, id_ = at_of(visit), visit.request.path_params["phrase"]
        typed = [visit.form.get(f"wording.{place}", "").strip() for place in range(MOST_WORDINGS)]
        wordings = [each for each in typed if each]
        try:
            wish = PhraseWish.of({"wordings": wordings})
            async with self._registry.catalogue(TenantPhrases, at) as part:
                await part.replace(id_, wish, language=None, versions=version_of(visit))
        except PreconditionFailed:
            return await self._form(visit, await self._one(visit), wordings, changed=True)
        except Invalid as error:
            if not error.fields:
                raise
            wrong = {path.rpartition(".")[2]: why for path, why in error.fields.items()}
            return await self._form(visit, await self._one(visit), wordings, wrong=wrong)
        return to_tenant(visit, "/wording", said="saved")

    async def reset(self, visit: PageVisit) -> Response:
        at = at_of(visit)
        async with self._registry.catalogue(TenantPhrases, at) as part:
            await part.reset(
                visit.request.path_params["phrase"], language=None, versions=version_of(visit)
            )
        return to_tenant(visit, "/wording", said="reset")

    async def _one(self, visit: PageVisit) -> PhraseOut:
        async with self._registry.catalogue(TenantPhrases, at_of(visit)) as part:
            return await part.get(visit.request.path_params["phrase"], None)

    async def _form(
        self,
        visit: PageVisit,
        phrase: PhraseOut,
        wordings: Sequence[str],
        *,
        wrong: dict[str, str] | None = None,
        changed: bool = False,
    ) -> Response:
        tenant = await tenant_of(visit, self._registry.tenants)
        return tenant_page(
            visit,
            tenant,
            "voice/phrase.html",
            status=412 if changed else 422 if wrong else 200,
            phrase=phrase,
            wordings=[*wordings, *([""] * MOST_WORDINGS)][:MOST_WORDINGS],
            wrong=wrong or {},
            changed=changed,
            may_change=may_change(visit, tenant) and phrase.replaceable,
        )
