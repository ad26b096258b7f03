"""AWS's own price list: how a price is asked for, and what is quoted."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

_NOTHING_MORE: Final[Mapping[str, str]] = {}


class Query(NamedTuple):
    """Where AWS's price list has a price.

    Attributes
    ----------
    service : str
        Code of the service: ``AWSLambda``.
    usage : str
        Type of use, without the short prefix of the region: ``Lambda-GB-Second``. Some services prefix the
        region's whole name, which ``{region}`` stands for.
    attributes : mapping
        Further attributes of the product, where the type of use alone has several: ``databaseEngine``.
    worldwide : bool
        Whether the product belongs to no region; its type of use then has no prefix.
    """

    service: str
    usage: str
    attributes: Mapping[str, str] = _NOTHING_MORE
    worldwide: bool = False


class Quote(NamedTuple):
    """A price as AWS quotes it.

    Attributes
    ----------
    tier : str
        AWS's description of it.
    source : str
        URL of the service's price list.
    dated : date
        When AWS published it.
    """

    amount: Decimal
    currency: str
    tier: str
    source: str
    dated: date


class PriceNotFound(Exception):
    """The price list of AWS has no such price, or several."""


class PriceSource(Protocol):
    """AWS's own price list."""

    def price(self, query: Query, region: str) -> Quote:
        """Return the price of the first billed tier.

        Raises
        ------
        PriceNotFound
            If the list has no such price, or several.
        DependencyUnavailable
            If AWS does not answer.
        """
