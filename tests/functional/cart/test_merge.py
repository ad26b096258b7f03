"""A guest's cart is merged into the customer's at login."""

from uuid import UUID

import pytest

from shop.domain.customers import Customer
from shop.domain.passwords import hash_password
from shop.domain.sessions import Role, Session
from tests.support.builders import add_product
from tests.support.carts import add_to_cart
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.people import token_of

_LOGIN = {"email": "ada@example.com", "password": "correct horse"}
_HASH = hash_password(_LOGIN["password"])


@pytest.fixture
def customer(container: Container) -> UUID:
    user_id = UUID(int=7)
    with container.unit_of_work(publish=False) as unit:
        unit.customers.add(
            Customer(user_id=user_id, email=_LOGIN["email"], name="Ada", password_hash=_HASH)
        )
    return user_id


def _login(shop: Gateway, guest: str | None) -> str:
    answer = shop.post("/api/sessions", json=_LOGIN, token=guest)
    assert answer.status == 201, answer.text
    token: str = answer.json["token"]
    return token


def _quantities(shop: Gateway, token: str) -> dict[str, int]:
    items = shop.get("/api/cart", token=token).json["items"]
    return {line["product_id"]: line["quantity"] for line in items}


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
    tokens = [_login(shop, guest) for _ in range(3)]

    for token in tokens:
        assert _quantities(shop, token) == {str(first): 5, str(second): 1}
    assert _quantities(shop, guest) == {}


def test_a_customer_without_a_cart_takes_over_the_guests_cart(
    shop: Gateway, container: Container, customer: UUID
) -> None:
    guest = token_of(container)
    before = add_to_cart(shop, guest, add_product(container.database), 2)
    after = shop.get("/api/cart", token=_login(shop, guest)).json

    assert (after["cart_id"], after["items"]) == (before["cart_id"], before["items"])
    [key] = container.redis.keys("cart:*")
    assert key == f"cart:{customer}"
    assert container.redis.ttl(key) > 7 * 24 * 3600 - 5


def test_what_a_guest_adds_later_is_merged_by_the_next_login(
    shop: Gateway, container: Container, customer: UUID
) -> None:
    product_id = add_product(container.database)
    guest = token_of(container)
    add_to_cart(shop, guest, product_id, 2)
    _login(shop, guest)
    add_to_cart(shop, guest, product_id, 1)

    assert _quantities(shop, _login(shop, guest)) == {str(product_id): 3}


def test_limits_hold(shop: Gateway, container: Container, customer: UUID) -> None:
    products = [add_product(container.database, on_hand=2000) for _ in range(102)]
    guest = token_of(container)
    own, _ = container.sessions.open(Session(customer, Role.CUSTOMER))
    for product_id in products[:99]:
        container.carts.add(customer, product_id, 600, available=2000, price_minor=1)
    add_to_cart(shop, guest, products[0], 500)
    for product_id in products[99:]:
        add_to_cart(shop, guest, product_id)
    _login(shop, guest)
    merged, left = _quantities(shop, own), _quantities(shop, guest)

    assert merged[str(products[0])] == 999
    assert len(merged) == 100
    assert left == {str(products[100]): 1, str(products[101]): 1}


def test_a_failed_login_merges_nothing(shop: Gateway, container: Container, customer: UUID) -> None:
    guest = token_of(container)
    add_to_cart(shop, guest, add_product(container.database))
    shop.post("/api/sessions", json={**_LOGIN, "password": "wrong horse"}, token=guest)

    assert len(_quantities(shop, guest)) == 1


def test_another_customers_cart_is_not_merged(
    shop: Gateway, container: Container, customer: UUID
) -> None:
    other = token_of(container, Role.CUSTOMER)
    add_to_cart(shop, other, add_product(container.database))

    assert _quantities(shop, _login(shop, other)) == {}
    assert len(_quantities(shop, other)) == 1
