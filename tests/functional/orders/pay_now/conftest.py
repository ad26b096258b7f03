"""A shop that charges, and a customer with a full cart."""

from uuid import UUID

import pytest

from tests.support.builders import add_product
from tests.support.orders import OrderingShop
from tests.support.payments import StripeControl


@pytest.fixture
def control(stripe: str) -> StripeControl:
    """The fake's control API."""
    return StripeControl(stripe)


@pytest.fixture
def shop(paying_shop: OrderingShop) -> OrderingShop:
    """Checkout works, and payments too."""
    return paying_shop


@pytest.fixture
def phone(shop: OrderingShop) -> UUID:
    """A product for 50 dollars."""
    return add_product(shop.container.database, price_minor=5000)


@pytest.fixture
def cart(shop: OrderingShop, token: str, phone: UUID) -> str:
    """The id of a cart with two phones."""
    return shop.fill_cart(token, phone, quantity=2)
