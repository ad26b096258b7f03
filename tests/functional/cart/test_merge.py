"""A guest's cart is merged into the customer's at login."""

from uuid import UUID

import pytest

from shop.domain.customers import Customer
from shop.domain.passwords import hash_password
from shop.domain.sessions import Role, Session
from tests.support.accounts import LOGIN, ada_logs_in
from tests.support.builders import add_product
from tests.support.carts import add_to_cart, cart_of
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.people import token_of

_HASH = hash_password(LOGIN["password"])


@pytest.fixture
def customer(container: Container) -> UUID:
    user_id = UUID(int=7)
    with container.unit_of_work(publish=False) as unit:
        unit.customers.add(
            Customer(user_id=user_id, email=LOGIN["email"], name="Ada", password_hash=_HASH)
        )
    return user_id


def test_merged_once_however_often_the_login_is_repeated(
    shop: Gateway, container: Container, customer: UUID
) -> None:
    """aws-serverless-shopping-cart: a repeated merge doubled the quantities (anchor A11)."""
    first, second = (add_product(container.database, on_hand=50) for _ in range(2))
    guest = token_of(container)
    own = container.sessions.open(Session(customer, Role.CUSTOMER))[0]
    add_to_cart(shop, guest, first, 2)
    add_to_cart(shop, guest, second, 1)
    add_to_cart(shop, own, first, 3)
    tokens = [ada_logs_in(shop, guest) for _ in range(3)]

    for token in tokens:
        assert cart_of(shop, token) == {str(first): 5, str(second): 1}
    assert cart_of(shop, guest) == {}


def test_a_customer_without_a_cart_takes_over_the_guests_cart(
    shop: Gateway, container: Container, customer: UUID
) -> None:
    guest = token_of(container)
    before = add_to_cart(shop, guest, add_product(container.database), 2)
    after = shop.get("/api/cart", token=ada_logs_in(shop, guest)).json

    assert (after["cart_id"], after["items"]) == (before["cart_id"], before["items"])
    [key] = container.redis.keys("cart:????????-*")
    assert key == f"cart:{customer}"
    assert container.redis.ttl(key) > 7 * 24 * 3600 - 5


def test_what_a_guest_adds_later_is_merged_by_the_next_login(
    shop: Gateway, container: Container, customer: UUID
) -> None:
    product_id = add_product(container.database)
    guest = token_of(container)
    add_to_cart(shop, guest, product_id, 2)
    ada_logs_in(shop, guest)
    add_to_cart(shop, guest, product_id, 1)

    assert cart_of(shop, ada_logs_in(shop, guest)) == {str(product_id): 3}


def test_limits_hold(shop: Gateway, container: Container, customer: UUID) -> None:
    products = [add_product(container.database, on_hand=2000) for _ in range(102)]
    guest = token_of(container)
    own, _ = container.sessions.open(Session(customer, Role.CUSTOMER))
    for product_id in products[:99]:
        container.carts.add(customer, product_id, 600, available=2000, price_minor=1)
    add_to_cart(shop, guest, products[0], 500)
    for product_id in products[99:]:
        add_to_cart(shop, guest, product_id)
    ada_logs_in(shop, guest)
    merged, left = cart_of(shop, own), cart_of(shop, guest)

    assert merged[str(products[0])] == 999
    assert len(merged) == 100
    assert left == {str(products[100]): 1, str(products[101]): 1}


def test_a_failed_login_merges_nothing(shop: Gateway, container: Container, customer: UUID) -> None:
    guest = token_of(container)
    add_to_cart(shop, guest, add_product(container.database))
    shop.post("/api/sessions", json={**LOGIN, "password": "wrong horse"}, token=guest)

    assert len(cart_of(shop, guest)) == 1


def test_another_customers_cart_is_not_merged(
    shop: Gateway, container: Container, customer: UUID
) -> None:
    other = token_of(container, Role.CUSTOMER)
    add_to_cart(shop, other, add_product(container.database))

    assert cart_of(shop, ada_logs_in(shop, other)) == {}
    assert len(cart_of(shop, other)) == 1
