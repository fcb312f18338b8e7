"""Reads the `.env` file in which a client's credentials are handed over, as people really write it.

It takes quotes of every kind, Windows line ends, `export`, private keys on many lines or on one,
and a service account's whole JSON. An error names the line and the reason, never the content.
Values are not interpolated.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp_platform.errors import Invalid
from mcp_platform.tenants.credentials import KEYS, LARGEST_VALUE, LOGIN, WRONG, what_is_wrong

SENTENCES: Mapping[str, str] = {
    **WRONG,
    "no_assignment": "this is neither NAME=value nor a comment",
    "quote_not_closed": "the quotation mark that opens the value is never closed",
    "key_not_finished": "the private key that begins here has no -----END PRIVATE KEY----- line",
    "key_left_out": "between BEGIN and END stands no private key; paste the whole one there",
    "not_json": "what begins here with { is no JSON; paste the whole file, from { to }",
    "no_service_account": "this JSON is not a service account's key (it lacks private_key or"
    " client_email)",
    "oauth_client": "this JSON is an OAuth client; the key of a service account is needed",
    "differs_from_json": "this is not what the service account's JSON in this file says",
    "repeated": "this name stands further up already; what counts is the last one",
    "left_out": "no credential has this name; the line is left out",
}
"""What the codes of remarks mean, in English."""

COMMENT = b"#"  # what a line begins with that nobody reads
LARGEST_FILE = 256 * 1024  # characters; a client's credentials have about 4,000
FROM_JSON = {
    "GOOGLE_PROJECT_ID": "project_id",
    "GOOGLE_CLIENT_EMAIL": "client_email",
    "GOOGLE_PRIVATE_KEY": "private_key",
}
_NAME = re.compile(r"(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]{0,63})[ \t]*(=|:(?=\s|$))[ \t]*")
_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_PEM_END = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")
# Where a value of many lines begins: JSON, or a private key; before it, inside quotes, white space.
_LONG = re.compile(r"(\s*)(?=\{|-----BEGIN [A-Z ]*PRIVATE KEY-----)")
_PEM_BODY = re.compile(r"(?:[A-Za-z0-9+/=]|\\+[nr]|\s)*")
_PAIRS = {'"': '"“”„«»', "'": "'‘’‚´`"}
# Which marks may close what a mark opens: word processors exchange any for any of its kind.
_CLOSING = {mark: marks for marks in _PAIRS.values() for mark in marks}
_AFTER = re.compile(r"[ \t]*(?:#|$)")
_COMMENT = re.compile(r"[ \t]#.*")
_ESCAPED = re.compile(r'\\(["\\])')
_LINE_ENDS = re.compile(r"(?:(?<!\\)\\+[nr]|\s)+")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said of a line, as a code of `SENTENCES`. `key` is a credential's name."""

    line: int
    code: str
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvFile:
    """What a file says. `wrong` lines say nothing that could be used as it was meant.

    Attributes:
        values: Non-empty values of known keys. One whose form alone is wrong is among them.
        wrong: What a person has to mend, by line.
        notes: What was passed over or overruled, by line.
    """

    values: Mapping[str, str] = field(repr=False)
    wrong: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()

    def checked(self) -> Mapping[str, str]:
        """Return the values of a file in which every line is right, and one at least is a credential.

        Raises:
            Invalid: with the fields `line 7` and so on, and never what stands there.
        """
        if self.wrong:
            raise Invalid("Some lines of this file cannot be used.", fields=_told(self.wrong))
        if not self.values:
            raise Invalid("There is no credential in this file.", fields=self.noted())
        return self.values

    def noted(self) -> dict[str, str]:
        """Return what was passed over or overruled, by `line 7` and so on."""
        return _told(self.notes)


def _told(remarks: Sequence[Remark]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for each in remarks:
        said = f"{each.key}: {SENTENCES[each.code]}" if each.key else SENTENCES[each.code]
        before = fields.get(f"line {each.line}")
        fields[f"line {each.line}"] = f"{before}; {said}" if before else said
    return fields


def read_env_file(text: str) -> EnvFile:
    """Read the text of an `.env` file, or of a service account's JSON file as it was downloaded.

    Raises:
        Invalid: it has more than `LARGEST_FILE` characters; it was not looked at.
    """
    if len(text) > LARGEST_FILE:
        raise Invalid(f"The file has more than {LARGEST_FILE} characters.")
    return _Reader(text).read()


def of_secret(values: Mapping[str, str]) -> Mapping[str, str]:
    """Return the values of a Secret as a file would give them.

    `kubectl create secret --from-env-file` takes quotation marks for a part of the value, and
    `--from-file` a service account's whole JSON. A login is ours, and taken as it stands.
    """
    read = dict(values)
    for key, value in values.items():
        if key in KEYS and key not in LOGIN and value.lstrip()[:1] in {"{", *_CLOSING}:
            found = read_env_file(f"{key}={value.strip()}").values
            read |= {each: found[each] for each in found if each == key or not values.get(each)}
    return read


def write_env_file(values: Mapping[str, str]) -> str:
    """Return the text of a file from which `read_env_file` reads exactly these values."""
    ordered = [key for key in KEYS if values.get(key)]
    return "".join(f"{key}={_quoted(values[key])}\n" for key in ordered)


def _quoted(value: str) -> str:
    one_line = value.strip().replace("\r", "").replace("\n", "\\n")
    escaped = one_line.replace("\\", "\\\\").replace('"', '\\"') if "'" in one_line else None
    return f"'{one_line}'" if escaped is None else f'"{escaped}"'


class _Reader:
    """Goes through a text once. `_at` is where it stands."""

    def __init__(self, text: str) -> None:
        plain = text.replace("\r\n", "\n").replace("\r", "\n")
        self._text = plain.translate({ord(mark): None for mark in _INVISIBLE}).replace("\xa0", " ")
        self._at = 0
        self._line, self._counted_to = 1, 0
        self._found: dict[str, tuple[str, int]] = {}
        self._account: dict[str, tuple[str, int]] = {}
        self._wrong: list[Remark] = []
        self._notes: list[Remark] = []
        self._empty: str | None = None  # the key just read without a value

    def read(self) -> EnvFile:
        while self._at < len(self._text):
            before = self._at
            self._statement()
            if self._at <= before:  # never: each statement takes a line at least
                raise AssertionError(before)
        self._merge_account()
        for key, (value, line) in self._found.items():
            code = what_is_wrong(key, value)
            if code is not None:
                self._wrong.append(Remark(line, code, key))
        return EnvFile(
            values={key: value for key, (value, _) in self._found.items() if value},
            wrong=tuple(sorted(self._wrong, key=lambda each: each.line)),
            notes=tuple(sorted(self._notes, key=lambda each: each.line)),
        )

    # Where it stands.

    def _line_number(self) -> int:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        return self._line

    def _rest_of_line(self) -> str:
        end = self._text.find("\n", self._at)
        return self._text[self._at :] if end < 0 else self._text[self._at : end]

    def _next_line(self) -> None:
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end + 1

    # What may stand on a line.

    def _statement(self) -> None:
        line = self._rest_of_line()
        content = line.strip()
        if not content or content.startswith("#"):
            self._next_line()
            return
        self._at += len(line) - len(line.lstrip())
        number, empty, self._empty = self._line_number(), self._empty, None
        if content.startswith("{"):
            self._json(number)
        elif _PEM_BEGIN.match(content):
            self._key_on_lines(number, name=empty or "GOOGLE_PRIVATE_KEY")
        else:
            self._assignment(number)

    def _assignment(self, number: int) -> None:
        named = _NAME.match(self._rest_of_line())
        key = named[1].upper() if named else ""
        if named is None or not (named[2] == "=" or key in KEYS):
            self._wrong.append(Remark(number, "no_assignment"))
            self._next_line()
            return
        self._at += named.end()
        value = self._value(number, many_lines=key in FROM_JSON or key not in KEYS)
        if value is None:
            return
        if key not in KEYS:
            if not self._account_given(value, number):
                self._notes.append(Remark(number, "left_out"))
            return
        if key in FROM_JSON and self._account_given(value, number):
            return
        self._keep(key, value, number)

    def _keep(self, key: str, value: str, number: int) -> None:
        if key == "GOOGLE_PRIVATE_KEY":
            value = _key_in_lines(value)
        if not value:
            self._empty = key
            self._found.pop(key, None)
            return
        if key in self._found and self._found[key][0] != value:
            self._notes.append(Remark(number, "repeated", key))
        self._found[key] = (value, number)

    # Values.

    def _value(self, number: int, *, many_lines: bool) -> str | None:
        """Return the value that begins here and go behind its last line; None: it is wrong."""
        line = self._rest_of_line()
        quote = line[:1] if line[:1] in _CLOSING else ""
        long = _LONG.match(self._text, self._at + len(quote))
        if many_lines and long and (quote or not long[1]):
            self._at = long.end()
            value = (
                self._json_value(number, quote=quote) if self._json_here() else self._pem(number)
            )
            self._go_behind_lone(quote)
            return value
        if quote:
            return self._between_quotes(number, quote)
        value = line
        self._next_line()
        return _COMMENT.sub("", " " + value if value.startswith("# ") else value).strip()

    def _json_here(self) -> bool:
        return self._text.startswith("{", self._at)

    def _go_behind_lone(self, quote: str) -> None:
        """Go behind a line that holds nothing but the mark that closes `quote`."""
        content = self._rest_of_line().strip()
        if quote and content and content in _CLOSING[quote]:
            self._next_line()

    def _between_quotes(self, number: int, quote: str) -> str | None:
        line = self._rest_of_line()
        self._next_line()
        escapes = quote in "\"'"
        ends = [
            place
            for place in range(1, len(line))
            if line[place] in _CLOSING[quote] and _AFTER.match(line, place + 1)
        ]
        # A mark behind a backslash belongs to the value, unless no other closes it.
        free = [place for place in ends if not (escapes and _is_escaped(line, place))]
        if not ends:
            self._wrong.append(Remark(number, "quote_not_closed"))
            return None
        inner = line[1 : (free or ends)[0]]
        if quote == '"':
            inner = _ESCAPED.sub(r"\1", inner)
        elif quote == "'" and free:
            inner = inner.replace("\\'", "'")
        return inner.strip()

    def _pem(self, number: int) -> str | None:
        ended = _PEM_END.search(self._text, self._at, self._at + LARGEST_VALUE)
        begun = _PEM_BEGIN.match(self._text, self._at)
        if begun is None:  # never: it was looked for
            raise AssertionError(number)
        if ended is None or not _PEM_BODY.fullmatch(self._text, begun.end(), ended.start()):
            # On one line the END is this key's, and what stands before it an example's "...".
            left_out = _PEM_END.search(self._rest_of_line()) is not None
            self._wrong.append(Remark(number, "key_left_out" if left_out else "key_not_finished"))
            self._skip_key_lines()
            return None
        pem = self._text[self._at : ended.end()]
        self._at = ended.end()
        self._next_line()
        return pem

    def _skip_key_lines(self) -> None:
        self._next_line()
        while (line := self._rest_of_line().strip()) and not (
            line.startswith("#") or _is_assignment(line)
        ):
            self._next_line()

    def _key_on_lines(self, number: int, *, name: str) -> None:
        pem = self._pem(number)
        if pem is not None:
            self._keep(name, pem, number)

    # A service account's JSON.

    def _json(self, number: int) -> None:
        text = self._json_value(number, quote="")
        if text is not None:
            self._account_given(text, number)

    def _json_value(self, number: int, *, quote: str) -> str | None:
        try:
            # Not strict: a pasted key may hold real line ends inside its string.
            # A part of the text, because an error counts the lines of all that stands before it.
            long = self._text[self._at : self._at + LARGEST_VALUE]
            _, length = json.JSONDecoder(strict=False).raw_decode(long)
        except (ValueError, RecursionError):
            line = self._rest_of_line()
            closed = line.rstrip().rstrip("".join(_CLOSING))
            unescaped = closed.replace('\\"', '"').replace("\\\\", "\\")
            self._next_line()
            if quote and _decoded(unescaped) is not None:
                return unescaped
            self._wrong.append(Remark(number, "not_json"))
            self._skip_json_lines()
            return None
        self._at += length
        text = long[:length]
        self._next_line()
        return text

    def _skip_json_lines(self) -> None:
        """Go behind the lines of JSON that nobody can read: to its last brace, or the next name."""
        while self._at < len(self._text):
            line = self._rest_of_line().strip()
            if _is_assignment(line):
                return
            self._next_line()
            if line.rstrip("".join(_CLOSING)).endswith("}"):
                return

    def _account_given(self, value: str, number: int) -> bool:
        """Tell whether `value` was JSON; what a service account's says is taken."""
        if not value.startswith("{"):
            return False
        account = _decoded(value)
        if account is None:
            self._wrong.append(Remark(number, "not_json"))
        elif all(isinstance(account.get(name), str) for name in ("private_key", "client_email")):
            for key, name in FROM_JSON.items():
                if isinstance(account.get(name), str) and account[name].strip():
                    self._account[key] = (account[name].strip(), number)
        else:
            oauth = "installed" in account or "web" in account
            self._wrong.append(Remark(number, "oauth_client" if oauth else "no_service_account"))
        return True

    def _merge_account(self) -> None:
        for key, (said, number) in self._account.items():
            value = _key_in_lines(said) if key == "GOOGLE_PRIVATE_KEY" else said
            if key in self._found and self._found[key][0] != value:
                self._wrong.append(Remark(self._found[key][1], "differs_from_json", key))
            else:
                self._found[key] = (value, number)


def _is_assignment(line: str) -> bool:
    named = _NAME.match(line)
    # What a line of a key's characters ends with is no value.
    return named is not None and named[2] == "=" and bool(line[named.end() :].strip("="))


def _is_escaped(line: str, place: int) -> bool:
    first = place
    while first and line[first - 1] == "\\":
        first -= 1
    return (place - first) % 2 == 1


def _decoded(text: str) -> dict[str, Any] | None:
    decode: Callable[[str], Any] = json.JSONDecoder(strict=False).decode
    try:
        found = decode(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _key_in_lines(value: str) -> str:
    """Give a private key its lines back; other characters may stand for the line ends."""
    begun, ended = _PEM_BEGIN.match(value), _PEM_END.search(value)
    if begun is None or ended is None or ended.end() != len(value):
        return value
    body = _LINE_ENDS.split(value[begun.end() : ended.start()])
    return "\n".join([begun[0], *filter(None, body), ended[0]])
