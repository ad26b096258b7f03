"""`make prices`, on answers in the documented format of GetProducts, trimmed to the fields that are read."""

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
from shop.services.finance.price_files import parse, write
from shop.services.finance.price_source import PriceNotFound, PriceSource, Query, Quote
from shop.services.finance.refresh import ELSEWHERE, QUERIES
from shop_local.paths import INFRASTRUCTURE
from tests.support.price_catalogue import PUBLISHED, Catalogue, entry

_TODAY = datetime.now(UTC).date()
_DURATION = Query("AWSLambda", "Lambda-GB-Second")
_REQUEST = Query("AWSLambda", "Request")


def _product(*tiers: tuple[str, str]) -> str:
    """Give a product of AWS's price list with tiers of (beginning, price)."""
    attributes = {"usagetype": "Lambda-GB-Second", "regionCode": "us-east-1"}
    description = "from {begin}: ${price} a GB-second"
    return entry("AWSLambda", attributes, tiers, description=description)


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
        quote = prices.price(_DURATION, "us-east-1")
    assert quote.amount == Decimal("0.0000166667")
    assert quote.dated == date(2026, 11, 20)
    assert quote.tier == "from 0: $0.0000166667 a GB-second"
    assert quote.source.startswith("https://pricing.us-east-1.amazonaws.com/")


def test_a_free_tier_is_not_the_price() -> None:
    product = _product(("0", "0.0000000000"), ("14000000", "0.0000010000"))
    with _answers(("Lambda-GB-Second", [product])) as prices:
        assert prices.price(_DURATION, "us-east-1").amount == Decimal("0.000001")


def test_newer_services_prefix_the_region() -> None:
    answers: list[tuple[str, list[str]]] = [
        ("Request", []),
        ("USE1-Request", [_product(("0", "0.2"))]),
    ]
    with _answers(*answers) as prices:
        assert prices.price(_REQUEST, "us-east-1").amount == Decimal("0.2")


@pytest.mark.parametrize(
    "products", [[], [_product(("0", "0.1")), _product(("0", "0.2"))], [_product(("0", "0.0"))]]
)
def test_no_price_or_several_is_an_error(products: list[str]) -> None:
    more: list[tuple[str, list[str]]] = [] if len(products) == 2 else [("USE1-Request", [])]
    with (
        _answers(("Request", products), *more) as prices,
        pytest.raises(PriceNotFound, match="Request"),
    ):
        prices.price(_REQUEST, "us-east-1")


class _Source(PriceSource):
    """Quotes ten times nothing in particular for all but the types of use it does not know."""

    def __init__(self, *unknown: str) -> None:
        self._unknown = unknown

    def price(self, query: Query, region: str) -> Quote:
        if query.usage in self._unknown:
            raise PriceNotFound(f"{query.service} has no price of {query.usage} in {region}")
        source = f"https://pricing.us-east-1.amazonaws.com/{query.service}"
        return Quote(Decimal("0.25"), "USD", "all", source, date(2026, 11, 20))


class _Offline(PriceSource):
    def price(self, query: Query, region: str) -> Quote:
        raise DependencyUnavailable("the AWS Price List API", "Could not connect")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shipped = parse((INFRASTRUCTURE / "pricing/us-east-1.json").read_bytes())
    (tmp_path / "us-east-1.json").write_bytes(write(shipped._replace(version="2026-06-30")))
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
        AwsPriceList(Client()).price(_REQUEST, "us-east-1")


def test_a_new_region_needs_every_price(folder: Path) -> None:
    with pytest.raises(NotRefreshed, match=r"eu-central-1 lacks prices: .*lambda_request"):
        refresh_file(folder, "eu-central-1", _Source("Request"))
    assert not (folder / "eu-central-1.json").exists()


def test_every_price_of_aws_has_a_query_and_every_query_a_price() -> None:
    prices = parse((INFRASTRUCTURE / "pricing/us-east-1.json").read_bytes())
    assert set(QUERIES) == set(prices.prices) - set(ELSEWHERE)


def test_every_query_finds_its_price_among_its_neighbours(folder: Path) -> None:
    path = folder / "us-east-1.json"
    before = parse(path.read_bytes())
    said = refresh_file(folder, "us-east-1", AwsPriceList(Catalogue()))
    after = parse(path.read_bytes())
    published = datetime.fromisoformat(PUBLISHED).date()
    for key in QUERIES:
        price = after.prices[key]
        assert price.amount == before.prices[key].amount, key
        assert (price.confirmed, price.dated) == (True, published), key
    assert said == [f"kept {key}: it is {whose}" for key, whose in ELSEWHERE.items()]


def test_the_shipped_prices_claim_no_confirmation_that_there_was_not() -> None:
    prices = parse((INFRASTRUCTURE / "pricing/us-east-1.json").read_bytes())
    assert [key for key, price in prices.prices.items() if price.confirmed] == []


def test_a_query_names_the_region_as_the_service_does() -> None:
    source = AwsPriceList(Catalogue())
    assert source.price(QUERIES["kms.key.month"], "us-east-1").amount == 1
    # In no region: the product has no code of one.
    assert source.price(QUERIES["dashboard.month"], "eu-west-1").amount == 3
    with pytest.raises(PriceNotFound, match=r"no price of \{region\}-KMS-Keys in eu-west-1"):
        source.price(QUERIES["kms.key.month"], "eu-west-1")
    with pytest.raises(PriceNotFound, match="prefix of ap-south-1"):
        source.price(QUERIES["nat.hour"], "ap-south-1")


def test_a_query_that_is_too_broad_is_refused() -> None:
    broad = QUERIES["rds.postgres.db.t4g.small.hour"]._replace(attributes={})
    with pytest.raises(PriceNotFound, match=r"several prices of InstanceUsage:db\.t4g\.small"):
        AwsPriceList(Catalogue()).price(broad, "us-east-1")


def test_a_price_that_the_list_lacks_stays_and_is_named(folder: Path) -> None:
    said = refresh_file(folder, "us-east-1", AwsPriceList(Catalogue("USE1-RuleV2")))
    assert said[0] == "kept waf.rule.month: awswaf has no price of RuleV2 in us-east-1"
    kept = parse((folder / "us-east-1.json").read_bytes()).prices["waf.rule.month"]
    assert (kept.amount, kept.confirmed) == (Decimal("1.00"), False)
