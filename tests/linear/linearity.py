"""Tells from a pattern's parse tree whether matching it takes time in proportion to the text.

A repetition makes matching slow where one text can be shared out in several ways, and all are
tried before the match fails: a repetition within one, two that follow each other, or the start of
a search and a repetition. Between them must stand something that the first cannot take.

It errs on the safe side: what it lets pass is linear, of what it refuses some may be, too.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from typing import Any

from re import _constants as op  # type: ignore[attr-defined]  # isort: skip
from re import _parser as parser  # type: ignore[attr-defined]  # isort: skip

# So many times over are no repetition: the text's length does not decide.
MOST = 256
SAMPLE = [chr(each) for each in range(256)] + list("ßſıİα中ªⅣ٣…—’“€\u2028\u3000🙂💇")
Chars = frozenset[str]


@dataclass(frozen=True)
class Node:
    """`kind`: set, loop, alt, at, look."""

    kind: str
    chars: Chars = frozenset()
    bodies: tuple[tuple["Node", ...], ...] = ()
    least: int = 1
    long: bool = False
    """The text's length decides how often it is repeated."""
    varies: bool = False
    atomic: bool = False
    at: Any = None
    ahead: bool = field(default=False)
    negative: bool = False


def problems(pattern: str, flags: int, *, searched: bool, whole: bool = False) -> list[str]:
    """Return what makes the pattern slow; `whole`: it must match to the text's end."""
    tree = parser.parse(pattern, flags)
    end = (Node("at", at=op.AT_END_STRING),) if whole else ()
    nodes = (*_nodes(tree, tree.state.flags), *end)
    return sorted(
        set(_check(nodes, before=(), after=(), wraps=(), searched=searched, flags=tree.state.flags))
    )


def loops(pattern: str, flags: int) -> list[tuple[str, Chars]]:
    """Return a text that leads to each repetition, and what the repetition takes."""
    tree = parser.parse(pattern, flags)
    return list(_loops(tuple(_nodes(tree, tree.state.flags)), ""))


def _loops(nodes: Sequence[Node], before: str) -> Iterator[tuple[str, Chars]]:
    for node in nodes:
        if node.kind == "loop" and node.varies:
            yield before, _all(node.bodies[0])
        for body in node.bodies:
            yield from _loops(body, before)
        before += _example((node,))


def _example(nodes: Sequence[Node]) -> str:
    text = ""
    for node in nodes:
        if node.kind == "set":
            text += min(node.chars, default="", key=lambda each: (not each.isalnum(), each))
        elif node.kind == "alt" or (node.kind == "loop" and node.least):
            text += _example(node.bodies[0]) * min(node.least, MOST)
    return text


# -- the parse tree as nodes ---------------------------------------------------------------------


def _nodes(tree: Any, flags: int) -> Iterator[Node]:
    for code, what in tree:
        if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, body = what
            yield Node(
                "loop",
                bodies=(tuple(_nodes(body, flags)),),
                least=least,
                long=most > MOST and most > least,
                varies=most > 1 and most > least,
                atomic=code is op.POSSESSIVE_REPEAT,
            )
        elif code is op.SUBPATTERN:
            _, add, drop, body = what
            yield from _nodes(body, (flags | add) & ~drop)
        elif code is op.ATOMIC_GROUP:
            yield Node("loop", bodies=(tuple(_nodes(what, flags)),), atomic=True)
        elif code is op.BRANCH:
            yield Node("alt", bodies=tuple(tuple(_nodes(each, flags)) for each in what[1]))
        elif code in (op.ASSERT, op.ASSERT_NOT):
            yield Node(
                "look",
                bodies=(tuple(_nodes(what[1], flags)),),
                ahead=what[0] > 0,
                negative=code is op.ASSERT_NOT,
            )
        elif code is op.AT:
            yield Node("at", at=what)
        else:
            yield Node("set", chars=_chars(code, what, flags))


def _chars(code: Any, what: Any, flags: int) -> Chars:
    if code is op.ANY:
        return frozenset(each for each in _sample() if each != "\n" or flags & re.DOTALL)
    if code is op.LITERAL:
        return _cases({chr(what)}, flags)
    if code is op.NOT_LITERAL:
        return frozenset(_sample()) - _cases({chr(what)}, flags)
    if code is not op.IN:
        raise NotImplementedError(f"{code}: say how it is matched")
    taken: set[str] = set()
    for kind, value in what:
        if kind is op.LITERAL:
            taken.add(chr(value))
        elif kind is op.RANGE:
            taken |= {each for each in _sample() if value[0] <= ord(each) <= value[1]}
            taken |= {chr(value[0]), chr(value[1])}
        elif kind is op.CATEGORY:
            taken |= _category(value, flags)
    taken_too = _cases(taken, flags)
    return frozenset(_sample()) - taken_too if what[0][0] is op.NEGATE else taken_too


def _cases(chars: set[str], flags: int) -> Chars:
    if not flags & re.IGNORECASE:
        return frozenset(chars)
    return frozenset(chars | {form for each in chars for form in (each.lower(), each.upper())})


def _sample() -> list[str]:
    return SAMPLE


@cache
def _category(value: Any, flags: int) -> Chars:
    letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[str(value).rpartition("_")[2]]
    shown = letter.upper() if "NOT" in str(value) else letter
    matches = re.compile(rf"\{shown}", flags & re.ASCII).match
    return frozenset(each for each in _sample() if matches(each))


# -- what may be shared out in several ways --------------------------------------------------------


def _check(  # one rule after the other
    nodes: tuple[Node, ...],
    *,
    before: tuple[Node, ...],
    after: tuple[Node, ...],
    wraps: tuple[tuple[Node, ...], ...],
    searched: bool,
    flags: int,
) -> Iterator[str]:
    for index, node in enumerate(nodes):
        ahead, behind = nodes[index + 1 :] + after, before + nodes[:index]
        around = tuple(nodes[index + 1 :] + wrap + nodes[:index] for wrap in wraps)
        fails = any(_can_fail(each) for each in ahead)
        if node.kind == "loop" and node.varies and (node.long or wraps):
            taken = _all(node.bodies[0])
            if fails and not node.atomic:
                if _reaches(ahead, taken):
                    yield "two repetitions share a text"
                if any(not _blocks(wrap, taken) for wrap in around):
                    yield "a repetition within a repetition"
            if node.long and fails and searched and not _kept_off(behind, taken, flags):
                yield "a search that begins with a repetition"
            if node.long and not any(_can_fail(each) for each in node.bodies[0]):
                yield "nothing is repeated"
        if node.kind == "alt" and around and fails:
            for one, other in combinations(node.bodies, 2):
                if not _distinct(one, other):
                    yield "alternatives of a repetition share a text"
        for body in node.bodies:
            inside = around
            if node.kind == "loop" and node.varies and not node.atomic:
                inside = (*around, ())
            yield from _check(
                body,
                before=behind,
                after=ahead if node.kind != "look" else (),  # it is not tried again
                wraps=inside if node.kind != "look" else (),
                searched=searched,
                flags=flags,
            )


def _all(nodes: Sequence[Node]) -> Chars:
    found: Chars = frozenset()
    for node in nodes:
        if node.kind == "set":
            found |= node.chars
        elif node.kind != "look":
            for body in node.bodies:
                found |= _all(body)
    return found


def _can_fail(node: Node) -> bool:
    if node.kind == "loop":
        return node.least > 0 and any(_can_fail(each) for each in node.bodies[0])
    if node.kind == "alt":
        return all(any(_can_fail(each) for each in body) for body in node.bodies)
    return True


def _blocks(nodes: Sequence[Node], taken: Chars) -> bool:
    """Tell whether some of `nodes` must match, and matches nothing of what is taken."""
    for node in nodes:
        if node.kind == "set" and not node.chars & taken:
            return True
        if node.kind == "loop" and node.least and _blocks(node.bodies[0], taken):
            return True
        if node.kind == "alt" and all(_blocks(body, taken) for body in node.bodies):
            return True
    return False


def _reaches(nodes: Sequence[Node], taken: Chars, *, fails: bool = False) -> bool | None:
    """Tell whether a repetition that follows shares a text with it; None: whoever is next might."""
    for index, node in enumerate(nodes):
        later = fails or any(_can_fail(each) for each in nodes[index + 1 :])
        if node.kind == "loop" and node.varies and node.long:
            body = node.bodies[0]
            shared = taken & _all(body)
            apart = _blocks(nodes[:index], shared)  # what stands between is no text of both
            if (
                later
                and not apart
                and (_reaches(body, taken, fails=True) or not _blocks(body, shared))
            ):
                return True
        elif node.kind in ("alt", "loop") and any(
            _reaches(body, taken, fails=later) for body in node.bodies
        ):
            return True
        if _blocks((node,), taken):
            return False
    return None


def _kept_off(before: Sequence[Node], taken: Chars, flags: int) -> bool:
    """Tell whether no match begins in the midst of what the repetition takes."""
    words = _category(
        op.CATEGORY_UNI_WORD if hasattr(op, "CATEGORY_UNI_WORD") else op.CATEGORY_WORD, 0
    )
    for node in before:
        if node.kind == "at" and node.at is op.AT_BEGINNING_STRING:
            return True
        lines = flags & re.MULTILINE and "\n" in taken
        if node.kind == "at" and node.at is op.AT_BEGINNING and not lines:
            return True
        if (
            node.kind == "at"
            and node.at is op.AT_BOUNDARY
            and (taken <= words or not taken & words)
        ):
            return True
        if node.kind == "look" and not node.ahead:
            one = node.bodies[0]
            if (
                _all(one) >= taken
                if node.negative and len(one) == 1
                else (not node.negative and _blocks(one, taken))
            ):
                return True
    return _blocks([each for each in before if each.kind != "look"], taken)


def _distinct(one: Sequence[Node], other: Sequence[Node]) -> bool:
    """Tell whether no text begins with both: at some place they take different characters."""
    for left, right in zip(one, other, strict=False):
        if left.kind == "loop" and left.least and right.kind in ("set", "loop"):
            left = left.bodies[0][0]  # noqa: PLW2901  # what it begins with
        if right.kind == "loop" and right.least:
            right = right.bodies[0][0]  # noqa: PLW2901  # as above
        if left.kind != "set" or right.kind != "set":
            return not (_starts((left,)) & _starts((right,)))
        if not left.chars & right.chars:
            return True
    return False


def _starts(nodes: Sequence[Node]) -> Chars:
    found: Chars = frozenset()
    for node in nodes:
        if node.kind == "set":
            return found | node.chars
        for body in node.bodies:
            found |= _starts(body)
        if _can_fail(node):
            return found
    return frozenset(SAMPLE)
