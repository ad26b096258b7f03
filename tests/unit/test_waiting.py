"""What a test sees of a condition that it has waited for."""

from itertools import count

import pytest

from tests.support.waiting import eventually


def test_the_first_that_is_waited_for_is_returned() -> None:
    numbers = count()
    assert eventually(lambda: next(numbers), what="one", pause=0) == 1
    found = eventually(lambda: next(numbers), what="five", until=lambda seen: seen == 5, pause=0)
    assert found == 5


def test_the_failure_names_what_was_seen_last() -> None:
    with pytest.raises(AssertionError) as failure:
        eventually(lambda: {"status": "PENDING"}, what="paid", until=lambda _: False, seconds=0)
    assert str(failure.value) == "not within 0 s: paid; last seen: {'status': 'PENDING'}"


def test_an_assertion_about_what_is_seen_fails_at_once() -> None:
    looks = []

    def look() -> bool:
        looks.append(1)
        raise AssertionError("503")

    with pytest.raises(AssertionError, match="503"):
        eventually(look, what="paid")
    assert len(looks) == 1
