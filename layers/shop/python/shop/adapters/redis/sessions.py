"""Sessions and their rate limits, in Redis."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final, override
from uuid import UUID

import msgspec

from shop.adapters.redis.connection import RedisClient
from shop.domain.errors import TooManyRequests, Unauthenticated
from shop.domain.sessions import Role, Session
from shop.services.identity.ports import SessionStore

_LIFETIME: Final = timedelta(hours=24)
_TOKEN_BYTES: Final = 32

#: Finds a session and takes a token from its bucket. Returns the session (false if there is none) and, if the
#: bucket is empty, the milliseconds until the next token.
_AUTHENTICATE: Final = """
local session = redis.call('GET', KEYS[1])
if not session then return {false, 0} end
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local bucket = redis.call('HMGET', KEYS[2], 'tokens', 'at')
local tokens = tonumber(bucket[1]) or burst
tokens = math.min(burst, tokens + math.max(0, now - (tonumber(bucket[2]) or now)) * rate / 1000)
local wait = 0
if tokens >= 1 then
    tokens = tokens - 1
else
    wait = math.ceil((1 - tokens) * 1000 / rate)
end
redis.call('HSET', KEYS[2], 'tokens', tostring(tokens), 'at', now)
redis.call('PEXPIRE', KEYS[2], math.ceil(burst / rate * 1000) + 1000)
return {session, wait}
"""


class _Record(msgspec.Struct, frozen=True):
    user_id: UUID
    role: Role
    email: str | None


class RedisSessionStore(SessionStore):
    """Each session is a string under ``session:{sha256 of the token}``, so reading Redis yields no token.

    Parameters
    ----------
    redis : RedisClient
        The server.
    rate_per_second, burst : int
        Token bucket of one session: refill rate and capacity.
    """

    def __init__(self, redis: RedisClient, rate_per_second: int, burst: int) -> None:
        self._redis = redis
        self._authenticate = redis.register_script(_AUTHENTICATE)
        self._rate = rate_per_second
        self._burst = burst

    @override
    def authenticate(self, token: str) -> Session:
        digest = _digest(token)
        keys = [f"session:{digest}", f"rate:{digest}"]
        stored, wait_ms = self._authenticate(keys, [self._rate, self._burst])
        if stored is None:
            raise Unauthenticated(
                "The session has ended; POST /api/sessions gives another.", code="session_expired"
            )
        if wait_ms:
            raise TooManyRequests(-(-wait_ms // 1000))
        record = msgspec.json.decode(stored, type=_Record)
        return Session(record.user_id, record.role, record.email)

    @override
    def open(self, session: Session) -> tuple[str, datetime]:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        record = msgspec.json.encode(_Record(session.user_id, session.role, session.email))
        expires_at = (datetime.now(UTC) + _LIFETIME).replace(microsecond=0)
        self._redis.set(f"session:{_digest(token)}", record, exat=int(expires_at.timestamp()))
        return token, expires_at

    @override
    def close(self, token: str) -> None:
        digest = _digest(token)
        self._redis.delete(f"session:{digest}", f"rate:{digest}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
