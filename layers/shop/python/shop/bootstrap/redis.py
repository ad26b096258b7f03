"""What is kept in Redis."""

from shop.adapters.redis.carts import RedisCartStore
from shop.adapters.redis.catalog_cache import RedisCatalogCache
from shop.adapters.redis.client import RedisClient
from shop.adapters.redis.invalidations import RedisInvalidations
from shop.adapters.redis.sessions import RedisLoginBrake, RedisSessionStore
from shop.adapters.redis.stock_locks import RedisStockLocks
from shop.bootstrap import Settings, part
from shop.services.cart.ports import CartStore
from shop.services.catalog.ports import CatalogCache
from shop.services.identity.ports import LoginBrake, SessionStore


@part(close=RedisClient.close)
def redis(settings: Settings) -> RedisClient:
    """The connection to Redis."""
    return RedisClient(settings.redis_url)


@part(close=RedisClient.close)
def invalidations(settings: Settings) -> RedisClient:
    """The connection on which Redis reports which keys were written."""
    return RedisClient(settings.redis_url)


@part
def sessions(settings: Settings) -> SessionStore:
    """Sessions and their rate limits."""
    return RedisSessionStore(redis(), settings.rate_limit_per_second, settings.rate_limit_burst)


@part
def login_brake(_settings: Settings) -> LoginBrake:
    """The limit on guessing passwords."""
    return RedisLoginBrake(redis())


@part
def carts(_settings: Settings) -> CartStore:
    """Carts, and which of them are new or abandoned."""
    return RedisCartStore(redis())


@part
def catalog_cache(_settings: Settings) -> CatalogCache:
    """Answers of the catalog, in this process and in Redis."""
    return RedisCatalogCache(redis(), RedisInvalidations(invalidations(), RedisCatalogCache.HEARD))


@part
def stock_locks(_settings: Settings) -> RedisStockLocks:
    """Locks that keep the queue for a hot product out of PostgreSQL."""
    return RedisStockLocks(redis())
