"""What the database knows before a client is made, and what is written into it then.

Everything goes through the registry. Client, environments and catalogues are one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit.actor import Actor
from mcp_platform.credentials.forms import IDENTIFYING
from mcp_platform.errors import NotFound
from mcp_platform.onboarding.answers import DEFAULTS, answer_wishes, catalogue
from mcp_platform.onboarding.given import Answers
from mcp_platform.publishing.config_credentials import registered_environments
from mcp_platform.registry.answers.service import TenantAnswers
from mcp_platform.registry.clients import Clients, NewClient
from mcp_platform.registry.environments import Environments, NewEnvironment
from mcp_platform.registry.professionals import Professionals
from mcp_platform.registry.services import Services
from mcp_platform.tenants.tenant import ENVIRONMENTS, Topology

_OF_ENVIRONMENT = {
    **{name: name for name in ("topology", "resources", "time_zone", "language", "article")},
    **{name: name for name in ("kind", "address", "owner_whatsapp")},
    "minimum_notice": "minimum_notice_minutes",
}
"""Answers, by name, and what the registry calls them."""


@dataclass(frozen=True, slots=True)
class KnownInstallation:
    """Who is there already. `environments` says by path whether there are credentials."""

    clients: Mapping[str, str]
    environments: Mapping[str, bool]
    numbers: Mapping[str, str]

    def open_environments(self, client_name: str) -> list[str]:
        """Return the environments that can be onboarded: not there yet, or without credentials."""
        return [
            each
            for each in ENVIRONMENTS
            if not self.environments.get(f"{client_name}/{each}", False)
        ]

    def new_environments(self, answers: Answers) -> list[str]:
        paths = ((each, f"{answers.client_name}/{each}") for each in answers.environments)
        return [each for each, path in paths if path not in self.environments]


async def look(session: AsyncSession, actor: Actor) -> KnownInstallation:
    """Return what there is."""
    environments = await registered_environments(session)
    return KnownInstallation(
        clients=await Clients(session, actor).business_names(),
        environments={each.path: each.has_credentials for each in environments},
        numbers={
            each.phone_number_id: each.path
            for each in environments
            if each.phone_number_id is not None
        },
    )


async def register(
    session: AsyncSession,
    actor: Actor,
    answers: Answers,
    *,
    environments: Sequence[str],
    values: Mapping[str, Mapping[str, str]],
    topology: Topology,
) -> None:
    """Make the client if it is new, its `environments`, and what each of them offers.

    They are of `topology` where the answers do not say it.

    Raises:
        Conflict: an environment was made meanwhile, or a number is another tenant's.
    """
    services, professionals = catalogue(answers)
    clients, tenants = Clients(session, actor), Environments(session, actor)
    name = answers.client_name
    try:
        await clients.get(name)
    except NotFound:
        business_name = answers.values["business_name"]
        await clients.create(NewClient(name=name, business_name=business_name))
    for environment in environments:
        held = values.get(environment, {})
        said = {**DEFAULTS, "topology": topology, **answers.values}
        wish = {column: said[each] for each, column in _OF_ENVIRONMENT.items()}
        wish |= {column: held[key] for key, column in IDENTIFYING.items() if key in held}
        await tenants.create(name, NewEnvironment.of({"environment": environment, **wish}))
        located = await tenants.locate(name, environment)
        for service in services:
            await Services(session, actor, located).create(service)
        for professional in professionals:
            await Professionals(session, actor, located).create(professional)
        for answer in answer_wishes(answers):
            await TenantAnswers(session, actor, located).create(answer)
