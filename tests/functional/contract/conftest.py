"""Shops of the contract's examples and of any request, each with a database of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis

from tests.support import databases
from tests.support.builders import add_categories, add_product
from tests.support.described import OpenWorld, World
from tests.support.orders import OrderingShop
from tests.support.payments import paying_container
from tests.support.wsgi import Application


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


@pytest.fixture(scope="module")
def world(open_world: OpenWorld) -> Iterator[World]:
    """A shop that all the requests share."""
    with open_world() as opened:
        yield opened


@pytest.fixture(scope="module")
def open_world(
    database_server: str, database_template: str, redis_url: str, stripe_url: str
) -> OpenWorld:
    """Opens shops with a product and an order, one at a time."""
    limits = {"rate_limit_per_second": 10**6, "rate_limit_burst": 10**6}

    @contextmanager
    def opened() -> Iterator[World]:
        with (
            Redis.from_url(redis_url) as sessions,
            databases.copy_of(database_server, database_template) as url,
            paying_container(url, redis_url, stripe_url, **limits) as container,
        ):
            sessions.flushall()
            add_categories(container.database)
            product = add_product(container.database, on_hand=10**6)
            shop = OrderingShop(container)
            order = shop.order(shop.shopper(), product)
            known = {"product_id": str(product), "order_id": str(order), "slug": "phones"}
            yield World(shop, Application(shop), known)

    return opened
