"""Statements and round trips of a whole purchase, transaction control included."""

from uuid import UUID

import pytest
from pika import BasicProperties

from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
from shop.domain.messages import StoredEvent
from tests.support.broker import rmq_event
from tests.support.builders import add_product
from tests.support.containers import NO_BROKER
from tests.support.orders import OrderingShop
from tests.support.paying import deliver
from tests.support.payments import StripeControl, event_of
from tests.support.stock import query
from tests.support.wire import counting

#: Budgets of one purchase, including its consumers and its webhook.
STATEMENTS = 22
ROUND_TRIPS = 30


class Confirming(RabbitMQPublisher):
    """A broker that confirms immediately, so that statements after a confirm are counted."""

    def ready(self) -> None:
        pass

    def publish(self, event: StoredEvent) -> None:
        pass


def purchase(shop: OrderingShop, control: StripeControl, product: UUID, *, pay_now: bool) -> UUID:
    """Make a purchase, and deliver every event and the webhook to their consumers."""
    token = shop.shopper()
    cart = shop.fill_cart(token, product)
    answer = shop.check_out(token, cart, pay_now=pay_now)
    assert answer.status == 201, answer.text
    order_id = UUID(answer.json["order_id"])
    if not pay_now:
        shop.pay(token, order_id)
    webhook = event_of("payment_intent.succeeded", control.intents(order_id)[0])
    assert deliver(shop, webhook).status == 200
    shop.confirm(order_id)
    assert shop.deliver("notifications/on_order_confirmed", "order.confirmed", order_id)
    (body,) = query(
        shop.database_url,
        "SELECT body::text FROM outbox WHERE event_type = 'inventory.updated'"
        " ORDER BY sequence DESC LIMIT 1",
    )[0]
    message = (BasicProperties(), body.encode())
    shop.invoke("catalog/on_inventory_updated", rmq_event("catalog.inventory.updated", [message]))
    return order_id


@pytest.mark.parametrize("pay_now", [True, False], ids=["pay_now", "pay later"])
def test_a_purchase(paying_shop: OrderingShop, stripe: str, pay_now: bool) -> None:
    shop, control = paying_shop, StripeControl(stripe)
    shop.container.publisher = Confirming(NO_BROKER)
    product = add_product(shop.container.database, on_hand=100)
    for _ in range(3):  # a statement that is used again is prepared, once a connection
        purchase(shop, control, product, pay_now=pay_now)
    with counting(shop.container.database) as sent:
        order_id = purchase(shop, control, product, pay_now=pay_now)
    print(sent.table())
    orders = query(shop.database_url, "SELECT status FROM orders WHERE id = %s", (order_id,))
    assert orders == [("PROCESSING",)]
    assert len(sent.statements) <= STATEMENTS, sent.table()
    assert sent.round_trips <= ROUND_TRIPS, sent.table()
    unpublished = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
    assert query(shop.database_url, unpublished) == [(0,)]
