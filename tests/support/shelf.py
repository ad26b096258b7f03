"""A consumer that records payments in the database, and its messages."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pika

from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork
from shop.contracts.envelopes import Envelope, encode
from shop.contracts.events import OrderPaid
from shop.domain.ids import new_id
from shop.entrypoints.rabbitmq import Delivery, consumer
from tests.support import broker
from tests.support.broker import rmq_event
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.proxy_events import Context
from tests.support.stock import query

QUEUE = "inventory.order.paid"
type Message = tuple[pika.BasicProperties, bytes]


def message(payment: str = "pi", *, deliveries: int = 1, **changes: Any) -> Message:
    """Make a message of the shelf's queue; `changes` replace or add fields of its body."""
    event = OrderPaid(order_id=new_id(), payment_intent_id=payment)
    body = encode(
        Envelope(event_id=new_id(), occurred_at=datetime.now(UTC), correlation_id="c", event=event)
    )
    if changes:
        body = msgspec.json.encode(msgspec.json.decode(body) | changes)
    headers = {"x-delivery-count": deliveries - 1} if deliveries > 1 else {}
    return pika.BasicProperties(message_id="m", headers=headers), body


def attempts_of(message: Message) -> int:
    """Return the failed attempts that a message carries."""
    return int((message[0].headers or {}).get("x-shop-attempts", 0))


def dead(rabbitmq_url: str, queue: str = QUEUE) -> list[tuple[bytes, str]]:
    """Take the dead messages of a queue, with their reasons."""
    return [
        (body, properties.headers["x-shop-reason"])
        for properties, body in broker.take(rabbitmq_url, f"{queue}.dead")
    ]


class Shelf:
    """The consumer; it fails as configured.

    Attributes
    ----------
    seen : list of str
        The payments of each attempt.
    fail : dict
        Exceptions by payment.
    """

    def __init__(self, container: Container, url: str) -> None:
        self.container = container
        self.url = url
        self.seen: list[str] = []
        self.fail: dict[str, Exception] = {}
        self._gateway = Gateway(container)
        self.handler = consumer(service="inventory", event=OrderPaid, work=PostgresUnitOfWork)(
            self.put
        )
        query(url, "CREATE TABLE shelf (payment text)")

    def put(self, delivery: Delivery[OrderPaid]) -> None:
        """Process one event."""
        payment = delivery.event.payment_intent_id
        self.seen.append(payment)
        delivery.work.transaction.execute(  # type: ignore[attr-defined]
            "INSERT INTO shelf VALUES (%s)", (payment,)
        )
        if error := self.fail.get(payment):
            raise error

    def receive(self, *messages: Message) -> None:
        """Invoke the consumer with a batch."""
        with self._gateway.active():
            self.handler(rmq_event(QUEUE, messages), Context("inventory/on_order_paid"))

    @property
    def kept(self) -> list[str]:
        """What was committed, in alphabetical order."""
        return [row[0] for row in query(self.url, "SELECT payment FROM shelf ORDER BY payment")]
