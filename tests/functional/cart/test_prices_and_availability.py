"""How a cart reports changed prices and stock."""

from datetime import UTC, datetime, timedelta

from shop.domain.ids import new_id
from shop.domain.inventory import Item
from tests.support.builders import add_product, lapse
from tests.support.carts import add_to_cart
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.products import change, set_on_hand
from tests.support.stock import hold, inventory_on


def test_a_changed_price_is_reported_and_applies(
    shop: Gateway, token: str, container: Container
) -> None:
    """aws-serverless-ecommerce-platform: totals came from the client (anchor A12)."""
    product_id = add_product(container.database, price_minor=1000)
    add_to_cart(shop, token, product_id, 2)
    change(container.database, product_id, price_minor=1250)
    cart = shop.get("/api/cart", token=token).json

    [line] = cart["items"]
    assert (line["price"], line["previous_price"], line["price_changed"]) == (12.5, 10.0, True)
    assert cart["total"] == 25.0
    assert add_to_cart(shop, token, product_id)["items"][0]["price_changed"] is False


def test_a_price_from_the_client_is_refused(
    shop: Gateway, token: str, container: Container
) -> None:
    """aws-serverless-ecommerce-platform: totals came from the client (anchor A12)."""
    product_id = add_product(container.database)
    body = {"product_id": str(product_id), "quantity": 1, "price": 0.01}
    answer = shop.post("/api/cart/items", json=body, token=token)

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"][0]["field"] == "price"


def test_lost_availability_is_reported(shop: Gateway, token: str, container: Container) -> None:
    sold_out = add_product(container.database, name="Sold out", on_hand=5)
    withdrawn = add_product(container.database, name="Withdrawn")
    add_to_cart(shop, token, sold_out, 4)
    add_to_cart(shop, token, withdrawn)
    set_on_hand(container.database, sold_out, 3)
    change(container.database, withdrawn, is_active=False)
    lines = shop.get("/api/cart", token=token).json["items"]

    assert [(line["name"], line["available"], line["available_quantity"]) for line in lines] == [
        ("Sold out", False, 3),
        ("Withdrawn", False, 0),
    ]
    assert all(line["availability_changed"] for line in lines)


def test_a_lapsed_hold_does_not_count(shop: Gateway, token: str, container: Container) -> None:
    """commercetools, saleor: lapsed holds block stock until a job has run (anchor A14)."""
    product_id = add_product(container.database, on_hand=1)
    in_time = datetime.now(UTC) + timedelta(minutes=10)
    with container.database.transaction() as transaction:
        hold(inventory_on(transaction), new_id(), [Item(product_id, 1)], in_time)
    lapse(container.database)

    assert add_to_cart(shop, token, product_id)["items"][0]["available"] is True
