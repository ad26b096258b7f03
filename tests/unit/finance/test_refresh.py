"""`make prices`, on recorded answers of GetProducts (trimmed to the fields that are read)."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from shop.adapters.aws.price_list import AwsPriceList
from shop.domain.errors import DependencyUnavailable
from shop.entrypoints.commands.prices import NotRefreshed, refresh_file
from shop.services.finance.ports import PriceNotFound, PriceSource, Quote
from shop.services.finance.price_files import parse
from shop.services.finance.refresh import QUERIES
from shop_local.paths import INFRASTRUCTURE

_TODAY = datetime.now(UTC).date()


def _product(*tiers: tuple[str, str]) -> str:
    """Give a product of AWS's price list with tiers of (beginning, price)."""
    dimensions = {
        f"SKU.JRTCKXETXF.{number}": {
            "unit": "Lambda-GB-Second",
            "beginRange": begin,
            "endRange": "Inf",
            "description": f"from {begin}: ${price} a GB-second",
            "appliesTo": [],
            "rateCode": f"SKU.JRTCKXETXF.{number}",
            "pricePerUnit": {"USD": price},
        }
        for number, (begin, price) in enumerate(tiers)
    }
    return json.dumps(
        {
            "product": {
                "productFamily": "Serverless",
                "attributes": {"usagetype": "Lambda-GB-Second", "regionCode": "us-east-1"},
                "sku": "SKU",
            },
            "serviceCode": "AWSLambda",
            "terms": {"OnDemand": {"SKU.JRTCKXETXF": {"priceDimensions": dimensions}}},
            "version": "20261120181543",
            "publicationDate": "2026-11-20T18:15:43Z",
        }
    )


@contextmanager
def _answers(*answers: tuple[str, list[str]]) -> Iterator[AwsPriceList]:
    """Give a price list whose calls, each for a type of use, are answered by these products."""
    client = boto3.client(
        "pricing", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s"
    )
    with Stubber(client) as stubber:
        for usage, products in answers:
            asked = {
                "ServiceCode": "AWSLambda",
                "FormatVersion": "aws_v1",
                "Filters": [
                    {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"},
                    {"Type": "TERM_MATCH", "Field": "usagetype", "Value": usage},
                ],
            }
            answer = {"FormatVersion": "aws_v1", "PriceList": products}
            stubber.add_response("get_products", answer, asked)
        yield AwsPriceList(client)
        stubber.assert_no_pending_responses()


def test_the_first_tier_is_the_price() -> None:
    product = _product(("6000000000", "0.0000150000"), ("0", "0.0000166667"))
    with _answers(("Lambda-GB-Second", [product])) as prices:
        quote = prices.price("AWSLambda", "us-east-1", "Lambda-GB-Second")
    assert quote.amount == Decimal("0.0000166667")
    assert quote.dated == date(2026, 11, 20)
    assert quote.tier == "from 0: $0.0000166667 a GB-second"
    assert quote.source.startswith("https://pricing.us-east-1.amazonaws.com/")


def test_a_free_tier_is_not_the_price() -> None:
    product = _product(("0", "0.0000000000"), ("14000000", "0.0000010000"))
    with _answers(("Lambda-GB-Second", [product])) as prices:
        assert prices.price("AWSLambda", "us-east-1", "Lambda-GB-Second").amount == Decimal(
            "0.000001"
        )


def test_newer_services_prefix_the_region() -> None:
    answers: list[tuple[str, list[str]]] = [
        ("Request", []),
        ("USE1-Request", [_product(("0", "0.2"))]),
    ]
    with _answers(*answers) as prices:
        assert prices.price("AWSLambda", "us-east-1", "Request").amount == Decimal("0.2")


@pytest.mark.parametrize(
    "products", [[], [_product(("0", "0.1")), _product(("0", "0.2"))], [_product(("0", "0.0"))]]
)
def test_no_price_or_several_is_an_error(products: list[str]) -> None:
    more: list[tuple[str, list[str]]] = [] if len(products) == 2 else [("USE1-Request", [])]
    with (
        _answers(("Request", products), *more) as prices,
        pytest.raises(PriceNotFound, match="Request"),
    ):
        prices.price("AWSLambda", "us-east-1", "Request")


class _Source(PriceSource):
    """Quotes ten times nothing in particular for all but the types of use it does not know."""

    def __init__(self, *unknown: str) -> None:
        self._unknown = unknown

    def price(self, service: str, region: str, usage: str) -> Quote:
        if usage in self._unknown:
            raise PriceNotFound(f"{service} has no price of {usage} in {region}")
        source = f"https://pricing.us-east-1.amazonaws.com/{service}"
        return Quote(Decimal("0.25"), "USD", "all", source, date(2026, 11, 20))


class _Offline(PriceSource):
    def price(self, service: str, region: str, usage: str) -> Quote:
        raise DependencyUnavailable("the AWS Price List API", "Could not connect")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(INFRASTRUCTURE / "pricing/us-east-1.json", tmp_path)
    return tmp_path


def test_a_file_is_refreshed_and_what_was_not_confirmed_keeps_its_date(folder: Path) -> None:
    path = folder / "us-east-1.json"
    before = parse(path.read_bytes())
    lines = refresh_file(folder, "us-east-1", _Source("Request"))
    after = parse(path.read_bytes())
    assert after.version == str(_TODAY)
    assert list(after.prices) == list(before.prices)
    assert after.prices["api_request"].amount == Decimal("0.25")
    assert after.prices["api_request"].dated == date(2026, 11, 20)
    assert after.prices["lambda_request"] == before.prices["lambda_request"]
    assert "api_request: 0.0000035 -> 0.25 USD a request" in lines
    assert "kept lambda_request: AWSLambda has no price of Request in us-east-1" in lines
    refresh_file(folder, "us-east-1", _Source())
    assert parse(path.read_bytes()).version == f"{_TODAY}.1"


def test_offline_says_so_and_changes_nothing(folder: Path) -> None:
    before = (folder / "us-east-1.json").read_bytes()
    with pytest.raises(NotRefreshed, match=r"AWS cannot be asked, .*stays as it is"):
        refresh_file(folder, "us-east-1", _Offline())
    assert (folder / "us-east-1.json").read_bytes() == before


def test_a_connection_that_fails_is_an_unavailable_dependency() -> None:
    class Client:
        def get_paginator(self, _name: str) -> Any:
            raise EndpointConnectionError(endpoint_url="https://api.pricing")

    with pytest.raises(DependencyUnavailable, match="endpoint URL"):
        AwsPriceList(Client()).price("AWSLambda", "us-east-1", "Request")


def test_a_new_region_needs_every_price(folder: Path) -> None:
    with pytest.raises(NotRefreshed, match=r"eu-central-1 lacks prices: .*lambda_request"):
        refresh_file(folder, "eu-central-1", _Source("Request"))
    assert not (folder / "eu-central-1.json").exists()


def test_queries_are_for_prices_that_exist() -> None:
    prices = parse((INFRASTRUCTURE / "pricing/us-east-1.json").read_bytes())
    assert set(QUERIES) <= set(prices.prices)
