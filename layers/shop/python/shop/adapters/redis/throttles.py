"""Throttles of what needs no session: logins, sign-ups, guest sessions, links by e-mail; in Redis.

Keys contain digests, so reading Redis reveals neither e-mail nor IP addresses. Windows are fixed: the first
attempt begins one, and a refused attempt does not extend it.
"""

import hashlib
import ipaddress
import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, override

from shop.adapters.redis.connection import RedisClient
from shop.domain.errors import TooManyRequests
from shop.services.identity.ports import (
    GuestThrottle,
    LinkThrottle,
    LoginThrottle,
    SignUpThrottle,
)

#: Counts an attempt in each of KEYS. If a key has reached its limit, counts nothing and returns the seconds
#: until the last such window ends. ARGV: whether KEYS ends with a marker that lifts the limit of the key
#: before it, and the window and limit of each key.
_COUNT: Final = """
local counters = #KEYS - tonumber(ARGV[1])
local exempt = counters < #KEYS and redis.call('EXISTS', KEYS[#KEYS]) == 1
local wait = 0
for i = 1, counters do
    local full = tonumber(redis.call('GET', KEYS[i]) or 0) >= tonumber(ARGV[1 + 2 * i])
    if full and not (exempt and i == counters) then
        wait = math.max(wait, redis.call('TTL', KEYS[i]), 1)
    end
end
if wait > 0 then return wait end
for i = 1, counters do
    if redis.call('INCR', KEYS[i]) == 1 then redis.call('EXPIRE', KEYS[i], ARGV[2 * i]) end
end
return 0
"""

#: Subtracts a success from the counters, resets the first, and sets the marker, which is the last of KEYS.
_SUCCEED: Final = """
redis.call('DEL', KEYS[1])
for i = 2, #KEYS - 1 do
    if tonumber(redis.call('GET', KEYS[i]) or 0) > 0 then redis.call('DECR', KEYS[i]) end
end
redis.call('SET', KEYS[#KEYS], '1', 'EX', ARGV[1])
"""

_REMEMBERED: Final = timedelta(days=30)


class RedisLoginThrottle(LoginThrottle):
    """Counts an attempt in one round trip; a success takes a second one.

    Parameters
    ----------
    redis : RedisClient
        The server.
    """

    WINDOW_SECONDS: Final = 15 * 60
    #: Limits of one source for one account, one source for all accounts, and all sources for one account.
    PAIR_LIMIT: Final = 10
    SOURCE_LIMIT: Final = 50
    ACCOUNT_LIMIT: Final = 100

    def __init__(self, redis: RedisClient) -> None:
        self._count = redis.register_script(_COUNT)
        self._succeed = redis.register_script(_SUCCEED)

    @override
    def count(self, email: str, source: str) -> None:
        windows = [
            (self.WINDOW_SECONDS, limit)
            for limit in (self.PAIR_LIMIT, self.SOURCE_LIMIT, self.ACCOUNT_LIMIT)
        ]
        _refuse(self._count(_login_keys(email, source), _arguments(windows, marked=True)))

    @override
    def succeed(self, email: str, source: str) -> None:
        self._succeed(_login_keys(email, source), [int(_REMEMBERED.total_seconds())])


class RedisSignUpThrottle(SignUpThrottle):
    """Counts an attempt in one round trip.

    Parameters
    ----------
    redis : RedisClient
        The server.
    limit : int
        Sign-ups that one source may send per hour.
    """

    WINDOW_SECONDS: Final = 60 * 60
    #: Attempts that are hashed for each sign-up of the limit: repetitions with an Idempotency-Key.
    ATTEMPTS: Final = 3

    def __init__(self, redis: RedisClient, limit: int) -> None:
        self._count = redis.register_script(_COUNT)
        self._limit = limit

    @override
    def admit(self, source: str) -> None:
        key = f"sign-ups:attempts:{_digest(_network(source))}"
        _refuse(
            self._count([key], _arguments([(self.WINDOW_SECONDS, self.ATTEMPTS * self._limit)]))
        )

    @override
    def count(self, source: str) -> None:
        key = f"sign-ups:source:{_digest(_network(source))}"
        _refuse(self._count([key], _arguments([(self.WINDOW_SECONDS, self._limit)])))


class RedisGuestThrottle(GuestThrottle):
    """Counts a guest session in one round trip.

    A session lives 24 hours, so the limit per day bounds how many one source can hold: twice the limit, if
    one window ends in between.

    Parameters
    ----------
    redis : RedisClient
        The server.
    limit : int
        Guest sessions that one source may open per hour.
    """

    HOUR_SECONDS: Final = 60 * 60
    DAY_SECONDS: Final = 24 * 60 * 60
    #: Hours of the full limit that make up the limit of a day.
    HOURS: Final = 8

    def __init__(self, redis: RedisClient, limit: int) -> None:
        self._count = redis.register_script(_COUNT)
        self._windows = [(self.HOUR_SECONDS, limit), (self.DAY_SECONDS, self.HOURS * limit)]

    @override
    def count(self, source: str) -> None:
        digest = _digest(_network(source))
        keys = [f"guests:hour:{digest}", f"guests:day:{digest}"]
        _refuse(self._count(keys, _arguments(self._windows)))


class RedisLinkThrottle(LinkThrottle):
    """Counts a request in one round trip.

    Parameters
    ----------
    redis : RedisClient
        The server.
    """

    WINDOW_SECONDS: Final = 60 * 60
    #: Limits of one source for one address, one source for all addresses, and all sources for one address.
    PAIR_LIMIT: Final = 5
    SOURCE_LIMIT: Final = 30
    ADDRESS_LIMIT: Final = 20

    def __init__(self, redis: RedisClient) -> None:
        self._count = redis.register_script(_COUNT)

    @override
    def count(self, email: str, source: str) -> None:
        network = _network(source)
        keys = [
            f"links:pair:{_digest(f'{email}\n{network}')}",
            f"links:source:{_digest(network)}",
            f"links:address:{_digest(email)}",
        ]
        windows = [
            (self.WINDOW_SECONDS, limit)
            for limit in (self.PAIR_LIMIT, self.SOURCE_LIMIT, self.ADDRESS_LIMIT)
        ]
        _refuse(self._count(keys, _arguments(windows)))


def _arguments(windows: Sequence[tuple[int, int]], *, marked: bool = False) -> list[int]:
    """Arrange the windows (seconds and limit) of the keys as the script expects them."""
    return [int(marked), *itertools.chain.from_iterable(windows)]


def _login_keys(email: str, source: str) -> list[str]:
    network = _network(source)
    pair = _digest(f"{email}\n{network}")
    return [
        f"logins:pair:{pair}",
        f"logins:source:{_digest(network)}",
        f"logins:account:{_digest(email)}",
        f"logins:known:{pair}",
    ]


def _refuse(wait_seconds: int) -> None:
    """Raise if the caller must wait.

    Raises
    ------
    TooManyRequests
    """
    if wait_seconds:
        raise TooManyRequests(wait_seconds)


def _network(source: str) -> str:
    """Return the network of one subscriber: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
