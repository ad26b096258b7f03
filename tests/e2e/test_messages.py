"""Messages that cannot be processed, on the deployed stack's queues."""

import uuid
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest

from shop.contracts.envelopes import Envelope, encode
from shop.contracts.events import (
    CONSUMERS,
    OrderShipped,
    ProductUpdated,
    dead_letter_queue,
    queue_name,
)
from tests.e2e.client import Shop
from tests.e2e.deployment import Stack, run
from tests.support.broker import channel, put, take
from tests.support.waiting import eventually

_QUEUES = [queue_name(service, event_type) for service, event_type in CONSUMERS]


def _waiting(stack: Stack, queue: str) -> int:
    with channel(stack.values["SHOP_RABBITMQ_URL"]) as opened:
        return int(opened.queue_declare(queue, passive=True).method.message_count)


def _await_waiting(stack: Stack, queue: str, count: int) -> None:
    eventually(
        lambda: _waiting(stack, queue),
        what=f"{count} messages are in {queue}",
        until=lambda waiting: waiting == count,
    )


def _envelope(event: OrderShipped | ProductUpdated) -> Envelope:
    return Envelope(
        event_id=uuid.uuid4(), occurred_at=datetime.now(UTC), correlation_id="e2e", event=event
    )


@pytest.mark.parametrize("queue", _QUEUES)
def test_malformed_messages_are_dead_lettered(stack: Stack, queue: str) -> None:
    url, dead = stack.values["SHOP_RABBITMQ_URL"], dead_letter_queue(queue)
    take(url, dead)
    foreign = ProductUpdated if queue != "catalog.product.updated" else None
    wrong = [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[]",
        b'{"event_type": "order.paid"}',
        b'{"event_type": "nobody.knows", "event_id": "%s"}' % str(uuid.uuid4()).encode(),
    ]
    if foreign is not None:
        wrong.append(encode(_envelope(foreign(product_id=uuid.uuid4(), product_version=1))))
    for body in wrong:
        put(url, queue, body, delivery_mode=2)
    _await_waiting(stack, dead, len(wrong))

    assert _waiting(stack, queue) == 0
    found = take(url, dead)
    assert sorted(body for _, body in found) == sorted(wrong)
    for properties, _ in found:
        assert properties.headers["x-shop-queue"] == queue
        assert properties.headers["x-shop-reason"].startswith("malformed: ")


def test_queues_continue_after_malformed_messages(stack: Stack, shop: Shop) -> None:
    """Messages after malformed ones, and in the same batch, are processed."""
    token, product = shop.guest(), shop.product(stock=5)
    order_id = shop.order(token, product)["order_id"]
    for queue in _QUEUES:
        put(stack.values["SHOP_RABBITMQ_URL"], queue, b"poison", delivery_mode=2)
    assert shop.pay(token, order_id).status_code == 200
    shop.await_status(token, order_id, "PROCESSING")
    for queue in _QUEUES:
        eventually(
            partial(take, stack.values["SHOP_RABBITMQ_URL"], dead_letter_queue(queue)),
            what=f"the poison in {queue}.dead",
        )


def test_replay_returns_dead_messages(stack: Stack) -> None:
    """`make replay`: messages that can be processed now are, the others are dead-lettered again."""
    url, queue = stack.values["SHOP_RABBITMQ_URL"], "notifications.order.shipped"
    dead = dead_letter_queue(queue)
    good = _envelope(
        OrderShipped(order_id=UUID(int=7), carrier="DHL", tracking_number="JD014600003SE")
    )
    take(url, dead)
    put(url, dead, encode(good), delivery_mode=2)
    put(url, dead, b"poison", delivery_mode=2)

    shown = run(stack.state, "run", "replay", "--dead", queue).stdout
    assert f"{queue}: 2 sent" in shown

    def consumed() -> bool:
        lines = stack.log("notifications/on_order_shipped")
        return any(line.get("event_id") == str(good.event_id) for line in lines)

    eventually(consumed, what="the message is processed")
    _await_waiting(stack, dead, 1)
    assert [body for _, body in take(url, dead)] == [b"poison"]
