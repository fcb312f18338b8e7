"""What Meta posts is taken apart into events, and nothing that is JSON ever breaks it."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.inbox.event import LONGEST_ID, NewEvent
from mcp_platform.kit.jsons import loads
from mcp_platform.tenants.tenant import TenantId
from mcp_platform.whatsapp.payloads import NotJSONError, ParsedWebhook, parse

FIXTURES = Path(__file__).parent.parent / "contracts" / "fixtures" / "whatsapp"
NUMBER = "106540352242922"
TENANT = TenantId(7)
ANA, BSUID = "5511999998888", "BR.13491208655302741918"


def recorded(name: str) -> Any:
    return json.loads((FIXTURES / f"webhook_{name}.json").read_text())


def numbers(document: Any) -> set[str]:
    """Return every phone number id that the document names."""
    if isinstance(document, dict):
        own = {document["phone_number_id"]} if "phone_number_id" in document else set()
        return own.union(*map(numbers, document.values()))
    return set().union(*map(numbers, document)) if isinstance(document, list) else set()


def parsed(document: Any, *, number: str = NUMBER) -> ParsedWebhook:
    return parse(json.dumps(document).encode(), tenant_id=TENANT, phone_number_id=number)


def brief(event: NewEvent) -> str:
    """Return kind, id, sender and hurry: what the rest of the platform goes by."""
    id_ = event.key if event.kind != "other" else "o"
    return " ".join(
        filter(None, (id_, event.contact_key or "", "instant" if event.instant else ""))
    )


def expected_of(document: Any) -> list[str]:
    """Return the same by another way: a walk over the recorded document, for the usual kinds."""
    found = []
    for change in (each for entry in document["entry"] for each in entry["changes"]):
        value = change["value"]
        for message in value.get("messages", []) if change["field"] == "messages" else []:
            person: dict[str, str] = next(iter(value.get("contacts", [])), {})
            bsuid = message.get("from_user_id") or person.get("user_id")
            sender = f"u:{bsuid}" if bsuid else f"w:{message['from']}"
            tap = " instant" if message["type"] in ("interactive", "button") else ""
            found.append(f"m:{message['id']} {sender}{tap}")
        found += [f"s:{each['id']}:{each['status']}" for each in value.get("statuses", [])]
    return found or ["o"] * sum(len(entry["changes"]) for entry in document["entry"])


NAMES = sorted(each.stem.removeprefix("webhook_") for each in FIXTURES.glob("webhook_*.json"))
OTHERS = {"account_update", "errors_only", "message_echo", "template_status"}


@pytest.mark.parametrize("name", [each for each in NAMES if each != "batch"])
def test_every_recorded_shape_becomes_the_events_it_holds(name: str) -> None:
    document = recorded(name)
    assert numbers(document) <= {NUMBER}

    found = parsed(document)

    assert [brief(each) for each in found.events] == expected_of(document)
    assert found.misrouted == 0
    assert {each.kind for each in found.events} == (
        {"other"} if name in OTHERS else {"status"} if name.startswith("status") else {"message"}
    )
    assert all(each.tenant_id == TENANT for each in found.events)


def test_a_recorded_batch_becomes_every_message_and_status_in_it_once() -> None:
    document = recorded("batch")
    inside = json.dumps(document)

    for number in sorted(numbers(document)):
        found = parsed(document, number=number)
        keys = [each.key for each in found.events]
        assert len(set(keys)) == len(keys)
        assert all(key.split(":")[1] in inside for key in keys if key[0] in "ms")
        assert found.misrouted == sum(
            change["value"].get("metadata", {}).get("phone_number_id", number) != number
            for entry in document["entry"]
            for change in entry["changes"]
        )


def test_a_thousand_updates_over_entries_and_changes_are_a_thousand_events() -> None:
    document = {
        "entry": [{"changes": [change(range(e, e + 50)) for _ in "ab"]} for e in range(0, 500, 50)]
    }
    for at, each in enumerate(messages_of(document)):
        each["id"] = f"wamid.{at}"

    found = parsed(document)

    assert [each.key for each in found.events] == [f"m:wamid.{at}" for at in range(1_000)]
    assert {each.contact_key for each in found.events} == {f"u:BR.{at}" for at in range(500)}


def change(people: range) -> dict[str, Any]:
    return {
        "field": "messages",
        "value": {
            "metadata": {"phone_number_id": NUMBER},
            "contacts": [{"wa_id": f"55{at}", "user_id": f"BR.{at}"} for at in reversed(people)],
            "messages": [{"from": f"55{at}", "type": "text", "id": ""} for at in people],
        },
    }


def messages_of(document: Any) -> Iterator[dict[str, Any]]:
    for entry in document["entry"]:
        for each in entry["changes"]:
            yield from each["value"]["messages"]


@pytest.mark.parametrize(
    ("message", "contacts", "key"),
    [
        ({"from": ANA}, [], f"w:{ANA}"),
        ({"from": ANA}, [{"wa_id": ANA, "user_id": BSUID}], f"u:{BSUID}"),
        ({"from": ANA}, [{"wa_id": "1", "user_id": "X"}, {"wa_id": ANA}], f"w:{ANA}"),
        ({"from_user_id": BSUID}, [{"user_id": BSUID, "wa_id": ANA}], f"u:{BSUID}"),
        ({"from": ANA, "from_user_id": BSUID}, [], f"u:{BSUID}"),
        ({"from": ANA, "from_user_id": BSUID}, [{"wa_id": ANA, "user_id": "other"}], f"u:{BSUID}"),
        ({}, [{"wa_id": ANA}], f"w:{ANA}"),
        ({}, [{"wa_id": ANA}, {"wa_id": "1"}], None),
        ({}, [], None),
        ({"from": 5}, [{"wa_id": 5}], None),
        ({"from": ""}, ["x", None], None),
    ],
)
def test_a_sender_is_known_by_user_id_else_by_number_and_never_guessed(
    message: dict[str, Any], contacts: list[Any], key: str | None
) -> None:
    document = recorded("text")
    value = document["entry"][0]["changes"][0]["value"]
    value["contacts"], value["messages"] = contacts, [{"id": "wamid.1", "type": "text", **message}]

    (event,) = parsed(document).events

    assert event.contact_key == key
    assert event.kind == ("message" if key else "other")


def test_a_message_goes_with_its_own_contact_wherever_that_stands() -> None:
    document = recorded("text")
    value = document["entry"][0]["changes"][0]["value"]
    value["contacts"] = [{"wa_id": "1", "profile": {"name": "B"}}, {"wa_id": "2"}]
    value["messages"] = [{"id": "a", "from": "2"}, {"id": "b", "from": "1"}]

    contacts = [loads(each.body)["contact"] for each in parsed(document).events]

    assert contacts == [{"wa_id": "2"}, {"wa_id": "1", "profile": {"name": "B"}}]


def test_a_change_for_another_number_is_counted_and_none_of_its_events_is_made() -> None:
    document = recorded("text")
    found = parsed(document, number="1")

    assert (found.events, found.misrouted) == ([], 1)


def test_a_message_of_a_group_is_counted_and_kept_whole() -> None:
    document = recorded("text")
    (told,) = messages_of(document)
    told["group_id"] = "120363@g.us"
    found = parsed(document)
    assert (found.in_groups, [each.kind for each in found.events]) == (1, ["other"])


@pytest.mark.parametrize("stamp", ["1795337055", "1795337055000", 1795337055000])
def test_a_time_in_milliseconds_is_a_time(stamp: Any) -> None:
    document = recorded("text")
    (told,) = messages_of(document)
    told["timestamp"] = stamp
    [event] = parsed(document).events
    assert event.sent_at == datetime.fromtimestamp(1795337055, UTC)


def test_a_tenant_without_a_number_gets_nothing_of_anybodys() -> None:
    assert parsed(recorded("text"), number="") == ParsedWebhook([], 1)


@pytest.mark.parametrize("id_", ["x" * 3_000, "é" * 513, "x" * LONGEST_ID + "\x00", "\ud800" * 600])
def test_ids_that_differ_only_at_their_far_end_are_two(id_: str) -> None:
    document = recorded("text")
    (message,) = messages_of(document)
    keys = set()
    for end in "ab":
        message["id"], message["from_user_id"] = id_ + end, id_ + end
        (event,) = parsed(document).events
        assert len(event.key) <= LONGEST_ID
        assert event.contact_key is not None
        assert len(event.contact_key) <= LONGEST_ID
        keys.add((event.key, event.contact_key))

    assert len(keys) == 2


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a": 1}}'])
def test_what_is_no_json_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotJSONError):
        parse(body, tenant_id=TENANT, phone_number_id=NUMBER)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def shaped(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return objects with some of these members, or something else in their place."""
    return st.fixed_dictionaries({}, optional=members) | JSON


ID = st.sampled_from(["a", "b", ANA, BSUID, "x" * 600, "\x00", "\ud800"]) | JSON
MESSAGE = shaped(**{"id": ID, "from": ID, "from_user_id": ID, "type": ID, "timestamp": ID | JSON})
STATUS = shaped(id=ID, status=st.sampled_from(["sent", "read"]) | JSON, timestamp=JSON)
VALUE = shaped(
    metadata=shaped(phone_number_id=st.sampled_from([NUMBER, "999"]) | JSON),
    contacts=st.lists(shaped(wa_id=ID, user_id=ID), max_size=3) | JSON,
    messages=st.lists(MESSAGE, max_size=4) | JSON,
    statuses=st.lists(STATUS, max_size=4) | JSON,
)
CHANGE = shaped(field=st.sampled_from(["messages", "user_id_update"]) | JSON, value=VALUE)
ENTRY = shaped(changes=st.lists(CHANGE, max_size=3) | JSON)
DOCUMENT = shaped(entry=st.lists(ENTRY, max_size=3) | JSON) | JSON


def containers(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, dict | list) + sum(map(containers, inside))


@given(DOCUMENT)
def test_no_json_breaks_it_and_events_are_no_more_than_what_came(document: Any) -> None:
    found = parsed(document)

    assert len(found.events) + found.misrouted <= max(1, containers(document))
    assert found.events or found.misrouted
    for event in found.events:
        assert len(event.key) <= LONGEST_ID
        assert isinstance(loads(event.body), dict | list) or event.kind == "other"
        assert event.kind == "other" or isinstance(loads(event.body), dict)
        assert (event.contact_key is not None) == (event.kind == "message")


@given(DOCUMENT, st.randoms(use_true_random=False))
def test_the_order_of_members_changes_no_key(document: Any, chance: random.Random) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, list):
            return [shuffled(each) for each in value]
        if not isinstance(value, dict):
            return value
        names = list(value)
        chance.shuffle(names)
        return {name: shuffled(value[name]) for name in names}

    keys = [each.key for each in parsed(document).events]
    assert [each.key for each in parsed(shuffled(document)).events] == keys


@given(st.lists(CHANGE, max_size=4))
def test_nothing_said_to_another_number_becomes_an_event(changes: list[Any]) -> None:
    strangers = []
    for each in changes:
        if isinstance(each, dict) and isinstance(each.get("value"), dict):
            each["value"]["metadata"] = {"phone_number_id": "999"}
            strangers.append(each)

    found = parsed({"entry": [{"changes": strangers}]})

    assert found.misrouted == len(strangers)
    assert [each.kind for each in found.events] == ([] if strangers else ["other"])


@pytest.mark.parametrize("depth", [200, 254, 300, 900, 1_000, 1_010])
def test_a_message_that_holds_something_absurdly_deep_is_a_message_all_the_same(depth: int) -> None:
    document = recorded("text")
    (message,) = messages_of(document)
    key = f"m:{message['id']}"
    message["future"] = "@"
    body = json.dumps(document).replace('"@"', "[" * depth + "]" * depth).encode()

    (event,) = parse(body, tenant_id=TENANT, phone_number_id=NUMBER).events

    assert event.key == key
    assert loads(event.body)["message"]["text"] == message["text"]


def test_many_messages_of_many_people_in_one_change_are_not_compared_each_with_each() -> None:
    class Counted(dict[str, Any]):
        looked = 0

        def get(self, *args: Any) -> Any:
            Counted.looked += 1
            return super().get(*args)

    people = [Counted(wa_id=f"55{at}") for at in range(1_000)]
    document = {
        "entry": [
            {
                "changes": [
                    {
                        "field": "messages",
                        "value": {
                            "metadata": {"phone_number_id": NUMBER},
                            "contacts": people,
                            "messages": [{"from": f"55{at}", "id": f"{at}"} for at in range(1_000)],
                        },
                    }
                ]
            }
        ]
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("mcp_platform.whatsapp.payloads.loads", lambda _: document)
        found = parse(b"", tenant_id=TENANT, phone_number_id=NUMBER)

    assert len(found.events) == 1_000
    assert Counted.looked <= 10 * len(people)
