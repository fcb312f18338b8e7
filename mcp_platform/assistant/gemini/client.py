"""The door to Gemini: asks the model, and says what its answers and refusals mean.

It runs no tools and judges no answers. It handles the traps of the vendor's library. A client builds
its own TLS contexts and connections unless it is given all of them. The environment may bring in
another key, address or version unless each is named. A timeout given to the library goes to the server,
which refuses any below 10 s, so time is kept here. Its errors quote whole bodies, so they are not
chained to ours.
"""

import asyncio
import hashlib
import random
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Literal, Self, TypeVar

import httpx
import httpx2
import orjson
import structlog
from cachetools import LRUCache
from google import genai
from google.genai import errors, types
from pydantic import ValidationError

from mcp_platform.assistant.gemini.breaker import Breaker, ModelResting
from mcp_platform.assistant.gemini.errors import Failure, away, failure_of, spoiled
from mcp_platform.assistant.metrics import MODEL_CALLS, MODEL_TOKENS
from mcp_platform.assistant.model import (
    Answer,
    FunctionCall,
    Model,
    ModelAway,
    ModelCard,
    ModelCards,
    ModelRefused,
    ModelSpoiled,
    Question,
)
from mcp_platform.tenants.credentials import Credentials
from mcp_platform.tenants.tenant import Tenant

log = structlog.get_logger(__name__)

_MOST_CLIENTS = 2_000  # of about 7 kB; each tenant's key has one
_MOST_VERSIONS = 100  # names of model versions that are remembered as seen
# Thoughts count too: what is left must hold a call or two sentences.
_MAX_OUTPUT_TOKENS = 2_048
_REASON_MAX = 60  # characters of a reason that a newer server may have made up
# What the library is handed for a conversation, which goes in the body beside it: see `_config`.
INSTEAD = "."
_WITHOUT_LEVELS = "gemini-2"  # models that refuse a thinking level
# Customers of a clinic speak of bodies and of pain; only what is surely harmful is stopped.
_SAFETY = [
    {"category": f"HARM_CATEGORY_{category}", "threshold": "BLOCK_ONLY_HIGH"}
    for category in ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
]
_UNREADABLE = (httpx.DecodingError, httpx2.DecodingError)
_UNREACHABLE = (httpx.HTTPError, httpx2.HTTPError, OSError)
# What the library raises over a body that is no JSON, or not the JSON that it expects.
_UNEXPECTED = (ValueError, TypeError, AttributeError, KeyError, RecursionError)
_LARGEST = 1_000_000  # bytes of an answer: many times what the tokens asked for can hold

Response = TypeVar("Response")
CallingMode = Literal["ANY", "VALIDATED"]
"""Whether the model must call a function, or may write text besides, which is ignored."""
LAXER: CallingMode = "VALIDATED"


class Gemini(Model, ModelCards):
    """The Gemini Developer API, for the keys of all tenants."""

    def __init__(
        self,
        *,
        http: httpx.AsyncClient,
        ssl_context: ssl.SSLContext,
        base_url: str,
        api_version: str,
        model: str,
        breaker: Breaker,
        timer: Callable[[], float],
        call_timeout: timedelta,
        mode: CallingMode = "ANY",
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Ask `model` over `http`, which stays its maker's. One attempt takes `call_timeout` at most."""
        self._model = model
        self._breaker = breaker
        self._timer = timer
        self._call_timeout = call_timeout
        self._mode: CallingMode = mode
        self._uniform = uniform
        # Never used, but without it each client would build one.
        self._sync_http = httpx.Client(verify=ssl_context, trust_env=False)
        self._options = types.HttpOptions(
            base_url=base_url,
            api_version=api_version,
            httpx_async_client=http,
            httpx_client=self._sync_http,
            async_client_args={"ssl": ssl_context},
        )
        self._clients: LRUCache[str, genai.Client] = LRUCache(_MOST_CLIENTS)
        self._versions: LRUCache[str, bool] = LRUCache(_MOST_VERSIONS)

    async def ask(self, question: Question, *, tenant: Tenant, credentials: Credentials) -> Answer:
        """Ask, and once more where that may help. Ends within the question's deadline.

        Raises:
            ModelAway: no answer; the menu takes over.
            ModelSpoiled: an answer that cannot be used.
            CredentialRefused: the tenant's key, its project or the model's name is refused.
        """
        key = _checked(credentials.gemini_api_key)
        until = self._timer() + question.deadline.total_seconds()
        if question.deadline <= timedelta(0):
            raise ModelAway("no time was left to ask Gemini")
        try:
            with self._breaker.trial(_fingerprint(key)) as trial:
                result = await self._answer_in_a_mode(question, key=key, until=until, tenant=tenant)
                if isinstance(result, Failure) and isinstance(result.error, ModelAway):
                    trial.failed(rest=result.rest)
                else:
                    trial.worked()
        except ModelResting as error:
            MODEL_CALLS.labels(outcome="resting").inc()
            raise ModelAway(
                f"Gemini is not asked: {error}", retry_after=error.retry_after
            ) from None
        if isinstance(result, Failure):
            MODEL_CALLS.labels(outcome=result.outcome).inc()
            raise result.error
        MODEL_CALLS.labels(outcome="answered").inc()
        return result

    @property
    def model(self) -> str:
        return self._model

    async def card(self, credentials: Credentials) -> ModelCard:
        """Ask about the configured model; the breaker is neither asked nor told."""
        key = _checked(credentials.gemini_api_key)
        found = await self._called(
            self._client(key).aio.models.get(model=self._model),
            key=key,
            within_s=self._call_timeout.total_seconds(),
        )
        if isinstance(found, Failure):
            raise found.error
        return ModelCard(
            name=(found.name or "").removeprefix("models/"),
            answers="generateContent" in (found.supported_actions or ()),
        )

    async def close(self) -> None:
        """Forget the clients. The asynchronous connections belong to their maker."""
        self._clients.clear()
        self._sync_http.close()

    async def _answer_in_a_mode(
        self, question: Question, *, key: str, until: float, tenant: Tenant
    ) -> Answer | Failure:
        """Ask in the mode that is set; in the laxer one, where the vendor refuses the functions so.

        Source: in the mode ANY the vendor has budgets for schemas that it does not document.
        """
        request = _Request.of(question, model=self._model, mode=self._mode)
        result = await self._answer(request, key=key, until=until, tenant=tenant)
        if isinstance(result, Answer) or result.outcome != "rejected" or self._mode == LAXER:
            return result
        if "signature" in str(result.error):  # of the conversation, whatever the mode
            return result
        request = _Request.of(question, model=self._model, mode=LAXER)
        again = await self._answer(request, key=key, until=until, tenant=tenant)
        if isinstance(again, Answer):
            log.warning("gemini.mode_refused", mode=self._mode, now=LAXER, error=str(result.error))
            self._mode = LAXER
        return again

    async def _answer(
        self, request: "_Request", *, key: str, until: float, tenant: Tenant
    ) -> Answer | Failure:
        result = await self._attempt(request, key=key, until=until)
        if isinstance(result, Answer) or result.again_after is None:
            return result
        # Who failed together does not come back together.
        pause_s = result.again_after.total_seconds() * self._uniform(1, 2)
        if self._timer() + pause_s >= until:
            return result
        log.info("gemini.asked_again", tenant=tenant.path, why=result.outcome)
        await asyncio.sleep(pause_s)
        return await self._attempt(request, key=key, until=until)

    async def _attempt(self, request: "_Request", *, key: str, until: float) -> Answer | Failure:
        left_s = min(self._call_timeout.total_seconds(), until - self._timer())
        call = self._client(key).aio.models.generate_content(
            model=self._model, contents=INSTEAD, config=request.config
        )
        response = await self._called(call, key=key, within_s=left_s)
        if isinstance(response, Failure):
            return response
        self._note(response)
        return _read(response)

    async def _called(
        self, call: Coroutine[Any, Any, Response], *, key: str, within_s: float
    ) -> Response | Failure:
        """Return what the library got, or what the failure means: it raises many kinds of them."""
        try:
            async with asyncio.timeout(within_s):
                return await call
        except errors.APIError as error:
            return failure_of(error, model=self._model, key=key)
        except TimeoutError:
            return away("Gemini did not answer in time", again=False)
        except _UNREADABLE:
            return spoiled("Gemini's answer could not be decoded")
        except _UNREACHABLE as error:
            return away(f"Gemini could not be reached ({type(error).__name__})", again=True)
        except _UNEXPECTED as error:
            return spoiled(f"Gemini's answer has an unknown form ({type(error).__name__})")

    def _client(self, key: str) -> genai.Client:
        client = self._clients.get(key)
        if client is None:
            client = genai.Client(api_key=key, vertexai=False, http_options=self._options)
            self._clients[key] = client
        return client

    def _note(self, response: types.GenerateContentResponse) -> None:
        """Count the tokens, which are billed in any case, and notice reroutes."""
        usage = response.usage_metadata or types.GenerateContentResponseUsageMetadata()
        for kind, tokens in (
            ("prompt", usage.prompt_token_count),
            ("candidates", usage.candidates_token_count),
            ("thoughts", usage.thoughts_token_count),
            ("cached", usage.cached_content_token_count),
        ):
            MODEL_TOKENS.labels(kind=kind).inc(tokens or 0)
        version = response.model_version
        if version and version not in self._versions:
            self._versions[version] = True
            log.info("gemini.version_seen", asked=self._model, answered=version)


@dataclass(frozen=True, slots=True)
class _Request:
    """A question in the library's types."""

    config: types.GenerateContentConfig

    @classmethod
    def of(cls, question: Question, *, model: str, mode: str) -> Self:
        try:
            contents = [
                types.Content.model_validate(each).model_dump(
                    mode="json", by_alias=True, exclude_none=True
                )
                for each in question.contents
            ]
        except ValidationError as error:
            where = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
            # Written down by an earlier release perhaps; the sentence of pydantic quotes customers.
            raise ModelSpoiled(f"the conversation is not in Gemini's form: {where}") from None
        return cls(_config(question, contents, model=model, mode=mode))


def _config(
    question: Question, contents: list[dict[str, Any]], *, model: str, mode: str
) -> types.GenerateContentConfig:
    """Return the whole question in the API's own form.

    The library would turn its types into this form field by field, for every question: 3.4 ms
    of processor time a question, of which this saves 0.8.
    """
    generation: dict[str, Any] = {"maxOutputTokens": _MAX_OUTPUT_TOKENS}
    if not model.removeprefix("models/").startswith(_WITHOUT_LEVELS):
        generation["thinkingConfig"] = {"thinkingLevel": "LOW"}
    body: dict[str, Any] = {
        "systemInstruction": {"role": "user", "parts": [{"text": question.system}]},
        "generationConfig": generation,
        "safetySettings": _SAFETY,
        "contents": contents,
    }
    if question.tools:
        calling: dict[str, Any] = {"mode": mode}
        if question.only:
            calling["allowedFunctionNames"] = list(question.only)
        body["tools"] = [{"functionDeclarations": question.tools}]
        body["toolConfig"] = {"functionCallingConfig": calling}
    return types.GenerateContentConfig(
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        automatic_continuation=False,
        http_options=types.HttpOptions(extra_body=body),
    )


def _read(response: types.GenerateContentResponse) -> Answer | Failure:
    """Return what the model said, if it said something whole."""
    if not response.candidates:
        feedback = response.prompt_feedback
        reason = feedback.block_reason if feedback else None
        return spoiled(f"Gemini blocked the question ({_name(reason)})")
    candidate = response.candidates[0]
    content = candidate.content
    # Any other reason broke it off: half a sentence, or a call that is none.
    if candidate.finish_reason not in (types.FinishReason.STOP, None):
        return spoiled(f"Gemini broke its answer off ({_name(candidate.finish_reason)})")
    parts = (content.parts if content else None) or []
    calls = tuple(
        FunctionCall(id=each.id, name=each.name or "", args=each.args or {})
        for each in (part.function_call for part in parts)
        if each is not None
    )
    text = "".join(part.text for part in parts if part.text and not part.thought)
    if content is None or not (calls or text.strip()):
        return spoiled("Gemini answered nothing")
    try:
        written = content.model_dump(mode="json", exclude_none=True)
    except ValueError:  # pydantic writes down no more than some 250 levels
        return spoiled("Gemini's answer is nested too deeply")
    answer = Answer(written, calls, text)
    return answer if _can_be_kept(answer.content) else spoiled("Gemini's answer is not text")


def _can_be_kept(content: dict[str, Any]) -> bool:
    """Tell whether Postgres takes it as JSON, of a size worth it: no NUL, no lone surrogates."""
    try:
        written = orjson.dumps(content)
        return len(written) <= _LARGEST and b"\\u0000" not in written
    except orjson.JSONEncodeError:
        return False


def _name(reason: Enum | None) -> str:
    return str(reason.value)[:_REASON_MAX] if reason is not None else "no reason given"


def _checked(key: str) -> str:
    """Return the key, if it can be sent: with none the library takes one of the environment.

    Raises:
        ModelRefused: it cannot.
    """
    if not (key and key.isascii() and key.isprintable() and " " not in key):
        raise ModelRefused("GEMINI_API_KEY is missing, or no key at all", why="key")
    if key.startswith("auth_tokens/"):
        raise ModelRefused(
            "GEMINI_API_KEY holds a short-lived token, which only Live takes", why="key"
        )
    return key


def _fingerprint(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
