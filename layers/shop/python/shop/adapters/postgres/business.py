"""Business figures in PostgreSQL, one statement each."""

from datetime import datetime
from typing import Final, override

from shop.adapters.postgres.database import Database
from shop.domain.business import Business, Gauges, HourlyRevenue, Period, SoldProduct
from shop.services.platform.ports import BusinessFigures

#: Orders that were paid in the period; an order reaches PAID once.
_PAID: Final = """
    paid AS (
        SELECT o.id, o.total_minor, t.occurred_at
        FROM order_timeline AS t JOIN orders AS o ON o.id = t.order_id
        WHERE t.status = 'PAID' AND t.occurred_at >= %(begin)s AND t.occurred_at < %(end)s
    )
"""
# A cart's event is recorded minutes after the cart was begun, so its order may have been paid before that.
_BUSINESS: Final = f"""
    WITH {_PAID}, begun AS (
        SELECT DISTINCT aggregate_id::uuid AS cart_id FROM outbox
        WHERE event_type = 'cart.created' AND occurred_at >= %(begin)s AND occurred_at < %(end)s
    )
    SELECT
        (SELECT count(*) FROM begun) AS carts_created,
        (SELECT count(DISTINCT begun.cart_id) FROM begun JOIN orders AS o USING (cart_id)
         JOIN order_timeline AS t ON t.order_id = o.id AND t.status = 'PAID'
         WHERE t.occurred_at >= %(begin)s::timestamptz - interval '1 day') AS carts_converted,
        (SELECT count(DISTINCT aggregate_id) FROM outbox
         WHERE event_type = 'cart.abandoned' AND occurred_at >= %(begin)s AND occurred_at < %(end)s
        ) AS carts_abandoned,
        (SELECT count(*) FROM paid) AS orders_paid,
        (SELECT coalesce(sum(total_minor), 0)::bigint FROM paid) AS revenue_minor,
        (SELECT coalesce(sum(i.quantity), 0) FROM paid JOIN order_items AS i ON i.order_id = paid.id
        ) AS units_sold,
        (SELECT coalesce(sum(amount_minor), 0)::bigint FROM refunds
         WHERE status = 'succeeded' AND updated_at >= %(begin)s AND updated_at < %(end)s) AS refunded_minor,
        (SELECT avg(units_on_hand) FROM inventory_days
         WHERE day BETWEEN (%(begin)s::timestamptz AT TIME ZONE 'UTC')::date
         AND ((%(end)s::timestamptz - interval '1 microsecond') AT TIME ZONE 'UTC')::date
        ) AS average_units_on_hand,
        (SELECT coalesce(json_object_agg(status, number), '{{}}') FROM (
            SELECT status, count(*) AS number FROM orders
            WHERE created_at >= %(begin)s AND created_at < %(end)s GROUP BY status) AS created) AS orders
"""  # noqa: S608
_TOP_PRODUCTS: Final = f"""
    WITH {_PAID}
    SELECT i.product_id, max(i.name) AS name, sum(i.quantity) AS units,
           sum(i.subtotal_minor)::bigint AS revenue_minor
    FROM paid JOIN order_items AS i ON i.order_id = paid.id
    GROUP BY i.product_id ORDER BY revenue_minor DESC, i.product_id LIMIT %(limit)s
"""  # noqa: S608
_REVENUE_BY_HOUR: Final = f"""
    WITH {_PAID}
    SELECT date_trunc('hour', occurred_at, 'UTC') AS hour, sum(total_minor)::bigint AS revenue_minor
    FROM paid GROUP BY 1 ORDER BY 1
"""  # noqa: S608
_GAUGES: Final = """
    SELECT
        (SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend') AS connections,
        (SELECT count(*) FROM payments
         WHERE status = 'processing' AND updated_at < now() - interval '2 minutes') AS payments_in_doubt
"""
_RECORD_STOCK: Final = """
    INSERT INTO inventory_days (day, units_on_hand)
    SELECT (%(now)s::timestamptz AT TIME ZONE 'UTC')::date, coalesce(sum(quantity_on_hand), 0) FROM inventory
    ON CONFLICT (day) DO UPDATE SET units_on_hand = excluded.units_on_hand
"""


class PostgresBusinessFigures(BusinessFigures):
    """Business figures, computed by PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def business(self, period: Period) -> Business:
        with self._database.autocommit() as transaction:
            (found,) = transaction.all(Business, _BUSINESS, period._asdict())
        return found

    @override
    def top_products(self, period: Period, limit: int) -> list[SoldProduct]:
        with self._database.autocommit() as transaction:
            return transaction.all(SoldProduct, _TOP_PRODUCTS, {**period._asdict(), "limit": limit})

    @override
    def revenue_by_hour(self, period: Period) -> list[HourlyRevenue]:
        with self._database.autocommit() as transaction:
            return transaction.all(HourlyRevenue, _REVENUE_BY_HOUR, period._asdict())

    @override
    def gauges(self) -> Gauges:
        with self._database.autocommit() as transaction:
            (found,) = transaction.all(Gauges, _GAUGES)
        return found

    @override
    def record_stock(self, now: datetime) -> None:
        with self._database.autocommit() as transaction:
            transaction.send(_RECORD_STOCK, {"now": now})
