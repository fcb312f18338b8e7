"""Proves credentials before anything is written, and saves them when their tenant is registered."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from mcp_platform.audit.actor import Actor
from mcp_platform.bootstrap.commands import OperatingServices
from mcp_platform.credentials.credentials import CredentialChange
from mcp_platform.credentials.forms import check_form
from mcp_platform.credentials.proofs import Proof
from mcp_platform.doctor.results import CheckResult
from mcp_platform.onboarding.answers import as_catalogue
from mcp_platform.onboarding.given import Answers
from mcp_platform.tenants.credentials import Credentials
from mcp_platform.tenants.directory import tenant_at
from mcp_platform.tenants.languages import StaffLanguage
from mcp_platform.tenants.tenant import ENVIRONMENTS, Tenant, TenantId


async def prove(
    made: OperatingServices,
    answers: Answers,
    environment: str,
    *,
    values: Mapping[str, str],
    language: StaffLanguage,
    tell: Callable[[CheckResult], None],
) -> list[CheckResult]:
    """Ask the vendors, before anything is written."""
    said: Mapping[str, Any] = answers.values
    tenant = Tenant(
        id=TenantId(0),
        client_name=answers.client_name,
        environment=next(each for each in ENVIRONMENTS if each == environment),
        status="active",
        topology="shared",
        business_name=said.get("business_name", answers.client_name),
        language=said.get("language", "pt-BR"),
        time_zone=said.get("time_zone", "America/Sao_Paulo"),
        phone_number_id=values.get("WHATSAPP_PHONE_NUMBER_ID"),
        calendar_id=values.get("GOOGLE_CALENDAR_ID"),
        owner_whatsapp=said.get("owner_whatsapp"),
        model_enabled=True,
        created_at=datetime.now(UTC),
    )
    credentials = Credentials.from_mapping(check_form(values))
    offered = {"services", "professionals"} <= said.keys()
    return await made.proving.prove(
        tenant,
        credentials,
        catalogue=as_catalogue(answers) if offered else None,
        language=language,
        tell=tell,
    )


async def save(
    made: OperatingServices, path: str, values: Mapping[str, str], *, proof: Proof, actor: Actor
) -> None:
    """Write the credentials of a tenant that is registered. They were proved already."""
    client_name, _, environment = path.partition("/")
    async with made.admin_sessions.everywhere() as session:
        tenant = await tenant_at(session, client_name, environment)
    wish = CredentialChange(values=check_form(values), proof=proof)
    await made.keys.write(tenant, wish, actor=actor)
