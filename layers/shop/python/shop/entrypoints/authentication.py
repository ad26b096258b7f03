"""Bearer tokens and roles."""

from typing import Final

from chalice.app import Request as ChaliceRequest

from shop.domain.errors import Forbidden, Unauthenticated
from shop.domain.sessions import SERVICE_SESSION, Role, Session
from shop.entrypoints.parsing import header
from shop.services.identity.ports import SessionStore

_TOKEN_LIMIT: Final = 512


def bearer_token(request: ChaliceRequest) -> str | None:
    """Give the token of ``Authorization: Bearer <token>``, None without that header.

    Raises
    ------
    Unauthenticated
        If the header is something else.
    """
    value = header(request, "authorization")
    if value is None:
        return None
    scheme, _, token = value.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or len(token) > _TOKEN_LIMIT:
        raise Unauthenticated("Send Authorization: Bearer <token>.")
    return token.strip()


def authenticate(
    sessions: SessionStore,
    token: str | None,
    roles: frozenset[Role] | None,
    *,
    service_token_sha256: str,
) -> Session:
    """Find the caller's session and check its role.

    Parameters
    ----------
    roles : frozenset of Role or None
        Who may pass; None: everybody with a session.

    Raises
    ------
    Unauthenticated, Forbidden, TooManyRequests, DependencyUnavailable
    """
    if token is None:
        raise Unauthenticated("Send Authorization: Bearer <token>; POST /api/sessions gives one.")
    if _is_service_token(token, service_token_sha256):
        session = SERVICE_SESSION
    else:
        session = sessions.authenticate(token)
    if roles is not None and session.role not in roles:
        raise Forbidden(f"This is not for the role {session.role.value}.")
    return session


def _is_service_token(token: str, digest: str) -> bool:
    # Here, because what is public never needs OpenSSL, which takes 4 ms to load.
    import hashlib
    import hmac

    return bool(digest) and hmac.compare_digest(hashlib.sha256(token.encode()).hexdigest(), digest)
