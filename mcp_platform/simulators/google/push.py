"""Push channels: who wants to hear that a calendar changed, and the POSTs that say so.

A notification says only that something changed. Delivery is tried once; like Google's, it is not
to be relied on.

Source: https://developers.google.com/workspace/calendar/api/guides/push
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from mcp_platform.simulators.google.errors import GoogleError, not_found, required

_LONGEST_ID = 64
_LONGEST_TOKEN = 256
_DEFAULT_TTL = timedelta(days=7)


@dataclass(slots=True)
class Channel:
    """One subscription to one calendar."""

    id: str
    resource_id: str
    calendar_id: str
    client_email: str
    address: str
    token: str | None
    expires_at: datetime
    messages: int = 0


class Channels:
    """The open push channels."""

    def __init__(self, *, clock: Callable[[], datetime], base_url: str) -> None:
        self._clock = clock
        self._base_url = base_url
        self._open: dict[str, Channel] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def reset(self) -> None:
        """Close all channels."""
        self._open.clear()

    def watch(self, *, calendar_id: str, client_email: str, body: dict[str, Any]) -> dict[str, Any]:
        """Open a channel and send its `sync` message.

        Raises:
            GoogleError: 400.
        """
        channel_id, address = str(body.get("id", "")), str(body.get("address", ""))
        token = body.get("token")
        if body.get("type") not in {"web_hook", "webhook"} or not channel_id or not address:
            raise required("Required: id, type, address")
        if len(channel_id) > _LONGEST_ID or len(token or "") > _LONGEST_TOKEN:
            raise GoogleError(400, "channelIdInvalid", "Invalid channel id or token.")
        if channel_id in self._open:
            raise GoogleError(400, "channelIdNotUnique", f"Channel id {channel_id} not unique")
        if urlsplit(address).scheme != "https" and not _on_this_machine(address):
            raise GoogleError(
                400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {address}"
            )
        channel = Channel(
            id=channel_id,
            resource_id=uuid4().hex,
            calendar_id=calendar_id,
            client_email=client_email,
            address=address,
            token=token,
            expires_at=self._expiry(body),
        )
        self._open[channel_id] = channel
        self._send(channel, "sync")
        return {
            "kind": "api#channel",
            "id": channel.id,
            "resourceId": channel.resource_id,
            "resourceUri": self._resource_uri(channel),
            **({"token": token} if token else {}),
            "expiration": str(int(channel.expires_at.timestamp() * 1000)),
        }

    def stop(self, *, client_email: str, body: dict[str, Any]) -> None:
        """Close a channel.

        Raises:
            GoogleError: 404, the caller has no such channel.
        """
        channel = self._open.get(str(body.get("id", "")))
        if (
            channel is None
            or channel.client_email != client_email
            or channel.resource_id != body.get("resourceId")
        ):
            raise not_found()
        del self._open[channel.id]

    def changed(self, calendar_id: str) -> None:
        """Tell everyone who watches the calendar."""
        for channel in list(self._open.values()):
            if channel.expires_at <= self._clock():
                del self._open[channel.id]
            elif channel.calendar_id == calendar_id:
                self._send(channel, "exists")

    async def close(self) -> None:
        """Give up what is still being sent."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _expiry(self, body: dict[str, Any]) -> datetime:
        now = self._clock()
        if "expiration" in body:
            return now.fromtimestamp(int(body["expiration"]) / 1000, tz=now.tzinfo)
        ttl_s = body.get("params", {}).get("ttl")
        return now + (timedelta(seconds=int(ttl_s)) if ttl_s else _DEFAULT_TTL)

    def _resource_uri(self, channel: Channel) -> str:
        return f"{self._base_url}/calendar/v3/calendars/{channel.calendar_id}/events?alt=json"

    def _send(self, channel: Channel, state: str) -> None:
        channel.messages += 1
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Expiration": format_datetime(channel.expires_at),
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-URI": self._resource_uri(channel),
            "X-Goog-Resource-State": state,
            "X-Goog-Message-Number": str(channel.messages),
        }
        if channel.token:
            headers["X-Goog-Channel-Token"] = channel.token
        task = asyncio.create_task(_post(channel.address, headers))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


async def _post(address: str, headers: dict[str, str]) -> None:
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.post(address, headers=headers)
    except httpx.HTTPError:
        return  # a lost notification is part of the contract


def _on_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
