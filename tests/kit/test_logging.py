"""Log lines are JSON in ECS names, and hold nobody's secret, number or words."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from mcp_platform.kit.logging import configure_logging, redacted

TOKEN, PHONE, WORDS = "EAAGm0PX4ZCpsBA-secret", "5511999998888", "quero cortar o cabelo"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """Configure logging as in production at DEBUG; return what is written. All is put back."""
    root = logging.getLogger()
    handlers, level, structured = root.handlers[:], root.level, structlog.get_config()
    levels = {name: each.level for name, each in _loggers().items()}
    configure_logging(level="DEBUG", form="json", show_texts=False)
    written = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, each in _loggers().items():
        each.setLevel(levels.get(name, logging.NOTSET))
    structlog.configure(**structured)


def _loggers() -> dict[str, logging.Logger]:
    found = logging.root.manager.loggerDict
    return {name: each for name, each in found.items() if isinstance(each, logging.Logger)}


@pytest.fixture
def lines(output: io.StringIO) -> Lines:
    return lambda: [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_line_bears_the_names_of_ecs(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(trace_id="abc"):
        structlog.get_logger("mcp.x").warning("inbox.event.stored", tenant="shop/production")

    (line,) = lines()
    assert line["message"] == "inbox.event.stored"
    assert line["log.level"] == "warning"
    assert line["log.logger"] == "mcp.x"
    assert line["trace.id"] == "abc"
    assert line["@timestamp"].endswith("Z")
    assert line["ecs.version"]
    assert not {"event", "level", "logger", "timestamp", "trace_id"} & set(line)


def test_a_librarys_line_looks_like_ours(lines: Lines) -> None:
    logging.getLogger("library.part").info("said %s", "this")

    (line,) = lines()
    assert (line["message"], line["log.level"], line["log.logger"]) == (
        "said this",
        "info",
        "library.part",
    )


def test_texts_keep_their_length_and_phone_numbers_two_digits(lines: Lines) -> None:
    structlog.get_logger().info("x", text=WORDS, body=WORDS, name="Ana", to=PHONE, key=f"w:{PHONE}")

    (line,) = lines()
    assert line["text"] == line["body"] == f"[{len(WORDS)} characters]"
    assert line["to"] == "…88"
    assert line["key"] == "w:…88"
    assert "Ana" not in json.dumps(line)


@pytest.mark.parametrize(
    "said",
    [
        f"GET /shop/production/api/v1/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token={TOKEN}",
        f"GET /x?hub.verify_token={TOKEN}&hub.challenge=1 HTTP/1.1",
        f"https://graph.facebook.com/debug_token?input_token={TOKEN}&access_token={TOKEN}",
        f"https://oauth2.googleapis.com/token?assertion={TOKEN}",
        f"https://x/v1/models?key={TOKEN}",
        f"Authorization: Bearer {TOKEN}",
        f"{{'authorization': 'Bearer {TOKEN}'}}",
        f"bearer {TOKEN}",
        f"?HUB.VERIFY_TOKEN={TOKEN}",
        f"client_secret={TOKEN}",
    ],
)
def test_secrets_in_queries_and_headers_are_cut_out_wherever_they_stand(
    lines: Lines, said: str
) -> None:
    log = structlog.get_logger()
    log.info("x", url=said)
    log.info(said)
    logging.getLogger("library").warning("%s", said)
    logging.getLogger("library").warning("in a tuple: %s", [{"a": said}])
    log.info("nested", request={"headers": [said]})
    try:
        int(f"no number: {said}")
    except ValueError:
        log.exception("failed")
        logging.getLogger("library").exception("failed")

    assert len(lines()) == 7
    assert TOKEN not in json.dumps(lines())


def fail_with_secrets() -> None:
    token, phone, text = TOKEN, PHONE, WORDS  # what a function that fails has at hand
    raise LookupError(f"{len(token + phone + text)} characters are too many")


def test_a_trace_shows_where_and_not_what_was_at_hand(lines: Lines) -> None:
    try:
        fail_with_secrets()
    except LookupError:
        structlog.get_logger().exception("failed")
        logging.getLogger("library").exception("failed")

    for line in lines():
        shown = json.dumps(line)
        assert "fail_with_secrets" in shown
        assert "LookupError" in shown
        assert not [each for each in (TOKEN, PHONE, WORDS) if each in shown]


def test_a_trace_for_people_shows_no_more(output: io.StringIO) -> None:
    configure_logging(level="INFO", form="console", show_texts=False)
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(output)
    try:
        try:
            fail_with_secrets()
        except LookupError as error:
            raise ValueError(f"of {PHONE}, access_token={TOKEN}") from error
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("library").exception("failed")

    said = output.getvalue()
    assert said.count("fail_with_secrets") >= 2
    assert not [each for each in (TOKEN, PHONE, WORDS) if each in said]


def test_the_row_that_postgres_refused_is_not_quoted(lines: Lines) -> None:
    refused = f"it violates a check\nDETAIL:  Failing row contains (1, {WORDS}\n, {PHONE})."
    error = IntegrityError("INSERT INTO messages", {}, ValueError(refused), hide_parameters=True)
    try:
        raise error
    except IntegrityError:
        structlog.get_logger().exception("failed", error=repr(error), reasons=[str(error)])
        logging.getLogger("library").exception("failed: %s", error)

    said = json.dumps(lines())
    assert WORDS not in said
    assert said.count("violates a check") == 5
    assert said.count("INSERT INTO messages") == 4  # an error's repr has none


@pytest.mark.parametrize("said", ["({})", "of {}.", "+{}", "a: {}, b", "w:{}", "Ana. {}"])
def test_a_phone_number_is_masked_wherever_it_stands(lines: Lines, said: str) -> None:
    structlog.get_logger().info("x", reason=said.format(PHONE))

    assert PHONE not in json.dumps(lines())


def test_a_trace_that_quotes_a_phone_number_masks_it(lines: Lines) -> None:
    try:
        dict[str, str]()[f"no contact {PHONE}"]
    except KeyError as error:
        structlog.get_logger().exception("failed", error=repr(error))
        logging.getLogger("library").exception("failed for %s", PHONE)

    assert PHONE not in json.dumps(lines())
    assert "…88" in json.dumps(lines(), ensure_ascii=False)


@pytest.mark.parametrize("value", ["a\nb", "\ud800", "\x00\x1b[31m", '"', "\\", "\u2028", "🙈"])
def test_one_event_is_one_line_of_json_whatever_is_in_it(lines: Lines, value: str) -> None:
    root = logging.getLogger()
    # pytest's own handlers would carry half a character to whoever reports this test.
    root.handlers[:] = [each for each in root.handlers if type(each) is logging.StreamHandler]
    structlog.get_logger().info("x", value=value, token=f"token={value}", other={value: [value]})
    logging.getLogger("library").info("%s", value)

    assert len(lines()) == 2


@settings(
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.text("ab=&\"\\\n'{}: ", max_size=30), st.text("ab\"\\\n'", max_size=10))
def test_cutting_out_never_breaks_the_json_around(before: str, after: str) -> None:
    line = json.dumps({"a": f"{before}token={after}", "b": f"Bearer {before}", "c": 1})

    assert json.loads(redacted(line))["c"] == 1


def test_what_is_no_secret_stays(lines: Lines) -> None:
    said = {
        "trace": "4bf92f3577b34da6",
        "wamid": "wamid.HBgNNTUxMTk5OTk5ODg4OBUCABIYFjNB",
        "tenant_id": 12,
        "seconds": 0.123456789012345,
        "turn": "1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        "tenant": "barbearia-do-ze/production",
    }
    structlog.get_logger().info("x", **said)

    (line,) = lines()
    assert {name: line[name] for name in said} == said


def test_texts_can_be_shown_on_purpose(output: io.StringIO, lines: Lines) -> None:
    configure_logging(level="INFO", form="json", show_texts=True)
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(output)

    structlog.get_logger().info("x", text=WORDS, url=f"?token={TOKEN}")

    (line,) = lines()
    assert line["text"] == WORDS
    assert TOKEN not in json.dumps(line)


@pytest.mark.parametrize("level", ["debug", "info"])
def test_lines_below_the_level_are_not_written(output: io.StringIO, level: str) -> None:
    configure_logging(level="WARNING", form="json", show_texts=False)
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(output)

    getattr(structlog.get_logger(), level)("x")
    getattr(logging.getLogger("library"), level)("x")

    assert output.getvalue() == ""
