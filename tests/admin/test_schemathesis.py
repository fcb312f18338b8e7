"""The whole OpenAPI document, asked with what fits it and with what does not, by a signed-in user.

No answer may be a bug of ours, have a status, a form or a content that the document does not say.
What is asked is the same in every run.
"""

import asyncio
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from argon2 import PasswordHasher
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import Receive, Scope, Send

from mcp_platform.access.passwords import Passwords
from mcp_platform.access.tenant_tokens import TenantTokens
from mcp_platform.access.token_keys import TokenKeys
from mcp_platform.bootstrap import service
from mcp_platform.conversations.chat import Chat
from mcp_platform.settings import Settings
from mcp_platform.simulators.serving import Served
from mcp_platform.tenants.access import SCOPES
from tests.admin.conftest import Api, Clock

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 2  # of each operation, as documented, and as many that are not
MORE_EXAMPLES = 40
PARTS = 4  # for as many processes
AWAY = 503
KNOWN = {
    "client_name": "salao-da-lu",
    "environment": "production",
    "service_id": "corte",
    "professional_id": "lu",
    "closed_day_id": 1,
    "year": 2027,
}


class Platform:
    """`serve gateway admin`, built in the loop that serves it."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._settings = Settings(
            database_url=database_url,
            data_dir=folder,
            credentials_dir=folder / "credentials",
            google_calendar_url="http://127.0.0.1:9/",
            google_token_url="http://127.0.0.1:9/token",
            meta_graph_url="http://127.0.0.1:9",
            gemini_url="http://127.0.0.1:9",
        )
        self._url, self._folder = database_url, folder
        self.api: Api | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            assert self.api is not None
            await self.api.app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        self.loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            await receive()
            made = await stack.enter_async_context(
                service.platform(
                    self._settings, ("gateway", "admin"), database_url=self._url, redis_url=None
                )
            )
            self.api = Api(made, Clock(), self._folder / "keys")
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    def wait(self, work: Any) -> Any:
        assert self.loop is not None
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)


class Fuzzed:
    """A served platform, something in it, and a new user for each operation."""

    def __init__(self, platform: Platform, url: str) -> None:
        self._platform, self.url = platform, url
        self._headers: dict[str, dict[str, str]] = {}
        self.statuses: dict[str, set[int]] = {}
        shop = "/clients/salao-da-lu/environments"
        for path, wish in (
            ("/clients", {"name": "salao-da-lu", "business_name": "Lu"}),
            (shop, {"environment": "production"}),
            (f"{shop}/production/services", {"id": "corte", "name": "C", "duration_minutes": 30}),
            (f"{shop}/production/professionals", {"id": "lu", "name": "Lu"}),
            (f"{shop}/production/closed-days", {"day": "2026-12-25"}),
        ):
            made = requests.post(
                f"{url}/api/v1/admin{path}", json=wish, headers=self.headers("first"), timeout=30
            )
            assert made.status_code == 201, made.text

    def headers(self, operation: str) -> dict[str, str]:
        """Return what signs in: a user who ends their session ends it for one operation."""
        if operation not in self._headers:
            api = self._platform.api
            assert api is not None
            if "{client_name}/{environment}/api/v1" in operation:
                token = self._tenant_token(api)
            else:
                token = self._platform.wait(self._sign_in(api))
            self._headers[operation] = {"authorization": f"Bearer {token}"}
        return self._headers[operation]

    def ask(self, case: schemathesis.Case) -> None:
        """Ask, most of the time of something that is there, and check what is answered."""
        chance = zlib.crc32(repr((case.query, case.body)).encode())
        headers = dict(self.headers(case.operation.label))
        if chance % 4:
            known = {name: KNOWN[name] for name in case.path_parameters if name in KNOWN}
            case.path_parameters.update(known)
        if chance % 3:
            headers["if-match"] = "*"
        answer = case.call(base_url=self.url, headers=headers, timeout=30)
        self.statuses.setdefault(case.operation.label, set()).add(answer.status_code)
        # There are no vendors here: that they are away is no bug of ours.
        checks = list(CHECKS)
        if answer.status_code == AWAY:
            checks.remove(not_a_server_error)
        case.validate_response(answer, checks=checks)

    async def _sign_in(self, api: Api) -> str:
        user = await api.make_user("admin")
        # From an address of their own: attempts are counted by it.
        address = f"2001:db8:0:{len(self._headers):x}::1"
        return str((await api.tokens(user.email, address=address))["access_token"])

    def _tenant_token(self, api: Api) -> str:
        return TenantTokens(TokenKeys(api.keys, timer=time.monotonic)).mint(
            tenant="salao-da-lu/production",
            subject="fuzz",
            scopes=SCOPES,
            ttl=timedelta(hours=1),
            now=datetime.now(UTC),
        )


@pytest.fixture(scope="module")
def fuzzed(
    postgres: Any, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fuzzed]:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    name = f"fuzzed_{uuid.uuid4().hex}"
    url = postgres.create_database(name, template=template)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(service, "Passwords", lambda: Passwords(cheap))
        # Nobody answers chats here: who asks is told so at once.
        patched.setattr(service, "Chat", partial(Chat, patience=timedelta(milliseconds=20)))
        platform = Platform(url, tmp_path_factory.mktemp("fuzzed"))
        with Served(platform) as served:
            yield Fuzzed(platform, served.url)
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def operations(fuzzed: Fuzzed) -> list[schemathesis.schemas.APIOperation]:
    config = SchemathesisConfig()
    config.projects.default.generation = GenerationConfig(deterministic=True)
    document = schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json", config=config)
    return [each.ok() for each in document.get_all_operations()]


@pytest.mark.timeout(300)
def test_every_answer_is_one_that_the_document_says(
    fuzzed: Fuzzed, operations: list[schemathesis.schemas.APIOperation]
) -> None:
    assert_as_documented(fuzzed, operations, examples=EXAMPLES)


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_so_is_every_answer_to_many_more_questions(
    fuzzed: Fuzzed, operations: list[schemathesis.schemas.APIOperation], part: int
) -> None:
    assert_as_documented(fuzzed, operations[part::PARTS], examples=MORE_EXAMPLES)


def assert_as_documented(
    fuzzed: Fuzzed, operations: list[schemathesis.schemas.APIOperation], *, examples: int
) -> None:
    wrong: list[str] = []
    for operation in operations:
        for mode in GenerationMode:
            try:
                ask(fuzzed, operation, mode, examples=examples)
            except FailureGroup as failures:
                wrong += [f"{operation.label}: {each}" for each in failures.exceptions]
            except Unsatisfiable:  # there is no wrong way to ask for what takes nothing
                assert mode is GenerationMode.NEGATIVE, operation.label
        assert fuzzed.statuses[operation.label] - {401, 403}, f"{operation.label} let nobody in"
    assert not wrong, "\n\n".join(wrong)


def ask(fuzzed: Fuzzed, operation: Any, mode: GenerationMode, *, examples: int) -> None:
    """Ask an operation in several ways; raise what is wrong with the first answer that is."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def asked(case: schemathesis.Case) -> None:
        fuzzed.ask(case)

    asked()
