"""The whole OpenAPI document, asked with what fits it and with what does not, by a signed-in user.

Every check of Schemathesis holds: no answer is a bug of ours, or has a status, a form or a content
that the document does not say; what fits is taken, what does not is refused, nobody is let in
without a token, no other method is taken. What is asked is the same in every run.
"""

import asyncio
import importlib
import io
import os
import re
import subprocess
import sys
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import requests
import schemathesis
from argon2 import PasswordHasher
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks, not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import Status, events, from_schema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from starlette.types import Receive, Scope, Send

from mcp_platform.access.passwords import Passwords
from mcp_platform.access.tenant_tokens import TenantTokens
from mcp_platform.access.token_keys import TokenKeys
from mcp_platform.bootstrap import admin as admin_part
from mcp_platform.bootstrap import gateway as gateway_part
from mcp_platform.bootstrap import service
from mcp_platform.conversations.chat import Chat
from mcp_platform.settings import Settings
from mcp_platform.simulators.serving import Served
from mcp_platform.tenants.access import SCOPES
from tests.clocks import ClockAhead
from tests.platform_api import Api

load_all_checks()
CONFIG = {
    "generation": {"deterministic": True},
    "cache": {"enabled": False},
    # Of headers Schemathesis knows 428 not yet. Source: RFC 6585, section 3.
    "checks": {"missing_required_header": {"expected-statuses": [401, 422, 428]}},
}
STAYING = (ParameterLocation.QUERY, ParameterLocation.BODY)
NOT_AS_DOCUMENTED = "The request is not as documented."
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
            self.api = Api(made, ClockAhead(), self._folder / "keys")
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
            self._headers[operation] = {"Authorization": f"Bearer {token}"}
        return self._headers[operation]

    def ask(self, case: schemathesis.Case) -> None:
        """Ask, most of the time of something that is there, and check what is answered."""
        chance = zlib.crc32(repr((case.query, case.body)).encode())
        headers = dict(self.headers(case.operation.label))
        checks = list(CHECKS.get_all())
        if chance % 4:
            known = {name: KNOWN[name] for name in case.path_parameters if name in KNOWN}
            case.path_parameters.update(known)
        # Where it was wrong in the path or a header alone it is right now.
        if case.meta is None or not any(map(case.meta.is_negative_at, STAYING)):
            checks.remove(negative_data_rejection)
        if chance % 3:
            headers["if-match"] = "*"
        answer = case.call(base_url=self.url, headers=headers, timeout=30)
        refused_for_its_size = answer.status_code == 413
        # Of an empty list nothing is sent: where that was what is wrong, what was asked is right.
        sent = parse_qs(urlsplit(str(answer.request.url)).query, keep_blank_values=True)
        unsent = (case.query or {}).keys() - sent.keys()
        if negative_data_rejection in checks and (refused_for_its_size or unsent):
            checks.remove(negative_data_rejection)
        self.statuses.setdefault(case.operation.label, set()).add(answer.status_code)
        # There are no vendors here: that they are away is no bug of ours.
        if answer.status_code == AWAY:
            checks.remove(not_a_server_error)
        if refused_by_a_rule(answer.status_code, answer.content):
            checks.remove(positive_data_acceptance)
        try:
            case.validate_response(answer, checks=checks, headers=headers)
        except FailureGroup as failures:
            asked = f"{answer.request.url} {case.query!r:.500} {case.body!r:.500}"
            failures.add_note(f"{asked} {answer.status_code} {answer.text:.500}")
            raise

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
        patched.setattr(admin_part, "Passwords", lambda: Passwords(cheap))
        # Nobody answers chats here: who asks is told so at once.
        patched.setattr(gateway_part, "Chat", partial(Chat, patience=timedelta(milliseconds=20)))
        platform = Platform(url, tmp_path_factory.mktemp("fuzzed"))
        with Served(platform) as served:
            yield Fuzzed(platform, served.url)
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def operations(fuzzed: Fuzzed) -> list[schemathesis.schemas.APIOperation]:
    config = SchemathesisConfig.from_dict(CONFIG)
    document = schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json", config=config)
    return [each.ok() for each in document.get_all_operations()]


@pytest.mark.timeout(300)
def test_every_answer_is_one_that_the_document_says(
    fuzzed: Fuzzed, operations: list[schemathesis.schemas.APIOperation]
) -> None:
    assert_as_documented(fuzzed, operations, examples=EXAMPLES)


def test_a_strangers_generator_makes_a_client_that_works(
    fuzzed: Fuzzed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "generator.yaml"
    # The one body that is no JSON: lines, which a client is to read as they come.
    settings.write_text("content_type_overrides: {application/x-ndjson: application/octet-stream}")
    made = subprocess.run(
        [
            *(Path(sys.executable).parent / "openapi-python-client", "generate", "--meta", "none"),
            *("--url", f"{fuzzed.url}/openapi.json", "--config", settings),
            *("--output-path", tmp_path / "stranger"),
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    assert "WARNING" not in made.stdout, made.stdout

    monkeypatch.syspath_prepend(tmp_path)
    client = importlib.import_module("stranger.client")
    models = importlib.import_module("stranger.models")
    name = f"client-{uuid.uuid4().hex[:8]}"
    token = fuzzed.headers("stranger")["Authorization"].removeprefix("Bearer ")
    with client.AuthenticatedClient(fuzzed.url, token=token) as signed_in:

        def ask(tag: str, operation: str, *path: Any, **given: Any) -> Any:
            called = importlib.import_module(f"stranger.api.{tag}.{operation}")
            return called.sync_detailed(*path, client=signed_in, **given)

        wish = models.NewClient(name=name, business_name="Barbearia")
        first = ask("clients", "create_client", body=wish)
        assert (first.status_code, first.parsed.name) == (201, name)
        change = models.ClientChange(business_name="Barbearia do Zé")
        changed = ask(
            *("clients", "change_client", name), body=change, if_match=first.headers["etag"]
        )
        assert changed.parsed.business_name == "Barbearia do Zé"
        stale = ask("clients", "change_client", name, body=change, if_match='"9"')
        assert isinstance(stale.parsed, models.Problem)
        assert (stale.status_code, stale.parsed.status) == (412, 412)

        new = models.NewEnvironment(environment=models.NewEnvironmentEnvironment.STAGING)
        assert ask("environments", "create_environment", name, body=new).status_code == 201
        at = (name, "staging")
        cut = models.NewService(id="corte", name="Corte", duration_minutes=30)
        assert ask("catalogue", "create_service", *at, body=cut).parsed.id == "corte"
        listed = ask("catalogue", "list_services", *at).parsed
        assert [each.duration_minutes for each in listed.items] == [30]
        env = importlib.import_module("stranger.types").File(
            payload=io.BytesIO(b"WHATSAPP_APP_ID=67890")
        )
        saved = ask("credentials", "set_from_env_file", *at, body=env, prove=False)
        assert "WHATSAPP_APP_ID" in [each.key for each in saved.parsed.keys if each.present]


def test_each_operation_has_a_name_that_reads_as_a_method(
    operations: list[schemathesis.schemas.APIOperation],
) -> None:
    names = [each.definition.raw["operationId"] for each in operations]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z]+(_[a-z]+){1,4}", name), name


def test_every_path_says_all_its_methods_to_who_asks_by_another(
    fuzzed: Fuzzed, operations: list[schemathesis.schemas.APIOperation]
) -> None:
    taken: dict[str, set[str]] = {}
    for each in operations:
        taken.setdefault(each.path, set()).add(each.method.upper())
    for path, methods in taken.items():
        filled = re.sub(r"{(\w+)}", lambda name: str(KNOWN.get(name[1], uuid.UUID(int=1))), path)
        other = next(iter({"PUT", "POST", "DELETE", "PATCH", "GET"} - methods), None)
        if other is not None:
            answer = requests.request(other, f"{fuzzed.url}{filled}", timeout=30)
            assert answer.status_code == 405, path
            assert set(answer.headers["allow"].split(", ")) == methods, path
            assert answer.headers["content-type"] == "application/problem+json"


def refused_by_a_rule(status: int, content: bytes) -> bool:
    """Tell whether something documented was refused by what no schema can say, in its own words."""
    return status == 412 or (status == 422 and orjson.loads(content)["detail"] != NOT_AS_DOCUMENTED)


# What ends the sign-in that all the rest is asked with, or the tenant.
ENDING = r"sign-out|auth/(password|token|refresh|totp)|/purge|/chat$|/export$|/config/import$"


@pytest.mark.full
@pytest.mark.timeout(900)
def test_so_is_every_answer_at_the_edges_of_what_is_documented(fuzzed: Fuzzed) -> None:
    of_tenant = "/{client_name}/{environment}/api/v1"
    known = {name: KNOWN[name] for name in ("client_name", "environment")}
    config = SchemathesisConfig.from_dict(
        {
            **CONFIG,
            "continue-on-failure": True,
            "phases": {"fuzzing": {"enabled": False}, "stateful": {"enabled": False}},
            "operations": [
                {"include-path-regex": path, "headers": fuzzed.headers(like), **more}
                for path, like, more in (
                    (r"^/\{client_name", of_tenant, {"parameters": known}),
                    (r"^/api/v1", "edges", {}),
                )
            ],
        }
    )
    document = schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json", config=config)
    chosen = document.exclude(path_regex=ENDING).exclude(method="DELETE")
    wrong, asked = [], 0
    for event in from_schema(chosen).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if not isinstance(event, events.ScenarioFinished):
            continue
        for case_id, checks in event.recorder.checks.items():
            asked += 1
            answer = event.recorder.interactions[case_id].response
            for each in checks:
                if each.status is not Status.FAILURE or answer is None:
                    continue
                if each.name == "positive_data_acceptance" and refused_by_a_rule(
                    answer.status_code, answer.content
                ):
                    continue
                if each.name == "not_a_server_error" and answer.status_code == AWAY:
                    continue
                wrong.append(f"{event.recorder.label} {each.name}: {answer.content[:300]!r}")
    assert asked > 500
    assert not wrong, "\n\n".join(wrong)


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
                said = "\n".join(failures.__notes__)
                wrong += [f"{operation.label}: {each}\n{said}" for each in failures.exceptions]
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
