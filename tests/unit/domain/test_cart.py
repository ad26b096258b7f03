"""Lines and totals."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shop.domain.cart import Line, total_minor
from shop.domain.money import to_decimal


def _line(price: int, quantity: int, *, seen: int | None = None, available: int = 999) -> Line:
    return Line(
        product_id=UUID(int=1),
        name="P",
        price_minor=price,
        seen_price_minor=seen,
        quantity=quantity,
        available=available,
    )


@given(st.lists(st.tuples(st.integers(0, 99_999_999), st.integers(1, 999)), max_size=100))
def test_totals_are_exact(pairs: list[tuple[int, int]]) -> None:
    lines = [_line(price, quantity) for price, quantity in pairs]

    assert to_decimal(total_minor(lines)) == sum(
        (to_decimal(price) * quantity for price, quantity in pairs), to_decimal(0)
    )


def test_changes_are_noticed() -> None:
    assert not _line(100, 1, seen=100).price_changed
    assert not _line(100, 1, seen=None).price_changed
    assert _line(100, 1, seen=90).price_changed
    assert _line(100, 3, available=3).is_available
    assert not _line(100, 3, available=2).is_available
