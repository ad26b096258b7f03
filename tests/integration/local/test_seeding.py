"""What `make up` does to the catalog's caches."""

from pathlib import Path

import pytest

from shop.adapters.redis.catalog_cache import RedisCatalogCache
from shop.adapters.redis.connection import make_client
from shop.services.catalog.caching import CacheKey
from shop_local import stack
from shop_local.paths import State
from tests.support.stock import query

_KEY = CacheKey("products:list:x")


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "write", lambda *_: 0)


def test_changes_by_the_seed_are_seen_at_once(database: str, redis: str, tmp_path: Path) -> None:
    values = {
        "SHOP_DATABASE_URL": database,
        "SHOP_IMAGES_URL": "http://images.example",
        "SHOP_REDIS_URL": redis,
    }
    client = make_client(redis)
    cache = RedisCatalogCache(client)
    state = State(tmp_path)
    cache.fetch(_KEY, lambda: "empty")
    assert "1000 products" in stack.seed(state, values)
    assert not cache.fetch(_KEY, lambda: "seeded").hit

    assert "0 products" in stack.seed(state, values)
    assert cache.fetch(_KEY, lambda: "again").hit

    query(database, "UPDATE products SET name = 'x' WHERE id = (SELECT id FROM products LIMIT 1)")
    assert "1 products" in stack.seed(state, values)
    assert not cache.fetch(_KEY, lambda: "repaired").hit
    client.close()

    query(database, "UPDATE products SET name = 'x' WHERE id = (SELECT id FROM products LIMIT 1)")
    assert "Redis is unavailable" in stack.seed(
        state, values | {"SHOP_REDIS_URL": "redis://127.0.0.1:1"}
    )
