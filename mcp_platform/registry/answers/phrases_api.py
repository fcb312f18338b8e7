"""`…/phrases`: the phrase book as one tenant says it, with the wordings of its own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from mcp_platform.access.routes import (
    CHANGED,
    DELETED,
    LISTED,
    READ,
    READERS,
    WRITERS,
    AtTenant,
    at_tenant,
    shown,
)
from mcp_platform.kit.http import Expected
from mcp_platform.registry.answers.phrases import (
    PhraseOut,
    PhrasePage,
    PhraseQuery,
    PhrasesQuery,
    PhraseWish,
    TenantPhrases,
)
from mcp_platform.registry.environments_api import ONE as TENANT
from mcp_platform.registry.routes import Registry

ALL = f"{TENANT}/phrases"
ONE = f"{ALL}/{{phrase}}"
PhraseId = Annotated[
    str, Path(pattern=r"^[a-z0-9_]{1,64}$", description="A phrase's id in the phrase book.")
]
In = Annotated[PhraseQuery, Query()]


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of phrases."""
    Reader = Annotated[AtTenant, Depends(at_tenant(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(
        ALL, summary="The phrase book as a tenant says it", responses=LISTED, tags=["phrases"]
    )
    async def list_phrases(at: Reader, query: Annotated[PhrasesQuery, Query()]) -> PhrasePage:
        """Tell of each phrase our wordings, the business's own, and how it reads."""
        async with registry.catalogue(TenantPhrases, at) as part:
            return await part.page(query)

    @router.get(ONE, summary="One phrase", responses=READ, tags=["phrases"])
    async def read_phrase(phrase: PhraseId, at: Reader, query: In, response: Response) -> PhraseOut:
        async with registry.catalogue(TenantPhrases, at) as part:
            return shown(await part.get(phrase, query.language), response)

    @router.put(ONE, summary="Replace a phrase's wordings", responses=CHANGED, tags=["phrases"])
    async def replace_phrase(  # noqa: PLR0917  # FastAPI's way to name what comes
        phrase: PhraseId,
        wish: PhraseWish,
        at: Writer,
        query: In,
        versions: Expected,
        response: Response,
    ) -> PhraseOut:
        """Say a phrase in the business's own words, from the next turn on.

        One to four wordings, which alternate. Each has the placeholders that are needed, none that
        is unknown, and at most 200 characters. What they say is the business's to answer for.
        """
        async with registry.catalogue(TenantPhrases, at) as part:
            replaced = await part.replace(phrase, wish, language=query.language, versions=versions)
        return shown(replaced, response)

    @router.delete(
        ONE,
        status_code=204,
        summary="Say a phrase in our words again",
        responses=DELETED,
        tags=["phrases"],
    )
    async def reset_phrase(phrase: PhraseId, at: Writer, query: In, versions: Expected) -> None:
        async with registry.catalogue(TenantPhrases, at) as part:
            await part.reset(phrase, language=query.language, versions=versions)
