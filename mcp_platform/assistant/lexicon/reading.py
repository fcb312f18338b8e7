"""The model's text as sentences of tokens: one spelling for one look.

Owns how text is cleaned, cut and matched with placeholders, quotations and names. Refuses to say
what may stand: that is `assistant.judging`.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mcp_platform.assistant.lexicon import denied_in_names, fold

EMOJIS = (
    "😊🙂😀😄😃😁😉🤗👋🙏❤💙💚💛🧡💜🤍✨🌟🥰😍💐🌸🌷🌻💇✂🫶☺😌😅😢😔💕💖🎉🥳😂"
    "☀🌞🌈🍀🎂🎄🎊🎈🎓🎶🎵👏🙌💪😇🤩😎🤔😕🙁☹😞😟🥺😭🖤❣💫⭐🌺🌹🌼🐶🐱💈💅💆👰🤵👶🕊😆🤣😋🥲😘🫂💝💞💗💓💟☕✍🏡💭🤭😬😳🙈🧔"
)
LONGEST = 16_384  # characters: four times what WhatsApp takes, so that nothing said is cut
SEPARATORS = "-,:–—"  # the hyphen first: it makes a range elsewhere in a character class
_INVISIBLE = {"Cf", "Cc", "Co", "Cs", "Cn"}
_PLACEHOLDER = re.compile(
    r"\{\s*((slot|appointment|price|service|professional):([\w-]{1,64}))\s*\}"
)
_COMMON = re.compile(r"[\n -~¡¿À-ÖØ-öø-ÿ–—…]*")  # look like nothing else, hide nothing
_BULLET = re.compile(r"(?m)^[ \t]*(?:[-*•–]|\d{1,2}[.)])[ \t]+")
_HEADING = re.compile(r"(?m)^[ \t]*[#>]+[ \t]*")
_MARKUP = re.compile(r"(\{[^{}]*\})|[*_~`]+")
_WORD = r"[^\W\d_]+(?:['’-][^\W\d_]+)*"
_TOKEN = re.compile(
    rf"(?P<emoji>[{EMOJIS}]\ufe0f?[\U0001f3fb-\U0001f3ff]?)|(?P<word>{_WORD})|(?P<newline>\s*\n\s*)"
    rf"|(?P<space>\s+)|(?P<end>(?:[.!?…]+|;)(?=\s|$|[{EMOJIS}]))|(?P<mark>[{SEPARATORS}¿¡])|(?P<bad>.)"
)
# One class, repeated: with words and marks repeated within a repetition, 30 letters took 100 s.
_NAME = re.compile(r"(?:[^\W\d_]|[\s.&'’-])+")
_KINDS = {"slot": "slot", "appointment": "appt", "price": "price"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text that is judged as one."""

    kind: str  # word, emoji, mark, end, newline, space, bad, slot, appt, price, name, quote
    text: str  # as it will be said
    folded: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Tokens up to the end of a sentence or line."""

    tokens: tuple[Token, ...]
    bulleted: bool
    starts_line: bool

    def text(self) -> str:
        said = "".join(" " if token.kind == "space" else token.text for token in self.tokens)
        return said.strip()

    def listed(self) -> bool:
        return self.bulleted or (
            self.starts_line and self.tokens[0].kind in {"slot", "appt", "price"}
        )

    def introduces(self) -> bool:
        return self.text().endswith(":")


def clean(text: str) -> str:
    """Return `text` with one spelling for one look, without what cannot be seen and markup."""
    text = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    whole = text if _COMMON.fullmatch(text) else _seen(text)
    listed = _BULLET.sub("• ", _HEADING.sub("", whole))
    return _MARKUP.sub(lambda found: found[1] or "", listed)


def _seen(text: str) -> str:
    out: list[str] = []
    for char in text:
        if char in "\n…":
            out.append(char)
        elif char == "\ufe0f":
            if out and out[-1] in EMOJIS:
                out.append(char)
        elif char == "\t":
            out.append(" ")
        elif unicodedata.category(char) not in _INVISIBLE:
            out.append(char)
    parts = re.split("(…)", "".join(out))
    return "".join(p if p == "…" else unicodedata.normalize("NFKC", p) for p in parts)


def usable_names(names: Collection[str]) -> Iterator[str]:
    """Yield the names that state nothing."""
    for name in names:
        if is_name(name):
            yield name


def is_name(name: str) -> bool:
    """Tell whether `name` can be said anywhere: Latin letters and no word that states anything."""
    words = re.findall(_WORD, name)
    if len(name.strip()) < 2 or not words or not _NAME.fullmatch(name):  # noqa: PLR2004 - one letter names nothing
        return False
    return all(
        unicodedata.name(char, "").startswith("LATIN")
        for word in words
        for char in word
        if char.isalpha()
    ) and not any(
        part in denied_in_names() for word in words for part in {fold(word), *fold(word).split("-")}
    )


def is_quotable(passage: str) -> bool:
    """Tell whether `passage` is more than a bare figure; a telephone number has eight digits."""
    worded = re.search(r"[^\W\d_]{2}|[$€£]", passage)
    digits = sum(char.isdigit() for char in passage)
    return len(passage.strip()) > 1 and (worded is not None or digits >= 8)  # noqa: PLR2004 - explained above


@lru_cache(maxsize=64)
def _literal(passages: tuple[str, ...]) -> re.Pattern[str] | None:
    if not passages:
        return None
    longest_first = sorted(passages, key=len, reverse=True)
    spellings = (r"\s+".join(re.escape(w) for w in clean(p).split()) for p in longest_first)
    joined = "|".join(f"({spelling})" for spelling in spellings)
    return re.compile(rf"(?<![\w@#/])(?:{joined})(?![\w@/])", re.IGNORECASE)


def tokens_of(
    text: str, placeholders: Mapping[str, str], passages: tuple[str, ...], names: tuple[str, ...]
) -> Iterator[Token]:
    """Yield the tokens of cleaned `text`; a placeholder that is not known is a bad one."""
    quotes, known = _literal(passages), _literal(names)
    at = 0
    while at < len(text):
        if found := _PLACEHOLDER.match(text, at):
            key, kind = found[1], found[2]
            rendered = placeholders.get(key)
            said = rendered if rendered is not None else found[0]
            yield Token(_KINDS.get(kind, "name") if rendered else "bad", said, fold(said), key)
        elif quotes and (found := quotes.match(text, at)):
            passage = sorted(passages, key=len, reverse=True)[(found.lastindex or 1) - 1]
            yield Token("quote", passage.strip(), fold(passage))
        elif known and (found := known.match(text, at)):
            yield Token("name", found[0], fold(found[0]))
        elif found := _TOKEN.match(text, at):
            yield _plain(found)
        else:  # pragma: no cover - the last alternative of _TOKEN matches anything
            return
        at = found.end()


def _plain(found: re.Match[str]) -> Token:
    kind, text = found.lastgroup or "bad", found[0]
    if kind == "word":
        shape = all(p.islower() or p.isupper() or p[1:].islower() for p in re.split("['’-]", text))
        return Token("word" if shape else "bad", text, fold(text))
    if kind == "end":
        return Token(kind, text[:3])
    return Token("bullet" if text == "•" else kind, text)


def sentences_of(tokens: Iterator[Token]) -> Iterator[Sentence]:
    """Yield the sentences that `tokens` make, trailing emojis included."""
    current: list[Token] = []
    bulleted = starts_line = True
    ended = bulleted = False

    def flush() -> Iterator[Sentence]:
        if any(token.kind != "space" for token in current):
            yield Sentence(tuple(current), bulleted, starts_line)
        current.clear()

    for token in tokens:
        if ended and token.kind not in {"emoji", "space"}:
            yield from flush()
            ended, starts_line = False, False
        if token.kind == "newline":
            yield from flush()
            ended, starts_line, bulleted = False, True, False
        elif token.kind == "bullet" and not current and starts_line:
            bulleted = True
        else:
            current.append(token)
            ended = ended or token.kind == "end"
    yield from flush()
