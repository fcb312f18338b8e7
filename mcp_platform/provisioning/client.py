"""The door to the part `provisioner` in another Pod.

Every step that changes a tenant may be repeated, so a request without an answer is sent again.
Questions to vendors are asked once: vendors count them.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

import httpx
from pydantic import BaseModel

from mcp_platform.access.jwts import Jwts
from mcp_platform.doctor.examination import Tell
from mcp_platform.doctor.results import CheckOutcome, CheckResult
from mcp_platform.errors import PlatformError, Unavailable
from mcp_platform.provisioning.call import (
    FOUND,
    PATH,
    RESULTS,
    CredentialChangeBody,
    ExaminationBody,
    Step,
    meant,
    token_for,
)
from mcp_platform.tenants.credentials import (
    CredentialsForbidden,
    CredentialsGarbled,
    CredentialsMissing,
)
from mcp_platform.tenants.tenant import Tenant

# Longer than the provisioner itself waits for Kubernetes: prepare asks it three times.
TIMEOUT = httpx.Timeout(40.0, connect=3.0)
# Checks build on each other, four at the most, and each has some calls' time at its vendor.
VENDORS_TIMEOUT = httpx.Timeout(150.0, connect=3.0)
ASKS_VENDORS: frozenset[Step] = frozenset({"examine", "prove"})
TRIES = 3
PAUSE_S = 0.5  # doubled with each try, and taken at random below that
RETRY_AFTER = timedelta(seconds=10)
LASTING = (
    CredentialsForbidden,
    CredentialsGarbled,
    CredentialsMissing,
)  # until a person changes something


class RemoteProvisioner:
    """Asks the provisioner at `url`, its internal port, to do what this process may not.

    That is to prepare tenants, to write credentials, and to ask vendors with those that are stored.
    """

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        url: str,
        jwts: Jwts,
        clock: Callable[[], datetime],
    ) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._jwts = jwts
        self._clock = clock

    async def prepare(self, tenant: Tenant) -> None:
        # The other side knows no more than what the tenant is now.
        await self._ask("isolate" if tenant.topology == "isolated" else "prepare", tenant)

    async def write_credentials(
        self, tenant: Tenant, *, values: Mapping[str, str], remove: Collection[str] = ()
    ) -> None:
        change = CredentialChangeBody(values=dict(values), remove=list(remove))
        await self._ask("credentials", tenant, body=change)

    async def rotate_database_password(self, tenant: Tenant) -> None:
        await self._ask("database-password", tenant)

    async def examine(
        self, tenant: Tenant, *, fix: bool = False, write: bool = False, tell: Tell | None = None
    ) -> list[CheckOutcome]:
        """Have the doctor examine a tenant over there; `tell` hears of all results at the end."""
        found = FOUND.validate_json(
            await self._once("examine", tenant, ExaminationBody(fix=fix, write=write))
        )
        if tell is not None:
            for each in found:
                tell(each)
        return found

    async def prove(
        self, tenant: Tenant, *, values: Mapping[str, str], remove: Collection[str] = ()
    ) -> Sequence[CheckResult]:
        """Have a change of credentials proved over there, beside those that it leaves."""
        change = CredentialChangeBody(values=dict(values), remove=sorted(remove))
        return RESULTS.validate_json(await self._once("prove", tenant, change))

    async def _ask(
        self, step: Step, tenant: Tenant, *, body: CredentialChangeBody | None = None
    ) -> None:
        for tried in range(1, TRIES + 1):
            try:
                await self._once(step, tenant, body)
            except LASTING:
                raise
            except Unavailable:
                if tried == TRIES:
                    raise
            else:
                return
            await asyncio.sleep(PAUSE_S * 2 ** (tried - 1) * random.random())

    async def _once(self, step: Step, tenant: Tenant, body: BaseModel | None) -> bytes:
        path = PATH.format(
            client_name=tenant.client_name, environment=tenant.environment, step=step
        )
        token = token_for(self._jwts, tenant, step, now=self._clock())
        try:
            response = await self._http.post(
                self._url + path,
                content=b"" if body is None else body.model_dump_json(),
                headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
                timeout=VENDORS_TIMEOUT if step in ASKS_VENDORS else TIMEOUT,
            )
        except httpx.TransportError as error:
            raise Unavailable(
                f"The provisioner cannot be reached ({type(error).__name__}): look whether it runs,"
                " and at PROVISIONER_URL.",
                retry_after=RETRY_AFTER,
            ) from error
        if not response.is_success:
            raise _refusal(response)
        return response.content


def _refusal(response: httpx.Response) -> PlatformError:
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return Unavailable(
            "The provisioner does not accept this service's tokens: give it the same public keys"
            " (JWT_KEYS_DIR), and set both clocks."
        )
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return Unavailable(
            f"What answers at PROVISIONER_URL is no provisioner ({response.status_code}).",
            retry_after=RETRY_AFTER,
        )
    return meant(problem)
