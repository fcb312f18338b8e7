"""A customer with a phone: writes and taps through the simulated Meta, and reads what comes back.

Owns waiting for replies and reading them. Decides nothing: the script does.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

import httpx

from mcp_platform.demo.businesses import Business, Person
from mcp_platform.demo.failures import ScriptFailed

ANSWER_PATIENCE = timedelta(seconds=30)  # seconds on a busy machine, with a retry or two
POLL_S = 0.05
BURST_GAP_S = 0.25  # between lines typed in one go: shorter than the debounce


@dataclass(frozen=True, slots=True)
class Option:
    """Something to tap, as the phone shows it. `kind` is `list` or `button`."""

    id: str
    title: str
    description: str
    kind: str


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """One message of the business. `label` opens the list of options, where they make one."""

    text: str
    options: tuple[Option, ...] = ()
    label: str = ""


Shows = Callable[["Customer", str | Option | ReceivedMessage], None]


class Customer:
    """One person, writing to one business."""

    def __init__(
        self, person: Person, business: Business, *, meta: httpx.Client, shows: Shows
    ) -> None:
        self.person = person
        self.business = business
        self._meta = meta
        self._shows = shows
        self._said = ""
        self.last = ReceivedMessage("")

    def writes(self, *lines: str) -> ReceivedMessage:
        """Write one message, or several in one go, and return the one reply."""
        before = len(self._received())
        for line in lines:
            self._send({"text": line})
            self._said = line
            if line is not lines[-1]:
                time.sleep(BURST_GAP_S)
        # Shown only now: the time it takes to read them would part what was typed in one go.
        for line in lines:
            self._shows(self, line)
        return self._hear(after=before)

    def taps(self, choose: int | str) -> tuple[Option, ReceivedMessage]:
        """Tap an option of the last reply, by place or by its words; return it and the reply."""
        option = self._option(choose)
        before = len(self._received())
        self._shows(self, option)
        chosen = {"id": option.id, "title": option.title, "kind": option.kind}
        if option.description:
            chosen["description"] = option.description
        self._send({"reply": chosen})
        self._said = option.title
        return option, self._hear(after=before)

    def expect(self, *words: str) -> None:
        """Check that the last reply has these words in it.

        Raises:
            ScriptFailed: it has not.
        """
        for word in words:
            if word not in self.last.text:
                self._fail(f"“{word}” was expected in the reply")

    def _option(self, choose: int | str) -> Option:
        options = self.last.options
        if isinstance(choose, int):
            fitting = options[choose : choose + 1]
        else:
            fitting = tuple(each for each in options if choose in each.title)
        if not fitting:
            self._fail(f"an option “{choose}” was expected")
        return fitting[0]

    def _fail(self, expected: str) -> NoReturn:
        shown = ", ".join(option.title for option in self.last.options)
        raise ScriptFailed(
            f"{self.business.name}: after “{self._said}” {expected}; what came was"
            f" “{self.last.text}”{f' [{shown}]' if shown else ''}."
        )

    def _send(self, what: dict[str, Any]) -> None:
        response = self._meta.post(
            "/_control/inbound",
            json={
                "phone_number_id": self.business.phone_number_id,
                "from": {"wa_id": self.person.wa_id, "name": self.person.name},
                **what,
            },
        )
        told = response.json()
        if told.get("http_status") != httpx.codes.OK:
            raise ScriptFailed(f"The webhook was answered {told.get('http_status')}: {told}")

    def _received(self) -> list[dict[str, Any]]:
        where = {"phone_number_id": self.business.phone_number_id, "to": self.person.wa_id}
        sent: list[dict[str, Any]] = self._meta.get("/_control/sent", params=where).json()["sent"]
        return sent

    def _hear(self, *, after: int) -> ReceivedMessage:
        deadline = time.monotonic() + ANSWER_PATIENCE.total_seconds()
        while time.monotonic() < deadline:
            received = self._received()
            if len(received) > after:
                self.last = heard(received[-1]["payload"])
                self._shows(self, self.last)
                return self.last
            time.sleep(POLL_S)
        raise ScriptFailed(
            f"{self.business.name} did not answer “{self._said}” within"
            f" {ANSWER_PATIENCE.total_seconds():.0f} s."
        )


def heard(payload: dict[str, Any]) -> ReceivedMessage:
    """Read a message of the business."""
    if payload["type"] == "text":
        return ReceivedMessage(payload["text"]["body"])
    if payload["type"] != "interactive":
        return ReceivedMessage(f"[{payload['type']}]")
    part = payload["interactive"]
    if part["type"] == "button":
        replies = [button["reply"] for button in part["action"]["buttons"]]
        options = [Option(each["id"], each["title"], "", "button") for each in replies]
        return ReceivedMessage(part["body"]["text"], tuple(options))
    rows = [row for section in part["action"]["sections"] for row in section["rows"]]
    options = [Option(row["id"], row["title"], row.get("description", ""), "list") for row in rows]
    return ReceivedMessage(part["body"]["text"], tuple(options), label=part["action"]["button"])
