"""What of the model's free text a customer may read: nothing but placeholders and harmless words.

Owns the rule that no time, price or state of a booking is written by the model. A sentence passes
only if every word of it is in a closed list, in one language, and the words stand in a form that
cannot claim anything. Refuses to recognise lies: what is not known to be harmless is dropped.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from mcp_platform.assistant.lexicon import LANGUAGES, Kind, Lexicon, fold, lexicon
from mcp_platform.assistant.lexicon.reading import (
    SEPARATORS,
    Sentence,
    Token,
    clean,
    is_name,
    is_quotable,
    sentences_of,
    tokens_of,
    usable_names,
)

MAX_INPUT = 6000  # characters read; the model's own output limit is far below
MAX_OUTPUT = 700  # a WhatsApp text of more is not read; cut at a sentence
MAX_CLAUSES = 16  # of one sentence; a longer one is a list in disguise
MAX_OPENER = 90  # characters; no opener in the lists is longer
MAX_EMOJIS = 3  # of one sentence: more could count something


@dataclass(frozen=True, slots=True)
class Grounded:
    """What may be said of a model's text. `text` is empty when nothing survived."""

    text: str
    dropped: int
    used: tuple[str, ...]


class _Clause(Enum):
    SAY = auto()
    VOCATIVE = auto()
    ACK = auto()
    FORWARD = auto()  # a question, offer or request: leads on, claims nothing
    CLOSING = auto()  # a question that would claim success after an agreement
    FACT = auto()  # a frame around rendered or quoted text


def ground(
    text: str,
    *,
    language: str,
    placeholders: Mapping[str, str],
    quotable: Collection[str] = (),
    names: Collection[str] = (),
    facts: Mapping[str, Collection[str]] | None = None,
) -> Grounded:
    """Return the sentences of `text` that can be said, placeholders substituted.

    `placeholders` maps `kind:id` to the text rendered from the database. `quotable` are passages
    of this turn's business information, to be repeated whole or not at all. `names` are of the
    business, its services and people, and the contact. `facts` says which of the passages are a
    service's own figures, by its name: those are said beside that name only.
    """
    known = tuple(sorted({*usable_names(names), *(q for q in quotable if is_name(q))}))
    passages = tuple(sorted({q for q in quotable if is_quotable(q) and not is_name(q)}))
    tokens = tokens_of(clean(text[:MAX_INPUT]), placeholders, passages, known)
    sentences = list(sentences_of(tokens))
    order = sorted(LANGUAGES, key=lambda code: not language.lower().startswith(code))
    figures = _figures(facts or {})
    hosts = {fold(q) for q in quotable if figures and is_name(q)} - figures.keys()
    rules = [_Rule(lexicon(code), placeholders, figures, hosts) for code in order]
    verdicts = _verdicts(sentences, rules)
    kept = _kept(sentences, verdicts)
    return _compose(sentences, kept)


# -- judging ---------------------------------------------------------------------------------


class _Rule:
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

    def judge(self, sentence: Sentence) -> frozenset[_Clause] | None:
        """Return what the sentence consists of, or nothing when it must not be said."""
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
    ) -> frozenset[_Clause] | None:
        marks = [t for t in sentence.tokens if t.kind == "end"]
        if not segments or len(segments) > MAX_CLAUSES:
            return None
        bare = {t.kind for segment in segments for t in segment if t.kind != "mark"}
        if bare == {"name"}:
            return frozenset({_Clause.VOCATIVE}) if sentence.bulleted else None
        if self._is_bare_list(segments) and all(mark.text in ".?" for mark in marks):
            return frozenset({_Clause.FACT})
        clauses = self._partition(segments, asks=asks)
        return frozenset(clauses) if clauses and _coherent(clauses) else None

    def _is_bare_list(self, segments: Sequence[Sequence[Token]]) -> bool:
        stream = _stream([t for segment in segments for t in segment], asks=False)
        return bool(re.fullmatch(r"(?:<slot> |<appt> |, |(?:e|ou|and|or|y|o|u) )+", stream)) and (
            "<slot>" in stream or "<appt>" in stream
        )

    def _partition(self, segments: list[list[Token]], *, asks: bool) -> list[_Clause] | None:
        """Divide the sentence at its commas so that each clause passes by itself."""
        best: list[list[_Clause] | None] = [None] * len(segments) + [[]]
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

    def _clause(self, tokens: list[Token], *, asks: bool) -> _Clause | None:
        if not tokens:
            return None
        kinds = {token.kind for token in tokens}
        if kinds <= {"name", "mark"}:
            return _Clause.VOCATIVE
        stream = _stream(tokens, asks=asks)
        if kinds & {"slot", "appt", "price", "quote"} or self._words.frames["service"].fullmatch(
            stream
        ):
            return _Clause.FACT if self._frame(tokens, stream, kinds) else None
        if self._is_ack(stream):
            return _Clause.ACK
        if self._leads_on(stream, asks=asks and not self._is_tagged(stream)):
            closing = any(f"{phrase} " in stream for phrase in self._words.closings)
            return _Clause.CLOSING if closing else _Clause.FORWARD
        return _Clause.SAY if self._is_talk(tokens) else None

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
        if self._scan(said, {Kind.WHOLE}) == {Kind.WHOLE}:
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


def _figures(facts: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
    """Return the figures of each service, leaving out two services of one name."""
    folded: dict[str, frozenset[str]] = {}
    for name, passages in facts.items():
        own = frozenset(fold(passage) for passage in passages)
        folded[fold(name)] = folded.get(fold(name), own) & own
    return folded


def _stops(pattern: re.Pattern[str], stream: str) -> Iterator[int]:
    """Yield every place where an opener can end, the longest first."""
    if not pattern.match(stream):
        return
    for stop in range(min(len(stream), MAX_OPENER), 0, -1):
        if stream[stop - 1] == " " and pattern.fullmatch(stream, 0, stop):
            yield stop


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


def _coherent(clauses: Sequence[_Clause], *, strict: bool = True) -> bool:
    """Tell whether clauses that pass alone pass together."""
    if _Clause.FACT in clauses and {_Clause.SAY, _Clause.VOCATIVE} & set(clauses):
        return False  # "how nice, {slot}!" reads as a booking, "Ana: {hours}" as her hours
    if strict and _Clause.ACK in clauses and len(set(clauses)) > 1:
        return bool({_Clause.FORWARD, _Clause.FACT} & set(clauses)) or set(clauses) <= {
            _Clause.ACK,
            _Clause.VOCATIVE,
        }
    return True


def _verdicts(
    sentences: Sequence[Sentence], rules: Sequence[_Rule]
) -> list[frozenset[_Clause] | None]:
    """Return the verdict on each sentence; a line that ends in a colon is judged with its list."""

    def judged(sentence: Sentence) -> frozenset[_Clause] | None:
        return next((v for rule in rules if (v := rule.judge(sentence))), None)

    verdicts = [judged(sentence) for sentence in sentences]
    for at, sentence in enumerate(sentences):
        if not sentence.introduces():
            continue
        tokens = [*sentence.tokens]
        for follower, verdict in zip(sentences[at + 1 :], verdicts[at + 1 :], strict=True):
            if not follower.listed():
                break
            if verdict is not None:
                tokens += [Token("mark", ","), *(t for t in follower.tokens if t.kind != "end")]
        if len(tokens) > len(sentence.tokens):
            verdicts[at] = judged(replace(sentence, tokens=tuple(tokens))) or verdicts[at]
    return verdicts


# -- writing ---------------------------------------------------------------------------------


def _kept(sentences: list[Sentence], verdicts: list[frozenset[_Clause] | None]) -> list[bool]:
    kept = [verdict is not None for verdict in verdicts]
    lost = False  # inside the list of a sentence that was dropped
    for at, sentence in enumerate(sentences):
        if sentence.starts_line and not sentence.listed():
            lost = False
        kept[at] = kept[at] and not (lost and sentence.listed())
        lost = lost or not kept[at]
    said: set[str] = set()
    for at in range(len(sentences) - 1, -1, -1):
        verdict = verdicts[at]
        if not kept[at] or verdict is None:
            continue
        follower = verdicts[at + 1] if at + 1 < len(sentences) and kept[at + 1] else None
        leads = bool(follower and {_Clause.FORWARD, _Clause.FACT} & follower)
        if sentences[at].introduces():
            kept[at] = follower is not None and (
                sentences[at + 1].bulleted or _Clause.FACT in follower
            )
        elif _Clause.ACK in verdict and not {_Clause.FORWARD, _Clause.FACT} & verdict:
            kept[at] = leads
    for at, sentence in enumerate(sentences):
        text = fold(sentence.text())
        kept[at] = kept[at] and text not in said
        said.add(text)
    return kept


def _compose(sentences: list[Sentence], kept: list[bool]) -> Grounded:
    text, used = "", []
    for sentence, keep in zip(sentences, kept, strict=True):
        if not keep:
            continue
        said = ("• " if sentence.bulleted and sentence.starts_line else "") + sentence.text()
        joint = "" if not text else "\n" if sentence.starts_line else " "
        if len(text) + len(joint) + len(said) > MAX_OUTPUT:
            break
        text += joint + said
        used += [token.key for token in sentence.tokens if token.key]
    return Grounded(text=text, dropped=kept.count(False), used=tuple(used))
