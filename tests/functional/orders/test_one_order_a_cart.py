"""A cart becomes one order, whatever the Idempotency-Keys of its checkouts."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from uuid import UUID

import pytest

from shop.contracts.tasks import PlacedOrder, PlaceOrder
from shop.domain.errors import DependencyUnavailable
from shop.domain.orders import OrderStatus
from tests.support.at_once import at_once
from tests.support.builders import add_product, path_to
from tests.support.containers import container_for
from tests.support.gateway import Response
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
    # A request after the cart was emptied does not find the cart.
    assert set(outcomes) <= {"cart_already_ordered", "cart_not_found"}
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(1,)]
    assert levels(shop.database_url, phone) == (10, 1)


@pytest.fixture
def full_cart(shop: OrderingShop, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """A session whose cart was ordered, but not emptied."""

    def unavailable(*_args: object, **_options: object) -> None:
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


def test_a_cart_may_be_ordered_again_once_its_order_is_cancelled(
    shop: OrderingShop, full_cart: tuple[str, str]
) -> None:
    token, _ = full_cart
    order_id = shop.check_out(*full_cart).json["order_id"]
    assert shop.post(f"/api/orders/{order_id}/cancel", json={}, token=token).status == 200
    assert shop.check_out(*full_cart).status == 201


def test_a_cart_that_was_not_emptied_is_emptied_once_its_order_is_paid(
    shop: OrderingShop, full_cart: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token, _ = full_cart
    _move(shop, UUID(shop.check_out(*full_cart).json["order_id"]), OrderStatus.PAID)
    monkeypatch.undo()
    assert len(shop.get("/api/cart", token=token).json["items"]) == 1
    assert shop.check_out(*full_cart).code == "cart_already_ordered"
    assert shop.get("/api/cart", token=token).json["items"] == []


def _move(shop: OrderingShop, order_id: UUID, status: OrderStatus) -> None:
    shop.move(order_id, *(step.value for step in path_to(status)))


def _late(shop: OrderingShop, token: str, cart: str, meanwhile: Callable[[], None]) -> Response:
    """Check out; run an action between reading the cart and writing the order."""
    machine = shop.container.checkout_machine

    class Late:
        def run(self, command: PlaceOrder) -> PlacedOrder:
            shop.container.checkout_machine = machine
            meanwhile()
            return machine.run(command)

    shop.container.checkout_machine = Late()
    return shop.check_out(token, cart)


_DEAD = {
    OrderStatus.INVENTORY_UNAVAILABLE,
    OrderStatus.PAYMENT_FAILED,
    OrderStatus.CANCELLED,
}


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - _DEAD))
def test_a_checkout_that_read_the_cart_before_and_writes_after_makes_no_second_order(
    shop: OrderingShop, status: OrderStatus
) -> None:
    """A27: whatever the status of the first order by then."""
    token = shop.shopper()
    cart = shop.fill_cart(token, add_product(shop.container.database))

    def first_order() -> None:
        _move(shop, UUID(shop.check_out(token, cart).json["order_id"]), status)

    late = _late(shop, token, cart, first_order)
    assert (late.status, late.code) == (409, "cart_already_ordered")
    assert query(shop.database_url, "SELECT status FROM orders") == [(status.value,)]


def test_no_second_order_after_the_first_was_paid_and_cancelled(shop: OrderingShop) -> None:
    """A27: refunded lines are not sold again without the buyer's request."""
    token = shop.shopper()
    cart = shop.fill_cart(token, add_product(shop.container.database))

    def first_order() -> None:
        order_id = UUID(shop.check_out(token, cart).json["order_id"])
        _move(shop, order_id, OrderStatus.PAID)
        with shop.container.unit_of_work(publish=False) as work:
            assert work.orders.move(order_id, OrderStatus.CANCELLED, reason="cancelled_by_staff")

    assert _late(shop, token, cart, first_order).code == "cart_already_ordered"
    assert shop.get("/api/cart", token=token).json["items"] == []


def test_no_second_order_after_the_first_has_returned_the_cart(shop: OrderingShop) -> None:
    """A27: its lines are in a cart with another id by then."""
    token = shop.shopper()
    phone = add_product(shop.container.database)
    cart = shop.fill_cart(token, phone)

    def first_order() -> None:
        order_id = shop.check_out(token, cart).json["order_id"]
        assert shop.post(f"/api/orders/{order_id}/cancel", json={}, token=token).status == 200

    assert _late(shop, token, cart, first_order).code == "cart_already_ordered"
    returned = shop.get("/api/cart", token=token).json
    assert [(item["product_id"], item["quantity"]) for item in returned["items"]] == [
        (str(phone), 1)
    ]
    assert shop.check_out(token, returned["cart_id"]).status == 201


def test_lines_that_a_late_checkout_has_ordered_are_not_returned_to_the_cart_too(
    shop: OrderingShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first order is cancelled, but its cart has not returned when the late checkout is written."""
    token = shop.shopper()
    cart = shop.fill_cart(token, add_product(shop.container.database))
    first: list[str] = []

    def first_order() -> None:
        first.append(shop.check_out(token, cart).json["order_id"])
        with monkeypatch.context() as patched:
            patched.setattr(shop.container.carts, "has_taken", lambda _order_id: False)
            answer = shop.post(f"/api/orders/{first[0]}/cancel", json={}, token=token)
        assert answer.status == 200

    late = _late(shop, token, cart, first_order)
    assert late.status == 201
    shop.cancelled(first[0])
    assert shop.get("/api/cart", token=token).json["items"] == []
    # The lines return when the order that contains them is cancelled.
    order_id = late.json["order_id"]
    assert shop.post(f"/api/orders/{order_id}/cancel", json={}, token=token).status == 200
    assert len(shop.get("/api/cart", token=token).json["items"]) == 1
