"""Orders in PostgreSQL. Every change of status is one statement that compares, sets and records."""

# ruff: noqa: S608 - the statements are put together from constants of this module only

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from shop.adapters.postgres.database import Row, Transaction
from shop.domain.orders import Order, OrderLine, OrderStatus, StockState, TimelineEntry, sources_of

_COLUMNS: Final = (
    "id, user_id, email, status, currency, subtotal_minor, tax_minor, shipping_minor, total_minor,"
    " shipping_address, shipping_method, payment_method_id, reservation_expires_at,"
    " estimated_delivery, carrier, tracking_number, cancel_reason, correlation_id, created_at,"
    " cart_id"
)
_LINES: Final = """
    (SELECT jsonb_agg(jsonb_build_array(product_id, name, unit_price_minor, quantity)
                      ORDER BY name, product_id)
     FROM order_items WHERE order_id = orders.id)
"""
_TIMELINE: Final = """
    (SELECT jsonb_agg(jsonb_build_array(status, occurred_at, reason, carrier, tracking_number)
                      ORDER BY order_timeline.id)
     FROM order_timeline WHERE order_id = orders.id)
"""
_GET: Final = f"""
    SELECT {_COLUMNS}, {_LINES}, {_TIMELINE},
           EXISTS (SELECT FROM refunds JOIN payments AS p USING (payment_intent_id)
                   WHERE p.order_id = orders.id AND refunds.status = 'pending')
    FROM orders WHERE id = %s
"""
_ADD: Final = f"""
    WITH placed AS (
        INSERT INTO orders ({_COLUMNS})
        VALUES (%(order_id)s, %(user_id)s, %(email)s, %(status)s, %(currency)s, %(subtotal_minor)s,
                %(tax_minor)s, %(shipping_minor)s, %(total_minor)s, %(shipping_address)s,
                %(shipping_method)s, %(payment_method_id)s, %(reservation_expires_at)s,
                %(estimated_delivery)s, %(carrier)s, %(tracking_number)s, %(cancel_reason)s,
                %(correlation_id)s, %(created_at)s, %(cart_id)s)
        ON CONFLICT DO NOTHING
        RETURNING id
    ), lines AS (
        INSERT INTO order_items
            (order_id, product_id, name, unit_price_minor, quantity, subtotal_minor)
        SELECT placed.id, line.product_id, line.name, line.price, line.quantity,
               line.price * line.quantity
        FROM placed, unnest(%(products)s::uuid[], %(names)s::text[], %(prices)s::bigint[],
                            %(quantities)s::integer[]) AS line (product_id, name, price, quantity)
    )
    INSERT INTO order_timeline (order_id, status)
    SELECT id, %(status)s FROM placed
"""
_MOVE: Final = f"""
    WITH moved AS (
        UPDATE orders SET
            status = %(target)s,
            carrier = coalesce(%(carrier)s, carrier),
            tracking_number = coalesce(%(tracking_number)s, tracking_number),
            estimated_delivery = coalesce(%(estimated_delivery)s, estimated_delivery),
            cancel_reason = CASE WHEN %(target)s = 'CANCELLED' THEN %(reason)s ELSE cancel_reason END,
            updated_at = clock_timestamp()
        WHERE id = %(order_id)s AND status = ANY(%(sources)s)
        RETURNING {_COLUMNS}
    ), entry AS (
        INSERT INTO order_timeline (order_id, status, reason, carrier, tracking_number)
        SELECT id, status, %(reason)s, %(carrier)s, %(tracking_number)s FROM moved
    )
    SELECT * FROM moved
"""
_PAGE: Final = f"""
    SELECT {_COLUMNS}, {_LINES}, NULL, false FROM orders
    WHERE user_id = %(user_id)s
      AND (%(status)s::text IS NULL OR status = %(status)s)
      AND (%(before)s::timestamptz IS NULL OR (created_at, id) < (%(before)s, %(before_id)s::uuid))
    ORDER BY created_at DESC, id DESC
    LIMIT %(limit)s
"""


class PostgresOrders:
    """See `shop.services.orders.ports.OrderRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, order: Order) -> bool:
        """Insert an order, its lines and its first timeline entry in one statement."""
        parameters: dict[str, Any] = {
            name: getattr(order, name)
            for name in Order.__struct_fields__
            if name not in {"lines", "timeline", "refund_pending"}
        }
        parameters["status"] = order.status.value
        parameters["shipping_address"] = msgspec.json.encode(order.shipping_address).decode()
        parameters["products"] = [line.product_id for line in order.lines]
        parameters["names"] = [line.name for line in order.lines]
        parameters["prices"] = [line.unit_price_minor for line in order.lines]
        parameters["quantities"] = [line.quantity for line in order.lines]
        return self._transaction.execute(_ADD, parameters) == 1

    def get(self, order_id: UUID, *, lock: bool = False) -> Order | None:
        """Read an order with lines and timeline in one statement."""
        row = self._transaction.row(_GET + (" FOR UPDATE" if lock else ""), (order_id,))
        return None if row is None else _order(row)

    def move(
        self,
        order_id: UUID,
        target: OrderStatus,
        *,
        sources: frozenset[OrderStatus] | None = None,
        reason: str | None = None,
        carrier: str | None = None,
        tracking_number: str | None = None,
        estimated_delivery: date | None = None,
    ) -> Order | None:
        """Compare-and-set the status and append to the timeline, in one statement."""
        row = self._transaction.row(
            _MOVE,
            {
                "order_id": order_id,
                "target": target.value,
                "sources": sorted(sources_of(target) if sources is None else sources),
                "reason": reason,
                "carrier": carrier,
                "tracking_number": tracking_number,
                "estimated_delivery": estimated_delivery,
            },
        )
        return None if row is None else _order((*row, None, None, False))

    def page(
        self,
        user_id: UUID,
        *,
        status: OrderStatus | None,
        limit: int,
        before: tuple[datetime, UUID] | None,
    ) -> Sequence[Order]:
        """Read a user's orders, newest first, in one statement that walks an index."""
        created_at, order_id = before or (None, None)
        rows = self._transaction.rows(
            _PAGE,
            {
                "user_id": user_id,
                "status": None if status is None else status.value,
                "before": created_at,
                "before_id": order_id,
                "limit": limit,
            },
        )
        return [_order(row) for row in rows]

    def stock_state(self, order_id: UUID) -> StockState:
        """Tell what has become of the stock that was held for an order."""
        statuses = {
            row[0]
            for row in self._transaction.rows(
                "SELECT DISTINCT status FROM reservations WHERE order_id = %s", (order_id,)
            )
        }
        if statuses == {"confirmed"}:
            return StockState.CONFIRMED
        return StockState.HELD if statuses & {"pending", "confirmed"} else StockState.NONE


def _order(row: Row) -> Order:
    (order_id, user_id, email, status, currency, subtotal, tax, shipping, total, address, method,
     payment_method_id, expires_at, estimated_delivery, carrier, tracking_number, cancel_reason,
     correlation_id, created_at, cart_id, lines, timeline, refund_pending) = row  # fmt: skip
    return Order(
        order_id=order_id,
        user_id=user_id,
        email=email,
        status=OrderStatus(status),
        currency=currency,
        subtotal_minor=subtotal,
        tax_minor=tax,
        shipping_minor=shipping,
        total_minor=total,
        shipping_address=address,
        shipping_method=method,
        payment_method_id=payment_method_id,
        reservation_expires_at=None if expires_at is None else expires_at.astimezone(UTC),
        estimated_delivery=estimated_delivery,
        carrier=carrier,
        tracking_number=tracking_number,
        cancel_reason=cancel_reason,
        correlation_id=correlation_id,
        created_at=created_at.astimezone(UTC),
        cart_id=cart_id,
        lines=tuple(_line(*line) for line in lines or ()),
        timeline=tuple(_entry(*entry) for entry in timeline or ()),
        refund_pending=refund_pending,
    )


def _line(product_id: str, name: str, unit_price_minor: int, quantity: int) -> OrderLine:
    return OrderLine(
        product_id=UUID(product_id), name=name, unit_price_minor=unit_price_minor, quantity=quantity
    )


def _entry(
    status: str,
    occurred_at: str,
    reason: str | None,
    carrier: str | None,
    tracking_number: str | None,
) -> TimelineEntry:
    return TimelineEntry(
        status=OrderStatus(status),
        occurred_at=datetime.fromisoformat(occurred_at).astimezone(UTC),
        reason=reason,
        carrier=carrier,
        tracking_number=tracking_number,
    )
