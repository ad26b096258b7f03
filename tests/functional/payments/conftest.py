"""Payments, behind the API and on the Stripe fake."""

import pytest

from tests.support.builders import Placed, place_order
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying import pay
from tests.support.paying_fixtures import container, control, shop

__all__ = ["container", "control", "shop"]


@pytest.fixture
def paid(shop: Gateway, container: Container) -> Placed:
    """A paid order of two units of 10.00 of each of two products, and 4.99 for the shipping."""
    placed = place_order(container, products=2)
    assert pay(shop, placed).status == 200
    return placed
