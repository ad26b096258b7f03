"""Rules of holding stock."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

#: Bounds of a hold's length, in seconds.
MIN_TTL_SECONDS: Final = 60
MAX_TTL_SECONDS: Final = 3600
#: Largest stock of one product; sums with it stay inside PostgreSQL's integer.
MAX_ON_HAND: Final = 1_000_000_000


def sum_by_product(lines: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    """Add up the lines of each product, sorted by product id: the order in which rows are locked.

    Checked line by line, two lines of one product could each fit and together oversell it.
    """
    total: dict[UUID, int] = {}
    for product_id, quantity in lines:
        total[product_id] = total.get(product_id, 0) + quantity
    return dict(sorted(total.items()))
