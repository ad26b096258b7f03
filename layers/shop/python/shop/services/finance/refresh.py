"""Refresh a price list from AWS's own."""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from shop.domain.costs import Price, PriceList
from shop.services.finance.price_source import PriceNotFound, PriceSource, Query

_LAMBDA: Final = "AWSLambda"
_CLOUDWATCH: Final = "AmazonCloudWatch"
_SECRETS: Final = "AWSSecretsManager"
_KEYS: Final = "awskms"
_RDS: Final = "AmazonRDS"
_AURORA: Final = {"databaseEngine": "Aurora PostgreSQL"}


def _database(usage: str) -> Query:
    return Query(_RDS, usage, {"databaseEngine": "PostgreSQL", "deploymentOption": "Single-AZ"})


def _broker(instance: str) -> Query:
    return Query("AmazonMQ", f"RabbitMQ-InstanceUsage:{instance}")


def _cache(node: str) -> Query:
    return Query("AmazonElastiCache", f"NodeUsage:{node}", {"cacheEngine": "Valkey"})


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
    "secret_request": Query(_SECRETS, "AWSSecretsManagerAPIRequest"),
    "kms_request": Query(_KEYS, "{region}-KMS-Requests"),
    "log_storage.gb_month": Query(_CLOUDWATCH, "TimedStorage-ByteHrs"),
    "alarm.month": Query(_CLOUDWATCH, "CW:AlarmMonitorUsage"),
    # Of more than 50 metrics: the same price as the others, without their free tier.
    "dashboard.month": Query(_CLOUDWATCH, "DashboardsUsageHour", worldwide=True),
    "metric.month": Query(_CLOUDWATCH, "CW:MetricMonitorUsage"),
    "secret.month": Query(_SECRETS, "AWSSecretsManager-Secrets"),
    "kms.key.month": Query(_KEYS, "{region}-KMS-Keys"),
    "waf.acl.month": Query("awswaf", "WebACLV2"),
    "waf.rule.month": Query("awswaf", "RuleV2"),
    "opensearch.t3.small.search.hour": Query("AmazonES", "ESInstance:t3.small"),
    "opensearch.m6g.large.search.hour": Query("AmazonES", "ESInstance:m6g.large"),
    "ebs.gp3.gib_month": Query("AmazonES", "ES:GP3-Storage"),
    "mq.rabbitmq.mq.t3.micro.hour": _broker("mq.t3.micro"),
    "mq.rabbitmq.mq.m5.large.hour": _broker("mq.m5.large"),
    "rds.postgres.db.t4g.small.hour": _database("InstanceUsage:db.t4g.small"),
    "rds.postgres.db.t4g.medium.hour": _database("InstanceUsage:db.t4g.medium"),
    "rds.gp3.gib_month": _database("RDS:GP3-Storage"),
    "rds_proxy.vcpu_hour": Query(_RDS, "RDS:ProxyUsage", {"databaseEngine": "PostgreSQL"}),
    "rds_proxy.acu_hour": Query(_RDS, "RDS:Proxy-ASv2-Usage", _AURORA),
    "aurora.serverless_v2.acu_hour": Query(_RDS, "Aurora:ServerlessV2Usage", _AURORA),
    "valkey.cache.t4g.micro.hour": _cache("cache.t4g.micro"),
    "valkey.cache.t4g.medium.hour": _cache("cache.t4g.medium"),
    "valkey.cache.m7g.large.hour": _cache("cache.m7g.large"),
    "valkey.serverless.gib_hour": Query("AmazonElastiCache", "CachedData:Valkey"),
    "nat.hour": Query("AmazonEC2", "NatGateway-Hours"),
    "nat.gib": Query("AmazonEC2", "NatGateway-Bytes"),
    "public_ipv4.hour": Query("AmazonVPC", "PublicIPv4:InUseAddress"),
    "s3.standard.gib_month": Query("AmazonS3", "TimedStorage-ByteHrs", {"volumeType": "Standard"}),
    "cloudfront.transfer.gib": Query(
        "AmazonCloudFront", "US-DataTransfer-Out-Bytes", worldwide=True
    ),
}
#: Prices that AWS does not make.
ELSEWHERE: Final[Mapping[str, str]] = {
    "stripe.card.rate": "Stripe's",
    "stripe.card.fixed": "Stripe's",
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
            kept[key] = (
                f"it is {ELSEWHERE[key]}" if key in ELSEWHERE else "no query is known for it"
            )
            continue
        try:
            quote = source.price(query, old.region)
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
