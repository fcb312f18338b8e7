"""How requests reach Google: threads, connections, tokens, and what a refusal is called.

It is part of the door `scheduling/google/calendar.py`, and handles the traps of the vendor's libraries.
httplib2 blocks and is not thread-safe, so each request takes a connection from a pool in a thread.
google-auth sleeps and retries inside a refresh, and starts a thread that sends the token to another
Google service. Its errors carry addresses with calendar ids, so they are not chained to ours.
"""

import asyncio
import http.client
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import anyio
import google_auth_httplib2
import httplib2
from anyio import to_thread
from cryptography.exceptions import UnsupportedAlgorithm
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.oauth2 import service_account
from googleapiclient.errors import HttpError
from googleapiclient.http import HttpRequest

from mcp_platform.errors import CredentialRefused
from mcp_platform.scheduling.calendar import CalendarUnreadable
from mcp_platform.scheduling.calendar_access import ClockWrong, TokenReason, TokenRefused
from mcp_platform.scheduling.google.refusals import GoogleRefusal, parsed, read_refusal, retry_after

SCOPES = ("https://www.googleapis.com/auth/calendar.events",)
_TALKATIVE = {  # debug lines hold calendar ids and tokens; googleapiclient's warnings hold bodies
    "googleapiclient": logging.ERROR,
    "google_auth_httplib2": logging.INFO,
    "google.auth": logging.INFO,
}
_UNREACHABLE = (OSError, http.client.HTTPException, httplib2.HttpLib2Error)
_WRONG_CLOCK = "reasonable timeframe"  # in the token endpoint's words for iat and exp too far off
_CLOCK_PATIENCE = timedelta(minutes=5)  # until somebody may have set the clock right

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GoogleAccount:
    """A tenant's service account. A literal backslash-n in `private_key` (PEM) is understood."""

    client_email: str
    private_key: str = field(repr=False)
    project_id: str | None = None


class _Credentials(service_account.Credentials):
    """Service account credentials that talk to the token endpoint and to nobody else."""

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False  # a private hook, which the environment cannot undo: its contract test pins it


class _TokenRequest(google_auth_httplib2.Request):  # type: ignore[misc] # no types
    """A token request that fails at once where google-auth would sleep and try again."""

    def __call__(self, url: str, *args: Any, **kwargs: Any) -> Any:
        response = super().__call__(url, *args, **kwargs)
        busy = response.status == http.HTTPStatus.TOO_MANY_REQUESTS
        if busy or response.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CalendarUnreadable(
                f"Google's token endpoint answered {response.status}",
                retry_after=retry_after(response.headers),
            )
        if not isinstance(parsed(response.data), dict):
            raise CalendarUnreadable("Google's token endpoint answered something else than JSON")
        return response


class Transport:
    """The threads and connections that all accounts of a process share."""

    def __init__(self, *, token_url: str, max_threads: int) -> None:
        self.token_url = token_url
        self.share = max(2, max_threads // 2)  # of the threads, for one account
        self._limiter = anyio.CapacityLimiter(max_threads)
        self._idle: deque[httplib2.Http] = deque()
        for name, least in _TALKATIVE.items():
            logger = logging.getLogger(name)
            logger.setLevel(max(logger.level, least))

    async def run(self, work: Callable[[httplib2.Http], T], *, deadline: float) -> T:
        """Do blocking `work` in a thread with a connection whose socket gives up by `deadline`.

        A thread can't be stopped: once it has begun, a caller that is cancelled waits for it, so
        that there are never more than `max_threads`. An answer that comes drop by drop, none of
        them late, is cut off at the deadline.

        Raises:
            CalendarUnreadable: no answer, or no free thread in time.
        """
        at_work: list[httplib2.Http] = []

        def in_thread() -> T:
            connection = self._connection(max(0.001, deadline - time.monotonic()))
            at_work.append(connection)
            try:
                result = work(connection)
            except (GoogleRefusal, CredentialRefused):
                at_work.clear()
                self._idle.append(connection)
                raise
            except BaseException:
                at_work.clear()
                connection.close()
                raise
            at_work.clear()
            self._idle.append(connection)
            return result

        left_s = max(0.0, deadline - time.monotonic())
        cutting = asyncio.get_running_loop().call_later(left_s, _cut_off, at_work)
        try:
            with anyio.fail_after(max(0.0, deadline - time.monotonic())):
                return await to_thread.run_sync(in_thread, limiter=self._limiter)
        except TimeoutError:
            raise CalendarUnreadable("Google Calendar did not answer in time") from None
        except _UNREACHABLE as error:
            raise CalendarUnreadable(
                f"Google Calendar can't be reached ({type(error).__name__})"
            ) from None
        finally:
            cutting.cancel()

    def close(self) -> None:
        """Close the connections nobody uses."""
        while self._idle:
            self._idle.pop().close()

    def _connection(self, timeout_s: float) -> httplib2.Http:
        try:
            connection = self._idle.pop()
        except IndexError:
            return httplib2.Http(timeout=timeout_s)
        connection.timeout = timeout_s
        for kept in connection.connections.values():
            kept.timeout = timeout_s
            if kept.sock is not None:
                kept.sock.settimeout(timeout_s)
        return connection


def _cut_off(at_work: Sequence[httplib2.Http]) -> None:
    """End what a thread waits for: closed for both sides, its socket has nothing more to read."""
    for connection in tuple(at_work):
        for kept in tuple(connection.connections.values()):
            with suppress(OSError, AttributeError):  # closed meanwhile
                kept.sock.shutdown(socket.SHUT_RDWR)


class Session:
    """One account at Google: its token, renewed by one request at a time."""

    def __init__(
        self, transport: Transport, account: GoogleAccount, *, scopes: Sequence[str] = SCOPES
    ) -> None:
        self.account = account
        self._scopes = scopes
        self._transport = transport
        self._credentials: _Credentials | None = None
        self._renewing = anyio.Lock()
        self._share = anyio.CapacityLimiter(transport.share)

    async def execute(self, request: HttpRequest, *, deadline: float) -> dict[str, Any]:
        """Send `request` once (twice if the token had become invalid) and return its answer.

        Raises:
            Refusal: Google answered something else than 2xx.
            CalendarUnreadable: no answer, or none that can be understood.
            CredentialRefused: no token for this account.
        """
        try:
            with anyio.fail_after(max(0.0, deadline - time.monotonic())):
                await self._share.acquire()
        except TimeoutError:
            raise CalendarUnreadable("too many requests for this account under way") from None
        try:
            credentials = await self._authorized(deadline=deadline)
            used = credentials.token
            try:
                return await self._send(request, credentials, deadline=deadline)
            except GoogleRefusal as refusal:
                if refusal.status != http.HTTPStatus.UNAUTHORIZED:
                    raise
            credentials = await self._authorized(deadline=deadline, stale=used)
            return await self._send(request, credentials, deadline=deadline)
        finally:
            self._share.release()

    async def authorize(self, *, deadline: float) -> None:
        """Get a token, unless there is one in force. Raises as `execute` does, but no Refusal."""
        await self._authorized(deadline=deadline)

    async def _send(
        self, request: HttpRequest, credentials: _Credentials, *, deadline: float
    ) -> dict[str, Any]:
        def send(connection: httplib2.Http) -> dict[str, Any]:
            authorized = google_auth_httplib2.AuthorizedHttp(
                credentials, http=connection, refresh_status_codes=()
            )
            try:
                answer = request.execute(http=authorized, num_retries=0)
            except HttpError as error:
                # Not chained: its text is an address with a calendar id.
                raise read_refusal(
                    status=int(error.resp.status), headers=error.resp, content=error.content
                ) from None
            except GoogleAuthError as error:
                raise CalendarUnreadable(f"no token ({type(error).__name__})") from None
            except (ValueError, RecursionError):
                raise CalendarUnreadable(
                    "Google Calendar answered something else than JSON"
                ) from None
            return answer if isinstance(answer, dict) else {}

        return await self._transport.run(send, deadline=deadline)

    async def _authorized(self, *, deadline: float, stale: str | None = None) -> _Credentials:
        """Return credentials with a token that is in force and is not the `stale` one."""
        async with self._renewing:
            known = self._credentials
            if known is None or not known.valid or known.token == stale:
                self._credentials = known = await self._transport.run(
                    self._renew, deadline=deadline
                )
            return known

    def _renew(self, connection: httplib2.Http) -> _Credentials:
        """Parse the key if need be, sign and fetch a token. Blocks: RSA takes milliseconds."""
        credentials = self._credentials or self._parsed()
        try:
            credentials.refresh(_TokenRequest(connection))  # type: ignore[no-untyped-call] # google-auth's is
        except RefreshError as error:
            raise self._token_refused(error) from None
        except GoogleAuthError as error:
            raise CalendarUnreadable(
                f"Google's token endpoint can't be reached ({type(error).__name__})"
            ) from None
        return credentials

    def _parsed(self) -> _Credentials:
        info = {
            "client_email": self.account.client_email,
            "private_key": self.account.private_key.replace("\\n", "\n"),
            "token_uri": self._transport.token_url,
        }
        try:
            credentials: _Credentials = _Credentials.from_service_account_info(  # type: ignore[no-untyped-call] # google-auth's is
                info, scopes=self._scopes
            )
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise CredentialRefused(
                f"The private key of {self.account.client_email} can't be read: copy the whole "
                '"private_key" of the JSON key file into GOOGLE_PRIVATE_KEY.'
            ) from None
        return credentials

    def _token_refused(self, error: RefreshError) -> CalendarUnreadable | CredentialRefused:
        details = error.args[1] if len(error.args) > 1 else {}
        code = details.get("error", "") if isinstance(details, dict) else ""
        said = str(details.get("error_description", "")) if isinstance(details, dict) else ""
        if _WRONG_CLOCK in said:
            return ClockWrong(
                "Google refuses the time in our token request: set this server's clock right.",
                retry_after=_CLOCK_PATIENCE,
            )
        if not code or error.retryable:
            return CalendarUnreadable("Google's token endpoint gave no token")
        email = self.account.client_email
        return TokenRefused(
            f"Google gives no token to {email} ({code}): make a new key for this service account "
            "and store it as GOOGLE_PRIVATE_KEY, with the e-mail that stands in the same file.",
            reason=_token_reason(code, said),
            error=code,
        )


def _token_reason(code: str, said: str) -> TokenReason:
    """Return what is wrong with the account.

    Source: https://developers.google.com/identity/protocols/oauth2/service-account#error-codes
    """
    if code == "disabled_client":
        return "account_disabled"
    if code == "invalid_grant" and "account not found" in said:
        return "account_gone"
    if code == "invalid_grant" and "Signature" in said:
        return "key_gone"
    return "refused"
