"""Figures of the business in PostgreSQL."""

from datetime import datetime
from decimal import Decimal
from typing import Final, override

from shop.adapters.postgres.database import Database
from shop.services.finance.figures import Figures, OrdersOfDay, Sales

# All orders have the shop's one currency.
_SALES: Final = """
    WITH placed AS (
        SELECT id, tax_minor FROM orders
        WHERE created_at >= %(since)s AND created_at < %(until)s AND currency = %(currency)s
    ), charged AS (
        SELECT payment.order_id, placed.tax_minor, payment.amount_minor, fee.fee_minor,
               coalesce(refund.amount_minor, 0) AS refunded_minor,
               coalesce(refund.tax_minor, 0) AS refunded_tax_minor
        FROM placed
        JOIN payments AS payment ON payment.order_id = placed.id AND payment.status = 'succeeded'
        LEFT JOIN payment_fees AS fee
            ON fee.payment_intent_id = payment.payment_intent_id AND fee.currency = payment.currency
        LEFT JOIN LATERAL (
            SELECT sum(amount_minor) AS amount_minor, sum(tax_minor) AS tax_minor FROM refunds
            WHERE payment_intent_id = payment.payment_intent_id AND status IN ('pending', 'succeeded')
        ) AS refund ON true
    )
    SELECT (SELECT count(*) FROM placed) AS placed,
           count(DISTINCT order_id) AS paid,
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
    SELECT (created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS placed,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM payments WHERE order_id = orders.id AND status = 'succeeded')) AS paid
    FROM orders WHERE created_at >= %(since)s AND created_at < %(until)s GROUP BY 1 ORDER BY 1
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
