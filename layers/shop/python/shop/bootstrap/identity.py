"""Sessions, and the throttles of logins and links by e-mail."""

from shop.adapters.redis.sessions import RedisSessionStore
from shop.adapters.redis.throttles import RedisLinkThrottle, RedisLoginThrottle
from shop.bootstrap import Settings, part
from shop.bootstrap.redis import redis
from shop.services.identity.ports import LinkThrottle, LoginThrottle, SessionStore


@part
def sessions(settings: Settings) -> SessionStore:
    """Sessions and their rate limits."""
    return RedisSessionStore(redis(), settings.rate_limit_per_second, settings.rate_limit_burst)


@part
def login_throttle(_settings: Settings) -> LoginThrottle:
    """The throttle of logins."""
    return RedisLoginThrottle(redis())


@part
def link_throttle(_settings: Settings) -> LinkThrottle:
    """The throttle of links by e-mail."""
    return RedisLinkThrottle(redis())
