"""Refresh a price list from AWS's own."""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from shop.domain.costs import Price, PriceList
from shop.services.finance.ports import PriceNotFound, PriceSource


class Query(NamedTuple):
    """Where AWS's price list has a price: a service, and a type of use without the region's prefix."""

    service: str
    usage: str


_LAMBDA: Final = "AWSLambda"
_CLOUDWATCH: Final = "AmazonCloudWatch"
#: Where the price of each key is found; the others are kept as they are.
QUERIES: Final[Mapping[str, Query]] = {
    "lambda_duration.x86_64": Query(_LAMBDA, "Lambda-GB-Second"),
    "lambda_duration.arm64": Query(_LAMBDA, "Lambda-GB-Second-ARM"),
    "lambda_request": Query(_LAMBDA, "Request"),
    "api_request": Query("AmazonApiGateway", "ApiGatewayRequest"),
    "express_request": Query("AmazonStates", "StepFunctions-Request"),
    "express_duration": Query("AmazonStates", "StepFunctions-GB-Second"),
    "schedule": Query("AWSEvents", "ScheduledInvocation"),
    "email": Query("AmazonSES", "Recipients"),
    "log_bytes": Query(_CLOUDWATCH, "DataProcessing-Bytes"),
    "xray_trace": Query("AWSXRay", "XRay-TracesStored"),
    "log_storage.gb_month": Query(_CLOUDWATCH, "TimedStorage-ByteHrs"),
    "alarm.month": Query(_CLOUDWATCH, "CW:AlarmMonitorUsage"),
    "metric.month": Query(_CLOUDWATCH, "CW:MetricMonitorUsage"),
    "secret.month": Query("AWSSecretsManager", "AWSSecretsManager-Secrets"),
    "opensearch.t3.small.search.hour": Query("AmazonES", "ESInstance:t3.small"),
    "ebs.gp3.gib_month": Query("AmazonES", "ES:GP3-Storage"),
    "nat.hour": Query("AmazonEC2", "NatGateway-Hours"),
    "nat.gib": Query("AmazonEC2", "NatGateway-Bytes"),
}


class Refreshed(NamedTuple):
    """A price list of today, and the prices of the old one that AWS did not confirm, with the reason."""

    prices: PriceList
    kept: Mapping[str, str]


def refresh(old: PriceList, source: PriceSource, today: date) -> Refreshed:
    """Ask AWS for each price of a list.

    A price that AWS's list does not have, or has several times, stays with its date and source.

    Raises
    ------
    DependencyUnavailable
        If AWS does not answer.
    """
    prices: dict[str, Price] = {}
    kept: dict[str, str] = {}
    for key, price in old.prices.items():
        prices[key] = price
        query = QUERIES.get(key)
        if query is None:
            kept[key] = "no query is known for it"
            continue
        try:
            quote = source.price(query.service, old.region, query.usage)
        except PriceNotFound as error:
            kept[key] = str(error)
            continue
        prices[key] = price._replace(
            amount=quote.amount,
            currency=quote.currency,
            tier=quote.tier,
            source=quote.source,
            dated=quote.dated,
        )
    return Refreshed(PriceList(old.region, _version(old.version, today), prices), kept)


def _version(old: str, today: date) -> str:
    """Give the version of today; with a number if there is one of today already."""
    day, _, number = old.partition(".")
    return f"{today}.{int(number or 0) + 1}" if day == str(today) else str(today)
