"""Prices and shipping rates in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, override
from uuid import UUID

import msgspec

from shop.adapters.postgres.database import Transaction
from shop.domain.pricing import PricedProduct, Quote, ShippingRate
from shop.services.orders.ports import PriceBook

_QUOTE: Final = """
    SELECT clock_timestamp() AS now,
           EXISTS (SELECT FROM orders WHERE id = %(order_id)s) AS order_exists,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'product_id', id, 'name', name, 'price_minor', price_minor,
                        'currency', currency, 'tax_class', tax_class)), '[]')
            FROM products WHERE id = ANY(%(products)s::uuid[]) AND is_active) AS products,
           (SELECT coalesce(jsonb_object_agg(method, rate), '{}') FROM (
                SELECT DISTINCT ON (method) method, jsonb_build_object(
                           'price_minor', price_minor, 'free_from_minor', free_from_minor,
                           'delivery_days', delivery_days) AS rate
                FROM shipping_rates JOIN current_rates AS valid USING (version)
                WHERE country IN (%(country)s, '*')
                ORDER BY method, country = '*') AS rates) AS shipping,
           (SELECT version FROM current_rates WHERE kind = 'shipping') AS shipping_version
"""


class _QuoteRow(msgspec.Struct):
    now: datetime
    order_exists: bool
    products: list[PricedProduct]
    shipping: dict[str, ShippingRate]
    shipping_version: int


class PostgresPriceBook(PriceBook):
    """Prices and shipping rates in PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def quote(self, order_id: UUID | None, product_ids: Sequence[UUID], *, country: str) -> Quote:
        row = self._transaction.one(
            _QuoteRow,
            _QUOTE,
            {"order_id": order_id, "products": list(product_ids), "country": country},
        )
        if row is None:
            raise RuntimeError("a SELECT without FROM gave no row")
        return Quote(
            row.now,
            row.order_exists,
            {product.product_id: product for product in row.products},
            row.shipping,
            row.shipping_version,
        )
