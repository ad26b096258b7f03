"""A shop in which staff may have a second factor, and a member of staff."""

from collections.abc import Iterator

import pytest

from shop.domain import one_time_codes, passwords
from tests.support.containers import Container
from tests.support.orders import OrderingShop
from tests.support.second_factors import Clock, Person, shop_with


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(passwords, "_COST", 2)
    clock = Clock()
    monkeypatch.setattr(one_time_codes, "time", clock)
    return clock


@pytest.fixture
def container(database: str, redis: str, clock: Clock) -> Iterator[Container]:
    """A shop in which staff may have a second factor."""
    yield from shop_with(database, redis, "optional")


@pytest.fixture
def shop(container: Container) -> OrderingShop:
    return OrderingShop(container)


@pytest.fixture
def sam(shop: OrderingShop, clock: Clock) -> Person:
    """A member of staff without a second factor."""
    return Person(shop, clock, "sam", "staff")


@pytest.fixture
def enrolled(sam: Person) -> Person:
    """The same, enrolled."""
    sam.enrol()
    return sam
