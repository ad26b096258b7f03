"""The cache of the catalog."""

from shop.adapters.redis.catalog_cache import RedisCatalogCache
from shop.adapters.redis.invalidations import RedisInvalidations
from shop.bootstrap import Settings, address, part
from shop.bootstrap.redis import redis
from shop.services.catalog.ports import CatalogCache


@part(close=RedisInvalidations.close)
def invalidations(settings: Settings) -> RedisInvalidations:
    """The connection on which Redis reports changed keys."""
    return RedisInvalidations(
        address("redis_url", settings.redis_url, settings.redis_secret),
        RedisCatalogCache.TRACKED,
    )


@part
def catalog_cache(_settings: Settings) -> CatalogCache:
    """Cached answers of the catalog, in this process and in Redis."""
    return RedisCatalogCache(redis(), invalidations())
