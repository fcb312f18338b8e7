"""The simulated Gemini as google-genai sees it over real HTTP."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from google import genai
from google.genai import errors
from google.genai import types as T  # noqa: N812 - a name this short keeps examples readable

from mcp_platform.simulators.gemini.app import FAULTS, create_app
from mcp_platform.simulators.gemini.wire import ModelFunctionCall, Signatures
from mcp_platform.simulators.serving import serving

MODEL = "gemini-3.8-flash"
BUSINESS = {
    "now": "2026-11-30T09:12:00-03:00",
    "weekday": "segunda-feira",
    "time_zone": "America/Sao_Paulo",
    "language": "pt-BR",
    "business": "Barbearia do Zé",
    "services": [
        {"id": "corte", "name": "Corte", "minutes": 30},
        {"id": "barba", "name": "Barba", "minutes": 20},
    ],
    "professionals": [{"id": "ze", "name": "Zé", "services": ["corte", "barba"]}],
    "hours": [],
    "appointments": [],
}
SYSTEM = "Rules.\nBUSINESS\n" + json.dumps(BUSINESS, ensure_ascii=False)
SLOT = {
    "id": "s_k3v9q2m8",
    "service": "Corte",
    "professional": "Zé",
    "start": "2026-12-01T10:00:00-03:00",
}
ARGUMENTS = {
    "find_slots": ("service_id", "professional_id", "from_date", "to_date", "from_time"),
    "book": ("slot_id",),
    "reschedule": ("appointment_id", "slot_id"),
    "cancel": ("appointment_id",),
    "my_appointments": (),
    "business_info": (),
    "talk_to_human": (),
    "reply": ("say",),
}


@pytest.fixture(scope="module")
async def base_url() -> AsyncIterator[str]:
    async with serving(create_app()) as url:
        yield url


@pytest.fixture
async def http(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base_url, timeout=10, trust_env=False) as client:
        yield client
        await client.post("/_control/reset")


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@pytest.fixture
def gemini(
    base_url: str, http: httpx.AsyncClient, tls: ssl.SSLContext
) -> Callable[..., genai.Client]:
    unused = httpx.Client(verify=tls)  # given, so that the SDK does not build one for each client

    def client(key: str = "AQ.one", *, version: str = "v1", retry: Any = None) -> genai.Client:
        return genai.Client(
            api_key=key,
            vertexai=False,
            http_options=T.HttpOptions(
                base_url=base_url,
                api_version=version,
                timeout=10_000,
                retry_options=retry,
                httpx_async_client=http,
                httpx_client=unused,
                async_client_args={"ssl": tls},
            ),
        )

    return client


def config(**extra: Any) -> T.GenerateContentConfig:
    declared = [
        T.FunctionDeclaration(
            name=name,
            description=name,
            parameters_json_schema={
                "type": "object",
                "properties": {each: {"type": "string"} for each in arguments},
            },
        )
        for name, arguments in ARGUMENTS.items()
    ]
    return T.GenerateContentConfig(
        **{
            "system_instruction": SYSTEM,
            "tools": [T.Tool(function_declarations=declared)],
            "automatic_function_calling": T.AutomaticFunctionCallingConfig(disable=True),
            "thinking_config": T.ThinkingConfig(thinking_level=T.ThinkingLevel.LOW),
            "max_output_tokens": 512,
            **extra,
        },
    )


def user(*texts: str) -> T.Content:
    return T.Content(role="user", parts=[T.Part(text=text) for text in texts])


def answered(call: T.FunctionCall, response: dict[str, Any]) -> T.Part:
    return T.Part(
        function_response=T.FunctionResponse(id=call.id, name=call.name, response=response),
    )


async def fault(http: httpx.AsyncClient, name: str, **body: Any) -> None:
    added = await http.post("/_control/faults", json={"fault": name, **body})
    assert added.status_code == 201, added.text


async def refusal(call: Any) -> errors.APIError:
    with pytest.raises(errors.APIError) as caught:
        await call
    return caught.value


def phrases(response: T.GenerateContentResponse) -> list[str]:
    """Return the phrases of the reply that a response is."""
    [call] = response.function_calls or []
    assert call.name == "reply"
    return [each["phrase"] for each in call.args["say"]]


async def first_call(client: genai.Client) -> tuple[list[T.Content], T.FunctionCall]:
    asked = [user("Quero marcar um corte amanhã às 10h")]
    response = await client.aio.models.generate_content(
        model=MODEL, contents=asked, config=config()
    )
    [call] = response.function_calls
    return [*asked, response.candidates[0].content], call


async def test_a_conversation_with_tools_ends_in_a_booking_and_a_reply(gemini: Any) -> None:
    client = gemini()
    contents, call = await first_call(client)
    assert call.name == "find_slots"
    assert call.args == {
        "service_id": "corte",
        "from_date": "2026-12-01",
        "to_date": "2026-12-01",
        "from_time": "10:00",
    }
    contents.append(
        T.Content(role="user", parts=[answered(call, {"status": "ok", "slots": [SLOT]})])
    )
    # A conversation that was stored and read back still carries its signatures.
    contents = [
        T.Content.model_validate(each.model_dump(mode="json", exclude_none=True))
        for each in contents
    ]
    response = await client.aio.models.generate_content(
        model=MODEL, contents=contents, config=config()
    )
    [booking] = response.function_calls
    assert (booking.name, booking.args) == ("book", {"slot_id": "s_k3v9q2m8"})
    assert booking.id != call.id
    contents += [
        response.candidates[0].content,
        T.Content(
            role="user",
            parts=[
                answered(booking, {"status": "booked", "appointment": {**SLOT, "id": "a_x1y2"}})
            ],
        ),
    ]
    final = await client.aio.models.generate_content(
        model=MODEL, contents=contents, config=config()
    )
    assert phrases(final)[0] == "done_book"
    assert final.candidates[0].finish_reason == T.FinishReason.STOP
    assert final.model_version == MODEL
    assert final.response_id
    assert final.usage_metadata.total_token_count > final.usage_metadata.prompt_token_count > 0


async def test_a_call_that_comes_back_without_its_signature_is_refused(gemini: Any) -> None:
    client = gemini()
    contents, call = await first_call(client)
    contents[1].parts[0].thought_signature = None
    contents.append(T.Content(role="user", parts=[answered(call, {"status": "full", "slots": []})]))
    error = await refusal(
        client.aio.models.generate_content(model=MODEL, contents=contents, config=config())
    )
    assert (error.code, error.status) == (400, "INVALID_ARGUMENT")
    assert "missing a thought_signature in functionCall parts" in error.message


@pytest.mark.parametrize("damage", ["key", "model", "bytes", "args"])
async def test_a_signature_is_good_for_its_own_call_key_and_model_only(
    gemini: Any, damage: str
) -> None:
    contents, call = await first_call(gemini())
    part = contents[1].parts[0]
    if damage == "bytes":
        part.thought_signature = part.thought_signature[:-1] + bytes(
            [part.thought_signature[-1] ^ 1]
        )
    if damage == "args":
        part.function_call.args["service_id"] = "barba"
    contents.append(T.Content(role="user", parts=[answered(call, {"status": "full", "slots": []})]))
    error = await refusal(
        gemini("AQ.two" if damage == "key" else "AQ.one").aio.models.generate_content(
            model="gemini-3.7-flash" if damage == "model" else MODEL,
            contents=contents,
            config=config(),
        ),
    )
    assert error.code == 400
    assert "Corrupted thought signature" in error.message


async def test_the_documented_stand_in_signature_is_accepted(gemini: Any) -> None:
    contents, call = await first_call(gemini())
    contents[1].parts[0].thought_signature = b"skip_thought_signature_validator"
    contents.append(T.Content(role="user", parts=[answered(call, {"status": "full", "slots": []})]))
    response = await gemini().aio.models.generate_content(
        model=MODEL, contents=contents, config=config()
    )
    assert phrases(response)


async def test_calls_of_earlier_turns_need_no_signature(gemini: Any) -> None:
    contents, call = await first_call(gemini())
    contents[1].parts[0].thought_signature = None
    contents += [
        T.Content(role="user", parts=[answered(call, {"status": "full", "slots": []})]),
        T.Content(role="model", parts=[T.Part(text="Não encontrei opções.")]),
        user("obrigado"),
    ]
    response = await gemini().aio.models.generate_content(
        model=MODEL, contents=contents, config=config()
    )
    assert phrases(response) == ["welcome"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("id", "id and name of each function response"),
        ("name", "id and name of each function response"),
        ("twice", "number of function response parts is equal"),
        ("dropped", "number of function response parts is equal"),
        ("uncalled", "immediately after a function call turn"),
    ],
)
async def test_function_responses_must_mirror_the_calls(
    gemini: Any, change: str, sentence: str
) -> None:
    contents, call = await first_call(gemini())
    part = answered(call, {"status": "full", "slots": []})
    parts = [part]
    if change == "id":
        part.function_response.id = "another"
    if change == "name":
        part.function_response.name = "book"
    if change == "twice":
        parts = [part, part]
    if change == "dropped":
        parts = [T.Part(text="oi")]
    if change == "uncalled":
        contents = contents[:1]
    error = await refusal(
        gemini().aio.models.generate_content(
            model=MODEL, contents=[*contents, T.Content(role="user", parts=parts)], config=config()
        ),
    )
    assert error.code == 400
    assert sentence in error.message


async def test_parallel_calls_carry_one_signature_and_take_their_answers_in_one_turn(
    gemini: Any, http: httpx.AsyncClient
) -> None:
    calls = [
        {"name": "business_info", "args": {}},
        {"name": "find_slots", "args": {"service_id": "corte"}},
    ]
    await http.post("/_control/answers", json={"answers": [{"call": calls}]})
    asked = [user("Quanto custa, e tem horário amanhã?")]
    response = await gemini().aio.models.generate_content(
        model=MODEL, contents=asked, config=config()
    )
    parts = response.candidates[0].content.parts
    assert [part.function_call.name for part in parts] == ["business_info", "find_slots"]
    assert [bool(part.thought_signature) for part in parts] == [True, False]
    info = {"name": "x", "services": [{"name": "Corte", "price": "R$ 45,00"}]}
    both = [
        answered(parts[1].function_call, {"status": "ok", "slots": [SLOT]}),
        answered(parts[0].function_call, info),
    ]
    contents = [*asked, response.candidates[0].content, T.Content(role="user", parts=both)]
    final = await gemini().aio.models.generate_content(
        model=MODEL, contents=contents, config=config()
    )
    assert "look_at_times" in phrases(final)


async def test_an_unregistered_key_is_a_400_with_a_reason(
    gemini: Any, http: httpx.AsyncClient
) -> None:
    await http.post("/_control/keys", json={"keys": ["AQ.good"]})
    error = await refusal(gemini("AQ.bad").aio.models.get(model=MODEL))
    assert (error.code, error.status) == (400, "INVALID_ARGUMENT")
    assert error.details["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    model = await gemini("AQ.good").aio.models.get(model=MODEL)
    assert "generateContent" in model.supported_actions
    assert (await http.get("/v1/models")).status_code == 403


async def test_models_are_listed_page_by_page_and_aliases_only_on_beta(gemini: Any) -> None:
    pager = await gemini().aio.models.list(config={"page_size": 4, "query_base": True})
    names = [model.name async for model in pager]
    assert f"models/{MODEL}" in names
    assert len(names) > 8
    error = await refusal(gemini().aio.models.get(model="gemini-flash-latest"))
    assert (error.code, error.status) == (404, "NOT_FOUND")
    assert await gemini(version="v1beta").aio.models.get(model="gemini-flash-latest")


@pytest.mark.parametrize(
    "path",
    [
        "/v2/models/gemini-3.8-flash:generateContent",
        "/v1/models/gemini-9:generateContent",
        "/v1/models/gemini-3.8-flash:predict",
    ],
)
async def test_unknown_versions_models_and_methods_are_not_found(
    http: httpx.AsyncClient, path: str
) -> None:
    body = {"contents": [{"parts": [{"text": "oi"}]}]}
    assert (await http.post(path, json=body, headers={"x-goog-api-key": "k"})).status_code == 404


async def test_a_model_that_was_shut_down_shows_who_answers(gemini: Any) -> None:
    response = await gemini().aio.models.generate_content(model="gemini-2.5-flash", contents="oi")
    assert response.model_version == "gemini-3.5-flash-lite"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "contents is not specified"),
        ({"contents": [{"role": "user", "parts": []}]}, "must not be empty"),
        ({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "valid role"),
        ({"contents": [{"parts": [{"text": "x", "inlineData": {"data": "", "mimeType": "audio/ogg"}}]}]}, "one initialized field"),
        ({"contents": [{"parts": [{"inlineData": {"data": "T2dn", "mimeType": "audio/ogg; codecs=opus"}}]}]}, "Unsupported MIME type"),
        ({"contents": [{"parts": [{"inlineData": {"data": "§", "mimeType": "audio/ogg"}}]}]}, "TYPE_BYTES"),
        ({"contents": [{"parts": [{"txt": "x"}]}]}, 'Unknown name "txt" at \'contents[0].parts[0]\''),
        ({"contents": "x"}, "Invalid value at 'contents[0]'"),
        ({"messages": []}, 'Unknown name "messages": Cannot find field'),
        ({"generationConfig": {"maxTokens": 3}}, "at 'generation_config'"),
        ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "MINIMAL"}}}, "Thinking level MINIMAL is not supported"),
        ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW", "thinkingBudget": 5}}}, "only one of thinking budget"),
        ({"generationConfig": {"candidateCount": 2}}, "Multiple candidates"),
        ({"contents": [{"role": "user", "parts": [{"text": "x"}]}, {"role": "model", "parts": [{"text": "y"}]}]}, "must not end with a non-empty model turn"),
        ({"tools": [{"functionDeclarations": [{"name": "a b"}]}]}, "Invalid function name"),
        ({"tools": [{"functionDeclarations": [{"name": "a"}, {"name": "a"}]}]}, "Duplicate function declaration"),
        ({"tools": [{"functionDeclarations": [{"name": "a", "parameters": {"type": "object"}}]}]}, "TYPE_ENUM"),
        ({"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}}, "without function_declarations"),
        ({"toolConfig": {"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["a"]}}}, "can only be set when"),
        ({"toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["b"]}}, "tools": [{"functionDeclarations": [{"name": "a"}]}]}, "contains 'b'"),
        ({"contents": [{"role": "model", "parts": [{"functionCall": {"name": "a"}}]}]}, "immediately after a user turn"),
    ],
)  # fmt: skip
async def test_what_the_vendor_refuses_is_refused(
    http: httpx.AsyncClient, body: dict[str, Any], sentence: str
) -> None:
    asked = {"contents": [{"parts": [{"text": "oi"}]}], **body} if body else {}
    response = await http.post(
        f"/v1/models/{MODEL}:generateContent", json=asked, headers={"x-goog-api-key": "k"}
    )
    assert response.status_code == 400
    assert response.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert sentence in response.json()["error"]["message"]


def test_signatures_survive_a_restart_of_the_simulator() -> None:
    call = ModelFunctionCall("find_slots", {"service_id": "corte"})
    signature = Signatures().make(call, model=MODEL, key="k")
    said = {"name": "find_slots", "args": {"service_id": "corte"}}
    assert Signatures().genuine(signature, said, model=MODEL, key="k")
    assert not Signatures().genuine(signature, said, model=MODEL, key="other")


async def test_audio_without_a_transcript_is_not_understood(gemini: Any) -> None:
    audio = T.Part(inline_data=T.Blob(data=b"OggS...", mime_type="audio/ogg"))
    asked = [T.Content(role="user", parts=[audio])]
    response = await gemini().aio.models.generate_content(
        model=MODEL, contents=asked, config=config()
    )
    assert phrases(response) == ["media"]


async def test_both_spellings_and_both_alphabets_are_accepted(http: httpx.AsyncClient) -> None:
    odd = bytes([251, 255, 190]) + b"TRANSCRIPT=oi"
    for data in (
        base64.b64encode(odd).decode(),
        base64.urlsafe_b64encode(odd).decode().rstrip("="),
    ):
        for blob in (
            {"inlineData": {"mimeType": "audio/ogg", "data": data}},
            {"inline_data": {"mime_type": "audio/ogg", "data": data}},
        ):
            for settings in (
                {"generationConfig": {"maxOutputTokens": "99"}},
                {"generation_config": {"max_output_tokens": 99, "top_p": None}},
            ):
                body = {"contents": [{"parts": [blob]}], **settings}
                response = await http.post(
                    f"/v1beta/models/{MODEL}:generateContent?key=k", json=body
                )
                assert response.json()["candidates"][0]["content"]["parts"][0]["text"].startswith(
                    "Olá!"
                )


@pytest.mark.parametrize(
    ("mode", "allowed", "expected"),
    [
        ("NONE", None, None),
        ("ANY", ["my_appointments"], "my_appointments"),
        ("ANY", None, "find_slots"),
        ("ANY", ["find_slots"], "find_slots"),
        ("VALIDATED", None, "find_slots"),
    ],
)
async def test_the_function_calling_mode_is_kept(
    gemini: Any, mode: str, allowed: Any, expected: str | None
) -> None:
    calling = T.FunctionCallingConfig(mode=mode, allowed_function_names=allowed)
    response = await gemini().aio.models.generate_content(
        model=MODEL,
        contents=[user("marca um corte amanhã")],
        config=config(tool_config=T.ToolConfig(function_calling_config=calling)),
    )
    called = response.function_calls[0].name if response.function_calls else None
    assert called == expected
    assert called or response.text


async def test_scripted_answers_are_used_up_in_order_and_by_key(
    gemini: Any, http: httpx.AsyncClient
) -> None:
    raw = {
        "candidates": [
            {"content": {"role": "model", "parts": [{"text": "raw"}]}, "finishReason": "STOP"}
        ],
        "odd": 1,
    }
    await http.post("/_control/answers", json={"answers": ["for one"], "key": "AQ.one"})
    await http.post(
        "/_control/answers",
        json={"answers": ["for anyone", raw, {"call": {"name": "any_name", "args": {"x": 1}}}]},
    )
    assert (await http.get("/_control/answers")).json()["by_key"] == {"AQ.one": ["for one"]}
    two, one = gemini("AQ.two"), gemini("AQ.one")

    async def say(client: genai.Client) -> T.GenerateContentResponse:
        return await client.aio.models.generate_content(model=MODEL, contents="oi")

    assert (await say(two)).text == "for anyone"
    assert (await say(one)).text == "for one"
    assert (await say(one)).text == "raw"
    assert (await say(one)).function_calls[0].name == "any_name"
    assert (await say(one)).text.startswith("Olá")


async def test_signatures_that_a_script_brought_in_are_known_afterwards(
    gemini: Any, http: httpx.AsyncClient
) -> None:
    part = {
        "functionCall": {"id": "fc1", "name": "my_appointments", "args": {}},
        "thoughtSignature": "c2ln/wE=",
    }
    raw = {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}]}
    await http.post("/_control/answers", json={"answers": [raw]})
    asked = [user("meus horários")]
    response = await gemini().aio.models.generate_content(
        model=MODEL, contents=asked, config=config()
    )
    reply = T.Content(
        role="user", parts=[answered(response.function_calls[0], {"appointments": []})]
    )
    final = await gemini().aio.models.generate_content(
        model=MODEL, contents=[*asked, response.candidates[0].content, reply], config=config()
    )
    assert phrases(final)


async def test_quota_says_when_to_come_back_and_whether_the_day_is_over(
    gemini: Any, http: httpx.AsyncClient
) -> None:
    await fault(http, "quota", match={"key": "AQ.one"}, retry_after_s=7)
    await fault(http, "quota", match={"key": "AQ.one"}, per="day")
    assert (await gemini("AQ.two").aio.models.generate_content(model=MODEL, contents="oi")).text
    error = await refusal(gemini().aio.models.generate_content(model=MODEL, contents="oi"))
    assert (error.code, error.status) == (429, "RESOURCE_EXHAUSTED")
    details = {each["@type"].rsplit(".", 1)[-1]: each for each in error.details["error"]["details"]}
    assert details["RetryInfo"]["retryDelay"] == "7s"
    assert "PerMinute" in details["QuotaFailure"]["violations"][0]["quotaId"]
    error = await refusal(gemini().aio.models.generate_content(model=MODEL, contents="oi"))
    assert "PerDay" in json.dumps(error.details)


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("server_error", 500, "INTERNAL"),
        ("unavailable", 503, "UNAVAILABLE"),
        ("deadline", 504, "DEADLINE_EXCEEDED"),
        ("key_invalid", 400, "INVALID_ARGUMENT"),
        ("denied", 403, "PERMISSION_DENIED"),
        ("billing", 400, "FAILED_PRECONDITION"),
    ],
)
async def test_vendor_failures_have_the_vendors_shape(
    gemini: Any, http: httpx.AsyncClient, name: str, code: int, status: str
) -> None:
    await fault(http, name, match={"model": MODEL})
    error = await refusal(gemini().aio.models.generate_content(model=MODEL, contents="oi"))
    assert (error.code, error.status) == (code, status)
    assert (await gemini().aio.models.generate_content(model=MODEL, contents="oi")).text


async def test_the_sdks_own_retry_gets_through_a_burst(
    gemini: Any, http: httpx.AsyncClient
) -> None:
    await fault(http, "unavailable", times=2)
    retry = T.HttpRetryOptions(attempts=3, initial_delay=0.01, max_delay=0.02)
    assert (await gemini(retry=retry).aio.models.generate_content(model=MODEL, contents="oi")).text
    requests = (await http.get("/_control/requests")).json()["requests"]
    assert [request["headers"]["x-goog-api-key"] for request in requests] == ["AQ.one"] * 3


async def test_a_reset_connection_reaches_the_caller_as_a_transport_error(
    gemini: Any, http: httpx.AsyncClient
) -> None:
    await fault(http, "reset")
    with pytest.raises(httpx.TransportError):
        await gemini().aio.models.generate_content(model=MODEL, contents="oi")


async def test_a_request_that_is_never_answered_is_held(
    gemini: Any, http: httpx.AsyncClient
) -> None:
    await fault(http, "never")
    asked = asyncio.create_task(gemini().aio.models.generate_content(model=MODEL, contents="oi"))
    while not (await http.get("/_control/requests")).json()["requests"]:  # noqa: ASYNC110 - the server has no event to wait for
        await asyncio.sleep(0.01)
    # Whoever asks later is answered, and the held one still waits.
    assert (await gemini().aio.models.generate_content(model=MODEL, contents="oi")).text
    assert not asked.done()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked


async def test_a_slow_answer_still_comes(gemini: Any, http: httpx.AsyncClient) -> None:
    await fault(http, "slow", seconds=0.05)
    await http.post("/_control/latency", json={"seconds": 0.01})
    assert (await gemini().aio.models.generate_content(model=MODEL, contents="oi")).text


async def test_a_cut_off_body_is_not_an_answer(gemini: Any, http: httpx.AsyncClient) -> None:
    await fault(http, "malformed_json")
    with pytest.raises((ValueError, errors.APIError)):
        await gemini().aio.models.generate_content(model=MODEL, contents="oi")


@pytest.mark.filterwarnings("ignore:A_REASON_OF_NEXT_YEAR")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("malformed_call", "MALFORMED_FUNCTION_CALL"),
        ("empty_parts", "STOP"),
        ("max_tokens_thoughts_only", "MAX_TOKENS"),
        ("unknown_finish", "A_REASON_OF_NEXT_YEAR"),
        ("unexpected_call", "UNEXPECTED_TOOL_CALL"),
        ("blocked", None),
    ],
)
async def test_answers_without_an_answer_look_as_they_do_at_the_vendor(
    gemini: Any, http: httpx.AsyncClient, name: str, reason: str | None
) -> None:
    await fault(http, name)
    response = await gemini().aio.models.generate_content(model=MODEL, contents="oi")
    assert not response.text
    assert not response.function_calls
    if reason is None:
        assert response.candidates is None
        assert response.prompt_feedback.block_reason == T.BlockedReason.PROHIBITED_CONTENT
        return
    [candidate] = response.candidates
    assert candidate.finish_reason.value == reason
    assert (candidate.content is None) == (name not in ("empty_parts", "max_tokens_thoughts_only"))


async def test_a_continuation_is_silently_followed_unless_switched_off(
    gemini: Any, http: httpx.AsyncClient
) -> None:
    await fault(http, "continuation", times=2)
    cut = await gemini().aio.models.generate_content(
        model=MODEL, contents="oi", config=T.GenerateContentConfig(automatic_continuation=False)
    )
    assert cut.candidates[0].finish_reason == T.FinishReason.CONTINUATION
    assert cut.candidates[0].continuation_token
    whole = await gemini().aio.models.generate_content(model=MODEL, contents="oi")
    assert whole.text == "Olá! Como posso ajudar?"
    assert len(whole.text) > len(cut.text)


async def test_streams_tokens_and_budgets(gemini: Any) -> None:
    stream = await gemini().aio.models.generate_content_stream(model=MODEL, contents="oi")
    chunks = [chunk async for chunk in stream]
    assert len(chunks) == 2
    assert "".join(chunk.text for chunk in chunks) == "Olá! Como posso ajudar?"
    assert [chunk.candidates[0].finish_reason for chunk in chunks] == [None, T.FinishReason.STOP]
    counted = await gemini().aio.models.count_tokens(model=MODEL, contents="quatro por token")
    assert counted.total_tokens == 4
    small = await gemini().aio.models.generate_content(
        model=MODEL, contents="oi", config=config(max_output_tokens=8, tools=None)
    )
    assert small.candidates[0].finish_reason == T.FinishReason.MAX_TOKENS
    assert small.text is None
    thinking = T.ThinkingConfig(thinking_level="LOW", include_thoughts=True)
    thought = await gemini().aio.models.generate_content(
        model=MODEL, contents="oi", config=config(thinking_config=thinking, tools=None)
    )
    assert thought.candidates[0].content.parts[0].thought
    assert thought.text == "Olá! Como posso ajudar?"


async def test_control_refuses_what_it_cannot_follow(http: httpx.AsyncClient) -> None:
    for path, body in (
        ("answers", {"answers": [5]}),
        ("answers", {}),
        ("answers", {"answers": [{"call": {}}]}),
        ("persona", {"persona": "saint"}),
        ("faults", {"fault": "slwo"}),
    ):
        assert (await http.post(f"/_control/{path}", json=body)).status_code == 400
    assert len(FAULTS) == len(set(FAULTS))


async def test_reset_forgets_scripts_keys_and_personas(
    gemini: Any, http: httpx.AsyncClient
) -> None:
    await http.post("/_control/keys", json={"keys": ["AQ.good"]})
    await http.post("/_control/answers", json={"answers": ["scripted"]})
    await http.post("/_control/persona", json={"persona": "liar"})
    assert (await http.post("/_control/reset")).status_code == 204
    response = await gemini("AQ.any").aio.models.generate_content(model=MODEL, contents="oi")
    assert response.text == "Olá! Como posso ajudar?"
