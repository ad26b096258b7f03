"""Preconditions of a change."""

from collections.abc import Set as AbstractSet

import pytest

from shop.domain.catalog import precondition


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        ('"3-0123456789abcdef"', {3}),
        ('W/"3-0123456789abcdef"', {3}),
        ('"3-aa", "4-bb"', {3, 4}),
        ('"x"', set()),
        ('"3"', set()),
        ("", set()),
        ('"٣-aa"', set()),
        ('"99999999999999999999-aa"', set()),
    ],
)
def test_if_match(header: str, versions: AbstractSet[int]) -> None:
    found = precondition(header, None)

    assert found.is_given
    assert found.if_match == versions


def test_any_version() -> None:
    assert precondition("*", None) == (None, None, True)


def test_nothing_given() -> None:
    assert not precondition(None, None).is_given
    assert precondition(None, 2) == (None, 2, True)
