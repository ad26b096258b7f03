"""Which parameters of a search are refused, and how they are named."""

from typing import Any

import pytest

from tests.support.gateway import Gateway
from tests.support.search import search_products


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ("{", "filters"),
        ("", "filters"),
        ("null", "filters"),
        ("[]", "filters"),
        ("nonsense", "filters"),
        ('{"brand": "\\u0000"}', "filters"),
        ("[" * 5_000, "filters"),
        ('{"colour": "red"}', "filters.colour"),
        ('{"price": {"from": 1}}', "filters.price.from"),
        ('{"price": 5}', "filters.price"),
        ('{"price": {"gte": "much"}}', "filters.price.gte"),
        ('{"price": {"gte": "500"}}', "filters.price.gte"),
        ('{"price": {"gte": -1}}', "filters.price.gte"),
        ('{"price": {"gte": 1e400}}', "filters.price.gte"),
        ('{"price": {"gte": 1e9999999999999999999999}}', "filters.price.gte"),
        ('{"price": {"lte": 1000000}}', "filters.price.lte"),
        ('{"price": {"lte": 0.001}}', "filters.price.lte"),
        ('{"price": {"gte": 10, "lte": 9.99}}', "filters.price.gte"),
        ('{"in_stock": "yes"}', "filters.in_stock"),
        ('{"brand": 7}', "filters.brand"),
        ('{"brand": []}', "filters.brand"),
        ('{"brand": [""]}', "filters.brand[0]"),
        ('{"tags": [["a"]]}', "filters.tags[0]"),
        ('{"category": null, "tags": {}}', "filters.tags"),
    ],
)
def test_wrong_filters_are_named(shop: Gateway, filters: str, field: str) -> None:
    answer = search_products(shop, "laptop", filters=filters)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [field]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"page": 0}, "page"),
        ({"page": 10_001}, "page"),
        ({"page": 101, "per_page": 100}, "page"),
        ({"per_page": 101}, "per_page"),
        ({"sort": "best"}, "sort"),
        ({"q": "x" * 201}, "q"),
        ({"query": "laptop"}, "query"),
    ],
)
def test_wrong_parameters_are_named(shop: Gateway, query: dict[str, Any], field: str) -> None:
    answer = search_products(shop, **query)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_the_deepest_page(shop: Gateway) -> None:
    answer = search_products(shop, page=100, per_page=100)
    assert (answer.status, answer.json["results"]) == (200, [])


@pytest.mark.parametrize("query", ["", "?q=", "?q=a&limit=0", "?q=a&limit=21", f"?q={'a' * 101}"])
def test_wrong_suggestions(shop: Gateway, query: str) -> None:
    assert shop.get(f"/api/catalog/suggest{query}").code == "validation_failed"


@pytest.mark.parametrize("cursor", ["x", "W10", "%%%", "A" * 500])
def test_a_malformed_cursor(shop: Gateway, cursor: str) -> None:
    answer = search_products(shop, "laptop", cursor=cursor)
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "cursor")


def test_a_cursor_of_another_search(shop: Gateway) -> None:
    cursor = search_products(shop, "laptop", per_page=1).json["next_cursor"]
    for text, more in (("laptops", {}), ("laptop", {"sort": "newest"})):
        answer = search_products(shop, text, cursor=cursor, **more)
        assert (answer.status, answer.json["errors"][0]["field"]) == (400, "cursor")
    answer = search_products(shop, "laptop", cursor=cursor, page=2)
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "page")
