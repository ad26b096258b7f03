"""The throttle of guest sessions."""

from shop.adapters.redis.throttles import RedisGuestThrottle
from shop.bootstrap import Settings, part
from shop.bootstrap.redis import redis
from shop.services.identity.ports import GuestThrottle


@part
def guest_throttle(settings: Settings) -> GuestThrottle:
    """The throttle of guest sessions."""
    return RedisGuestThrottle(redis(), settings.guest_sessions_per_hour)
