"""Port of the session store."""

from datetime import datetime
from typing import Protocol

from shop.domain.sessions import Session


class SessionStore(Protocol):
    """Sessions by bearer token; only a digest of the token is ever stored."""

    def authenticate(self, token: str) -> Session:
        """Find the session of a token and count the request against its rate limit, in one round trip.

        Raises
        ------
        Unauthenticated
            If the token is unknown or its session has ended (code ``session_expired``).
        TooManyRequests
            If the session's rate limit is used up.
        DependencyUnavailable
            If the store is away.
        """

    def open(self, session: Session) -> tuple[str, datetime]:
        """Begin a session and give its token and the time at which it ends."""

    def close(self, token: str) -> None:
        """End a session; ending it again is not an error."""
