"""GET /api/catalog/search and /api/catalog/suggest."""

import json
import re

import pytest

from shop_local.paths import CHECKOUT
from tests.support.builders import add_product
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway
from tests.support.products import change
from tests.support.round_trips import round_trips
from tests.support.search import PRODUCTS, SEARCH, add_catalog, product_id, search_products
from tests.support.wire import counting

#: No server listens there.
_NOBODY = "http://127.0.0.1:1"


def test_the_whole_answer(shop: Gateway) -> None:
    answer = search_products(shop, "stolen laptop detective")
    assert answer.status == 200
    assert '"price":12.99,' in answer.text
    first = answer.json["results"][0]
    assert first == {
        "id": str(product_id("The Winter Ferry: A Crime Novel")),
        "name": "The Winter Ferry: A Crime Novel",
        "description": "A detective follows a stolen laptop.",
        "brand": "Owlbear Press",
        "price": 12.99,
        "currency": "USD",
        "stock": 30,
        "image_url": None,
        "category": "novels",
        "highlights": {
            "description": "<em>detective</em> follows a <em>stolen</em> <em>laptop</em>"
        },
    }
    assert answer.json | {"results": [], "total": 0, "facets": {}} == {
        "results": [], "total": 0, "page": 1, "per_page": 20, "facets": {},
        "engine": "postgresql", "degraded": False, "did_you_mean": None,
        "next_cursor": None,
    }  # fmt: skip
    assert set(answer.json["facets"]) == {"brands", "price_ranges", "categories"}
    assert list(answer.json["facets"]["price_ranges"]) == ["0-500", "500-1000", "1000+"]


def test_everything_without_words(shop: Gateway) -> None:
    answer = search_products(shop)
    assert answer.json["total"] == len(PRODUCTS)
    assert answer.json["results"][0]["name"] == PRODUCTS[0][0]


def test_filters_of_every_kind(shop: Gateway) -> None:
    filters = {
        "brand": ["Nordvik", "Calderon"], "category": "electronics", "in_stock": True,
        "price": {"gte": 99, "lte": 899.00}, "tags": "travel",
    }  # fmt: skip
    names = [found["name"] for found in search_products(shop, filters=filters).json["results"]]
    assert names == ["Aero 13 Laptop, Silver", "Travel Dock"]


def test_markup_of_highlights_is_safe(shop: Gateway) -> None:
    found = search_products(shop, "essay").json["results"][0]
    assert found["highlights"]["name"] == "&lt;b&gt;Bold&lt;/b&gt; &amp; Co: An <em>Essay</em>"
    assert "<script>" not in found["highlights"]["description"]


def test_did_you_mean(shop: Gateway) -> None:
    assert search_products(shop, "headfonez").json["did_you_mean"] == "headphones"


def test_the_cache_answers_again(shop: Gateway, container: Container) -> None:
    first = search_products(shop, "laptop", filters={"brand": ["Nordvik", "Calderon"]})
    with round_trips(container.settings.redis_url) as trips, counting(container.database) as sent:
        second = search_products(shop, " laptop ", filters={"brand": ["Calderon", "Nordvik"]})
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("miss", "hit")
    assert second.text == first.text
    assert sent.round_trips == 0
    assert trips.count == 1
    lifetimes = {container.redis.pttl(key) for key in container.redis.keys("products:search:*")}
    assert all(30_000 - 2_000 < lifetime <= 36_000 for lifetime in lifetimes)


def test_a_search_is_two_statements(shop: Gateway, container: Container) -> None:
    with counting(container.database) as sent:
        search_products(shop, "black labtop")
    assert (len(sent.statements), sent.control) == (2, [])


def test_a_change_empties_the_cache(shop: Gateway, container: Container) -> None:
    assert search_products(shop, "laptop").json["total"] == 5
    change(container.database, product_id("Aero 13 Laptop, Silver"), is_active=False)
    container.catalog_cache.invalidate()
    answer = search_products(shop, "laptop")
    assert (answer.headers["x-cache"], answer.json["total"]) == ("miss", 4)


def test_the_same_answer_is_not_sent_twice(shop: Gateway) -> None:
    etag = search_products(shop, "laptop").headers["etag"]
    answer = shop.get(f"{SEARCH}?q=laptop", headers={"If-None-Match": etag})
    assert (answer.status, answer.text) == (304, "")


def test_without_redis_searches_are_answered(database: str) -> None:
    with container_for(database, "redis://127.0.0.1:1") as made:
        add_catalog(made.database)
        answer = search_products(Gateway(made), "laptop")
        assert (answer.status, answer.json["total"]) == (200, 5)


def test_postgresql_stands_in_for_opensearch(database: str, redis: str) -> None:
    with container_for(database, redis, opensearch_url=_NOBODY) as made:
        add_catalog(made.database)
        gateway = Gateway(made)
        answer = search_products(gateway, "laptop")
        assert (answer.status, answer.json["total"]) == (200, 5)
        assert (answer.json["engine"], answer.json["degraded"]) == ("postgresql", True)
        suggested = gateway.get("/api/catalog/suggest?q=aer").json
        assert (suggested["engine"], suggested["degraded"]) == ("postgresql", True)


def test_suggestions(shop: Gateway) -> None:
    answer = shop.get("/api/catalog/suggest?q=puls&limit=1")
    assert answer.status == 200
    assert answer.json == {
        "suggestions": [
            {
                "id": str(product_id("Pulse Kids' Headphones, Rose")),
                "name": "Pulse Kids' Headphones, Rose",
                "brand": "Sonavel",
                "category": "phones",
            }
        ],
        "engine": "postgresql",
        "degraded": False,
    }
    assert shop.get("/api/catalog/suggest?q=puls&limit=1").headers["x-cache"] == "hit"


@pytest.mark.parametrize("function", ["search_products", "suggest_products"])
def test_sample_events(shop: Gateway, function: str) -> None:
    event = json.loads((CHECKOUT / f"events/catalog/{function}.json").read_text())
    answer = shop.invoke(f"catalog/{function}", event)
    assert answer["statusCode"] == 200


def test_a_walk(shop: Gateway) -> None:
    first = search_products(shop, "laptop", per_page=2).json
    walked, cursor = list(first["results"]), first["next_cursor"]
    while cursor:
        page = search_products(shop, "laptop", per_page=2, cursor=cursor).json
        assert (page["page"], page["total"]) == (None, first["total"])
        walked += page["results"]
        cursor = page["next_cursor"]
    ids = [product["id"] for product in walked]
    assert ids == [product["id"] for product in search_products(shop, "laptop").json["results"]]


def test_a_pasted_sku_finds_its_product(shop: Gateway, container: Container) -> None:
    """A30: a pasted SKU finds nothing (jetpack #18480)."""
    add_product(container.database, name="Anvil", sku="ACM-77-B")
    for typed in ("ACM-77-B", "acm-77-b", " acm77b ", "acm-77"):
        assert [p["name"] for p in search_products(shop, typed).json["results"]][:1] == ["Anvil"]
        suggested = shop.get("/api/catalog/suggest", query={"q": typed}).json["suggestions"]
        assert [p["name"] for p in suggested][:1] == ["Anvil"]


@pytest.mark.parametrize(
    ("currency", "prices", "ranges", "between", "finer"),
    [
        (
            "JPY",
            ("49999", "50000"),
            {"0-50000": 1, "50000-100000": 1, "100000+": 0},
            "50000",
            "0.5",
        ),
        (
            "KWD",
            ("499.999", "500.000"),
            {"0-500": 1, "500-1000": 1, "1000+": 0},
            "500.000",
            "0.0005",
        ),
    ],
)
def test_prices_are_shown_counted_and_filtered_in_the_shops_currency(
    database: str,
    redis: str,
    currency: str,
    prices: tuple[str, str],
    ranges: dict[str, int],
    between: str,
    finer: str,
) -> None:
    with container_for(database, redis, currency=currency) as made:
        for price in prices:
            minor = int(price.replace(".", ""))
            change(made.database, add_product(made.database, price_minor=minor), currency=currency)
        shop = Gateway(made)
        answer = search_products(shop, sort="price_asc")
        shown = re.findall(r'"price":([0-9.]+),"currency":"(\w+)"', answer.text)
        assert shown == [(price, currency) for price in prices]
        assert answer.json["facets"]["price_ranges"] == ranges
        assert list(answer.json["facets"]["price_ranges"]) == list(ranges)
        for bound, total in (("gte", 1), ("lte", 2)):
            filters = f'{{"price": {{"{bound}": {between}}}}}'
            assert search_products(shop, filters=filters).json["total"] == total
            refused = search_products(shop, filters=f'{{"price": {{"{bound}": {finer}}}}}')
            assert refused.json["errors"][0]["field"] == f"filters.price.{bound}"
