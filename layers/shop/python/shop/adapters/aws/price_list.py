"""AWS's Price List Query API."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple, override

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shop.domain.errors import DependencyUnavailable
from shop.services.finance.ports import PriceNotFound, PriceSource, Quote

#: Region of the API, which has the prices of all regions.
_ENDPOINT_REGION: Final = "us-east-1"
#: Prefix of the usage types of a region; us-east-1 has one for newer services only.
_PREFIXES: Final = {
    "us-east-1": ("", "USE1-"),
    "us-east-2": ("USE2-",),
    "us-west-2": ("USW2-",),
    "eu-west-1": ("EU-", "EUW1-"),
    "eu-central-1": ("EUC1-",),
}


class _Tier(NamedTuple):
    begins_at: Decimal
    quote: Quote


def pricing_client() -> Any:
    """Make the client."""
    return boto3.client(
        "pricing",
        region_name=_ENDPOINT_REGION,
        config=Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard"}),
    )


class AwsPriceList(PriceSource):
    """AWS's price list, read by GetProducts.

    Parameters
    ----------
    client : boto3 client, optional
        `pricing_client` by default.
    """

    def __init__(self, client: Any = None) -> None:
        self._client = client or pricing_client()

    @override
    def price(self, service: str, region: str, usage: str) -> Quote:
        if region not in _PREFIXES:
            raise PriceNotFound(f"the prefix of {region} is not known")
        for prefix in _PREFIXES[region]:
            products = self._products(service, region, prefix + usage)
            tiers = sorted(tier for product in products for tier in _tiers(service, product))
            billed = [tier for tier in tiers if tier.quote.amount > 0]
            if not billed:
                continue
            first = [tier for tier in billed if tier.begins_at == billed[0].begins_at]
            if len({tier.quote.amount for tier in first}) > 1:
                raise PriceNotFound(f"{service} has several prices of {prefix}{usage}")
            return first[0].quote
        raise PriceNotFound(f"{service} has no price of {usage} in {region}")

    def _products(self, service: str, region: str, usage: str) -> list[dict[str, Any]]:
        filters = [
            {"Type": "TERM_MATCH", "Field": field, "Value": value}
            for field, value in (("regionCode", region), ("usagetype", usage))
        ]
        try:
            pages = self._client.get_paginator("get_products").paginate(
                ServiceCode=service, Filters=filters, FormatVersion="aws_v1"
            )
            return [json.loads(product) for page in pages for product in page["PriceList"]]
        except (BotoCoreError, ClientError) as error:
            raise DependencyUnavailable("the AWS Price List API", str(error)) from error


def _tiers(service: str, product: dict[str, Any]) -> Iterator[_Tier]:
    published = datetime.fromisoformat(product["publicationDate"]).date()
    source = (
        f"https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{service}/{product['version']}"
    )
    for term in product["terms"].get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            ((currency, amount),) = dimension["pricePerUnit"].items()
            tier = dimension["description"]
            quote = Quote(Decimal(amount).normalize(), currency, tier, source, published)
            yield _Tier(Decimal(dimension["beginRange"]), quote)
