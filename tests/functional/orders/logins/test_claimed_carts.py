"""A guest's cart that an account has claimed by a login, whatever fails or returns meanwhile."""

from typing import Any

import pytest

from shop.domain.errors import DependencyUnavailable
from shop.services.orders.returning import return_cart
from tests.support.accounts import LOGIN, ada_logs_in
from tests.support.carts import cart_of
from tests.support.orders import OrderingShop
from tests.support.stock import query


@pytest.mark.parametrize("step", ["has_taken", "give_back"])
def test_lines_that_return_while_the_guest_logs_in_reach_the_account(
    shop: OrderingShop, guest: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order was the guest's when the return began, or when it was recorded."""
    phone = shop.product()
    order_id = shop.order(guest, phone, quantity=2)
    shop.move(order_id, "CANCELLED")
    carts = shop.container.carts

    def log_in_first(*arguments: Any) -> Any:
        ada_logs_in(shop, guest)
        return getattr(type(carts), step)(carts, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(carts, step, log_in_first)
        assert return_cart(carts, shop.container.unit_of_work, order_id)
    assert cart_of(shop, guest) == {}
    assert cart_of(shop, ada_logs_in(shop, guest)) == {str(phone): 2}


def test_a_cart_that_could_not_be_emptied_leaves_no_sold_lines_to_the_account(
    shop: OrderingShop, guest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(shop.container.carts, "remove_bought", _unavailable)
        shop.order(guest, shop.product())
    assert len(cart_of(shop, guest)) == 1
    assert cart_of(shop, ada_logs_in(shop, guest)) == {}
    assert cart_of(shop, guest) == {}


@pytest.mark.parametrize("then", ["log in", "check out"])
def test_a_login_that_crashes_before_the_cart_moves_is_completed(
    shop: OrderingShop, guest: str, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = shop.product()
    cart = shop.fill_cart(guest, phone)
    with monkeypatch.context() as patched:
        patched.setattr(shop.container.carts, "merge", _unavailable)
        assert shop.post("/api/sessions", json=LOGIN, token=guest).status == 503
    assert cart_of(shop, guest) == {str(phone): 1}
    if then == "check out":
        answer = shop.check_out(guest, cart)
        assert (answer.status, answer.code) == (404, "cart_not_found")
        assert cart_of(shop, guest) == {}
    assert cart_of(shop, ada_logs_in(shop, guest)) == {str(phone): 1}
    assert query(shop.database_url, "SELECT count(*) FROM orders") == [(0,)]


def test_a_second_account_does_not_get_what_the_first_login_has_claimed(
    shop: OrderingShop, guest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = {"email": "bob@example.com", "password": "correct horse"}
    assert shop.post("/api/customers", json=bob | {"name": "Bob"}).status == 201
    phone = shop.product()
    shop.fill_cart(guest, phone)
    with monkeypatch.context() as patched:
        patched.setattr(shop.container.carts, "merge", _unavailable)
        shop.post("/api/sessions", json=LOGIN, token=guest)
    second = shop.post("/api/sessions", json=bob, token=guest).json["token"]
    assert cart_of(shop, second) == {}
    assert cart_of(shop, ada_logs_in(shop, guest)) == {str(phone): 1}


def test_an_emptied_cart_is_not_claimed_for_good(shop: OrderingShop, guest: str) -> None:
    phone = shop.product()
    shop.fill_cart(guest, phone)
    assert shop.delete("/api/cart", token=guest).status == 200
    ada_logs_in(shop, guest)
    assert shop.order(guest, phone)


def _unavailable(*_arguments: object, **_options: object) -> None:
    raise DependencyUnavailable("redis")
