"""A shop with a working checkout."""

from collections.abc import Iterator

import pytest

from tests.support.builders import add_categories
from tests.support.containers import Container
from tests.support.orders import OrderingShop
from tests.support.payments import paying_container


@pytest.fixture
def shop(container: Container) -> OrderingShop:
    """Checkout works; payments do not."""
    return OrderingShop(container)


@pytest.fixture
def paying_shop(database: str, redis: str, stripe: str) -> Iterator[OrderingShop]:
    """Checkout works, and payments too."""
    with paying_container(database, redis, stripe) as made:
        add_categories(made.database)
        yield OrderingShop(made)


@pytest.fixture
def token(shop: OrderingShop) -> str:
    """The token of a customer."""
    return shop.shopper()
