"""Adapters on Redis."""

from shop.adapters.redis.carts import RedisCartStore
from shop.adapters.redis.catalog_cache import RedisCatalogCache
from shop.adapters.redis.connection import RedisClient, make_client
from shop.adapters.redis.invalidations import RedisInvalidations
from shop.adapters.redis.sessions import RedisSessionStore
from shop.adapters.redis.throttles import RedisLoginThrottle, RedisSignUpThrottle
from shop.bootstrap import Settings, part
from shop.services.cart.ports import CartStore
from shop.services.catalog.ports import CatalogCache
from shop.services.identity.ports import LoginThrottle, SessionStore, SignUpThrottle


def _close(client: RedisClient) -> None:
    client.close()


@part(close=_close)
def redis(settings: Settings) -> RedisClient:
    """The connection to Redis."""
    return make_client(settings.redis_url)


@part(close=RedisInvalidations.close)
def invalidations(settings: Settings) -> RedisInvalidations:
    """The connection on which Redis reports changed keys."""
    return RedisInvalidations(settings.redis_url, RedisCatalogCache.TRACKED)


@part
def sessions(settings: Settings) -> SessionStore:
    """Sessions and their rate limits."""
    return RedisSessionStore(redis(), settings.rate_limit_per_second, settings.rate_limit_burst)


@part
def login_throttle(_settings: Settings) -> LoginThrottle:
    """The throttle of logins."""
    return RedisLoginThrottle(redis())


@part
def sign_up_throttle(settings: Settings) -> SignUpThrottle:
    """The throttle of sign-ups."""
    return RedisSignUpThrottle(redis(), settings.sign_ups_per_hour)


@part
def carts(_settings: Settings) -> CartStore:
    """Carts, and the lists of new and idle ones."""
    return RedisCartStore(redis())


@part
def catalog_cache(_settings: Settings) -> CatalogCache:
    """Cached answers of the catalog, in this process and in Redis."""
    return RedisCatalogCache(redis(), invalidations())
