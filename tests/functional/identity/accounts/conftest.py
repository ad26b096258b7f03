"""A shop in which Ada has an account."""

import pytest

from tests.support.accounts import ADA, log_in
from tests.support.containers import Container
from tests.support.orders import OrderingShop


@pytest.fixture
def shop(container: Container) -> OrderingShop:
    """A shop with a customer, whose e-mails go to a list."""
    shop = OrderingShop(container)
    assert shop.post("/api/customers", json=ADA).status == 201
    return shop


@pytest.fixture
def token(shop: OrderingShop) -> str:
    """The token of the customer."""
    return str(log_in(shop).json["token"])
