"""`…/settings`: what a tenant's API lets be changed of it, in one form."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.console.forms import at_of, or_none, said_at, text_of_field, version_of, whole
from mcp_platform.console.places import TENANT, may_change, tenant_of, tenant_page, to_tenant
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.kit.http import PreconditionFailed
from mcp_platform.onboarding.answers import ARTICLES, KINDS
from mcp_platform.onboarding.words import OnboardingWords
from mcp_platform.registry.environments import EnvironmentChange, EnvironmentOut, Environments
from mcp_platform.registry.routes import Registry
from mcp_platform.tenants.languages import LANGUAGES

PATH: Final = f"{TENANT}/settings"
SAID: Final = frozenset({"saved"})
TEXTS: Final = ("kind", "article", "address", "phone", "notes", "owner_whatsapp")
NUMBERS: Final = ("slot_step_minutes", "minimum_notice_minutes", "horizon_days")
SWITCHES: Final = (
    *("model_enabled", "free_days_close", "unanswered_close"),
    "templates_as_marketing",
)
REMINDING: Final = ("reminder_hours", "quiet_from", "quiet_until")
UNCONFIRMED: Final = "unconfirmed_hours"
WORDS: Final = ("language", "time_zone", "holidays_of")


class SettingsPages:
    """The facts of one tenant as a form."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=PATH, roles=READERS, show=self.show),
            ConsolePage(path=PATH, roles=WRITERS, act=self.save),
        )

    async def show(self, visit: PageVisit) -> Response:
        facts = await self._facts(visit)
        return await self._page(visit, facts, _typed(facts))

    async def save(self, visit: PageVisit) -> Response:
        at = at_of(visit)
        try:
            change = EnvironmentChange.of(_wish(visit))
            async with self._registry.changing() as session:
                await Environments(session, at.actor).update(
                    at.client_name, at.environment, change, versions=version_of(visit)
                )
        except PreconditionFailed:
            return await self._page(visit, await self._facts(visit), visit.form, changed=True)
        except (Invalid, Conflict) as error:
            if not error.fields:
                raise
            told = said_at(visit, error).items()
            wrong = {field.partition(".")[0]: why for field, why in told}  # of a list, the list
            return await self._page(visit, await self._facts(visit), visit.form, wrong=wrong)
        return to_tenant(visit, "/settings", said="saved")

    async def _facts(self, visit: PageVisit) -> EnvironmentOut:
        at = at_of(visit)
        async with self._registry.reading() as session:
            return await Environments(session, at.actor).get(at.client_name, at.environment)

    async def _page(
        self,
        visit: PageVisit,
        facts: EnvironmentOut,
        typed: Mapping[str, str],
        *,
        wrong: Mapping[str, str] | None = None,
        changed: bool = False,
    ) -> Response:
        tenant = await tenant_of(visit, self._registry.tenants)
        words = OnboardingWords(visit.tongue)
        return tenant_page(
            visit,
            tenant,
            "oversight/settings.html",
            status=412 if changed else 422 if wrong else 200,
            facts=facts,
            typed=typed,
            now=_typed(facts) if changed else None,
            names=(*WORDS, *NUMBERS, *TEXTS, *REMINDING, UNCONFIRMED, *SWITCHES),
            kinds=[("", "–"), *((each, words(f"kind.{each}").capitalize()) for each in KINDS)],
            articles=[(each, f"{of} {tenant.business_name}") for each, of in ARTICLES.items()],
            languages=[(each, visit.times.language(each)) for each in LANGUAGES],
            wrong=wrong or {},
            may_change=may_change(visit, tenant),
            said=visit.said(SAID),
        )


def _wish(visit: PageVisit) -> dict[str, Any]:
    return {
        **{name: text_of_field(visit, name) for name in WORDS},
        **{name: or_none(text_of_field(visit, name)) for name in TEXTS},
        **{name: whole(text_of_field(visit, name)) for name in NUMBERS},
        **{name: text_of_field(visit, name) for name in REMINDING},
        UNCONFIRMED: whole(text_of_field(visit, UNCONFIRMED)),
        **{name: name in visit.form for name in SWITCHES},
    }


def _typed(facts: EnvironmentOut) -> dict[str, str]:
    """Return a tenant's facts as the form shows them."""
    texts = (*WORDS, *TEXTS, *NUMBERS, *REMINDING, UNCONFIRMED)
    plain = {name: getattr(facts, name) for name in texts}
    plain["reminder_hours"] = " ".join(map(str, facts.reminder_hours))
    return {
        **{name: "" if value is None else str(value) for name, value in plain.items()},
        **{name: "yes" for name in SWITCHES if getattr(facts, name)},
    }
