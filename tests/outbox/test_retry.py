"""Pauses grow, are spread, and are never shorter than what the vendor asked for."""

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.outbox.retry import FEW, MOST, pause
from mcp_platform.whatsapp.graph_errors import Action

S = timedelta(seconds=1)


def longest(attempts, action=Action.RETRY, after=None):
    return pause(attempts=attempts, action=action, after=after, uniform=max)


@given(attempts=st.integers(1, 100_000), seed=st.integers())
def test_a_pause_is_never_longer_than_the_most_nor_negative(attempts, seed):
    uniform = random.Random(seed).uniform
    wait = pause(attempts=attempts, action=Action.RETRY, after=None, uniform=uniform)
    assert wait is not None
    assert timedelta(0) <= wait <= MOST


@given(after=st.integers(0, 10**6), seed=st.integers(), attempts=st.integers(1, 50))
def test_what_the_vendor_asks_for_is_the_least(after, seed, attempts):
    uniform = random.Random(seed).uniform
    asked = after * S
    wait = pause(attempts=attempts, action=Action.WAIT, after=asked, uniform=uniform)
    assert wait is not None
    assert asked <= wait <= asked * 1.1


def test_pauses_double_until_the_most():
    assert [longest(n) for n in (1, 2, 3, 4)] == [2 * S, 4 * S, 8 * S, 16 * S]
    assert longest(30) == MOST


@pytest.mark.parametrize("attempts", [1, 2, 3, 4, 5])
def test_the_pair_limit_wants_powers_of_four(attempts):
    wait = pause(attempts=attempts, action=Action.PAIR, after=S, uniform=min)
    assert wait == 4 ** (attempts - 1) * S


def test_what_seldom_mends_is_given_up_after_a_few():
    waits = [longest(n, Action.RETRY_FEW) for n in range(1, FEW + 1)]
    assert None not in waits[:-1]
    assert waits[-1] is None


def test_a_refused_credential_is_tried_slowly_however_often():
    assert timedelta(minutes=5) <= longest(10_000, Action.CREDENTIAL) <= timedelta(minutes=6)
