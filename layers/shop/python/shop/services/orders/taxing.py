"""The tax of carts and orders: asks the provider, and refuses what it cannot tax."""

from collections.abc import Iterable, Mapping
from typing import Final

from shop.domain.addresses import Destination
from shop.domain.errors import DependencyUnavailable, InvalidRequest, TaxUnavailable
from shop.domain.tax import Assessment, Sale, TaxedItem, Untaxable
from shop.services.orders.ports import TaxProvider

#: What the tax may depend on: not who lives there.
_PLACE: Final = ("country", "region", "postal_code", "city", "line1")


def sale_to(
    destination: Destination,
    items: Iterable[TaxedItem],
    shipping_minor: Mapping[str, int],
    *,
    currency: str,
    prices_include_tax: bool,
) -> Sale:
    """Describe a sale to a destination, with the price of each shipping method."""
    fields = destination.fields
    return Sale(
        destination={name: fields[name] for name in _PLACE if name in fields},
        region=destination.tax_region,
        currency=currency,
        prices_include_tax=prices_include_tax,
        items=tuple(items),
        shipping_minor=shipping_minor,
    )


def assess(taxes: TaxProvider, sale: Sale, *, prefix: str) -> Assessment:
    """Return the tax of a sale.

    Parameters
    ----------
    prefix : str
        Precedes the names of fields in errors.

    Raises
    ------
    InvalidRequest
        The destination lacks what the tax depends on, or nothing is sold to it.
    TaxUnavailable
        The provider did not answer.
    """
    try:
        return taxes.assess(sale)
    except Untaxable as refused:
        raise InvalidRequest.field(f"{prefix}{refused.field}", refused.message) from refused
    except DependencyUnavailable as unavailable:
        raise TaxUnavailable(unavailable.dependency) from unavailable
