"""The provisioner's steps over HTTP, for the part `admin` in another Pod. On the internal port alone.

Nothing of a body is told or logged.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

import structlog
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mcp_platform.access.jwts import Jwts
from mcp_platform.credentials.proofs import ChangeProving
from mcp_platform.doctor.examining import ExaminationPort
from mcp_platform.errors import Invalid, NotFound, PlatformError, Unauthorized
from mcp_platform.kit.problem import TooLarge, headers_of, status_of
from mcp_platform.provisioning.call import (
    FOUND,
    LARGEST_BODY,
    PATH,
    RESULTS,
    CredentialChangeBody,
    ExaminationBody,
    check_token,
    told,
)
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.provisioning import Provisioner
from mcp_platform.tenants.tenant import Tenant

log = structlog.get_logger(__name__)

Body = TypeVar("Body", bound=BaseModel)


class ProvisionerRoutes:
    """Lets the part `admin` in, and does what it asks."""

    def __init__(
        self,
        provisioner: Provisioner,
        *,
        examining: ExaminationPort,
        proving: ChangeProving,
        jwts: Jwts,
        tenants: TenantDirectory,
        clock: Callable[[], datetime],
    ) -> None:
        self._provisioner = provisioner
        self._examining = examining
        self._proving = proving
        self._jwts = jwts
        self._tenants = tenants
        self._clock = clock

    def routes(self) -> list[Route]:
        return [Route(PATH, self._answer, methods=["POST"])]

    async def _answer(self, request: Request) -> Response:
        where = request.path_params
        path, step = f"{where['client_name']}/{where['environment']}", where["step"]
        try:
            self._let_in(request, path=path, step=step)
            # It may have been made, or changed, a moment ago, by another process.
            self._tenants.forget()
            tenant = await self._tenants.by_path(where["client_name"], where["environment"])
            answer = await self._do(step, tenant, request)
        except PlatformError as error:
            log.warning("admin.provisioner.refused", tenant=path, step=step, error=str(error))
            return JSONResponse(told(error), status_of(error), headers_of(error))
        log.info("admin.provisioner.done", tenant=path, step=step)
        if answer is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return Response(answer, media_type="application/json")

    def _let_in(self, request: Request, *, path: str, step: str) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized("A bearer token is required.")
        check_token(self._jwts, token, tenant=path, step=step, now=self._clock())

    async def _do(self, step: str, tenant: Tenant, request: Request) -> bytes | None:
        """Do one step; return what it answers, as JSON."""
        match step:
            case "prepare":
                await self._provisioner.prepare(tenant)
            case "isolate":
                await self._provisioner.prepare(replace(tenant, topology="isolated"))
            case "credentials":
                change = await _read(CredentialChangeBody, request)
                await self._provisioner.write_credentials(
                    tenant, values=change.values, remove=change.remove
                )
            case "database-password":
                await self._provisioner.rotate_database_password(tenant)
            case "examine":
                wish = await _read(ExaminationBody, request)
                found = await self._examining.examine(tenant, fix=wish.fix, write=wish.write)
                return FOUND.dump_json(found)
            case "prove":
                change = await _read(CredentialChangeBody, request)
                results = await self._proving.prove(
                    tenant, values=change.values, remove=change.remove
                )
                return RESULTS.dump_json([*results])
            case _:
                raise NotFound("There is no such step.")
        return None


async def _read(kind: type[Body], request: Request) -> Body:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise TooLarge(LARGEST_BODY)
    try:
        return kind.model_validate_json(bytes(body))
    except ValidationError:
        # Without the cause: it would quote the body.
        raise Invalid("The body is not what this step takes.") from None
