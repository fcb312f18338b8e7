"""The faults that are tried: cosmic-ray's operators, and ours for SQL and for effects.

A sample is drawn by what a mutant says and not by where it stands: a later commit is asked the same
questions, as far as it still has these lines.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import parso.python.tree
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

# Not all of cosmic-ray's: `a ** b` for `a + b` is found by anything, and `is` for `==` by nothing.
OF_COSMIC_RAY = (
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul")),
    *(
        f"ReplaceComparisonOperator_{pair}"
        for pair in (
            *("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Lt_GtE", "Gt_LtE"),
            *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"),
        )
    ),
    "ReplaceUnaryOperator_Delete_Not",
    "AddNot",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "NumberReplacer",
    "ExceptionReplacer",
    "ZeroIterationForLoop",
)
SQL = re.compile(r"\b(SELECT|UPDATE|WHERE|AND|CASE|EXISTS)\b")
SWAPS = [
    (re.compile(f"(?<![A-Z]){there}(?![A-Z])"), instead)
    for there, instead in (
        (" AND ", " OR "),
        (" OR ", " AND "),
        (" < ", " <= "),
        (" <> ", " = "),
        (r" = (?=['0-9])", " <> "),
        (r"\+ 1", "+ 0"),
        ("NOT EXISTS", "EXISTS"),
        ("IS NOT DISTINCT", "IS DISTINCT"),
        ("IS NULL", "IS NOT NULL"),
        (r"(ORDER BY [\w.]+)", r"\1 DESC"),
        (r"\bmin\(", "max("),
        (r"\bmax\(", "min("),
        ("coalesce\\(([^,]+), ([^)]+)\\)", r"coalesce(\2, \1)"),
        (" FOR UPDATE( OF \\w+)?( SKIP LOCKED)?", ""),
        (" SKIP LOCKED", ""),
    )
]


class Ours(Operator):
    """What every operator of ours has: no arguments, and no examples for cosmic-ray's own tests."""

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class ChangeSql(Ours):
    """Changes one word of a statement that is written as text."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        for _ in _changes(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        return type(node)([*_changes(node)][index], node.start_pos, node.prefix)


def _changes(node: Any) -> Iterator[str]:
    if node.type in ("string", "fstring_string") and SQL.search(node.value):
        for there, instead in SWAPS:
            for found in there.finditer(node.value):
                yield (
                    node.value[: found.start()] + found.expand(instead) + node.value[found.end() :]
                )


class LeaveOutEffect(Ours):
    """Leaves out a statement that is a call, and so is there for its effect."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if _is_effect(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        effect = node.children[0]
        prefix = effect.get_first_leaf().prefix
        node.children[0] = parso.python.tree.Keyword("pass", effect.start_pos, prefix)
        return node


class SwapEffects(Ours):
    """Does two neighbouring effects in the other order."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        for one, other in _neighbours(node):
            yield one.start_pos, other.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        one, other = [*_neighbours(node)][index]
        at = node.children.index(one)
        node.children[at : at + 2] = other, one
        return node


def _neighbours(node: Any) -> list[tuple[Any, Any]]:
    children = node.children if node.type == "suite" else []
    return [
        (one, other) for one, other in pairwise(children) if _is_effect(one) and _is_effect(other)
    ]


def _is_effect(node: Any) -> bool:
    return (
        node.type == "simple_stmt"
        and node.children[0].type == "atom_expr"
        and not re.match(r"_?log\.", node.get_code().strip())
    )


OPERATORS: dict[str, Operator] = {
    **{name: get_operator(f"core/{name}")() for name in OF_COSMIC_RAY},
    **{each.__name__: each() for each in (ChangeSql, LeaveOutEffect, SwapEffects)},
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: which operator does what it does, for the how-manieth time, in which module."""

    module: Path
    operator: str
    occurrence: int
    lines: range
    rank: str
    """Decides who is in a sample."""


def mutants(module: Path, *, seed: int) -> list[Mutant]:
    """Return every mutant of a module, by rank: the first ones are a sample of it."""
    code, tree = module.read_text().splitlines(), get_ast_from_path(module)
    found: list[Mutant] = []
    alike: Counter[str] = Counter()
    for name, operator in OPERATORS.items():
        positions = [
            position for node in ast_nodes(tree) for position in operator.mutation_positions(node)
        ]
        for occurrence, ((first, column), (last, _)) in enumerate(positions):
            if code[first - 1][column:].startswith("*,"):
                continue  # parameters by name: no product
            said = f"{seed} {name} {column} {code[first - 1].strip()}"
            alike[said] += 1
            rank = hashlib.sha256(f"{said} {alike[said]}".encode()).hexdigest()
            found.append(Mutant(module, name, occurrence, range(first, last + 1), rank))
    return sorted(found, key=lambda each: each.rank)
