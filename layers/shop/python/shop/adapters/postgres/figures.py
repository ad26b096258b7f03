"""Figures of the business in PostgreSQL."""

from datetime import datetime
from decimal import Decimal
from typing import Final, override

from shop.adapters.postgres.database import Database
from shop.services.finance.figures import Figures, OrdersOfDay, Sales

# Orders of one currency: the shop has no other. An order belongs to the time at which it was paid, as in the
# business metrics; a charge of an order that was never paid (it was cancelled meanwhile) to its own time.
_SALES: Final = """
    WITH paid AS (
        SELECT entry.order_id FROM order_timeline AS entry JOIN orders ON orders.id = entry.order_id
        WHERE entry.status = 'PAID' AND entry.occurred_at >= %(since)s AND entry.occurred_at < %(until)s
          AND orders.currency = %(currency)s
    ), charge AS (
        SELECT payment.* FROM payments AS payment JOIN paid USING (order_id)
        WHERE payment.status = 'succeeded'
        UNION ALL
        SELECT payment.* FROM payments AS payment
        WHERE payment.status = 'succeeded' AND payment.currency = %(currency)s
          AND payment.updated_at >= %(since)s AND payment.updated_at < %(until)s
          AND NOT EXISTS (SELECT FROM order_timeline AS entry
                          WHERE entry.order_id = payment.order_id AND entry.status = 'PAID')
    ), charged AS (
        SELECT orders.tax_minor, payment.amount_minor, fee.fee_minor,
               coalesce(refund.amount_minor, 0) AS refunded_minor,
               coalesce(refund.tax_minor, 0) AS refunded_tax_minor
        FROM charge AS payment
        JOIN orders ON orders.id = payment.order_id
        LEFT JOIN payment_fees AS fee
            ON fee.payment_intent_id = payment.payment_intent_id AND fee.currency = payment.currency
        LEFT JOIN LATERAL (
            SELECT sum(amount_minor) AS amount_minor, sum(tax_minor) AS tax_minor FROM refunds
            WHERE payment_intent_id = payment.payment_intent_id AND status IN ('pending', 'succeeded')
        ) AS refund ON true
    )
    SELECT (SELECT count(*) FROM orders WHERE created_at >= %(since)s AND created_at < %(until)s
              AND currency = %(currency)s) AS placed,
           (SELECT count(*) FROM paid) AS paid,
           coalesce(sum(amount_minor), 0)::bigint AS charged_minor,
           coalesce(sum(refunded_minor), 0)::bigint AS refunded_minor,
           coalesce(sum(tax_minor - refunded_tax_minor), 0)::bigint AS tax_minor,
           count(fee_minor) AS told_payments,
           coalesce(sum(fee_minor), 0)::bigint AS told_minor,
           count(*) FILTER (WHERE fee_minor IS NULL) AS untold_payments,
           coalesce(sum(round(amount_minor * %(rate)s::numeric + %(fixed)s::numeric))
                    FILTER (WHERE fee_minor IS NULL), 0)::bigint AS estimated_minor
    FROM charged
"""
_ORDERS_BY_DAY: Final = """
    WITH dated AS (
        SELECT created_at AS at, 1 AS placed, 0 AS paid FROM orders
        WHERE created_at >= %(since)s AND created_at < %(until)s
        UNION ALL
        SELECT occurred_at, 0, 1 FROM order_timeline
        WHERE status = 'PAID' AND occurred_at >= %(since)s AND occurred_at < %(until)s
    )
    SELECT (at AT TIME ZONE 'UTC')::date AS day, sum(placed) AS placed, sum(paid) AS paid
    FROM dated GROUP BY 1 ORDER BY 1
"""
_PRICE_VERSIONS: Final = """
    SELECT DISTINCT price_version FROM cost_items WHERE at >= %(since)s AND at < %(until)s ORDER BY 1
"""


class PostgresFigures(Figures):
    """Reads the figures, each with one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def sales(
        self,
        since: datetime,
        until: datetime,
        *,
        currency: str,
        rate: Decimal,
        fixed_minor: Decimal,
    ) -> Sales:
        values = {
            "since": since,
            "until": until,
            "currency": currency,
            "rate": rate,
            "fixed": fixed_minor,
        }
        with self._database.autocommit() as transaction:
            (found,) = transaction.all(Sales, _SALES, values)
        return found

    @override
    def orders_by_day(self, since: datetime, until: datetime) -> list[OrdersOfDay]:
        with self._database.autocommit() as transaction:
            return transaction.all(OrdersOfDay, _ORDERS_BY_DAY, {"since": since, "until": until})

    @override
    def price_versions(self, since: datetime, until: datetime) -> list[str]:
        with self._database.autocommit() as transaction:
            rows = transaction.rows(_PRICE_VERSIONS, {"since": since, "until": until})
        return [row.price_version for row in rows]
