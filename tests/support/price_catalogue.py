"""Part of AWS's price list, answered as GetProducts answers.

The products have the attributes by which AWS's own list tells them apart, in the documented format
(https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html), trimmed to
what is read. Each of the shop's prices has neighbours that a query which is too broad would find as well.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

REGION = "us-east-1"
PUBLISHED = "2026-11-20T18:15:43Z"
VERSION = "20261120181543"


_NO_MORE: Final[Mapping[str, str]] = {}


def entry(
    service: str,
    attributes: Mapping[str, str],
    tiers: Iterable[tuple[str, str]],
    *,
    description: str = "${price} per unit of {usage}",
) -> str:
    """Write a product with tiers of (beginning, price) as an entry of ``PriceList``."""
    dimensions = {
        f"SKU.JRTCKXETXF.{number}": {
            "unit": "any",
            "beginRange": begin,
            "endRange": "Inf",
            "description": description.format(
                begin=begin, price=price, usage=attributes["usagetype"]
            ),
            "appliesTo": [],
            "rateCode": f"SKU.JRTCKXETXF.{number}",
            "pricePerUnit": {"USD": price},
        }
        for number, (begin, price) in enumerate(tiers)
    }
    term = {"sku": "SKU", "offerTermCode": "JRTCKXETXF", "priceDimensions": dimensions}
    return json.dumps(
        {
            "product": {"productFamily": "any", "attributes": attributes, "sku": "SKU"},
            "serviceCode": service,
            "terms": {"OnDemand": {"SKU.JRTCKXETXF": term}},
            "version": VERSION,
            "publicationDate": PUBLISHED,
        }
    )


class Product(NamedTuple):
    """A product: its service, type of use, price, and what else it is filtered by."""

    service: str
    usage: str
    price: str
    attributes: Mapping[str, str] = _NO_MORE
    region: str = REGION
    free: str = ""

    def document(self) -> str:
        """Write it as an entry of ``PriceList``."""
        tiers = (
            [("0", "0.0000000000"), (self.free, self.price)] if self.free else [("0", self.price)]
        )
        return entry(self.service, self.searchable(), tiers)

    def searchable(self) -> dict[str, str]:
        """Give all attributes by which it is found."""
        return {"regionCode": self.region, "usagetype": self.usage, **self.attributes}


_POSTGRES = {"databaseEngine": "PostgreSQL", "deploymentOption": "Single-AZ"}
_MYSQL = {"databaseEngine": "MySQL", "deploymentOption": "Single-AZ"}
_AURORA = {"databaseEngine": "Aurora PostgreSQL"}
_VALKEY, _REDIS = {"cacheEngine": "Valkey"}, {"cacheEngine": "Redis"}

PRODUCTS = (
    Product("AWSLambda", "Lambda-GB-Second", "0.0000166667"),
    Product("AWSLambda", "Lambda-GB-Second-ARM", "0.0000133334"),
    Product("AWSLambda", "Request", "0.0000002000"),
    Product("AmazonApiGateway", "USE1-ApiGatewayRequest", "0.0000035000"),
    Product("AmazonApiGateway", "USE1-ApiGatewayHttpRequest", "0.0000010000"),
    Product("AmazonStates", "USE1-StepFunctions-Request", "0.0000010000"),
    Product("AmazonStates", "USE1-StepFunctions-GB-Second", "0.0000166700"),
    Product("AWSEvents", "USE1-ScheduledInvocation", "0.0000010000", free="14000000"),
    Product("AmazonSES", "USE1-Recipients", "0.0001000000"),
    Product("AmazonCloudWatch", "USE1-DataProcessing-Bytes", "0.5000000000"),
    Product("AmazonCloudWatch", "USE1-TimedStorage-ByteHrs", "0.0300000000"),
    Product("AmazonCloudWatch", "CW:AlarmMonitorUsage", "0.1000000000", free="10"),
    Product("AmazonCloudWatch", "CW:HighResAlarmMonitorUsage", "0.3000000000"),
    Product("AmazonCloudWatch", "CW:MetricMonitorUsage", "0.3000000000", free="10"),
    Product("AmazonCloudWatch", "DashboardsUsageHour", "3.0000000000", {"location": "Any"}, ""),
    Product("AmazonCloudWatch", "DashboardsUsageHour-Basic", "3.0", {"location": "Any"}, "", "3"),
    Product("AWSXRay", "USE1-XRay-TracesStored", "0.0000050000", free="100000"),
    Product("AWSSecretsManager", "USE1-AWSSecretsManager-Secrets", "0.4000000000"),
    Product("AWSSecretsManager", "USE1-AWSSecretsManagerAPIRequest", "0.0000050000"),
    Product("awskms", "us-east-1-KMS-Keys", "1.0000000000"),
    Product("awskms", "us-east-1-KMS-Requests", "0.0000030000", free="20000"),
    Product("awskms", "us-east-1-KMS-Requests-Asymmetric", "0.0000150000"),
    Product("awswaf", "USE1-WebACLV2", "5.0000000000"),
    Product("awswaf", "USE1-ShieldProtected-WebACLV2", "4.0000000000"),
    Product("awswaf", "USE1-RuleV2", "1.0000000000"),
    Product("AmazonES", "ESInstance:t3.small", "0.0360000000"),
    Product("AmazonES", "ESInstance:m6g.large", "0.1280000000"),
    Product("AmazonES", "ES:GP3-Storage", "0.1220000000"),
    Product("AmazonMQ", "USE1-RabbitMQ-InstanceUsage:mq.t3.micro", "0.0270400000"),
    Product("AmazonMQ", "USE1-ActiveMQ-InstanceUsage:mq.t3.micro", "0.0300000000"),
    Product("AmazonMQ", "USE1-RabbitMQ-InstanceUsage:mq.m5.large", "0.2880000000"),
    Product("AmazonMQ", "USE1-RabbitMQ-3-InstanceUsage:mq.m5.large", "0.8640000000"),
    Product("AmazonRDS", "InstanceUsage:db.t4g.small", "0.0320000000", _POSTGRES),
    Product("AmazonRDS", "InstanceUsage:db.t4g.small", "0.0310000000", _MYSQL),
    Product("AmazonRDS", "InstanceUsage:db.t4g.medium", "0.0650000000", _POSTGRES),
    Product("AmazonRDS", "InstanceUsage:db.t4g.medium", "0.0730000000", _AURORA),
    Product("AmazonRDS", "RDS:GP3-Storage", "0.1150000000", _POSTGRES),
    Product("AmazonRDS", "RDS:GP3-Storage", "0.1160000000", _MYSQL),
    Product("AmazonRDS", "USE1-RDS:ProxyUsage", "0.0150000000", {"databaseEngine": "PostgreSQL"}),
    Product("AmazonRDS", "USE1-RDS:ProxyUsage", "0.0160000000", {"databaseEngine": "MySQL"}),
    Product("AmazonRDS", "USE1-RDS:Proxy-ASv2-Usage", "0.0150000000", _AURORA),
    Product("AmazonRDS", "Aurora:ServerlessV2Usage", "0.1200000000", _AURORA),
    Product("AmazonRDS", "Aurora:ServerlessV2Usage", "0.13", {"databaseEngine": "Aurora MySQL"}),
    Product("AmazonRDS", "Aurora:ServerlessV2IOOptimizedUsage", "0.1600000000", _AURORA),
    Product("AmazonElastiCache", "NodeUsage:cache.t4g.micro", "0.0128000000", _VALKEY),
    Product("AmazonElastiCache", "NodeUsage:cache.t4g.micro", "0.0160000000", _REDIS),
    Product("AmazonElastiCache", "NodeUsage:cache.t4g.medium", "0.0520000000", _VALKEY),
    Product("AmazonElastiCache", "NodeUsage:cache.t4g.medium", "0.0650000000", _REDIS),
    Product("AmazonElastiCache", "NodeUsage:cache.m7g.large", "0.1264000000", _VALKEY),
    Product("AmazonElastiCache", "NodeUsage:cache.m7g.large", "0.1580000000", _REDIS),
    Product("AmazonElastiCache", "CachedData:Valkey", "0.0840000000", _VALKEY),
    Product("AmazonEC2", "NatGateway-Hours", "0.0450000000"),
    Product("AmazonEC2", "NatGateway-Bytes", "0.0450000000"),
    Product("AmazonVPC", "USE1-PublicIPv4:InUseAddress", "0.0050000000"),
    Product("AmazonS3", "TimedStorage-ByteHrs", "0.0230000000", {"volumeType": "Standard"}),
    Product("AmazonS3", "TimedStorage-ByteHrs", "0.024", {"volumeType": "Reduced Redundancy"}),
    Product("AmazonCloudFront", "US-DataTransfer-Out-Bytes", "0.0850000000", region=""),
)  # fmt: skip


class Catalogue:
    """The client of the Price List Query API, over these products.

    Parameters
    ----------
    *without : str
        Types of use that the list lacks.
    """

    def __init__(self, *without: str) -> None:
        self._without = without

    def get_paginator(self, operation: str) -> "Catalogue":
        """Give the pages of an operation."""
        assert operation == "get_products"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        """Give the products that match, each on a page of its own."""
        assert set(request) == {"ServiceCode", "Filters", "FormatVersion"}
        assert request["FormatVersion"] == "aws_v1"
        assert {each["Type"] for each in request["Filters"]} == {"TERM_MATCH"}
        wanted = {each["Field"]: each["Value"] for each in request["Filters"]}
        for product in PRODUCTS:
            found = product.searchable()
            if (
                product.service == request["ServiceCode"]
                and product.usage not in self._without
                and all(found.get(field) == value for field, value in wanted.items())
            ):
                yield {"FormatVersion": "aws_v1", "PriceList": [product.document()]}
        yield {"FormatVersion": "aws_v1", "PriceList": []}
