"""Domain events and who consumes them. The broker's topology is declared from this module."""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final
from uuid import UUID

import msgspec

from shop.contracts.encoding import ENCODER
from shop.domain.inventory import Item

#: Topic exchange that carries every event; the routing key is the event type.
EXCHANGE: Final = "ecommerce"
#: Where a message goes that cannot be processed; it ends in ``<queue>.dead``.
DEAD_LETTER_EXCHANGE: Final = "ecommerce.dlx"
#: Where a message waits before its next attempt; its routing key is the queue to which it then returns.
RETRY_EXCHANGE: Final = "ecommerce.retry"
RETRY_QUEUE: Final = RETRY_EXCHANGE
#: Header with the failed attempts of a message, carried from copy to copy.
ATTEMPTS_HEADER: Final = "x-shop-attempts"
#: Failed attempts after which a consumer dead-letters a message; the broker's limit on redeliveries, too.
DELIVERY_LIMIT: Final = 5


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of every event's JSON body.

    `version` is that of the body's format. `correlation_id` follows one purchase through the system.
    """

    event_type: ClassVar[str]
    format_version: ClassVar[int] = 1

    @property
    def aggregate_id(self) -> str:
        """Events of one aggregate are published in the order they happened."""
        raise NotImplementedError


class OrderEvent(Event, frozen=True, kw_only=True):
    """Something happened to an order."""

    order_id: UUID

    @property
    def aggregate_id(self) -> str:
        """The thing it happened to."""
        return str(self.order_id)


class OrderCreated(OrderEvent, frozen=True, kw_only=True):
    """An order was placed; its total and lines are final."""

    event_type = "order.created"
    user_id: UUID
    total: Decimal
    currency: str
    items: list[Item]


class OrderPaid(OrderEvent, frozen=True, kw_only=True):
    """The money was taken."""

    event_type = "order.paid"
    payment_intent_id: str


class OrderPaymentFailed(OrderEvent, frozen=True, kw_only=True):
    """The bank declined."""

    event_type = "order.payment_failed"
    reason: str


class OrderConfirmed(OrderEvent, frozen=True, kw_only=True):
    """The stock of every line was taken for it."""

    event_type = "order.confirmed"


class OrderCancelled(OrderEvent, frozen=True, kw_only=True):
    """The order ended; money and stock, if any, went back."""

    event_type = "order.cancelled"
    reason: str


class OrderShipped(OrderEvent, frozen=True, kw_only=True):
    """The parcel left."""

    event_type = "order.shipped"
    carrier: str
    tracking_number: str


class OrderDelivered(OrderEvent, frozen=True, kw_only=True):
    """The parcel arrived."""

    event_type = "order.delivered"


class InventoryReserved(OrderEvent, frozen=True, kw_only=True):
    """Stock is held for an order."""

    event_type = "inventory.reserved"
    reservation_id: UUID
    items: list[Item]


class InventoryReleased(OrderEvent, frozen=True, kw_only=True):
    """What an order held, or had taken, is for sale again."""

    event_type = "inventory.released"
    reservation_id: UUID
    items: list[Item]
    reason: str


class InventoryConfirmed(OrderEvent, frozen=True, kw_only=True):
    """What an order held was taken out of the stock for good, all of it."""

    event_type = "inventory.confirmed"
    reservation_id: UUID
    items: list[Item]


class ProductEvent(Event, frozen=True, kw_only=True):
    """Something happened to a product or its stock."""

    product_id: UUID

    @property
    def aggregate_id(self) -> str:
        """The thing it happened to."""
        return str(self.product_id)


class InventoryUpdated(ProductEvent, frozen=True, kw_only=True):
    """The stock of a product changed."""

    event_type = "inventory.updated"
    quantity_available: int
    stock_version: int


class ProductUpdated(ProductEvent, frozen=True, kw_only=True):
    """A product was made, changed or deactivated."""

    event_type = "product.updated"
    product_version: int


class CartEvent(Event, frozen=True, kw_only=True):
    """Something happened to a cart."""

    cart_id: UUID
    user_id: UUID

    @property
    def aggregate_id(self) -> str:
        """The thing it happened to."""
        return str(self.cart_id)


class CartCreated(CartEvent, frozen=True, kw_only=True):
    """A first product was put in a cart."""

    event_type = "cart.created"


class CartAbandoned(CartEvent, frozen=True, kw_only=True):
    """A cart was not touched for a day."""

    event_type = "cart.abandoned"
    last_write_at: datetime


#: Every event, by its type (the routing key).
EVENTS: Final[dict[str, type[Event]]] = {
    event.event_type: event
    for event in (
        OrderCreated, OrderPaid, OrderPaymentFailed, OrderConfirmed, OrderCancelled, OrderShipped,
        OrderDelivered, InventoryReserved, InventoryReleased, InventoryConfirmed, InventoryUpdated,
        ProductUpdated, CartCreated, CartAbandoned,
    )
}  # fmt: skip

#: Who consumes what: (service, event type). Each has a queue and a Lambda function of its own.
CONSUMERS: Final[tuple[tuple[str, str], ...]] = (
    ("inventory", "order.paid"),
    ("orders", "inventory.confirmed"),
    ("notifications", "order.confirmed"),
    ("notifications", "order.shipped"),
    ("catalog", "product.updated"),
    ("catalog", "inventory.updated"),
)

#: Consumers of earlier releases. Their queues, bound to the exchange and read by nobody, would grow for ever.
RETIRED_CONSUMERS: Final[tuple[tuple[str, str], ...]] = (
    ("orders", "order.paid"),
    ("orders", "inventory.updated"),
    ("orders", "order.confirmed"),
    ("orders", "order.cancelled"),
)


def queue_name(service: str, event_type: str) -> str:
    """Name the queue of a consumer: ``<service>.<event_type>``."""
    return f"{service}.{event_type}"


def dead_letter_queue(queue: str) -> str:
    """Name the queue in which a consumer's dead messages end."""
    return f"{queue}.dead"


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """An event with what every message carries; flattened into one JSON object on the wire."""

    event_id: UUID
    occurred_at: datetime
    correlation_id: str
    event: Event

    @property
    def event_type(self) -> str:
        """The routing key."""
        return self.event.event_type

    @property
    def order_id(self) -> UUID | None:
        """The order that the event is about, if it is about one."""
        return getattr(self.event, "order_id", None)

    def log_fields(self) -> dict[str, str]:
        """Give what a line of the log says of it."""
        fields = {
            "event_id": str(self.event_id),
            "event_type": self.event_type,
            "correlation_id": self.correlation_id,
        }
        return fields | ({"order_id": str(self.order_id)} if self.order_id else {})


def encode(envelope: Envelope) -> bytes:
    """Write the JSON body of a message."""
    body = {
        "event_id": envelope.event_id,
        "event_type": envelope.event_type,
        "version": envelope.event.format_version,
        "occurred_at": envelope.occurred_at,
        "correlation_id": envelope.correlation_id,
        **msgspec.structs.asdict(envelope.event),
    }
    return ENCODER.encode(body)


def decode(body: bytes) -> Envelope:
    """Read the JSON body of a message.

    Raises
    ------
    ValueError
        If it is not JSON, of an unknown type or version, or a field is missing or wrong.
        Unknown fields are ignored, so that a producer may add some first.
    """
    try:
        header = msgspec.json.decode(body, type=_Header)
        event_class = EVENTS.get(header.event_type)
        if event_class is None:
            raise ValueError(f"unknown event type {header.event_type!r}")
        if header.version != event_class.format_version:
            raise ValueError(f"unknown version {header.version} of {header.event_type}")
        event = msgspec.json.decode(body, type=event_class)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return Envelope(
        event_id=header.event_id,
        occurred_at=header.occurred_at,
        correlation_id=header.correlation_id,
        event=event,
    )


class _Header(msgspec.Struct, frozen=True):
    event_id: UUID
    event_type: str
    version: int
    occurred_at: datetime
    correlation_id: str
