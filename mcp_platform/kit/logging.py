"""Log lines: JSON in ECS field names, or coloured for people; what is personal is masked.

A phone number keeps its last two digits, and a text its length. Secrets in queries and headers are
cut out wherever they appear.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Query parameters that carry secrets: the webhook's handshake, debug_token, OAuth.
_SECRETS = re.compile(
    r"((?:hub\.verify_token|hub\.challenge|access_token|input_token|client_secret|assertion|token|key)"
    # Inside JSON a quote is escaped, and ends the secret all the same.
    r"(?:=|%3D))(?:[^&\s\"'\\]|\\[^\"'\s])+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(Bearer\s+)[\w.~+/|=-]+", re.IGNORECASE)
# Alone, or at the end of a sentence; digits behind a point are a fraction.
_PHONE = re.compile(r"(?<![\w-])(?<!\d\.)\+?\d{8,13}(\d{2})(?![\w-])(?!\.\d)")
# Postgres quotes the row that it refuses, in which there are people's words.
_ROW = re.compile(r"((?:\n|\\n)DETAIL:)(?:(?!(?:\n|\\n)\[SQL:).)*", re.DOTALL)
_TEXTS = frozenset({"text", "body", "message", "name"})
_ECS = {"event": "message", "level": "log.level", "logger": "log.logger", "timestamp": "@timestamp"}

Event = MutableMapping[str, Any]


def redacted(line: str) -> str:
    """Return `line` without secrets."""
    return _BEARER.sub(r"\1[redacted]", _SECRETS.sub(r"\1[redacted]", line))


def _redact(_: Any, __: str, event: Event) -> Event:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = redacted(value)
    return event


def _mask(_: Any, __: str, event: Event) -> Event:
    for key, value in event.items():
        if key in _TEXTS and isinstance(value, str):
            event[key] = f"[{len(value)} characters]"
        else:
            event[key] = _masked(value)
    return event


def _mask_traces(_: Any, __: str, event: Event) -> Event:
    """Mask what exceptions say: they are rendered after everything else."""
    if "exception" in event:
        event["exception"] = _masked(event["exception"])
    return event


def without_numbers(text: str) -> str:
    """Return `text` with two digits left of each phone number."""
    return _PHONE.sub(r"…\1", text)


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return without_numbers(_ROW.sub(r"\1 [cut]", value))
    if isinstance(value, dict):
        return {key: _masked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return value


def _to_ecs(_: Any, __: str, event: Event) -> Event:
    event = {_ECS.get(key, key): value for key, value in event.items()}
    event["ecs.version"] = "8.11.0"
    if "trace_id" in event:
        event["trace.id"] = event.pop("trace_id")
    return event


def current_trace() -> str | None:
    """Return the id that this task's log lines bear, for what it records to be followed by."""
    trace_id: str | None = structlog.contextvars.get_contextvars().get("trace_id")
    return trace_id


class _RedactedFormatter(structlog.stdlib.ProcessorFormatter):
    """The last gate: what a library wrote into its message, or a traceback, is redacted too."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def configure_logging(*, level: str, form: str, show_texts: bool) -> None:
    """Send all log lines of this process to standard error, in one form."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([] if show_texts else [_mask]),
        _redact,
    ]
    last: list[Any] = (
        [
            _to_ecs,
            # Never the values of local variables: they hold credentials and people's words.
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            *([] if show_texts else [_mask_traces]),
            structlog.processors.JSONRenderer(),
        ]
        if form == "json"
        else [
            # Where `rich` is installed, the renderer's own traces show local variables.
            structlog.processors.format_exc_info,
            *([] if show_texts else [_mask_traces]),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # A line below the level costs one comparison, and none of the masking.
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        _RedactedFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # They write one line a request or a job; ours say the same, masked.
    for chatty in ("httpx", "httpx2", "httpcore", "google_genai", "alembic", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
