"""Rules of holding stock."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.domain.inventory import sum_by_product

_LINES = st.lists(st.tuples(st.uuids(), st.integers(1, 10_000)))


@given(_LINES)
def test_products_come_sorted_once_each_with_nothing_lost(lines: list[tuple[UUID, int]]) -> None:
    total = sum_by_product(lines + lines)
    assert list(total) == sorted({product for product, _ in lines})
    assert sum(total.values()) == 2 * sum(quantity for _, quantity in lines)


@pytest.mark.parametrize("repeat", [1, 2, 5])
def test_lines_of_one_product_add_up(repeat: int) -> None:
    """A2 (medusa #16502)."""
    assert sum_by_product([("p", 3)] * repeat) == {"p": 3 * repeat}  # type: ignore[list-item]
