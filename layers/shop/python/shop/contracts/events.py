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
#: Exchange for messages that cannot be processed; it routes them to ``<queue>.dead``.
DEAD_LETTER_EXCHANGE: Final = "ecommerce.dlx"
#: Queue in which a message waits for its next attempt; its routing key names the queue to which it returns.
RETRY_EXCHANGE: Final = "ecommerce.retry"
RETRY_QUEUE: Final = RETRY_EXCHANGE
#: Header with the number of failed attempts, carried over to each copy of a message.
ATTEMPTS_HEADER: Final = "x-shop-attempts"
#: Failed attempts after which a consumer dead-letters a message; also the queues' delivery limit.
DELIVERY_LIMIT: Final = 5


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of every event's JSON body.

    `version` is the version of the body's format. `correlation_id` is the same for all events of a purchase.
    """

    event_type: ClassVar[str]
    format_version: ClassVar[int] = 1

    @property
    def aggregate_id(self) -> str:
        """Id of the aggregate; its events are published in the order in which they occurred."""
        raise NotImplementedError


class OrderEvent(Event, frozen=True, kw_only=True):
    """An event of an order."""

    order_id: UUID

    @property
    def aggregate_id(self) -> str:
        """Id of the aggregate that the event is about."""
        return str(self.order_id)


class OrderCreated(OrderEvent, frozen=True, kw_only=True):
    """An order was placed; its total and lines are final."""

    event_type = "order.created"
    user_id: UUID
    total: Decimal
    currency: str
    items: list[Item]


class OrderPaid(OrderEvent, frozen=True, kw_only=True):
    """The payment succeeded."""

    event_type = "order.paid"
    payment_intent_id: str


class OrderPaymentFailed(OrderEvent, frozen=True, kw_only=True):
    """The payment was declined."""

    event_type = "order.payment_failed"
    reason: str


class OrderConfirmed(OrderEvent, frozen=True, kw_only=True):
    """The stock of every line was committed."""

    event_type = "order.confirmed"


class OrderCancelled(OrderEvent, frozen=True, kw_only=True):
    """The order was cancelled; its payment, if any, was refunded and its stock released."""

    event_type = "order.cancelled"
    reason: str


class OrderShipped(OrderEvent, frozen=True, kw_only=True):
    """The parcel was handed to the carrier."""

    event_type = "order.shipped"
    carrier: str
    tracking_number: str


class OrderDelivered(OrderEvent, frozen=True, kw_only=True):
    """The parcel was delivered."""

    event_type = "order.delivered"


class OrderRefunded(OrderEvent, frozen=True, kw_only=True):
    """The provider accepted a refund of the order's charge, or of a part of it.

    Attributes
    ----------
    external : bool
        Whether it was made elsewhere, for example in the provider's dashboard.
    """

    event_type = "order.refunded"
    refund_id: UUID
    amount: Decimal
    tax: Decimal
    external: bool


class PaymentDisputed(OrderEvent, frozen=True, kw_only=True):
    """The customer's bank disputes the order's charge, or the dispute has changed."""

    event_type = "payment.disputed"
    dispute_id: str
    amount: Decimal
    status: str
    reason: str


class InventoryReserved(OrderEvent, frozen=True, kw_only=True):
    """Stock is held for an order."""

    event_type = "inventory.reserved"
    reservation_id: UUID
    items: list[Item]


class InventoryReleased(OrderEvent, frozen=True, kw_only=True):
    """Stock that an order held, or had committed, is available again."""

    event_type = "inventory.released"
    reservation_id: UUID
    items: list[Item]
    reason: str


class InventoryConfirmed(OrderEvent, frozen=True, kw_only=True):
    """All stock that an order held was committed."""

    event_type = "inventory.confirmed"
    reservation_id: UUID
    items: list[Item]


class ProductEvent(Event, frozen=True, kw_only=True):
    """An event of a product or its stock."""

    product_id: UUID

    @property
    def aggregate_id(self) -> str:
        """Id of the aggregate that the event is about."""
        return str(self.product_id)


class InventoryUpdated(ProductEvent, frozen=True, kw_only=True):
    """The stock of a product changed."""

    event_type = "inventory.updated"
    quantity_available: int
    stock_version: int


class ProductUpdated(ProductEvent, frozen=True, kw_only=True):
    """A product was created, changed or deactivated."""

    event_type = "product.updated"
    product_version: int


class CartEvent(Event, frozen=True, kw_only=True):
    """An event of a cart."""

    cart_id: UUID
    user_id: UUID

    @property
    def aggregate_id(self) -> str:
        """Id of the aggregate that the event is about."""
        return str(self.cart_id)


class CartCreated(CartEvent, frozen=True, kw_only=True):
    """The first product was added to a cart."""

    event_type = "cart.created"


class CartAbandoned(CartEvent, frozen=True, kw_only=True):
    """A cart with items was not changed for a day."""

    event_type = "cart.abandoned"
    last_write_at: datetime


class LinkRequested(Event, frozen=True, kw_only=True):
    """A link by e-mail was requested; the stored record, not the event, says for whom and for what."""

    event_type = "link.requested"
    link_id: UUID

    @property
    def aggregate_id(self) -> str:
        """Id of the aggregate that the event is about."""
        return str(self.link_id)


#: Event classes by type, which is the routing key.
EVENTS: Final[dict[str, type[Event]]] = {
    event.event_type: event
    for event in (
        OrderCreated, OrderPaid, OrderPaymentFailed, OrderConfirmed, OrderCancelled, OrderShipped,
        OrderDelivered, OrderRefunded, PaymentDisputed, InventoryReserved, InventoryReleased,
        InventoryConfirmed, InventoryUpdated, ProductUpdated, CartCreated, CartAbandoned, LinkRequested,
    )
}  # fmt: skip

#: Consumers as (service, event type). Each has its own queue and Lambda function.
CONSUMERS: Final[tuple[tuple[str, str], ...]] = (
    ("inventory", "order.paid"),
    ("orders", "inventory.confirmed"),
    ("cart", "order.cancelled"),
    ("notifications", "order.confirmed"),
    ("notifications", "order.shipped"),
    ("notifications", "link.requested"),
    ("catalog", "product.updated"),
    ("catalog", "inventory.updated"),
)

#: Consumers of earlier releases. Without removal their bound queues would grow without limit.
RETIRED_CONSUMERS: Final[tuple[tuple[str, str], ...]] = (
    ("orders", "order.paid"),
    ("orders", "inventory.updated"),
    ("orders", "order.confirmed"),
    ("orders", "order.cancelled"),
)


def queue_name(service: str, event_type: str) -> str:
    """Return the name of a consumer's queue: ``<service>.<event_type>``."""
    return f"{service}.{event_type}"


def dead_letter_queue(queue: str) -> str:
    """Return the name of a queue's dead-letter queue."""
    return f"{queue}.dead"


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its metadata; encoded as one flat JSON object."""

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
        """The order that the event is about; None if it concerns no order."""
        return getattr(self.event, "order_id", None)

    def log_fields(self) -> dict[str, str]:
        """Return the fields that identify the event in a log line."""
        fields = {
            "event_id": str(self.event_id),
            "event_type": self.event_type,
            "correlation_id": self.correlation_id,
        }
        return fields | ({"order_id": str(self.order_id)} if self.order_id else {})


def encode(envelope: Envelope) -> bytes:
    """Encode the JSON body of a message."""
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
    """Decode the JSON body of a message.

    Raises
    ------
    ValueError
        If it is not JSON, its type or version is unknown, or a field is missing or malformed. Unknown fields
        are ignored, so that producers can add fields before consumers know them.
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
