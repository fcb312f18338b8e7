"""The rule for one sentence in one language: may it be said, and what does it consist of.

Owns the forms in which listed words cannot claim anything. Refuses to look at more than one
sentence: what may follow what is `assistant.grounding`.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto
from itertools import pairwise

from mcp_platform.assistant.lexicon import Kind, Lexicon, fold
from mcp_platform.assistant.lexicon.reading import SEPARATORS, Sentence, Token

MAX_CLAUSES = 16  # of one sentence; a longer one is a list in disguise
MAX_OPENER = 90  # characters; no opener in the lists is longer
MAX_EMOJIS = 3  # of one sentence: more could count something


class Clause(Enum):
    SAY = auto()
    COURTESY = auto()  # talk without an occasion of its own, which would answer what was asked
    VOCATIVE = auto()
    ACK = auto()
    FORWARD = auto()  # a question, offer or request: leads on, claims nothing
    CLOSING = auto()  # a question that would claim success after an agreement
    FACT = auto()  # a frame around rendered or quoted text


class Rule:
    """The rule in one language."""

    def __init__(
        self,
        words: Lexicon,
        placeholders: Mapping[str, str],
        figures: Mapping[str, frozenset[str]],
        hosts: Collection[str],
    ) -> None:
        self._words = words
        self._vocabulary = words.vocabulary
        self._placeholders = placeholders
        self._figures = figures  # of each service, both folded
        self._hosts = hosts  # names of the business, whose passages need no other name

    def judge(self, sentence: Sentence, *, answering: bool) -> frozenset[Clause] | None:
        """Return what the sentence consists of, or nothing when it must not be said.

        `answering`: something was asked for, so that courtesy would agree to it.
        """
        judged = self._judge(sentence)
        if not answering or judged is None:
            return judged
        if Clause.CLOSING in judged:
            return None
        if judged <= {Clause.SAY, Clause.VOCATIVE} and not self._has_occasion(sentence):
            return frozenset({Clause.COURTESY})
        return judged

    def is_small_talk(self, sentences: Sequence[Sentence]) -> bool:
        """Tell whether the contact greets, thanks or tells of their life, and no more than that."""
        words = self._words
        allowed = {Kind.TALK, Kind.LINK, Kind.ARTICLE, Kind.STATE, Kind.SAY, Kind.WHOLE}
        spoken = 0
        for sentence in sentences:
            tokens = [t for t in sentence.tokens if t.kind not in {"space", "end", "mark", "emoji"}]
            heard = _stream(tokens, asks=False).split()
            asks = any(t.kind == "end" and "?" in t.text for t in sentence.tokens)
            plain = [word for word in heard if not (asks and word in words.social)]
            if not words.want.isdisjoint(heard):
                return False
            if self._scan(plain, {Kind.SAY, Kind.LINK} if asks else allowed) is None:
                return False
            spoken += not (words.social | words.occasion).isdisjoint(heard)
        return spoken > 0

    def _has_occasion(self, sentence: Sentence) -> bool:
        """Tell whether each of its parts speaks of something in the contact's life."""
        tokens = [t for t in sentence.tokens if t.kind not in {"space", "end"}]
        parts = [[t.folded for t in each if t.kind == "word"] for each in _segments(tokens)]
        return all(
            not words or not self._words.occasion.isdisjoint([*words, *_pairs(words)])
            for words in parts
        )

    def _judge(self, sentence: Sentence) -> frozenset[Clause] | None:
        tokens = [t for t in sentence.tokens if t.kind not in {"space", "end"}]
        asks = any(t.kind == "end" and "?" in t.text for t in sentence.tokens)
        if any(t.kind in {"bad", "bullet"} for t in tokens) or _counts(tokens) or _is_one(tokens):
            return None
        if not all(t.folded in self._vocabulary for t in tokens if t.kind == "word"):
            return None  # most of what is dropped is dropped here
        judged = self._judged(_segments(tokens), sentence, asks=asks)
        if judged is None and any(self._is_common(t) for t in tokens):
            # "Corte" may be a service's name and is a word as well: it may stand as either.
            plain = [replace(t, kind="word") if self._is_common(t) else t for t in tokens]
            judged = self._judged(_segments(plain), sentence, asks=asks)
        return judged

    def _is_common(self, token: Token) -> bool:
        return token.kind == "name" and not token.key and token.folded in self._words.words

    def _judged(
        self, segments: list[list[Token]], sentence: Sentence, *, asks: bool
    ) -> frozenset[Clause] | None:
        marks = [t for t in sentence.tokens if t.kind == "end"]
        if not segments or len(segments) > MAX_CLAUSES:
            return None
        bare = {t.kind for segment in segments for t in segment if t.kind != "mark"}
        if bare == {"name"}:
            return frozenset({Clause.VOCATIVE}) if sentence.bulleted else None
        if self._is_bare_list(segments) and all(mark.text in ".?" for mark in marks):
            return frozenset({Clause.FACT})
        clauses = self._partition(segments, asks=asks)
        return frozenset(clauses) if clauses and _coherent(clauses) else None

    def _is_bare_list(self, segments: Sequence[Sequence[Token]]) -> bool:
        stream = _stream([t for segment in segments for t in segment], asks=False)
        return bool(re.fullmatch(r"(?:<slot> |<appt> |, |(?:o[ru]?|and|e|y|u) )+", stream)) and (
            "<slot>" in stream or "<appt>" in stream
        )

    def _partition(self, segments: list[list[Token]], *, asks: bool) -> list[Clause] | None:
        """Divide the sentence at its commas so that each clause passes by itself."""
        best: list[list[Clause] | None] = [None] * len(segments) + [[]]
        for start in range(len(segments) - 1, -1, -1):
            for stop in range(len(segments), start, -1):
                rest = best[stop]
                if rest is None:
                    continue
                group = [t for segment in segments[start:stop] for t in segment]
                last = stop == len(segments)
                clause = self._clause(_trimmed(group), asks=asks and last)
                if (
                    clause is not None
                    and (candidate := [clause, *rest])
                    and _coherent(candidate, strict=False)
                ):
                    best[start] = candidate
                    break
        return best[0]

    def _clause(self, tokens: list[Token], *, asks: bool) -> Clause | None:
        if not tokens:
            return None
        kinds = {token.kind for token in tokens}
        if kinds <= {"name", "mark"}:
            return Clause.VOCATIVE
        stream = _stream(tokens, asks=asks)
        if kinds & {"slot", "appt", "price", "quote"} or self._words.frames["service"].fullmatch(
            stream
        ):
            return Clause.FACT if self._frame(tokens, stream, kinds) else None
        if self._is_ack(stream):
            return Clause.ACK
        if self._leads_on(stream, asks=asks and not self._is_tagged(stream)):
            closing = any(f"{phrase} " in stream for phrase in self._words.closings)
            return Clause.CLOSING if closing else Clause.FORWARD
        return Clause.SAY if self._is_talk(tokens) else None

    def _is_ack(self, stream: str) -> bool:
        words = stream.removesuffix("? ").replace(", ", "").split()
        return self._scan(words, {Kind.ACK, Kind.LINK}) == {Kind.ACK}

    def _is_tagged(self, stream: str) -> bool:
        """Tell whether only a tag makes a question of this: "it is with <name>, okay?"."""
        before, _, last = stream.removesuffix("? ").replace("<name> ", "").rpartition(", ")
        return bool(before.strip(" ,")) and last.strip() in self._words.tags

    def _leads_on(self, stream: str, *, asks: bool) -> bool:
        allowed = {Kind.TALK, Kind.LINK, Kind.ARTICLE, Kind.TOPIC, Kind.SAY}
        for name, pattern in self._words.openers.items():
            if name == "ask" and not asks:
                continue
            extra = {
                "ask": {Kind.ACTION, Kind.ASK},
                "look": set[Kind](),
                "help": {Kind.ACTION},
                "request": {Kind.ACTION, Kind.ASK},
            }[name]
            for stop in _stops(pattern, stream):
                rest = stream[stop:].removesuffix("? ").split()
                rest = [word for word in rest if word not in {",", ":"}]
                if not rest or self._scan(rest, allowed | extra) is not None:
                    return True
        return False

    def _is_talk(self, tokens: list[Token]) -> bool:
        words = _stream(tokens, asks=False).split()
        for at, word in enumerate(words):
            if word == "<name>" and not self._is_greeted(words[:at]):
                return False
        said = [word for word in words if word not in {",", ":"}]
        if Kind.WHOLE in self._words.phrases.get(tuple(said), ()):
            return True
        if self._answers(said):
            return False
        kinds = self._scan(said, {Kind.TALK, Kind.LINK, Kind.ARTICLE, Kind.STATE, Kind.SAY})
        return bool(kinds and kinds & {Kind.TALK, Kind.SAY})

    def _answers(self, words: list[str]) -> bool:
        """Tell whether the words could be the answer to a yes-or-no, a "where" or a "when"."""
        if len(words) == 1 and words[0] not in self._words.alone:
            return not self._phrase(words, 0, {Kind.SAY})
        states = [self._words.words.get(word) is Kind.STATE for word in words]
        return any(
            word in self._words.place
            and (at == 0 or states[at - 1])
            and not self._phrase(words, at, {Kind.SAY})
            for at, word in enumerate(words)
        )

    def _is_greeted(self, before: list[str]) -> bool:
        """Tell whether a name is called by it, as in "hello <name>", not said to be anything."""
        words = self._words
        for at in range(len(before) - 1, -1, -1):
            word = before[at]
            if word in words.greets:
                return True
            if word in words.beside and (at == 0 or before[at - 1] not in words.reach):
                return False  # "a lovely day with <name>"
            if words.words.get(word) is not Kind.LINK and word != "<name>":
                return False
        return False

    def _scan(self, words: list[str], allowed: set[Kind]) -> set[Kind] | None:
        """Return the kinds of all the words, or nothing when one of them is not allowed here."""
        kinds: set[Kind] = set()
        at = 0
        while at < len(words):
            phrase = self._phrase(words, at, allowed)
            if phrase:
                size, kind = phrase
            elif words[at] == "<name>":
                size, kind = 1, Kind.LINK
            else:
                single = self._words.words.get(words[at])
                if single is None or single not in allowed:
                    return None
                size, kind = 1, single
                if kind is Kind.ARTICLE and not self._has_content(words, at + 1, allowed):
                    return None
            kinds.add(kind)
            at += size
        return kinds

    def _phrase(self, words: list[str], at: int, allowed: set[Kind]) -> tuple[int, Kind] | None:
        for size in range(min(self._words.longest.get(words[at], 0), len(words) - at), 0, -1):
            kinds = self._words.phrases.get(tuple(words[at : at + size]), frozenset()) & allowed
            if kinds:
                return size, min(kinds)
        return None

    def _has_content(self, words: list[str], at: int, allowed: set[Kind]) -> bool:
        if at >= len(words):
            return False
        contents = {Kind.TALK, Kind.TOPIC, Kind.ACTION}
        kind = self._words.words.get(words[at])
        if kind is Kind.ARTICLE:
            return self._has_content(words, at + 1, allowed)
        return words[at] == "<name>" or kind in contents or bool(self._phrase(words, at, allowed))

    def _frame(self, tokens: list[Token], stream: str, kinds: set[str]) -> bool:
        """Tell whether text from the database stands in a frame that says nothing about it."""
        names = [token for token in tokens if token.kind == "name"]
        if "quote" in kinds:
            return not kinds & {"slot", "appt", "price"} and self._quoted(tokens, stream, names)
        if "price" in kinds:
            return bool(self._words.frames["price"].fullmatch(stream)) and self._priced(
                tokens, names
            )
        name = "slot" if "slot" in kinds else "appointment" if "appt" in kinds else "service"
        if {"slot", "appt"} <= kinds or not self._words.frames[name].fullmatch(stream):
            return False
        rendered = [token.folded for token in tokens if token.kind in {"slot", "appt"}]
        return all(
            re.search(rf"\b{re.escape(n.folded)}\b", text) for n in names for text in rendered
        )

    def _quoted(self, tokens: list[Token], stream: str, names: list[Token]) -> bool:
        """Tell whether what is quoted stands alone, or beside the service whose figures it is."""
        quotes = [token for token in tokens if token.kind == "quote"]
        owned = frozenset[str]().union(*self._figures.values())
        if any(quote.folded in owned for quote in quotes):
            return bool(self._words.frames["fact"].fullmatch(stream)) and self._owns(tokens)
        words = [word for word in stream.split() if word[0] not in "<,:"]
        return (
            "?" not in stream
            and all(word in self._words.quote for word in words)
            and all(
                name.folded in self._hosts or _belongs(name, quote)
                for name in names
                for quote in quotes
            )
        )

    def _owns(self, tokens: list[Token]) -> bool:
        """Tell whether every figure is of the service named before it."""
        service = ""
        for token in tokens:
            if token.kind == "name":
                service = token.folded
            elif token.kind == "quote" and token.folded not in self._figures.get(service, ()):
                return False
        return True

    def _priced(self, tokens: list[Token], names: list[Token]) -> bool:
        """Tell whether the price is the named service's own."""
        prices = [token for token in tokens if token.kind == "price"]
        if len(prices) != 1 or len(names) != 1:
            return False
        service = "service:" + prices[0].key.partition(":")[2]
        if names[0].key:
            return names[0].key == service
        return fold(self._placeholders.get(service, "")) == names[0].folded


def _stops(pattern: re.Pattern[str], stream: str) -> Iterator[int]:
    """Yield every place where an opener can end, the longest first."""
    if not pattern.match(stream):
        return
    for stop in range(min(len(stream), MAX_OPENER), 0, -1):
        if stream[stop - 1] == " " and pattern.fullmatch(stream, 0, stop):
            yield stop


def _pairs(words: Sequence[str]) -> list[str]:
    return [f"{one}-{two}" for one, two in pairwise(words)]


def _belongs(name: Token, quote: Token) -> bool:
    """Tell whether a name may stand beside a passage: figures must not move to another name."""
    if not any(char.isdigit() for char in quote.text):
        return True
    return bool(re.search(rf"\b{re.escape(name.folded)}\b", quote.folded))


def _counts(tokens: list[Token]) -> bool:
    """Tell whether repetition or single letters could spell or count something."""
    if sum(token.kind == "emoji" for token in tokens) > MAX_EMOJIS:
        return True
    words = [token.folded or token.kind for token in tokens if token.kind != "mark"]
    thrice = list(zip(words, words[1:], words[2:], strict=False))
    return any(a == b == c or len(a) == len(b) == len(c) == 1 for a, b, c in thrice)


def _is_one(tokens: list[Token]) -> bool:
    """Tell whether an article is the number one: "à uma", "marco para una, Ana"."""
    words = [token.folded if token.kind == "word" else "" for token in tokens]
    return any(
        word in {"uma", "una"} and (before in {"a", "as", "la", "las"} or not after)
        for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False)
    )


def _segments(tokens: list[Token]) -> list[list[Token]]:
    """Return the tokens divided at commas, colons, dashes and emojis; marks head their segment."""
    segments: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "emoji" or (token.kind == "mark" and token.text in SEPARATORS):
            segments.append([replace(token, kind="mark")])
        elif token.kind != "mark":
            segments[-1].append(token)
    return [segment for segment in segments if any(t.kind != "mark" for t in segment)]


def _trimmed(tokens: list[Token]) -> list[Token]:
    return tokens[1:] if tokens and tokens[0].kind == "mark" else tokens


def _stream(tokens: Sequence[Token], *, asks: bool) -> str:
    """Return the tokens as words that each end in a space, the form patterns are matched on."""
    out = []
    for token in tokens:
        if token.kind == "word":
            out.append(token.folded)
        elif token.kind == "mark":
            out.append(":" if token.text == ":" else ",")
        else:
            out.append(f"<{token.kind}>")
    return "".join(f"{word} " for word in [*out, *(["?"] if asks else [])])


def _coherent(clauses: Sequence[Clause], *, strict: bool = True) -> bool:
    """Tell whether clauses that pass alone pass together."""
    if Clause.FACT in clauses and {Clause.SAY, Clause.VOCATIVE} & set(clauses):
        return False  # "how nice, {slot}!" reads as a booking, "Ana: {hours}" as her hours
    if strict and Clause.ACK in clauses and len(set(clauses)) > 1:
        return bool({Clause.FORWARD, Clause.FACT} & set(clauses)) or set(clauses) <= {
            Clause.ACK,
            Clause.VOCATIVE,
        }
    return True
