"""Cached answers of the catalog, with and without Redis and PostgreSQL."""

import time
from contextlib import ExitStack
from functools import partial

import pytest

from tests.support.at_once import at_once
from tests.support.builders import add_product
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway
from tests.support.products import change
from tests.support.round_trips import round_trips
from tests.support.wire import counting

_LIST = "/api/catalog/products"


@pytest.mark.parametrize("path", [_LIST, f"{_LIST}?category=phones", "/api/catalog/categories"])
def test_hit_and_not_modified(shop: Gateway, container: Container, path: str) -> None:
    add_product(container.database)
    miss, hit = shop.get(path), shop.get(path)
    known = shop.get(path, headers={"If-None-Match": f'"other", W/{hit.headers["etag"]}'})
    other = shop.get(path, headers={"If-None-Match": '"other"'})

    assert (miss.headers["x-cache"], hit.headers["x-cache"]) == ("miss", "hit")
    assert miss.text == hit.text
    assert (known.status, known.text, known.headers["etag"]) == (304, "", hit.headers["etag"])
    assert other.status == 200


def test_a_cached_list_costs_one_round_trip_and_no_statement(
    shop: Gateway, container: Container
) -> None:
    """vendure #4387, saleor #7004: queries by the row (anchor A10)."""
    for _ in range(30):
        add_product(container.database)
    with counting(container.database) as sent:
        shop.get(_LIST, query={"category": "electronics"})
    assert (len(sent.statements), sent.control) == (2, [])

    with round_trips(container.settings.redis_url) as trips, counting(container.database) as sent:
        assert shop.get(_LIST, query={"category": "electronics"}).headers["x-cache"] == "hit"
    assert sent.round_trips == 0
    assert trips.count == 1


def test_a_product_costs_one_statement_then_nothing(
    shop: Gateway, container: Container, database: str, redis: str
) -> None:
    product_id = add_product(container.database)
    with counting(container.database) as sent:
        shop.get(f"{_LIST}/{product_id}")
    assert (len(sent.statements), sent.control) == (1, [])

    with round_trips(redis) as trips, counting(container.database) as sent:
        for _ in range(3):
            assert shop.get(f"{_LIST}/{product_id}").headers["x-cache"] == "hit"
    assert sent.round_trips == 0
    # One statement, because the invalidation message of the process's own write drops its copy.
    assert trips.count == 1

    with container_for(database, redis) as other:
        other.redis.ping()
        other.invalidations.changed()
        with round_trips(redis) as trips, counting(other.database) as sent:
            assert Gateway(other).get(f"{_LIST}/{product_id}").headers["x-cache"] == "hit"
        assert sent.round_trips == 0
        assert trips.count == 1


def test_answers_live_five_minutes_in_redis(shop: Gateway, container: Container) -> None:
    shop.get(_LIST, query={"category": "phones", "page": 1})

    key = "products:list:category:phones:page:1:per_page:20:sort:newest"
    assert 295 <= container.redis.ttl(key) <= 360


def test_one_increment_invalidates_everything(shop: Gateway, container: Container) -> None:
    product_id = add_product(container.database, name="Old")
    shop.get(_LIST)
    change(container.database, product_id, name="New")
    assert [each["name"] for each in shop.get(_LIST).json["products"]] == ["Old"]
    container.redis.incr("products:version")

    assert [each["name"] for each in shop.get(_LIST).json["products"]] == ["New"]


def test_a_load_overtaken_by_a_change_is_not_served(
    shop: Gateway, container: Container, database: str, redis: str
) -> None:
    from shop.services.catalog.caching import CacheKey

    key = CacheKey("products:list:test")
    with container_for(database, redis) as other:

        def load_slowly() -> str:
            other.catalog_cache.invalidate()
            return "old"

        assert container.catalog_cache.fetch(key, load_slowly).text == "old"
        assert other.catalog_cache.fetch(key, lambda: "new").text == "new"


def test_one_of_many_loads(database: str, redis: str, container: Container) -> None:
    from shop.services.catalog.caching import CacheKey

    loads = []

    def load() -> str:
        loads.append(1)
        time.sleep(0.1)
        return "answer"

    with ExitStack() as stack:
        caches = [
            stack.enter_context(container_for(database, redis)).catalog_cache for _ in range(8)
        ]
        key = CacheKey("products:list:hot")
        found = at_once([partial(cache.fetch, key, load) for cache in caches])

    assert [each.text for each in found] == ["answer"] * 8
    assert len(loads) == 1


def test_requests_without_the_lock_do_not_wait_for_ever(container: Container) -> None:
    from shop.services.catalog.caching import CacheKey

    container.redis.set("lock:products:list:x", "somebody", px=60_000)
    started = time.monotonic()
    cached = container.catalog_cache.fetch(CacheKey("products:list:x"), lambda: "mine")

    assert (cached.text, cached.hit) == ("mine", False)
    assert time.monotonic() - started < 30  # the lock is held for a minute


def test_redis_is_unavailable(database: str, container: Container) -> None:
    product_id = add_product(container.database)
    with container_for(database, "redis://127.0.0.1:1") as alone:
        shop = Gateway(alone)
        for path in (_LIST, f"{_LIST}?category=phones", "/api/catalog/categories"):
            answer = shop.get(path)
            assert (answer.status, answer.headers["x-cache"]) == (200, "miss")
        assert shop.get(f"{_LIST}/{product_id}").status == 200


def test_postgresql_is_unavailable(shop: Gateway, container: Container, redis: str) -> None:
    add_product(container.database)
    shop.get(_LIST)
    with container_for("postgresql://shop@127.0.0.1:1/shop", redis) as alone:
        cached = Gateway(alone).get(_LIST)
        uncached = Gateway(alone).get(_LIST, query={"page": 2})

    assert cached.status == 200
    assert (uncached.status, uncached.code) == (503, "dependency_unavailable")
