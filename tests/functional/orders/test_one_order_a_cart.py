"""A cart becomes one order, whatever keys its checkouts are sent with."""

from collections import Counter
from contextlib import ExitStack
from functools import partial

import pytest

from shop.domain.errors import DependencyUnavailable
from tests.support.at_once import at_once
from tests.support.builders import add_product
from tests.support.containers import container_for
from tests.support.orders import OrderingShop
from tests.support.stock import levels, query


def test_of_many_checkouts_at_once_one_makes_an_order(
    shop: OrderingShop, database: str, redis: str
) -> None:
    phone, token = add_product(shop.container.database), shop.shopper()
    cart = shop.fill_cart(token, phone)
    with ExitStack() as stack:
        shops = [
            OrderingShop(stack.enter_context(container_for(database, redis))) for _ in range(4)
        ]
        answers = at_once([partial(one.check_out, token, cart) for one in shops])

    outcomes = Counter(answer.code or answer.status for answer in answers)
    assert outcomes.pop(201) == 1
    # Who comes after the cart was emptied does not find it any more.
    assert set(outcomes) <= {"cart_already_ordered", "cart_not_found"}
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(1,)]
    assert levels(shop.database_url, phone) == (10, 1)


@pytest.fixture
def full_cart(shop: OrderingShop, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A session whose cart was ordered, but not emptied."""

    def unavailable(*_args: object) -> None:
        raise DependencyUnavailable("redis")

    token = shop.shopper()
    cart = shop.fill_cart(token, add_product(shop.container.database))
    monkeypatch.setattr(shop.container.carts, "remove_bought", unavailable)
    return token, cart


def test_a_cart_that_was_not_emptied_is_not_ordered_again(
    shop: OrderingShop, full_cart: tuple[str, str]
) -> None:
    assert shop.check_out(*full_cart).status == 201
    again = shop.check_out(*full_cart)
    assert (again.status, again.code) == (409, "cart_already_ordered")
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(1,)]


def test_it_may_be_once_its_order_is_cancelled(
    shop: OrderingShop, full_cart: tuple[str, str]
) -> None:
    token, _ = full_cart
    order_id = shop.check_out(*full_cart).json["order_id"]
    assert shop.post(f"/api/orders/{order_id}/cancel", json={}, token=token).status == 200
    assert shop.check_out(*full_cart).status == 201
