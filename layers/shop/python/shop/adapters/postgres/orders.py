"""Orders in PostgreSQL. Every change of status is one statement that compares, sets and records."""

# ruff: noqa: S608 - the statements are put together from constants of this module only

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, override
from uuid import UUID

import msgspec
from psycopg import errors
from psycopg.types.json import Jsonb

from shop.adapters.postgres.database import Transaction
from shop.adapters.postgres.event_log import (
    WAITING,
    EventLog,
    Recorded,
    new_event,
    parameters,
    recording_if,
)
from shop.adapters.postgres.refunds_sql import DISPUTED
from shop.adapters.postgres.returns_sql import RETURNS
from shop.contracts.events import Event
from shop.domain.orders import Order, OrderStatus, StaleOrder, sources_of
from shop.services.orders.ports import OrderRepository

_COLUMNS: Final = (
    "id AS order_id, user_id, email, status, currency, subtotal_minor, tax_minor, shipping_minor,"
    " total_minor,"
    " shipping_address, shipping_method, payment_method_id, reservation_expires_at,"
    " estimated_delivery, carrier, tracking_number, cancel_reason, correlation_id, created_at,"
    " cart_id, phone, shipping_tax_minor, tax_rate_ppm, tax_rule, prices_include_tax,"
    " tax_rates_version, shipping_rates_version"
)
# The last release writes and reads hundredths of a percent: docs/releases.md.
_READ: Final = _COLUMNS.replace(
    "tax_rate_ppm", "coalesce(tax_rate_ppm, tax_rate_bps * 100) AS tax_rate_ppm"
)
_LINES: Final = """
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
                         'product_id', product_id, 'name', name, 'unit_price_minor', unit_price_minor,
                         'quantity', quantity, 'tax_minor', tax_minor, 'tax_class', tax_class,
                         'tax_rate_ppm', coalesce(tax_rate_ppm, tax_rate_bps * 100))
                     ORDER BY name, product_id), '[]')
     FROM order_items WHERE order_id = orders.id) AS lines
"""
_TIMELINE: Final = """
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
                         'status', status, 'occurred_at', occurred_at, 'reason', reason, 'carrier', carrier,
                         'tracking_number', tracking_number) ORDER BY order_timeline.id), '[]')
     FROM order_timeline WHERE order_id = orders.id) AS timeline
"""
_PAYMENT: Final = f"""
    (SELECT json_build_object(
         'charged_minor', coalesce(sum(coalesce(p.charged_minor, p.amount_minor)), 0),
         'refunded_minor', coalesce(sum((SELECT sum(r.amount_minor) FROM refunds AS r
             WHERE r.payment_intent_id = p.payment_intent_id AND r.status = 'succeeded')), 0),
         'refundable_minor', coalesce(sum(greatest(
             coalesce(p.charged_minor, p.amount_minor) - p.refunded_minor - {DISPUTED}, 0)), 0),
         'disputed_minor', coalesce(sum({DISPUTED}), 0))
     FROM payments AS p
     WHERE p.order_id = orders.id AND (p.status = 'succeeded' OR p.charged_minor IS NOT NULL)) AS payment
"""
_GET: Final = f"""
    SELECT {_READ}, {_LINES}, {_TIMELINE}, {_PAYMENT}, {RETURNS},
           EXISTS (SELECT FROM refunds WHERE order_id = orders.id AND status = 'pending') AS refund_pending
    FROM orders WHERE id = %s
"""
_ADD: Final = f"""
    WITH placed AS (
        INSERT INTO orders ({_COLUMNS.replace("id AS order_id", "id")}, tax_rate_bps)
        VALUES (%(order_id)s, %(user_id)s, %(email)s, %(status)s, %(currency)s, %(subtotal_minor)s,
                %(tax_minor)s, %(shipping_minor)s, %(total_minor)s, %(shipping_address)s,
                %(shipping_method)s, %(payment_method_id)s, %(reservation_expires_at)s,
                %(estimated_delivery)s, %(carrier)s, %(tracking_number)s, %(cancel_reason)s,
                %(correlation_id)s, %(created_at)s, %(cart_id)s, %(phone)s, %(shipping_tax_minor)s,
                %(tax_rate_ppm)s, %(tax_rule)s, %(prices_include_tax)s, %(tax_rates_version)s,
                %(shipping_rates_version)s, round(%(tax_rate_ppm)s::integer / 100.0))
        ON CONFLICT DO NOTHING
        RETURNING id
    ), lines AS (
        INSERT INTO order_items
            (order_id, product_id, name, unit_price_minor, quantity, subtotal_minor, tax_minor, tax_class,
             tax_rate_ppm, tax_rate_bps)
        SELECT placed.id, line.product_id, line.name, line.price, line.quantity,
               line.price * line.quantity, line.tax, line.tax_class, line.tax_rate,
               round(line.tax_rate / 100.0)
        FROM placed, unnest(%(products)s::uuid[], %(names)s::text[], %(prices)s::bigint[],
                            %(quantities)s::integer[], %(taxes)s::bigint[], %(tax_classes)s::text[],
                            %(tax_rates)s::integer[])
                         AS line (product_id, name, price, quantity, tax, tax_class, tax_rate)
    ), entry AS (
        INSERT INTO order_timeline (order_id, status) SELECT id, %(status)s FROM placed
    ), {recording_if("placed")}
    SELECT {WAITING} FROM placed
"""
_MOVE: Final = f"""
    WITH moved AS (
        UPDATE orders SET
            status = %(target)s,
            carrier = coalesce(%(carrier)s, carrier),
            tracking_number = coalesce(%(tracking_number)s, tracking_number),
            estimated_delivery = coalesce(%(estimated_delivery)s, estimated_delivery),
            cancel_reason = CASE WHEN %(target)s = 'CANCELLED' THEN %(reason)s ELSE cancel_reason END,
            cart_spent = CASE WHEN %(target)s = 'CANCELLED' AND status IN ('PAID', 'CONFIRMED', 'PROCESSING')
                         THEN 'sold' ELSE cart_spent END,
            updated_at = clock_timestamp()
        WHERE id = %(order_id)s AND status = ANY(%(sources)s)
          AND NOT (%(unless_refunded)s AND EXISTS (
                SELECT FROM payments AS p WHERE p.order_id = %(order_id)s AND p.refunded_in_whole))
        RETURNING {_READ}
    ), entry AS (
        INSERT INTO order_timeline (order_id, status, reason, carrier, tracking_number)
        SELECT order_id, status, %(reason)s, %(carrier)s, %(tracking_number)s FROM moved
    )
    SELECT moved.*, {_LINES.replace("orders.id", "moved.order_id")} FROM moved
"""
# The predicate is that of idx_orders_cart.
_OF_CART: Final = f"""
    SELECT {_READ}, {_LINES} FROM orders
    WHERE cart_id = %s AND (cart_spent IS NOT NULL
                            OR status NOT IN ('INVENTORY_UNAVAILABLE', 'PAYMENT_FAILED', 'CANCELLED'))
"""
_RETURN_CART: Final = """
    UPDATE orders SET cart_spent = 'returned' WHERE id = %s AND status = 'CANCELLED' AND cart_id IS NOT NULL
    RETURNING user_id
"""
_OWN_CART: Final = """
    INSERT INTO cart_owners AS known (cart_id, guest_id, customer_id) VALUES (%s, %s, %s)
    ON CONFLICT (cart_id) DO UPDATE SET customer_id = known.customer_id RETURNING customer_id
"""
_CART_INDEX: Final = "idx_orders_cart"
_PAGE: Final = f"""
    SELECT {_READ}, {_LINES} FROM orders
    WHERE user_id = %(user_id)s
      AND (%(status)s::text IS NULL OR status = %(status)s)
      AND (%(before)s::timestamptz IS NULL OR (created_at, id) < (%(before)s, %(before_id)s::uuid))
    ORDER BY created_at DESC, id DESC
    LIMIT %(limit)s
"""


_LOCK_STALE: Final = """
    SELECT id AS order_id, status, correlation_id, updated_at FROM orders
    WHERE status = %(status)s AND updated_at < clock_timestamp() - %(idle)s
      AND (%(after)s::timestamptz IS NULL OR (updated_at, id) > (%(after)s, %(after_id)s::uuid))
      AND NOT EXISTS (SELECT FROM payments AS p WHERE p.order_id = orders.id AND p.refunded_in_whole)
    ORDER BY updated_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""


class PostgresOrders(OrderRepository):
    """Orders in PostgreSQL."""

    def __init__(self, transaction: Transaction, events: EventLog) -> None:
        self._transaction = transaction
        self._events = events

    @override
    def add(self, order: Order, created: Event) -> bool:
        event = new_event(created, order.correlation_id)
        recorded = self._transaction.one(Recorded, _ADD, _parameters(order) | parameters([event]))
        if recorded is not None:
            self._events.was_recorded(event, recorded.waiting)
        return recorded is not None

    @override
    def get(self, order_id: UUID, *, lock: bool = False) -> Order | None:
        return self._transaction.one(Order, _GET + (" FOR UPDATE" if lock else ""), (order_id,))

    @override
    def of_cart(self, cart_id: UUID) -> Order | None:
        return self._transaction.one(Order, _OF_CART, (cart_id,))

    @override
    def lock_cart(self, cart_id: UUID) -> None:
        self._transaction.send("SELECT lock_cart(%s)", (cart_id,))

    @override
    def own_cart(self, cart_id: UUID, guest_id: UUID, customer_id: UUID) -> UUID:
        owner = self._transaction.row(_OWN_CART, (cart_id, guest_id, customer_id))
        if owner is None:
            raise RuntimeError("the row was inserted or updated")
        known: UUID = owner.customer_id
        return known

    @override
    def owner_of_cart(self, cart_id: UUID) -> UUID | None:
        found = self._transaction.row(
            "SELECT customer_id FROM cart_owners WHERE cart_id = %s", (cart_id,)
        )
        return None if found is None else found.customer_id

    @override
    def return_cart(self, order_id: UUID) -> UUID | None:
        try:
            returned = self._transaction.row(_RETURN_CART, (order_id,))
        except errors.UniqueViolation as violation:
            if violation.diag.constraint_name != _CART_INDEX:
                raise
            return None
        return None if returned is None else returned.user_id

    @override
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
        unless_refunded: bool = False,
    ) -> Order | None:
        return self._transaction.one(
            Order,
            _MOVE,
            {
                "order_id": order_id,
                "target": target.value,
                "sources": [
                    status.value
                    for status in sorted(sources_of(target) if sources is None else sources)
                ],
                "reason": reason,
                "carrier": carrier,
                "tracking_number": tracking_number,
                "estimated_delivery": estimated_delivery,
                "unless_refunded": unless_refunded,
            },
        )

    @override
    def page(
        self,
        user_id: UUID,
        *,
        status: OrderStatus | None,
        limit: int,
        before: tuple[datetime, UUID] | None,
    ) -> Sequence[Order]:
        created_at, order_id = before or (None, None)
        return self._transaction.all(
            Order,
            _PAGE,
            {
                "user_id": user_id,
                "status": None if status is None else status.value,
                "before": created_at,
                "before_id": order_id,
                "limit": limit,
            },
        )

    @override
    def lock_stale(
        self, status: OrderStatus, idle: timedelta, *, after: StaleOrder | None
    ) -> StaleOrder | None:
        return self._transaction.one(
            StaleOrder,
            _LOCK_STALE,
            {
                "status": status.value,
                "idle": idle,
                "after": after and after.updated_at,
                "after_id": after and after.order_id,
            },
        )


def _parameters(order: Order) -> dict[str, Any]:
    fields = msgspec.structs.asdict(order)
    lines = order.lines
    return fields | {
        "status": order.status.value,
        "tax_rule": order.tax_rule.value,
        "shipping_address": Jsonb(order.shipping_address),
        "products": [line.product_id for line in lines],
        "names": [line.name for line in lines],
        "prices": [line.unit_price_minor for line in lines],
        "quantities": [line.quantity for line in lines],
        "taxes": [line.tax_minor for line in lines],
        "tax_classes": [line.tax_class for line in lines],
        "tax_rates": [line.tax_rate_ppm for line in lines],
    }
