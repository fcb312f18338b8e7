"""The door to Gemini: asks the model, and says what its answers and refusals mean.

Owns the vendor's library and its traps. Refuses to run tools, and to judge what the model says.

The traps: a client builds its own TLS contexts and connections unless it is given all of them; the
environment may bring in another key, address or version unless each is named; a timeout given to
the library goes to the server, which refuses any below 10 s, so time is kept here; its errors quote
whole bodies, so they are not chained to ours.
"""

import asyncio
import hashlib
import random
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
import httpx2
import orjson
import structlog
from cachetools import LRUCache
from google import genai
from google.genai import errors, types
from pydantic import ValidationError

from mcp_platform.assistant.breaker import Breaker, Resting
from mcp_platform.assistant.gemini_errors import Failure, away, failure_of, spoiled
from mcp_platform.assistant.metrics import MODEL_CALLS, MODEL_TOKENS
from mcp_platform.assistant.model import Answer, Call, Model, ModelAway, ModelSpoiled, Question
from mcp_platform.errors import CredentialRefused
from mcp_platform.tenants.credentials import Credentials
from mcp_platform.tenants.tenant import Tenant

log = structlog.get_logger(__name__)

_MOST_CLIENTS = 2_000  # of about 7 kB; each tenant's key has one
_MOST_VERSIONS = 100  # names of model versions that are remembered as seen
# Thoughts count too: what is left must hold a call or two sentences.
_MAX_OUTPUT_TOKENS = 2_048
# Customers of a clinic speak of bodies and of pain; only what is surely harmful is stopped.
_SAFETY = [
    types.SafetySetting(category=category, threshold=types.HarmBlockThreshold.BLOCK_ONLY_HIGH)
    for category in (
        types.HarmCategory.HARM_CATEGORY_HARASSMENT,
        types.HarmCategory.HARM_CATEGORY_HATE_SPEECH,
        types.HarmCategory.HARM_CATEGORY_SEXUALLY_EXPLICIT,
        types.HarmCategory.HARM_CATEGORY_DANGEROUS_CONTENT,
    )
]
_UNREADABLE = (httpx.DecodingError, httpx2.DecodingError)
_LATE = (TimeoutError, httpx.TimeoutException, httpx2.TimeoutException)
_UNREACHABLE = (httpx.HTTPError, httpx2.HTTPError, OSError)
# What the library raises over a body that is no JSON, or not the JSON that it expects.
_UNEXPECTED = (ValueError, TypeError, AttributeError, KeyError)


class Gemini(Model):
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
    ) -> None:
        """Ask `model` over `http`, which stays its maker's. One attempt takes `call_timeout` at most."""
        self._model = model
        self._breaker = breaker
        self._timer = timer
        self._call_timeout = call_timeout
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
        contents, config = _contents(question), _config(question, model=self._model)
        try:
            with self._breaker.trial(_fingerprint(key)) as trial:
                result = await self._answer(key, contents, config, question, until=until)
                if not isinstance(result, Failure):
                    trial.worked()
                elif not isinstance(result.error, ModelAway):
                    trial.worked()
                elif result.outcome != "late":
                    trial.failed(rest=result.rest)
        except Resting as error:
            MODEL_CALLS.labels(outcome="resting").inc()
            raise ModelAway(f"Gemini: {error}", retry_after=error.retry_after) from None
        if isinstance(result, Failure):
            MODEL_CALLS.labels(outcome=result.outcome).inc()
            raise result.error
        MODEL_CALLS.labels(outcome="answered").inc()
        return result

    async def close(self) -> None:
        """Forget the clients. The connections belong to whoever made them."""
        self._clients.clear()
        self._sync_http.close()
