"""Sessions, and the throttles of what needs none."""

from shop.adapters.redis.sessions import RedisSessionStore
from shop.adapters.redis.throttles import (
    RedisGuestThrottle,
    RedisLinkThrottle,
    RedisLoginThrottle,
    RedisSignUpThrottle,
)
from shop.bootstrap import Settings, part
from shop.bootstrap.redis import redis
from shop.services.identity.ports import (
    GuestThrottle,
    LinkThrottle,
    LoginThrottle,
    SessionStore,
    SignUpThrottle,
)


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
def guest_throttle(settings: Settings) -> GuestThrottle:
    """The throttle of guest sessions."""
    return RedisGuestThrottle(redis(), settings.guest_sessions_per_hour)


@part
def link_throttle(_settings: Settings) -> LinkThrottle:
    """The throttle of links by e-mail."""
    return RedisLinkThrottle(redis())
