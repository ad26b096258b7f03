"""The helper with which tests run things at once."""

import threading
from functools import partial

import pytest

from tests.support.at_once import at_once, outcomes_at_once


def test_all_run_together_and_their_results_come_in_order() -> None:
    met = threading.Barrier(8)

    def meet(number: int) -> int:
        met.wait(30)
        return number

    assert at_once([partial(meet, number) for number in range(8)]) == list(range(8))


def test_an_error_is_given_in_its_place_or_raised() -> None:
    def divide(number: int) -> float:
        return 1 / number

    actions = [partial(divide, number) for number in (1, 0, 2)]
    one, error, half = outcomes_at_once(actions)
    assert (one, half) == (1, 0.5)
    assert isinstance(error, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        at_once(actions)


def test_a_hanging_action_is_named_with_its_line() -> None:
    ended = threading.Event()

    def never_ends() -> None:
        ended.wait(30)

    def ends() -> None:
        return

    try:
        with pytest.raises(AssertionError, match=r"1 not ended within 0\.3 s") as failure:
            at_once([ends, never_ends], seconds=0.3)
    finally:
        ended.set()
    assert "1: " in str(failure.value)
    assert "never_ends" in str(failure.value)
    assert "ended.wait(30)" in str(failure.value)
    assert "0: " not in str(failure.value)
