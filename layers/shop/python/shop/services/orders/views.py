"""Orders as the HTTP API shows them."""

from collections.abc import Iterable
from typing import Any, Final

from shop.contracts.http.orders import (
    ChangedPrice,
    ContactView,
    OrderItem,
    OrderList,
    OrderMoved,
    OrderPlaced,
    OrderSummary,
    OrderView,
    PaymentState,
    TimelineItem,
)
from shop.contracts.http.returns import ReturnLineView, ReturnList, ReturnView
from shop.contracts.tasks import PlacedOrder
from shop.domain.money import to_decimal
from shop.domain.orders import Order, OrderLine, PaymentTotals
from shop.domain.returns import Return
from shop.domain.tax import percent_of
from shop.services.orders.read import Page

_NOTHING_CHARGED: Final = PaymentTotals(
    charged_minor=0, refunded_minor=0, refundable_minor=0, disputed_minor=0
)


def placed(outcome: PlacedOrder) -> OrderPlaced:
    """Return the response of a checkout, paid or not."""
    order, payment = outcome.order, outcome.payment
    fields = _outline(order) | {
        "reservation_expires_at": order.reservation_expires_at,
        "price_changes": [
            ChangedPrice(
                product_id=change.product_id,
                old_price=to_decimal(change.seen_price_minor),
                new_price=to_decimal(change.price_minor),
            )
            for change in outcome.price_changes
        ],
    }
    if payment is not None:
        fields |= {
            "status": payment.status,
            "payment_intent_id": payment.payment_intent_id,
            "client_secret": payment.client_secret,
        }
    return OrderPlaced(**fields)


def view(order: Order) -> OrderView:
    """Return the view of an order with its timeline."""
    return OrderView(
        **_outline(order),
        created_at=order.created_at,
        contact=ContactView(email=order.email, phone=order.phone),
        shipping_address=order.shipping_address,
        shipping_method=order.shipping_method,
        reservation_expires_at=order.reservation_expires_at,
        carrier=order.carrier,
        tracking_number=order.tracking_number,
        cancel_reason=order.cancel_reason,
        payment=_payment(order.payment or _NOTHING_CHARGED),
        refund_pending=order.refund_pending,
        returns=[returned(each) for each in order.returns],
        timeline=[
            TimelineItem(
                status=entry.status,
                timestamp=entry.occurred_at,
                reason=entry.reason,
                carrier=entry.carrier,
                tracking_number=entry.tracking_number,
            )
            for entry in order.timeline
        ],
    )


def page(found: Page) -> OrderList:
    """Return the view of a page of orders."""
    return OrderList(
        orders=[
            OrderSummary(**_outline(order), created_at=order.created_at) for order in found.orders
        ],
        next_cursor=found.next_cursor,
    )


def moved(order: Order, *, refund_pending: bool = False) -> OrderMoved:
    """Return the view of an order after a request to move it."""
    return OrderMoved(
        order_id=order.order_id,
        status=order.status,
        refund_pending=refund_pending,
        carrier=order.carrier,
        tracking_number=order.tracking_number,
        estimated_delivery=order.estimated_delivery,
    )


def returned(seen: Return) -> ReturnView:
    """Return the view of a recorded return."""
    if seen.created_at is None or seen.updated_at is None:
        raise ValueError("the return was not read from the database")
    return ReturnView(
        return_id=seen.return_id,
        status=seen.status,
        reason=seen.reason,
        rejection_reason=seen.rejection_reason,
        lines=[
            ReturnLineView(product_id=line.product_id, quantity=line.quantity, restock=line.restock)
            for line in seen.lines
        ],
        refund_id=seen.refund_id,
        created_at=seen.created_at,
        updated_at=seen.updated_at,
    )


def returns(seen: Iterable[Return]) -> ReturnList:
    """Return the view of an order's returns."""
    return ReturnList(returns=[returned(each) for each in seen])


def _payment(totals: PaymentTotals) -> PaymentState:
    return PaymentState(
        charged=to_decimal(totals.charged_minor),
        refunded=to_decimal(totals.refunded_minor),
        refundable=to_decimal(totals.refundable_minor),
        disputed=to_decimal(totals.disputed_minor),
    )


def _outline(order: Order) -> dict[str, Any]:
    """Return the fields that every view of an order includes."""
    return {
        "order_id": order.order_id,
        "number": order.number,
        "status": order.status,
        "items": [_item(line) for line in order.lines],
        "subtotal": to_decimal(order.subtotal_minor),
        "tax": to_decimal(order.tax_minor),
        "shipping": to_decimal(order.shipping_minor),
        "shipping_tax": to_decimal(order.shipping_tax_minor),
        "total": to_decimal(order.total_minor),
        "currency": order.currency,
        "prices_include_tax": order.prices_include_tax,
        "tax_rule": order.tax_rule,
        "estimated_delivery": order.estimated_delivery,
    }


def _item(line: OrderLine) -> OrderItem:
    return OrderItem(
        product_id=line.product_id,
        name=line.name,
        price=to_decimal(line.unit_price_minor),
        quantity=line.quantity,
        subtotal=to_decimal(line.subtotal_minor),
        tax=to_decimal(line.tax_minor),
        tax_class=line.tax_class,
        tax_percent=None if line.tax_rate_ppm is None else percent_of(line.tax_rate_ppm),
    )
