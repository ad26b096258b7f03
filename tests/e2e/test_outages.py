"""Servers are killed during a purchase and restarted: clear 503s, nothing lost.

Each is a real process that gets SIGKILL, on the deployed stack.
"""

import time
import uuid

import pytest
from redis import Redis

from tests.e2e.client import Shop
from tests.e2e.deployment import Stack
from tests.support.broker import put, take
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("books")
_QUEUE = "catalog.product.updated"


def _intent(stack: Stack, order_id: str) -> str:
    rows = stack.query("SELECT payment_intent_id FROM payments WHERE order_id = %s", (order_id,))
    return str(rows[0][0])


def test_redis_unavailable(stack: Stack, shop: Shop) -> None:
    """Carts and sessions survive the outage; the catalog, the webhook and events keep working."""
    token = shop.log_in(shop.customer())
    product = shop.product(stock=5)
    order_id = shop.order(token, product)["order_id"]
    assert shop.pay(token, order_id, "pm_card_authenticationRequired").status_code == 202
    service = stack.values["SHOP_SERVICE_TOKEN"]
    kept = shop.product(stock=5)
    shop.add(token, kept, 2)
    # Writes of the last second may be lost: wait until they are on disk.
    with Redis.from_url(stack.values["SHOP_REDIS_URL"]) as redis:
        redis.set("test:written", 1, ex=60)
        assert redis.waitaof(1, 0, 30_000)[0] == 1

    with stack.without("valkey"):
        for answer in (
            shop.call("GET", "/api/cart", token=token),
            shop.call(
                "POST", "/api/cart/items", {"product_id": product, "quantity": 1}, token=token
            ),
            shop.call("POST", "/api/sessions", {}),
            shop.pay(token, order_id, "pm_card_authenticationRequired"),
        ):
            assert answer.status_code == 503, answer.text
            assert answer.json()["code"] == "dependency_unavailable"
        assert shop.get("/api/catalog/products?per_page=3")["products"]
        assert shop.get(f"/api/catalog/products/{product}")["stock"] == 4
        assert shop.stock(product) == (5, 1, 4)
        shop.get("/api/catalog/search?q=laptop")
        intent = _intent(stack, order_id)
        stack.stripe("POST", f"/payment_intents/{intent}/authenticate", {"outcome": "succeed"})
        shop.await_status(service, order_id, "PROCESSING")

    assert shop.get(f"/api/orders/{order_id}", token=token)["status"] == "PROCESSING"
    (line,) = shop.get("/api/cart", token=token)["items"]
    assert (line["product_id"], line["quantity"]) == (kept, 2)
    assert shop.order(token, product)["status"] == "PENDING"


def test_broker_unavailable_between_payment_and_confirmation(stack: Stack, shop: Shop) -> None:
    """A8, A16: the payment succeeds; its events stay in the outbox, messages in their queues."""
    token = shop.guest()
    product = shop.product(stock=5)
    order_id = shop.order(token, product, 2)["order_id"]
    url = stack.values["SHOP_RABBITMQ_URL"]
    mark = uuid.uuid4().hex.encode()
    take(url, f"{_QUEUE}.dead")
    put(url, f"{_QUEUE}.dead", mark, delivery_mode=2)

    with stack.without("rabbitmq"):
        assert shop.pay(token, order_id).status_code == 200
        assert shop.get(f"/api/orders/{order_id}", token=token)["status"] == "PAID"
        waiting = "SELECT event_type FROM outbox WHERE aggregate_id = %s AND published_at IS NULL"
        assert stack.query(waiting, (order_id,)) == [("order.paid",)]

    shop.await_status(token, order_id, "PROCESSING", seconds=120)
    assert shop.stock(product) == (3, 0, 3)
    assert len(stack.charges(order_id)) == 1
    assert [body for _, body in take(url, f"{_QUEUE}.dead")] == [mark]


def test_payment_provider_unavailable(stack: Stack, shop: Shop) -> None:
    """A5: not charged, the order stays PENDING; the repeat pays it once."""
    token, product = shop.guest(), shop.product(stock=5)
    order_id = shop.order(token, product)["order_id"]
    with stack.without("stripe"):
        answer = shop.pay(token, order_id)
        assert answer.status_code == 503, answer.text
        order = shop.get(f"/api/orders/{order_id}", token=token)
        assert order["status"] in {"PENDING", "PAYMENT_PROCESSING"}

    assert shop.pay(token, order_id).status_code == 200
    shop.await_status(token, order_id, "PROCESSING")
    assert len(stack.charges(order_id)) == 1


def test_payment_of_unknown_outcome(stack: Stack, shop: Shop) -> None:
    """A4, A5: charged, but the response and the webhook are lost: the schedule determines the outcome."""
    token, product = shop.guest(), shop.product(stock=5)
    order_id = shop.order(token, product)["order_id"]
    cut = {"method": "POST", "path": "/v1/payment_intents*", "action": "close", "when": "after"}
    lost = {"path": "*", "action": "drop_webhooks"}
    try:
        for fault in (cut, lost):
            stack.stripe("POST", "/faults", fault | {"times": None})
        answer = shop.pay(token, order_id)
    finally:
        stack.stripe("DELETE", "/faults")

    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "payment_outcome_unknown"
    assert shop.timeline(token, order_id) == ["PENDING", "PAYMENT_PROCESSING"]
    shop.await_status(token, order_id, "PROCESSING", seconds=120)
    assert len(stack.charges(order_id)) == 1
    assert shop.pay(token, order_id).status_code == 200
    assert len(stack.charges(order_id)) == 1


def test_database_killed(stack: Stack, shop: Shop) -> None:
    """Every acknowledged commit survives, and the purchase continues."""
    token, product = shop.guest(), shop.product(stock=5)
    paid = shop.order(token, product)["order_id"]
    cart_id = shop.add(token, product, 2)
    key = uuid.uuid4().hex
    assert shop.pay(token, paid).status_code == 200

    with stack.without("postgresql"):
        for answer in (
            shop.call("GET", f"/api/stock/{product}"),
            shop.call("GET", f"/api/orders/{paid}", token=token),
            shop.check_out(token, cart_id, key),
            shop.pay(token, paid),
        ):
            assert answer.status_code == 503, answer.text
        # Consumers are affected by the outage too.
        time.sleep(1)
    again = eventually(
        lambda: shop.check_out(token, cart_id, key),
        what="the repeated checkout goes through",
        until=lambda answer: answer.status_code == 201,
    )
    second = again.json()["order_id"]
    assert shop.pay(token, second).status_code == 200
    for order_id in (paid, second):
        shop.await_status(token, order_id, "PROCESSING", seconds=120)
        assert len(stack.charges(order_id)) == 1
    assert shop.stock(product) == (2, 0, 2)
