"""The throttle of sign-ups."""

from shop.adapters.redis.throttles import RedisSignUpThrottle
from shop.bootstrap import Settings, part
from shop.bootstrap.redis import redis
from shop.services.identity.ports import SignUpThrottle


@part
def sign_up_throttle(settings: Settings) -> SignUpThrottle:
    """The throttle of sign-ups."""
    return RedisSignUpThrottle(redis(), settings.sign_ups_per_hour)
