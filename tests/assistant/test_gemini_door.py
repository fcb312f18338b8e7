"""The door to Gemini over real HTTP: what is asked, what answers mean, and how it goes wrong."""

import asyncio
import json
import logging
import ssl
import time
from datetime import timedelta

import httpx
import pytest
from prometheus_client import REGISTRY

from mcp_platform.assistant.gemini.breaker import FAILURES, Breaker
from mcp_platform.assistant.gemini.client import Gemini
from mcp_platform.assistant.model import ModelAway, ModelSpoiled, Question
from mcp_platform.assistant.prompt import REPLY, contents
from mcp_platform.assistant.tools import declarations
from mcp_platform.errors import CredentialRefused
from mcp_platform.simulators.gemini.app import create_app
from mcp_platform.simulators.serving import serving
from mcp_platform.tenants.credentials import Credentials
from tests.factories import tenant

MODEL = "gemini-3.8-flash"
KEY = "AQ.tenant-one"
SECRET = "meu segredo"
BUSINESS = {
    "now": "2026-11-30T09:12:00-03:00",
    "weekday": "segunda-feira",
    "time_zone": "America/Sao_Paulo",
    "language": "pt-BR",
    "business": "Barbearia",
    "services": [{"id": "corte", "name": "Corte", "minutes": 30}],
    "professionals": [{"id": "ze", "name": "Zé", "services": ["corte"]}],
    "hours": [],
    "appointments": [],
}
SYSTEM = f"Rules.\nBUSINESS\n{json.dumps(BUSINESS)}"
CALL = {"call": {"name": "find_slots", "args": {"service_id": "corte"}}}


def answered(parts, *, finish="STOP"):
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": finish}],
        "modelVersion": MODEL,
    }


class World:
    """The simulator, and a door to it."""

    def __init__(self, url, http, tls):
        self.url = url
        self.http = http
        self.tls = tls
        self.gemini = self.door()

    def door(self, **changed):
        options = {
            "http": self.http,
            "ssl_context": self.tls,
            "base_url": self.url,
            "api_version": "v1",
            "model": MODEL,
            "breaker": Breaker(timer=time.monotonic),
            "timer": time.monotonic,
            "call_timeout": timedelta(seconds=20),
            "uniform": lambda *_: 0.0,
        }
        return Gemini(**options | changed)

    async def ask(self, texts=("Oi",), *, key=KEY, gemini=None, **changed):
        options = {
            "system": SYSTEM,
            "contents": contents([], texts=texts, facts={}),
            "tools": declarations(),
            "only": (),
            "deadline": timedelta(seconds=30),
        }
        return await (gemini or self.gemini).ask(
            Question(**options | changed),
            tenant=tenant(),
            credentials=Credentials(gemini_api_key=key),
        )

    async def control(self, path, **body):
        response = await self.http.post(f"{self.url}/_control/{path}", json=body)
        assert response.is_success, response.text

    async def fault(self, name, **more):
        await self.control("faults", fault=name, **more)

    async def answers(self, *answers, key=None):
        await self.control("answers", answers=list(answers), key=key)

    async def requests(self):
        response = await self.http.get(f"{self.url}/_control/requests")
        return [each for each in response.json()["requests"] if "_control" not in each["path"]]


@pytest.fixture(scope="module")
async def url():
    async with serving(create_app()) as url:
        yield url


@pytest.fixture(scope="module")
def tls():
    return ssl.create_default_context()


@pytest.fixture
async def world(url, tls):
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        world = World(url, http, tls)
        yield world
        await world.gemini.close()
        await world.control("reset")


def outcomes(name):
    return REGISTRY.get_sample_value("mcp_model_calls_total", {"outcome": name}) or 0


# -- what is asked -------------------------------------------------------------------------------


async def test_a_text_is_answered_with_what_the_model_said(world):
    await world.answers("Olá! Como posso ajudar?")
    answer = await world.ask()
    assert answer.text == "Olá! Como posso ajudar?"
    assert answer.calls == ()
    assert answer.content == {"role": "model", "parts": [{"text": "Olá! Como posso ajudar?"}]}


async def test_the_request_declares_tools_and_leaves_the_rest_to_the_vendor(world):
    await world.ask()
    (request,) = await world.requests()
    assert request["path"] == f"/v1/models/{MODEL}:generateContent"
    assert request["headers"]["x-goog-api-key"] == KEY
    body = request["body"]
    assert [each["name"] for each in body["tools"][0]["functionDeclarations"]] == [
        each["name"] for each in declarations()
    ]
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}
    assert body["generationConfig"].keys() == {"maxOutputTokens", "thinkingConfig"}
    assert body["generationConfig"]["thinkingConfig"] == {"thinkingLevel": "LOW"}
    assert body["generationConfig"]["maxOutputTokens"] >= 1024
    assert body["systemInstruction"]["parts"] == [{"text": SYSTEM}]


async def test_no_timeout_is_told_to_the_server_which_refuses_short_ones(url, tls):
    seen = []

    async def note(request):
        seen.append(request)

    async with httpx.AsyncClient(trust_env=False, event_hooks={"request": [note]}) as http:
        world = World(url, http, tls)
        gemini = world.door(call_timeout=timedelta(seconds=4))
        await world.ask(gemini=gemini)
        await gemini.close()
        await world.control("reset")
    assert "x-server-timeout" not in seen[0].headers
    assert seen[0].extensions["timeout"] == dict.fromkeys(("connect", "read", "write", "pool"))


async def test_the_environment_changes_neither_key_nor_address_nor_version(world, monkeypatch):
    for name, value in {
        "GOOGLE_API_KEY": "AQ.of-the-environment",
        "GEMINI_API_KEY": "AQ.of-the-environment-too",
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_GENAI_USE_ENTERPRISE": "true",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:1",
        "GOOGLE_VERTEX_BASE_URL": "http://127.0.0.1:1",
        "GOOGLE_GENAI_API_VERSION": "v9",
        "GOOGLE_GENAI_HTTP_CLIENT": "httpx2",
        "GOOGLE_CLOUD_PROJECT": "another",
        "GOOGLE_CLOUD_LOCATION": "mars",
    }.items():
        monkeypatch.setenv(name, value)
    gemini = world.door()
    await world.ask(gemini=gemini)
    with pytest.raises(CredentialRefused, match="GEMINI_API_KEY"):
        await world.ask(gemini=gemini, key="")
    await gemini.close()
    (request,) = await world.requests()
    assert request["headers"]["x-goog-api-key"] == KEY
    assert request["path"].startswith("/v1/")


@pytest.mark.parametrize("key", ["", "AQ. two words", "AQ.chavé", "AQ.x\nHost: y", "auth_tokens/x"])
async def test_a_key_that_cannot_be_one_is_refused_without_a_request(world, key):
    with pytest.raises(CredentialRefused, match="GEMINI_API_KEY"):
        await world.ask(key=key)
    assert await world.requests() == []


async def test_models_without_thinking_levels_are_not_told_one(world):
    gemini = world.door(model="gemini-2.5-flash-lite")
    await world.ask(gemini=gemini)
    await gemini.close()
    (request,) = await world.requests()
    assert "thinkingConfig" not in request["body"]["generationConfig"]


# -- tools ---------------------------------------------------------------------------------------


async def test_calls_and_their_signatures_go_round(world):
    await world.answers([CALL, {"call": {"name": "my_appointments", "args": {}}}], CALL, "Pronto.")
    conversation = contents([], texts=["Quero cortar"], facts={})
    for names in (["find_slots", "my_appointments"], ["find_slots"]):
        answer = await world.ask(contents=conversation)
        assert [each.name for each in answer.calls] == names
        assert answer.calls[0].args == {"service_id": "corte"}
        assert answer.content["parts"][0]["thought_signature"]
        conversation = [
            *conversation,
            answer.content,
            {
                "role": "user",
                "parts": [
                    {
                        "function_response": {
                            "id": each.id,
                            "name": each.name,
                            "response": {"status": "ok"},
                        }
                    }
                    for each in answer.calls
                ],
            },
        ]
    answer = await world.ask(contents=conversation, only=("reply",), tools=[REPLY])
    last = (await world.requests())[-1]["body"]
    assert last["toolConfig"] == {
        "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["reply"]}
    }


async def test_a_lost_signature_is_a_mistake_of_ours_and_asked_once(world):
    await world.answers(CALL)
    first = contents([], texts=["Quero cortar"], facts={})
    answer = await world.ask(contents=first)
    answer.content["parts"][0].pop("thought_signature")
    response = {"id": answer.calls[0].id, "name": "find_slots", "response": {}}
    lost = [*first, answer.content, {"role": "user", "parts": [{"function_response": response}]}]
    with pytest.raises(ModelSpoiled, match="thought_signature"):
        await world.ask(contents=lost)
    assert len(await world.requests()) == 2


async def test_thoughts_are_kept_in_the_content_and_left_out_of_the_text(world):
    await world.answers(answered([{"text": "hm", "thought": True}, {"text": "O"}, {"text": "i"}]))
    answer = await world.ask()
    assert answer.text == "Oi"
    assert len(answer.content["parts"]) == 3


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "x" * 1_000_000], ids=["nul", "half", "large"])
async def test_what_the_database_could_not_keep_is_no_answer(world, odd):
    call = {"functionCall": {"name": "find_slots", "args": {"service_id": odd}}}
    for part in (call, {"text": f"Oi{odd}"}):
        await world.fault("malformed_json", times=2, body=json.dumps(answered([part])))
        with pytest.raises(ModelSpoiled, match="not text"):
            await world.ask()


async def test_contents_in_another_form_are_refused_without_quoting_them(world):
    with pytest.raises(ModelSpoiled) as caught:
        await world.ask(contents=[{"role": "user", "parts": [{"texto": SECRET}]}])
    assert "parts.0.texto" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_an_answer_without_a_finish_reason_was_not_broken_off(world):
    whole = answered([{"text": "Oi"}])
    del whole["candidates"][0]["finishReason"]
    await world.answers(whole)
    assert (await world.ask()).text == "Oi"
    assert len(await world.requests()) == 1


# -- answers that are none -----------------------------------------------------------------------

SPOILED = (
    "malformed_call",
    "empty_parts",
    "blocked",
    "max_tokens_thoughts_only",
    "unknown_finish",
    "unexpected_call",
    "continuation",
    "malformed_json",
)


@pytest.mark.filterwarnings("ignore:A_REASON_OF_NEXT_YEAR")
@pytest.mark.parametrize("name", SPOILED)
async def test_a_spoiled_answer_is_asked_for_once_more(world, name):
    await world.fault(name)
    if name == "continuation":  # breaks off a text
        await world.answers("Olá!", CALL)
    assert (await world.ask()).calls
    assert len(await world.requests()) == 2


@pytest.mark.filterwarnings("ignore:A_REASON_OF_NEXT_YEAR")
@pytest.mark.parametrize("name", SPOILED)
async def test_two_spoiled_answers_are_enough(world, name):
    before = outcomes("spoiled")
    await world.fault(name, times=None)
    if name == "continuation":
        await world.answers("Olá!", "Olá!")
    with pytest.raises(ModelSpoiled):
        await world.ask()
    assert len(await world.requests()) == 2
    assert outcomes("spoiled") == before + 1


DEEP = '{"candidates": ' + "[" * 3_000 + "]" * 3_000 + "}"


@pytest.mark.parametrize(
    "body", ["<html>", "[]", '"x"', "null", '{"candidates": 3}', "[1, 2]", DEEP], ids=len
)
async def test_a_body_of_another_form_is_no_answer_and_is_not_quoted(world, body):
    await world.fault("malformed_json", times=None, body=body)
    with pytest.raises(ModelSpoiled) as caught:
        await world.ask()
    assert caught.value.__cause__ is None
    assert "html" not in str(caught.value)


async def test_half_a_text_is_no_answer(world):
    half = answered([{"text": "Seu horário é {slot:s_k3"}], finish="MAX_TOKENS")
    await world.answers(half, half)
    with pytest.raises(ModelSpoiled, match="MAX_TOKENS"):
        await world.ask()


async def test_spoiled_answers_do_not_make_the_breaker_rest(world):
    await world.fault("empty_parts", times=2 * (FAILURES + 1))
    for _ in range(FAILURES + 1):
        with pytest.raises(ModelSpoiled):
            await world.ask()
    assert (await world.ask()).calls


# -- no answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["server_error", "unavailable", "deadline", "reset"])
async def test_a_passing_trouble_is_not_noticed(world, name):
    await world.fault(name)
    assert (await world.ask()).calls
    assert len(await world.requests()) == 2


@pytest.mark.parametrize("name", ["server_error", "unavailable", "deadline", "reset"])
async def test_a_lasting_trouble_is_left_to_the_menu(world, name):
    before = outcomes("away")
    await world.fault(name, times=None)
    with pytest.raises(ModelAway):
        await world.ask()
    assert len(await world.requests()) == 2
    assert outcomes("away") == before + 1


async def test_who_never_answers_is_left_at_the_deadline(world):
    await world.fault("never", times=None)
    gemini = world.door(call_timeout=timedelta(hours=1))
    with pytest.raises(ModelAway, match="in time"):
        await world.ask(gemini=gemini, deadline=timedelta(milliseconds=200))
    assert len(await world.requests()) == 1
    await gemini.close()


async def test_one_attempt_takes_no_longer_than_a_call_may(world):
    await world.fault("never", times=None)
    gemini = world.door(call_timeout=timedelta(milliseconds=200))
    with pytest.raises(ModelAway, match="in time"):
        await world.ask(gemini=gemini, deadline=timedelta(hours=1))
    await gemini.close()


async def test_without_time_nothing_is_asked(world):
    with pytest.raises(ModelAway):
        await world.ask(deadline=timedelta(0))
    assert await world.requests() == []


async def test_no_second_try_goes_beyond_the_deadline(world):
    await world.fault("unavailable", times=None)
    gemini = world.door(uniform=lambda _, high: high)
    with pytest.raises(ModelAway, match="503"):
        await world.ask(gemini=gemini, deadline=timedelta(seconds=1))
    await gemini.close()
    assert len(await world.requests()) == 1


async def test_nobody_listening_is_a_model_away(world):
    gemini = world.door(base_url="http://127.0.0.1:1")
    with pytest.raises(ModelAway, match="ConnectError"):
        await world.ask(gemini=gemini)
    await gemini.close()


# -- quotas --------------------------------------------------------------------------------------


async def test_a_short_wait_asked_for_is_waited(world):
    await world.fault("quota", retry_after_s=0.1)
    gemini = world.door(uniform=lambda low, _: low)
    assert (await world.ask(gemini=gemini)).calls
    assert len(await world.requests()) == 2
    await gemini.close()


async def test_a_long_wait_asked_for_leaves_the_key_alone_so_long(world):
    await world.fault("quota", retry_after_s=34)
    before = outcomes("quota"), outcomes("resting")
    with pytest.raises(ModelAway) as caught:
        await world.ask()
    assert caught.value.retry_after == timedelta(seconds=34)
    with pytest.raises(ModelAway) as caught:
        await world.ask()
    assert timedelta(seconds=30) < caught.value.retry_after < timedelta(seconds=60)
    assert len(await world.requests()) == 1
    assert (outcomes("quota"), outcomes("resting")) == (before[0] + 1, before[1] + 1)
    assert (await world.ask(key="AQ.another")).calls


async def test_a_daily_quota_rests_an_hour_whatever_delay_is_named(world):
    await world.fault("quota", per="day", retry_after_s=1)
    with pytest.raises(ModelAway) as caught:
        await world.ask()
    assert caught.value.retry_after == timedelta(hours=1)
    assert len(await world.requests()) == 1


async def test_no_quota_at_all_is_for_a_person_to_mend(world):
    await world.fault("quota", limit=0)
    with pytest.raises(CredentialRefused, match="billing"):
        await world.ask()


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "step"),
    [("key_invalid", "GEMINI_API_KEY"), ("denied", "GEMINI_API_KEY"), ("billing", "billing")],
)
async def test_a_refused_key_is_told_with_the_next_step_and_without_the_key(world, name, step):
    before = outcomes("refused")
    await world.fault(name, times=None)
    with pytest.raises(CredentialRefused, match=step) as caught:
        await world.ask()
    assert KEY not in str(caught.value)
    assert len(await world.requests()) == 1
    assert outcomes("refused") == before + 1


async def test_a_model_that_is_not_there_is_named(world):
    gemini = world.door(model="gemini-1-flash")
    with pytest.raises(CredentialRefused, match=r"'gemini-1-flash'.*GEMINI_MODEL"):
        await world.ask(gemini=gemini)
    await gemini.close()


# -- the breaker ---------------------------------------------------------------------------------


async def test_a_key_that_fails_again_and_again_is_left_alone_and_found_again(world):
    now = [0.0]
    gemini = world.door(
        breaker=Breaker(timer=lambda: now[0]), call_timeout=timedelta(milliseconds=150)
    )
    await world.fault("never", times=FAILURES)
    for _ in range(FAILURES):
        with pytest.raises(ModelAway, match="in time"):
            await world.ask(gemini=gemini)
    with pytest.raises(ModelAway, match="left alone") as caught:
        await world.ask(gemini=gemini)
    assert caught.value.retry_after
    assert len(await world.requests()) == FAILURES
    now[0] += 60
    gemini._call_timeout = timedelta(seconds=20)
    assert (await world.ask(gemini=gemini)).calls
    assert (await world.ask(gemini=gemini)).calls
    await gemini.close()


async def test_a_turn_given_up_while_it_tries_does_not_block_the_key(world):
    now = [0.0]
    gemini = world.door(breaker=Breaker(timer=lambda: now[0]))
    await world.fault("quota", retry_after_s=34)
    with pytest.raises(ModelAway):
        await world.ask(gemini=gemini)
    now[0] += 60
    await world.fault("never")
    asked = asyncio.create_task(world.ask(gemini=gemini))
    while len(await world.requests()) < 2:  # noqa: ASYNC110 - the server has no event to wait for
        await asyncio.sleep(0.01)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert (await world.ask(gemini=gemini)).calls
    await gemini.close()


# -- many tenants --------------------------------------------------------------------------------


async def test_each_tenant_is_answered_under_its_own_key(world):
    keys = [f"AQ.tenant-{number}" for number in range(30)]
    for key in keys:
        await world.answers(f"Para {key}", key=key)
    await world.control("latency", seconds=0.05)
    answers = await asyncio.gather(*(world.ask([f"Sou {key}"], key=key) for key in keys))
    assert [each.text for each in answers] == [f"Para {key}" for key in keys]
    for request in await world.requests():
        said = request["body"]["contents"][-1]["parts"][0]["text"]
        assert said == f"Sou {request['headers']['x-goog-api-key']}"


async def test_many_keys_share_one_transport_and_one_tls_context(world):
    clients = [world.gemini._client(f"AQ.{number}")._api_client for number in range(200)]
    assert {id(each._async_httpx_client) for each in clients} == {id(world.http)}
    assert len({id(each._httpx_client) for each in clients}) == 1
    assert {id(each._websocket_ssl_ctx["ssl"]) for each in clients} == {id(world.tls)}
    assert world.gemini._client("AQ.7")._api_client is clients[7]


async def test_clients_of_keys_long_unused_are_forgotten(world):
    for number in range(2_010):
        world.gemini._client(f"AQ.{number}")
    assert len(world.gemini._clients) == 2_000
    await world.ask()
    assert not world.http.is_closed


async def test_closing_leaves_the_shared_connections_open(world):
    await world.ask()
    await world.gemini.close()
    assert not world.http.is_closed


# -- what is written down ------------------------------------------------------------------------


async def test_tokens_are_counted_even_of_answers_that_are_none(world):
    def tokens(kind):
        return REGISTRY.get_sample_value("mcp_model_tokens_total", {"kind": kind}) or 0

    before = tokens("prompt"), tokens("thoughts")
    await world.fault("empty_parts")
    await world.ask()
    used = tokens("prompt") - before[0], tokens("thoughts") - before[1]
    assert used[0] > 0
    assert used[1] == 48  # twice what the simulator charges


async def test_neither_texts_nor_keys_are_logged(world, caplog, capsys):
    with caplog.at_level(logging.DEBUG, logger="google_genai"), caplog.at_level(logging.INFO):
        await world.answers(f"Sim, {SECRET}", CALL)
        await world.ask([SECRET])
        await world.ask([SECRET])
        for name in ("malformed_json", "unavailable", "quota"):
            await world.fault(name, times=1, retry_after_s=0)
            await world.ask([SECRET])
        await world.fault("malformed_json", times=None, body=f"<p>{SECRET}</p>")
        with pytest.raises(ModelSpoiled):
            await world.ask([SECRET])
    out, err = capsys.readouterr()
    written = caplog.text + out + err
    assert "asked_again" in written
    assert SECRET not in written
    assert KEY not in written
    assert "corte" not in written


async def test_a_rerouted_model_is_told_once(world, capsys):
    gemini = world.door(model="gemini-2.5-flash")
    await world.ask(gemini=gemini)
    await world.ask(gemini=gemini)
    await gemini.close()
    out, _ = capsys.readouterr()
    (line,) = [each for each in out.splitlines() if "gemini.version_seen" in each]
    assert "gemini-2.5-flash" in line
    assert "gemini-3.5-flash-lite" in line
