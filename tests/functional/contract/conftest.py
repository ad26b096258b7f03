"""A shop of which the contract's examples are told; what it changes stays in a database of its own."""

from collections.abc import Iterator

import pytest

from tests.support import databases
from tests.support.builders import add_categories
from tests.support.orders import OrderingShop
from tests.support.payments import paying_container


@pytest.fixture
def database(database_server: str, database_template: str) -> Iterator[str]:
    """Address of a migrated database for this test only, rates included."""
    with databases.copy_of(database_server, database_template) as url:
        yield url


@pytest.fixture
def shop(database: str, redis: str, stripe: str) -> Iterator[OrderingShop]:
    """Checkout and payments work; no session is slowed down."""
    with paying_container(
        database, redis, stripe, rate_limit_per_second=10**6, rate_limit_burst=10**6
    ) as made:
        add_categories(made.database)
        yield OrderingShop(made)
