"""The closed word lists that free text is held against, one file per language, read once.

Owns the file format and what a list means once read. Refuses to judge sentences: that is
`assistant.judging`. The format is explained in docs/decisions/0003-free-text-by-allowlist.md.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import cache, lru_cache
from importlib.resources import files
from itertools import product

LANGUAGES = ("pt", "en", "es")
_SECTION = re.compile(r"\[(.+)\]")
_PLURALS = ("s", "es", "n", "ns")
_ACCENTED = frozenset({"é", "sí", "está", "estás"})
_ATOM = re.compile(r"[()|]|[^\s()|]+")


class Kind(IntEnum):
    """What a word or phrase may be used for."""

    LINK = auto()  # function words: say nothing by themselves
    ARTICLE = auto()  # must be followed by a word with content ("um", "seu", "my")
    TALK = auto()  # harmless anywhere
    STATE = auto()  # copulas and the like: only where nothing is said about scheduling
    TOPIC = auto()  # scheduling nouns: only in questions, offers and requests
    ACTION = auto()  # scheduling verbs: only in questions, requests and offers to help
    SAY = auto()  # fixed phrases, harmless anywhere
    ASK = auto()  # fixed phrases, only in questions and requests
    ACK = auto()  # agreement: only before a question or an offer
    WHOLE = auto()  # fixed phrases, harmless only as a clause of their own


_WORDS = {kind.name.lower(): kind for kind in list(Kind)[:6]}
_PHRASES = {kind.name.lower(): kind for kind in list(Kind)[6:]}


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """Return `word` without case and accents, as the lists are compared.

    What states something only with its accent stays apart: `é` from `e` ("and"), `sí` from `si`.
    """
    whole = unicodedata.normalize("NFKC", word.casefold())
    if whole in _ACCENTED:
        return whole
    decomposed = unicodedata.normalize("NFKD", whole)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).replace("’", "'")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What may be said in one language. Every word in it is folded."""

    words: Mapping[str, Kind]
    phrases: Mapping[tuple[str, ...], frozenset[Kind]]
    longest: Mapping[str, int]  # words of the longest phrase that starts with this one
    greets: frozenset[str]  # a name may follow one of these
    beside: frozenset[str]  # … but not after one of these,
    reach: frozenset[str]  # … unless one of these stands before that
    alone: frozenset[str]  # what makes a clause by itself
    social: frozenset[str]  # of a contact who greets, thanks or apologises, and asks for nothing
    want: frozenset[str]  # … but not of one who wants or picks something
    occasion: frozenset[str]  # what happens in a life: about that, not about what was asked
    place: frozenset[str]  # prepositions that would answer "where" or "when"
    quote: frozenset[str]  # what may stand around a quoted passage
    tags: tuple[str, ...]  # "…, okay?": make a claim look like a question
    closings: tuple[str, ...]  # "anything else?" after "perfect!" would claim success
    openers: Mapping[str, re.Pattern[str]]  # ask, look, help, request
    frames: Mapping[str, re.Pattern[str]]  # slot, appointment, price, service, fact
    vocabulary: frozenset[str]  # every single word of the above


def _sections(text: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        content = line.partition("#")[0].strip()
        if header := _SECTION.fullmatch(content):
            lines = sections.setdefault(header[1], [])
        elif content:
            lines.append(content)
    return sections


def _forms(lines: list[str]) -> Iterator[str]:
    """Yield the forms of `stem/ending/ending`; the stem itself is one when a plural comes first."""
    for entry in " ".join(lines).split():
        stem, *endings = entry.split("/")
        bare = [""] if not endings or endings[0] in _PLURALS else []
        for ending in [*bare, *endings]:
            yield fold(stem + ending)


def _expand(pattern: str) -> Iterator[tuple[str, ...]]:
    """Yield every sequence of words that a flat pattern such as `(bom|boa) dia` stands for."""
    choices = [
        [alternative.split() for alternative in part.strip("()").split("|")]
        for part in re.findall(r"\([^()]*\)|[^\s()]+", pattern)
    ]
    for picked in product(*choices):
        yield tuple(fold(word) for words in picked for word in words)


def _joined(lines: list[str]) -> tuple[str, ...]:
    return tuple(" ".join(phrase) for line in lines for phrase in _expand(line))


def _compile(lines: list[str], macros: Mapping[str, str]) -> re.Pattern[str]:
    """Compile patterns to one regular expression over words that each end in a space."""
    alternatives = []
    for line in lines:
        parts = []
        for atom in _ATOM.findall(line):
            if atom in "()|":
                parts.append({"(": "(?:", ")": ")", "|": "|"}[atom])
            else:
                parts.append(macros.get(atom, re.escape(fold(atom)) + " "))
        alternatives.append("".join(parts))
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives))


def _lists_of(joins: list[str]) -> dict[str, str]:
    join = "(?:, )?(?:(?:" + "|".join(fold(word) for word in joins) + ") )?"
    return {f"<{kind}s>": f"<{kind}> (?:{join}<{kind}> )*" for kind in ("slot", "appt", "name")}


def _series(pattern: re.Pattern[str], joins: list[str]) -> re.Pattern[str]:
    """Compile `pattern` to one that may be repeated with joining words in between."""
    join = "(?:, )?(?:" + "|".join(fold(word) + " " for word in " ".join(joins).split()) + ")"
    return re.compile(f"(?:{pattern.pattern})(?:{join}(?:{pattern.pattern}))*")


def _read(name: str) -> dict[str, list[str]]:
    return _sections(files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8"))


@cache
def denied() -> frozenset[str]:
    """Return words that never pass by themselves, in any language."""
    sections = _read("denied")
    return frozenset(
        form for name in sections if name != "in names" for form in _forms(sections[name])
    )


@cache
def denied_in_names() -> frozenset[str]:
    """Return words that make a name unusable."""
    return denied() | frozenset(_forms(_read("denied")["in names"]))


@cache
def lexicon(language: str) -> Lexicon:
    """Return the lexicon of `language`, one of `LANGUAGES`."""
    sections = _read(language)
    words = {form: kind for name, kind in _WORDS.items() for form in _forms(sections.get(name, []))}
    phrases: dict[tuple[str, ...], set[Kind]] = {}
    longest: dict[str, int] = {}
    for name, kind in _PHRASES.items():
        for line in sections.get(name, []):
            for phrase in _expand(line):
                phrases.setdefault(phrase, set()).add(kind)
                longest[phrase[0]] = max(longest.get(phrase[0], 0), len(phrase))
    macros = _lists_of(" ".join(sections["join"]).split())
    openers = {
        name: _compile(sections[f"open {name}"], macros)
        for name in ("ask", "look", "help", "request")
    }
    frames = {
        name: _compile(sections[f"frame {name}"], macros)
        for name in ("slot", "appointment", "price", "service", "fact")
    }
    frames["fact"] = _series(frames["fact"], sections["join"])
    quote = frozenset(_forms(sections["quote"]))
    in_phrases = {word for phrase in phrases for word in phrase}
    patterned = {
        fold(atom)
        for name, lines in sections.items()
        if name.startswith(("open ", "frame "))
        for atom in _ATOM.findall(" ".join(lines))
        if atom[0].isalpha()
    }
    return Lexicon(
        words={word: kind for word, kind in words.items() if word not in denied()},
        phrases={phrase: frozenset(kinds) for phrase, kinds in phrases.items()},
        longest=longest,
        greets=frozenset(_forms(sections["greet"])),
        beside=frozenset(_forms(sections["beside"])),
        reach=frozenset(_forms(sections["reach"])),
        alone=frozenset(_forms(sections["alone"])),
        social=frozenset(_forms(sections["social"])),
        want=frozenset(_forms(sections["want"])),
        occasion=frozenset(_forms(sections["occasion"])),
        place=frozenset(_forms(sections["place"])),
        quote=quote,
        tags=_joined(sections["tag"]),
        closings=_joined(sections["closing"]),
        openers=openers,
        frames=frames,
        vocabulary=frozenset({*words, *in_phrases, *patterned, *quote}),
    )
