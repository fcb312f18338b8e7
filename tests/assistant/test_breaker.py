"""A line that fails again and again is left alone, and tried by one request before it is used."""

from datetime import timedelta

import pytest

from mcp_platform.assistant.gemini.breaker import (
    FAILURES,
    MOST_REST,
    REST,
    WITHIN,
    Breaker,
    ModelResting,
)
from tests.clocks import Timer


@pytest.fixture
def clock():
    return Timer()


@pytest.fixture
def breaker(clock):
    return Breaker(timer=clock, uniform=lambda low, _: low)


def fail(breaker, key="a", *, rest=None):
    with breaker.trial(key) as trial:
        trial.failed(rest=rest)


def work(breaker, key="a"):
    with breaker.trial(key) as trial:
        trial.worked()


def rests(breaker, key="a"):
    try:
        with breaker.trial(key):
            return None
    except ModelResting as error:
        return error.retry_after


def break_(breaker, key="a"):
    for _ in range(FAILURES):
        fail(breaker, key)


def test_failures_in_a_row_give_a_rest(breaker):
    for _ in range(FAILURES - 1):
        fail(breaker)
    assert rests(breaker) is None
    fail(breaker)
    assert rests(breaker) == REST


def test_one_answer_between_makes_failures_start_anew(breaker):
    fail(breaker)
    fail(breaker)
    work(breaker)
    fail(breaker)
    fail(breaker)
    assert rests(breaker) is None


def test_failures_far_apart_are_not_one_outage(breaker, clock):
    for _ in range(3 * FAILURES):
        fail(breaker)
        clock.advance(WITHIN + timedelta(seconds=1))
    assert rests(breaker) is None


def test_lines_rest_each_for_itself(breaker):
    break_(breaker, "a")
    assert rests(breaker, "a")
    assert rests(breaker, "b") is None


def test_after_the_rest_one_request_tries_and_opens_the_line_for_all(breaker, clock):
    break_(breaker)
    clock.advance(REST)
    with breaker.trial("a") as trial:
        assert rests(breaker)
        trial.worked()
    assert rests(breaker) is None
    fail(breaker)
    assert rests(breaker) is None


def test_a_try_that_fails_gives_another_rest(breaker, clock):
    break_(breaker)
    clock.advance(REST)
    fail(breaker)
    assert rests(breaker) == REST


def test_a_try_given_up_lets_another_try(breaker, clock):
    break_(breaker)
    clock.advance(REST)
    with pytest.raises(KeyboardInterrupt), breaker.trial("a"):
        raise KeyboardInterrupt
    work(breaker)
    assert rests(breaker) is None


def test_a_rest_asked_for_begins_at_once_and_never_exceeds_the_longest(breaker, clock):
    fail(breaker, rest=timedelta(minutes=5))
    assert rests(breaker) == timedelta(minutes=5)
    fail(breaker, "b", rest=timedelta(days=1))
    assert rests(breaker, "b") == MOST_REST


def test_an_answer_to_an_older_question_does_not_end_a_rest(breaker):
    with breaker.trial("a") as older:
        break_(breaker)
        older.worked()
    assert rests(breaker) == REST


def test_a_failure_of_an_older_question_does_not_lengthen_a_rest(breaker, clock):
    with breaker.trial("a") as older:
        break_(breaker)
        clock.advance(REST / 2)
        older.failed()
    assert rests(breaker) == REST / 2


def test_a_shorter_rest_asked_for_does_not_shorten_one_under_way(breaker):
    with breaker.trial("a") as older:
        fail(breaker, rest=timedelta(minutes=5))
        older.failed(rest=timedelta(seconds=1))
    assert rests(breaker) == timedelta(minutes=5)


def test_rests_are_drawn_apart(clock):
    breaker = Breaker(timer=clock, uniform=lambda _, high: high)
    break_(breaker)
    assert REST < rests(breaker) <= 1.5 * REST


def test_who_is_forgotten_is_only_asked_again(breaker):
    break_(breaker, "first")
    for number in range(10_000):
        fail(breaker, f"key-{number}")
    assert rests(breaker, "first") is None
    assert len(breaker._lines) == 10_000
