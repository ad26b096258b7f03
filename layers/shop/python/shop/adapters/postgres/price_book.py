"""Prices, taxes and shipping rates in PostgreSQL."""

from collections.abc import Sequence
from datetime import UTC
from typing import Final
from uuid import UUID

from shop.adapters.postgres.database import Transaction
from shop.domain.pricing import PricedProduct, Quote, ShippingRate

_QUOTE: Final = """
    SELECT clock_timestamp(),
           EXISTS (SELECT FROM orders WHERE id = %(order_id)s),
           (SELECT jsonb_agg(jsonb_build_array(id, name, price_minor, currency))
            FROM products WHERE id = ANY(%(products)s::uuid[]) AND is_active),
           (SELECT rate_bps FROM tax_rates
            WHERE country IN (%(country)s, '*') AND region IN (upper(%(region)s), '*')
            ORDER BY country = '*', region = '*' LIMIT 1),
           (SELECT jsonb_build_array(price_minor, free_from_minor, delivery_days)
            FROM shipping_rates WHERE country IN (%(country)s, '*') AND method = %(method)s
            ORDER BY country = '*' LIMIT 1)
"""


class PostgresPriceBook:
    """See `shop.services.orders.ports.PriceBook`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def quote(
        self,
        order_id: UUID,
        product_ids: Sequence[UUID],
        *,
        country: str,
        region: str | None,
        method: str,
    ) -> Quote:
        """Read everything that pricing an order needs, in one statement."""
        row = self._transaction.row(
            _QUOTE,
            {
                "order_id": order_id,
                "products": list(product_ids),
                "country": country,
                "region": region or "*",
                "method": method,
            },
        )
        if row is None:
            raise RuntimeError("a SELECT without FROM gave no row")
        now, order_exists, products, tax_rate_bps, shipping = row
        priced = [
            PricedProduct(UUID(product_id), name, price_minor, currency)
            for product_id, name, price_minor, currency in products or ()
        ]
        return Quote(
            now.astimezone(UTC),
            order_exists,
            {product.product_id: product for product in priced},
            tax_rate_bps or 0,
            None if shipping is None else ShippingRate(*shipping),
        )
