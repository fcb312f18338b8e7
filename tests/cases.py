"""Looks at many cases in one test, and fails once with the name of each case that is wrong.

For cases that share nothing a test changes, and that take less time than a test of their own.
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

WRONG = (Exception, pytest.fail.Exception)  # what `pytest.raises` raises is no Exception
SHOWN = 30  # of what is wrong, so that one mistake in common stays readable


def cases(
    names: str, looked_at: Iterable[Any]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Run the test for each case: `@cases("kind, name", [("a", "b")])`. Fixtures are made once.

    `looked_at` may be a function that returns them: it is called by the test, not at collection.
    """
    wanted = [name.strip() for name in names.split(",")]

    def decorate(test: Callable[..., Any]) -> Callable[..., Any]:
        def each() -> Iterable[dict[str, Any]]:
            found = list(looked_at() if callable(looked_at) else looked_at)
            assert found, "there is no case to look at"
            for case in found:
                values = case if len(wanted) > 1 else [case]
                yield dict(zip(wanted, values, strict=True))

        if inspect.iscoroutinefunction(test):

            async def run(**fixtures: Any) -> None:
                wrong = _Wrong()
                for case in each():
                    try:
                        await test(**fixtures, **case)
                    except WRONG as error:
                        wrong.add(case, error)
                wrong.tell()

        else:

            def run(**fixtures: Any) -> None:  # type: ignore[misc]  # the other one, not awaited
                wrong = _Wrong()
                for case in each():
                    try:
                        test(**fixtures, **case)
                    except WRONG as error:
                        wrong.add(case, error)
                wrong.tell()

        made = functools.wraps(test)(run)
        signature = inspect.signature(test)
        made.__signature__ = signature.replace(  # type: ignore[attr-defined]  # pytest reads it
            parameters=[each for name, each in signature.parameters.items() if name not in wanted]
        )
        return made

    return decorate


class _Wrong:
    def __init__(self) -> None:
        self._told: list[str] = []
        self._first: BaseException | None = None

    def add(self, case: dict[str, Any], error: BaseException) -> None:
        self._first = self._first or error
        named = ", ".join(f"{name}={value!r:.200}" for name, value in case.items())
        self._told.append(f"{named}: {type(error).__name__}: {error}")

    def tell(self) -> None:
        if self._told:
            more = len(self._told) - SHOWN
            rest = [f"… and {more} more"] if more > 0 else []
            told = "\n".join([*self._told[:SHOWN], *rest])
            raise AssertionError(f"{len(self._told)} wrong:\n{told}") from self._first
