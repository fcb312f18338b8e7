"""A test of many cases tells of each that is wrong."""

import asyncio

import pytest

from tests.cases import cases


def test_each_case_that_is_wrong_is_named_and_the_others_are_looked_at() -> None:
    seen = []

    @cases("number, name", [(1, "one"), (2, "two"), (3, "three")])
    def test(number: int, name: str) -> None:
        seen.append(name)
        assert number == 2, "not two"

    with pytest.raises(AssertionError) as failed:
        test()

    assert seen == ["one", "two", "three"]
    assert str(failed.value).startswith("2 wrong:\nnumber=1, name='one': AssertionError: not two")
    assert "number=3, name='three'" in str(failed.value)
    assert failed.value.__cause__ is not None


def test_what_is_not_raised_is_wrong_too() -> None:
    @cases("number", [1, 0])
    def test(number: int) -> None:
        with pytest.raises(ZeroDivisionError):
            _ = 1 / number

    with pytest.raises(AssertionError, match="1 wrong:\nnumber=1: Failed"):
        test()


def test_one_that_is_awaited_is_awaited() -> None:
    @cases("number", lambda: [1, 2])
    async def test(number: int) -> None:
        await asyncio.sleep(0)
        assert number < 2

    with pytest.raises(AssertionError, match="1 wrong:\nnumber=2"):
        asyncio.run(test())


def test_no_case_at_all_is_wrong() -> None:
    @cases("number", [])
    def test(number: int) -> None: ...

    with pytest.raises(AssertionError, match="no case"):
        test()


@cases("number", [1, 2])
def test_fixtures_are_given_as_ever(number: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert number
    assert tmp_path_factory.getbasetemp().exists()
