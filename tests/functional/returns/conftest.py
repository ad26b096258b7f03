"""Returns, behind the API and on the Stripe fake."""

import pytest

from tests.support.builders import Placed
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying_fixtures import container, control, shop
from tests.support.returns import asked, delivered_order, step, units

__all__ = ["container", "control", "shop"]


@pytest.fixture
def order(container: Container) -> Placed:
    """44.99: two units of 10.00 of each of two products, and 4.99 for the shipping."""
    return delivered_order(container)


@pytest.fixture
def approved(shop: Gateway, order: Placed, staff: str) -> str:
    """A return of one unit, approved."""
    return_id = asked(shop, order, units(order, 0, 1))
    assert step(shop, order, return_id, "approve", staff).status == 200
    return return_id
