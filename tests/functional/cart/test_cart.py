"""The cart's routes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shop.domain.sessions import Role
from tests.support.builders import add_product
from tests.support.carts import add_to_cart
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.people import token_of
from tests.support.round_trips import round_trips
from tests.support.wire import counting

_WEEK_SECONDS = 7 * 24 * 3600


def test_a_session_without_a_cart(shop: Gateway, token: str, container: Container) -> None:
    answer = shop.get("/api/cart", token=token)

    assert answer.status == 200
    assert answer.text == (
        '{"cart_id":null,"items":[],"total":0.00,"currency":"USD","expires_at":null}'
    )
    assert container.redis.keys("cart*") == []


def test_add_and_read(shop: Gateway, token: str, container: Container) -> None:
    phone = add_product(container.database, name="Phone", price_minor=99_999, on_hand=5)
    cable = add_product(container.database, name="Cable", price_minor=10, on_hand=100)
    add_to_cart(shop, token, phone)
    add_to_cart(shop, token, cable, 3)
    added = add_to_cart(shop, token, phone, 2)
    read = shop.get("/api/cart", token=token)

    assert read.json == added
    assert '"price":999.99,"quantity":3,"subtotal":2999.97' in read.text
    assert '"total":3000.27,"currency":"USD"' in read.text
    assert [line["name"] for line in read.json["items"]] == ["Phone", "Cable"]
    assert read.json["items"][0] == {
        "product_id": str(phone),
        "name": "Phone",
        "price": 999.99,
        "quantity": 3,
        "subtotal": 2999.97,
        "available": True,
        "available_quantity": 5,
        "price_changed": False,
        "previous_price": None,
        "availability_changed": False,
    }


def test_adding_more_than_is_available(shop: Gateway, token: str, container: Container) -> None:
    product_id = add_product(container.database, on_hand=3)
    before = add_to_cart(shop, token, product_id, 2)
    answer = shop.post(
        "/api/cart/items", json={"product_id": str(product_id), "quantity": 2}, token=token
    )

    assert (answer.status, answer.code) == (400, "insufficient_stock")
    assert answer.json["errors"][0]["field"] == "quantity"
    assert shop.get("/api/cart", token=token).json == before


def test_set_remove_and_empty(shop: Gateway, token: str, container: Container) -> None:
    first, second = (add_product(container.database, on_hand=50) for _ in range(2))
    cart = add_to_cart(shop, token, first)
    add_to_cart(shop, token, second)
    changed = shop.patch(f"/api/cart/items/{first}", json={"quantity": 7}, token=token)
    removed = shop.delete(f"/api/cart/items/{first}", token=token)
    emptied = shop.delete("/api/cart", token=token)

    assert [line["quantity"] for line in changed.json["items"]] == [7, 1]
    assert [line["product_id"] for line in removed.json["items"]] == [str(second)]
    assert emptied.json["items"] == []
    assert emptied.json["cart_id"] == cart["cart_id"]
    assert shop.get("/api/cart", token=token).json == emptied.json


def test_setting_more_than_is_available(shop: Gateway, token: str, container: Container) -> None:
    product_id = add_product(container.database, on_hand=3)
    add_to_cart(shop, token, product_id)
    answer = shop.patch(f"/api/cart/items/{product_id}", json={"quantity": 4}, token=token)

    assert (answer.status, answer.code) == (400, "insufficient_stock")
    assert shop.get("/api/cart", token=token).json["items"][0]["quantity"] == 1


def test_a_product_that_is_not_in_the_cart(shop: Gateway, token: str, container: Container) -> None:
    product_id = add_product(container.database)
    other = add_product(container.database)
    add_to_cart(shop, token, other)
    for answer in (
        shop.patch(f"/api/cart/items/{product_id}", json={"quantity": 1}, token=token),
        shop.delete(f"/api/cart/items/{product_id}", token=token),
        shop.delete(f"/api/cart/items/{product_id}", token=token_of(container)),
        shop.patch(
            f"/api/cart/items/{product_id}", json={"quantity": 1}, token=token_of(container)
        ),
    ):
        assert (answer.status, answer.code) == (404, "cart_item_not_found")
    malformed = shop.delete("/api/cart/items/17", token=token)
    assert (malformed.status, malformed.code) == (404, "product_not_found")


def test_products_that_are_not_for_sale(shop: Gateway, token: str, container: Container) -> None:
    inactive = add_product(container.database, is_active=False)
    for product_id in (inactive, uuid4()):
        answer = shop.post(
            "/api/cart/items", json={"product_id": str(product_id), "quantity": 1}, token=token
        )
        assert (answer.status, answer.code) == (404, "product_not_found")


@pytest.mark.parametrize(
    "quantity", ["0", "-1", "1000", f"{10**30}", "1e9", "1.5", '"1"', "null", "true", "[1]"]
)
def test_quantities_out_of_range(
    shop: Gateway, token: str, container: Container, quantity: str
) -> None:
    product_id = add_product(container.database, on_hand=5000)
    answer = shop.post(
        "/api/cart/items",
        body=f'{{"product_id": "{product_id}", "quantity": {quantity}}}',
        token=token,
    )

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"][0]["field"] == "quantity"
    assert shop.get("/api/cart", token=token).json["items"] == []


def test_a_line_holds_999(shop: Gateway, token: str, container: Container) -> None:
    product_id = add_product(container.database, on_hand=5000)
    add_to_cart(shop, token, product_id, 999)
    answer = shop.post(
        "/api/cart/items", json={"product_id": str(product_id), "quantity": 1}, token=token
    )

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"][0]["field"] == "quantity"


def test_a_cart_holds_100_lines(shop: Gateway, token: str, container: Container) -> None:
    products = [add_product(container.database) for _ in range(101)]
    for product_id in products[:100]:
        add_to_cart(shop, token, product_id)
    full = shop.post(
        "/api/cart/items", json={"product_id": str(products[100]), "quantity": 1}, token=token
    )

    assert (full.status, full.code) == (400, "validation_failed")
    assert full.json["errors"][0]["field"] == "product_id"
    again = add_to_cart(shop, token, products[0])
    assert [line["product_id"] for line in again["items"]] == [str(p) for p in products[:100]]


def test_every_write_extends_the_cart_to_seven_days(
    shop: Gateway, token: str, container: Container
) -> None:
    """aws-serverless-shopping-cart: carts silently lived for one day (anchor A11)."""
    product_id = add_product(container.database)
    body = {"product_id": str(product_id), "quantity": 1}
    writes: list[Callable[[], Response]] = [
        lambda: shop.post("/api/cart/items", json=body, token=token),
        lambda: shop.patch(f"/api/cart/items/{product_id}", json={"quantity": 2}, token=token),
        lambda: shop.delete(f"/api/cart/items/{product_id}", token=token),
        lambda: shop.delete("/api/cart", token=token),
    ]
    for write in writes:
        answer = write()
        [key] = container.redis.keys("cart:*")
        assert container.redis.pttl(key) >= _WEEK_SECONDS * 1000 - 2000
        assert container.redis.ttl(key) <= _WEEK_SECONDS
        expires_at = datetime.fromisoformat(answer.json["expires_at"])
        assert abs(expires_at - datetime.now(UTC) - timedelta(days=7)) < timedelta(seconds=5)
        container.redis.expire(key, 60)


def test_reading_does_not_extend_a_cart(shop: Gateway, token: str, container: Container) -> None:
    add_to_cart(shop, token, add_product(container.database))
    [key] = container.redis.keys("cart:*")
    container.redis.expire(key, 60)
    shop.get("/api/cart", token=token)

    assert container.redis.ttl(key) <= 60


def test_carts_are_private(shop: Gateway, container: Container) -> None:
    product_id = add_product(container.database)
    add_to_cart(shop, token_of(container), product_id)

    assert shop.get("/api/cart", token=token_of(container)).json["items"] == []
    assert shop.get("/api/cart").status == 401


@pytest.mark.parametrize("role", [Role.GUEST, Role.CUSTOMER, Role.STAFF, Role.FINANCE])
def test_every_session_has_a_cart(shop: Gateway, container: Container, role: Role) -> None:
    assert shop.get("/api/cart", token=token_of(container, role)).status == 200


def test_adding_again_with_the_same_key_adds_once(
    shop: Gateway, token: str, container: Container
) -> None:
    body = {"product_id": str(add_product(container.database)), "quantity": 2}
    first = shop.post("/api/cart/items", json=body, token=token, key="add-1")
    second = shop.post("/api/cart/items", json=body, token=token, key="add-1")

    assert second.headers["idempotency-replayed"] == "true"
    assert second.json == first.json
    assert shop.get("/api/cart", token=token).json["items"][0]["quantity"] == 2


@pytest.mark.parametrize("lines", [1, 10, 100])
def test_adding_costs_the_same_whatever_the_size(
    shop: Gateway, token: str, container: Container, lines: int
) -> None:
    """medusa #10751 (10-15 s an add), vendure #3075 #3459 #226 (anchors A9 and A10).

    One statement, two round trips for the cart and one for the session.
    """
    for _ in range(lines - 1):
        add_to_cart(shop, token, add_product(container.database))
    product_id = add_product(container.database)
    for _ in range(2):  # a statement that is used again is prepared, once
        add_to_cart(shop, token, product_id)
    with round_trips(container.settings.redis_url) as trips, counting(container.database) as sent:
        add_to_cart(shop, token, product_id)

    assert (len(sent.statements), sent.control) == (1, [])
    assert trips.count == 2 + 1


def test_reading_costs_one_statement(shop: Gateway, token: str, container: Container) -> None:
    for _ in range(20):
        add_to_cart(shop, token, add_product(container.database))
    with round_trips(container.settings.redis_url) as trips, counting(container.database) as sent:
        shop.get("/api/cart", token=token)

    assert (len(sent.statements), sent.control) == (1, [])
    assert trips.count == 1 + 1


def test_postgresql_is_unavailable(redis: str) -> None:
    with container_for("postgresql://shop@127.0.0.1:1/shop", redis) as container:
        answer = Gateway(container).post(
            "/api/cart/items",
            json={"product_id": str(uuid4()), "quantity": 1},
            token=token_of(container),
        )

    assert (answer.status, answer.code) == (503, "dependency_unavailable")
    assert int(answer.headers["retry-after"]) > 0
