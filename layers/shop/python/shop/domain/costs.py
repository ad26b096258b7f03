"""Costs: what AWS bills, itemised in exact decimals.

No amount is ever rounded. Arithmetic with amounts runs in `EXACT`, which refuses a result that it would have
to round.
"""

import decimal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal, NamedTuple
from uuid import UUID

#: More digits than any sum of amounts has.
EXACT: Final = decimal.Context(prec=200, traps=[decimal.Inexact, decimal.InvalidOperation])
#: Bytes of what CloudWatch bills as one GB, and their inverse, which is exact.
BYTES_PER_GB: Final = 2**30
GB_PER_BYTE: Final = EXACT.divide(Decimal(1), Decimal(BYTES_PER_GB))
#: Hours of a month, as AWS converts them.
HOURS_PER_MONTH: Final = 730

type Architecture = Literal["x86_64", "arm64"]


class Kind(StrEnum):
    """The kind of quantity of an item."""

    LAMBDA_DURATION = "lambda_duration"
    LAMBDA_REQUEST = "lambda_request"
    API_REQUEST = "api_request"
    EXPRESS_REQUEST = "express_request"
    EXPRESS_DURATION = "express_duration"
    SCHEDULE = "schedule"
    EMAIL = "email"
    LOG_BYTES = "log_bytes"
    XRAY_TRACE = "xray_trace"

    def price_key(self, architecture: str | None = None) -> str:
        """Return the key of its price; that of a Lambda function's duration depends on the architecture."""
        return f"{self}.{architecture}" if self is Kind.LAMBDA_DURATION else str(self)


class PriceMissing(Exception):
    """A price list lacks a required price, which is never replaced by zero.

    Parameters
    ----------
    key, region, version : str
        Which price of which list.
    """

    def __init__(self, key: str, region: str, version: str) -> None:
        super().__init__(f"no price {key} in the price list {version} of {region}")
        self.key = key
        self.region = region
        self.version = version


class Price(NamedTuple):
    """A price of AWS's.

    Attributes
    ----------
    unit : str
        What one of it is: ``GB-second``, ``request``, ``hour`` …
    tier : str
        The part of the volume to which it applies.
    source : str
        URL where it was read, on the day `dated`.
    """

    key: str
    unit: str
    amount: Decimal
    currency: str
    tier: str
    source: str
    dated: date


class PriceList(NamedTuple):
    """The prices of one region, as of one version."""

    region: str
    version: str
    prices: Mapping[str, Price]

    def price(self, key: str) -> Price:
        """Return a price.

        Raises
        ------
        PriceMissing
            If there is none.
        """
        try:
            return self.prices[key]
        except KeyError:
            raise PriceMissing(key, self.region, self.version) from None


class CostItem(NamedTuple):
    """One billed quantity.

    Attributes
    ----------
    item_id : str
        Derived from what was billed, so that an event that is read twice counts once.
    request_id : str
        Of the invocation, or of the request to API Gateway.
    name : str
        The function, route or state machine.
    retry : bool
        Whether it was billed for another attempt at the same work.
    """

    item_id: str
    request_id: str
    kind: Kind
    name: str
    at: datetime
    quantity: Decimal
    unit: str
    unit_price: Decimal
    amount: Decimal
    currency: str
    price_version: str
    cold_start: bool = False
    retry: bool = False
    duration_ms: Decimal | None = None
    memory_mb: int | None = None
    init_ms: Decimal | None = None
    architecture: str | None = None


class CostRequest(NamedTuple):
    """What one log event says of an invocation or of a request to API Gateway; the rest is None.

    Attributes
    ----------
    invocation_id : str or None
        Of a request to API Gateway: the invocation that answered it.
    outcome_at : datetime or None
        When the outcome was known: a later one replaces it.
    redelivered : bool
        Whether the invocation received a message that had been delivered before.
    """

    request_id: str
    at: datetime
    invocation_id: str | None = None
    function: str | None = None
    service: str | None = None
    flow: str | None = None
    route: str | None = None
    status: int | None = None
    outcome: str | None = None
    outcome_at: datetime | None = None
    redelivered: bool = False
    order_ids: tuple[UUID, ...] = ()
    correlation_id: UUID | None = None
    user_id: UUID | None = None


class FloorItem(NamedTuple):
    """A monthly cost that does not depend on the number of orders.

    Attributes
    ----------
    name : str
        Logical id of the resource, and what of it is billed.
    resource : str
        Its type: ``AWS::OpenSearchService::Domain``.
    """

    name: str
    resource: str
    quantity: Decimal
    unit: str
    price_key: str
    monthly_amount: Decimal
    currency: str


#: Parts of the floor by the type of resource of which one must be declared; what is not is "not declared".
FLOOR_PARTS: Final = {
    "search": "AWS::OpenSearchService::Domain",
    "message broker": "AWS::AmazonMQ::Broker",
    "database": "AWS::RDS::DBInstance",
    "cache": "AWS::ElastiCache::ReplicationGroup",
    "NAT gateway": "AWS::EC2::NatGateway",
    "firewall": "AWS::WAFv2::WebACL",
    "secrets": "AWS::SecretsManager::Secret",
}


def undeclared(floor: Iterable[FloorItem]) -> list[str]:
    """Return the parts of the floor that the templates do not declare, whose cost is unknown."""
    declared = {item.resource for item in floor}
    return [part for part, resource in FLOOR_PARTS.items() if resource not in declared]


@contextmanager
def exactly() -> Iterator[None]:
    """Run a block in which every decimal operation is exact, or raises `decimal.Inexact`."""
    with decimal.localcontext(EXACT):
        yield


def times(quantity: Decimal, price: Decimal) -> Decimal:
    """Multiply, exactly."""
    return EXACT.multiply(quantity, price)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add up, exactly."""
    with exactly():
        return sum(amounts, Decimal(0))
