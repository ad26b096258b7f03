"""Port of the price book: what checkout needs to know to price a cart."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from shop.domain.pricing import ShippingRate


class PricedProduct(msgspec.Struct, frozen=True):
    """A product that is sold today."""

    product_id: UUID
    name: str
    price_minor: int
    currency: str


class Quote(msgspec.Struct, frozen=True):
    """The prices of this moment.

    Attributes
    ----------
    now : datetime
        The database's clock, by which holds end.
    order_exists : bool
        The order was placed by an earlier attempt.
    products : mapping
        By id; what is not sold (any more) is missing.
    tax_rate_bps : int
        Of the most specific row for the destination, in basis points.
    shipping : ShippingRate or None
        Of the most specific row for the destination; None: the method is not offered there.
    """

    now: datetime
    order_exists: bool
    products: Mapping[UUID, PricedProduct]
    tax_rate_bps: int
    shipping: ShippingRate | None


class PriceBook(Protocol):
    """Prices, taxes and shipping rates inside one transaction."""

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
