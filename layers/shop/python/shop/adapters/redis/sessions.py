"""Sessions and their rate limits, in Redis."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, cast, override
from uuid import UUID

import msgspec

from shop.adapters.redis.connection import RedisClient
from shop.domain.errors import TooManyRequests, Unauthenticated
from shop.domain.sessions import Role, Session, StoredSession
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


#: KEYS: the index of a customer's sessions. ARGV: the digest of the session to keep, or nothing. The sessions
#: are found by the index, so the server runs without cluster mode.
_CLOSE_ALL: Final = """
for _, digest in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    if digest ~= ARGV[1] then
        redis.call('DEL', 'session:' .. digest, 'rate:' .. digest)
        redis.call('ZREM', KEYS[1], digest)
    end
end
return 1
"""
#: Length of what is shown of a digest; it does not lead back to the token.
_SHOWN: Final = 16


class _Record(msgspec.Struct, frozen=True, omit_defaults=True):
    user_id: UUID
    role: Role
    email: str | None = None
    withheld: Role | None = None


class RedisSessionStore(SessionStore):
    """Each session is a string under ``session:{sha256 of the token}``, so reading Redis yields no token.

    The digests of a customer's sessions, by the time at which they expire, are the sorted set
    ``sessions:{user_id}``; guests have none.

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
        self._close_all = redis.register_script(_CLOSE_ALL)
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
        return Session(record.user_id, record.role, record.email, record.withheld)

    @override
    def open(self, session: Session) -> tuple[str, datetime]:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        record = msgspec.json.encode(_Record(*session))
        expires_at = (datetime.now(UTC) + _LIFETIME).replace(microsecond=0)
        digest, expiry = _digest(token), int(expires_at.timestamp())
        if session.role is Role.GUEST:
            self._redis.set(f"session:{digest}", record, exat=expiry)
            return token, expires_at
        index = _index(session.user_id)
        with self._redis.pipeline() as pipeline:
            pipeline.set(f"session:{digest}", record, exat=expiry)
            pipeline.zremrangebyscore(index, "-inf", datetime.now(UTC).timestamp())
            pipeline.zadd(index, {digest: expiry})
            pipeline.expireat(index, expiry)
            pipeline.execute()
        return token, expires_at

    @override
    def close(self, token: str) -> None:
        digest = _digest(token)
        self._redis.delete(f"session:{digest}", f"rate:{digest}")

    @override
    def list(self, user_id: UUID, token: str) -> Sequence[StoredSession]:
        entries = cast(
            "list[tuple[str, float]]",
            self._redis.zrevrange(_index(user_id), 0, -1, withscores=True),
        )
        if not entries:
            return []
        stored = cast("list[str | None]", self._redis.mget([f"session:{d}" for d, _ in entries]))
        current = _digest(token)
        return [
            StoredSession(
                session_id=digest[:_SHOWN],
                opened_at=datetime.fromtimestamp(expiry, UTC) - _LIFETIME,
                expires_at=datetime.fromtimestamp(expiry, UTC),
                current=digest == current,
            )
            for (digest, expiry), record in zip(entries, stored, strict=True)
            if record is not None
        ]

    @override
    def close_all(self, user_id: UUID, *, keep: str | None = None) -> None:
        self._close_all([_index(user_id)], [_digest(keep) if keep else ""])


def _index(user_id: UUID) -> str:
    return f"sessions:{user_id}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
