"""A guest who is about to log in."""

import pytest

from shop.domain.sessions import Role
from tests.support.accounts import ADA
from tests.support.orders import OrderingShop


@pytest.fixture
def guest(shop: OrderingShop) -> str:
    """The token of a guest; Ada has an account."""
    assert shop.post("/api/customers", json=ADA).status == 201
    return shop.shopper(Role.GUEST)
