"""The steps of placing an order, as the state machine place_order runs them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shop.contracts import tasks
from shop.contracts.events import OrderCancelled, OrderCreated
from shop.contracts.tasks import CartLine, PlacedLine, PlacedOrder, PriceChange
from shop.domain.errors import Conflict, FieldError, InsufficientStock, InvalidRequest
from shop.domain.inventory import Item, sum_by_product
from shop.domain.money import to_decimal
from shop.domain.orders import Order, OrderLine, OrderStatus
from shop.domain.pricing import AmountOutOfRange, PricedProduct, Quote, totals
from shop.services.inventory.announcements import EXPIRED
from shop.services.inventory.holds import release_stock
from shop.services.unit_of_work import OpenUnitOfWork, UnitOfWork

INSUFFICIENT_STOCK: Final = "insufficient_stock"
#: Statuses of an order that a repeated checkout cannot continue.
_FAILED: Final = frozenset(
    {OrderStatus.CANCELLED, OrderStatus.INVENTORY_UNAVAILABLE, OrderStatus.PAYMENT_FAILED}
)


def create_order(
    open_unit_of_work: OpenUnitOfWork,
    command: tasks.CreateOrder,
    *,
    currency: str,
    reservation_ttl_seconds: int,
    payment_grace_seconds: int,
) -> PlacedOrder:
    """Price a cart from the catalog and write the order down, PENDING. Repeating it is safe.

    Parameters
    ----------
    currency : str
        ISO 4217 code of the shop's currency.
    reservation_ttl_seconds : int
        How long its stock will be held.
    payment_grace_seconds : int
        How much longer than the hold its payment is waited for.

    Raises
    ------
    InvalidRequest
        Naming products that are not sold any more, or a way of shipping that is not offered.
    InsufficientStock, Conflict
        An earlier attempt has ended so, or the cart has another order that is not paid yet.
    """
    wanted = sum_by_product((line.product_id, line.quantity) for line in command.items)
    # Nothing is published here: hold_order_stock does it with its own events, in one go.
    with open_unit_of_work(publish=False) as work:
        quote = work.prices.quote(
            command.order_id,
            list(wanted),
            country=command.shipping_address["country"],
            region=command.shipping_address.get("region"),
            method=command.shipping_method,
        )
        order = None
        if not quote.order_exists:
            order = _priced(command, wanted, quote, currency, reservation_ttl_seconds)
        if order is not None and work.orders.add(order):
            work.record(_created(order), correlation_id=order.correlation_id)
        else:
            order = _earlier_order(work, command)
    return _placed(order, command, quote.now, payment_grace_seconds)


def _priced(
    command: tasks.CreateOrder,
    wanted: dict[UUID, int],
    quote: Quote,
    currency: str,
    reservation_ttl_seconds: int,
) -> Order:
    products = _all_sold(wanted, quote, currency)
    if quote.shipping is None:
        raise InvalidRequest(
            "A field is wrong.",
            errors=[FieldError("shipping_method", "is not offered for this destination")],
        )
    try:
        amounts = totals(
            ((product.price_minor, wanted[product.product_id]) for product in products),
            tax_rate_bps=quote.tax_rate_bps,
            shipping=quote.shipping,
        )
    except AmountOutOfRange as error:
        raise InvalidRequest(
            "The order cannot be charged.", errors=[FieldError("total", str(error))]
        ) from error
    return Order(
        order_id=command.order_id,
        user_id=command.user_id,
        email=command.email,
        status=OrderStatus.PENDING,
        currency=currency,
        subtotal_minor=amounts.subtotal_minor,
        tax_minor=amounts.tax_minor,
        shipping_minor=amounts.shipping_minor,
        total_minor=amounts.total_minor,
        shipping_address=command.shipping_address,
        shipping_method=command.shipping_method,
        payment_method_id=command.payment_method_id,
        reservation_expires_at=quote.now + timedelta(seconds=reservation_ttl_seconds),
        estimated_delivery=(quote.now + timedelta(days=quote.shipping.delivery_days)).date(),
        carrier=None,
        tracking_number=None,
        cancel_reason=None,
        correlation_id=command.correlation_id,
        created_at=quote.now,
        cart_id=command.cart_id,
        lines=tuple(
            OrderLine(
                product_id=product.product_id,
                name=product.name,
                unit_price_minor=product.price_minor,
                quantity=wanted[product.product_id],
            )
            for product in products
        ),
    )


def _all_sold(wanted: dict[UUID, int], quote: Quote, currency: str) -> Sequence[PricedProduct]:
    errors = []
    for product_id in wanted:
        product = quote.products.get(product_id)
        if product is None:
            errors.append(FieldError(f"items[{product_id}]", "is not sold any more"))
        elif product.currency != currency:
            errors.append(FieldError(f"items[{product_id}]", f"is not sold in {currency}"))
    if errors:
        raise InvalidRequest("The cart holds something that cannot be bought.", errors=errors)
    return [quote.products[product_id] for product_id in wanted]


def _created(order: Order) -> OrderCreated:
    return OrderCreated(
        order_id=order.order_id,
        user_id=order.user_id,
        total=to_decimal(order.total_minor),
        currency=order.currency,
        items=_items(order),
    )


def _items(order: Order) -> list[Item]:
    return [Item(line.product_id, line.quantity) for line in order.lines]


def _earlier_order(work: UnitOfWork, command: tasks.CreateOrder) -> Order:
    order = work.orders.get(command.order_id)
    if order is None:
        raise Conflict(
            "Another order of this cart is not paid yet (GET /api/orders); pay it, or cancel it first.",
            code="cart_already_ordered",
        )
    if order.user_id != command.user_id:
        raise Conflict("The order belongs to somebody else.")
    if order.cancel_reason == INSUFFICIENT_STOCK:
        raise InsufficientStock(
            "There was not enough stock for every line; the order is cancelled."
        )
    if order.status in _FAILED:
        raise Conflict(
            f"Order {order.order_id} is {order.status.value}; check out again with another"
            " Idempotency-Key.",
            code="order_state_conflict",
        )
    return order


def _placed(
    order: Order, command: tasks.CreateOrder, now: datetime, payment_grace_seconds: int
) -> PlacedOrder:
    expires_at = order.reservation_expires_at or now
    left_seconds = max(0, round((expires_at - now).total_seconds()))
    return PlacedOrder(
        order_id=order.order_id,
        status=order.status.value,
        currency=order.currency,
        lines=[
            PlacedLine(
                product_id=line.product_id,
                name=line.name,
                unit_price_minor=line.unit_price_minor,
                quantity=line.quantity,
            )
            for line in order.lines
        ],
        items=_items(order),
        subtotal_minor=order.subtotal_minor,
        tax_minor=order.tax_minor,
        shipping_minor=order.shipping_minor,
        total_minor=order.total_minor,
        reservation_expires_at=expires_at,
        estimated_delivery=order.estimated_delivery or now.astimezone(UTC).date(),
        payment_timeout_seconds=left_seconds + payment_grace_seconds,
        correlation_id=order.correlation_id,
        price_changes=_price_changes(order, command.items),
    )


def _price_changes(order: Order, seen: Sequence[CartLine]) -> list[PriceChange]:
    prices = {line.product_id: line.unit_price_minor for line in order.lines}
    return [
        PriceChange(
            product_id=line.product_id,
            seen_price_minor=line.seen_price_minor,
            price_minor=prices[line.product_id],
        )
        for line in seen
        if line.seen_price_minor is not None
        and prices.get(line.product_id, line.seen_price_minor) != line.seen_price_minor
    ]


def reject_order(open_unit_of_work: OpenUnitOfWork, command: tasks.RejectOrder) -> None:
    """Cancel an order whose stock could not be held. Repeating it changes nothing."""
    pending = frozenset({OrderStatus.PENDING})
    with open_unit_of_work() as work:
        if command.error == InsufficientStock.__name__:
            reason = INSUFFICIENT_STOCK
            if not work.orders.move(
                command.order_id, OrderStatus.INVENTORY_UNAVAILABLE, sources=pending, reason=reason
            ):
                return
            sources = frozenset({OrderStatus.INVENTORY_UNAVAILABLE})
        else:
            # Its hold has lapsed before this repeat of the checkout, or holds other lines.
            reason, sources = EXPIRED, pending
        order = work.orders.move(
            command.order_id, OrderStatus.CANCELLED, sources=sources, reason=reason
        )
        if order is None:
            return
        release_stock(work, order.order_id, reason=reason, correlation_id=order.correlation_id)
        work.record(
            OrderCancelled(order_id=order.order_id, reason=reason),
            correlation_id=order.correlation_id,
        )
