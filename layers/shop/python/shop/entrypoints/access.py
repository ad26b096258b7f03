"""Who may call an endpoint: bearer tokens, sessions and roles."""

import hashlib
import hmac
from typing import Final

from shop.bootstrap import environment
from shop.bootstrap.identity import sessions
from shop.domain.errors import Forbidden, Unauthenticated
from shop.domain.sessions import SERVICE_SESSION, Role, Session
from shop.entrypoints.operation import Access


def only(roles: frozenset[Role], *, link_parameter: str | None = None) -> Access:
    """Restrict an endpoint to sessions of these roles, or to the token of a link in the query."""
    return Access(roles, _authenticate, link_parameter)


def _authenticate(token: str | None, roles: frozenset[Role] | None) -> Session:
    """Find the caller's session and check its role.

    Parameters
    ----------
    roles : frozenset of Role or None
        Roles that may call; None for any session.

    Raises
    ------
    Unauthenticated, Forbidden, TooManyRequests, DependencyUnavailable
    """
    if token is None:
        raise Unauthenticated("Send Authorization: Bearer <token>; POST /api/sessions gives one.")
    digest = environment().settings.service_token_sha256
    session = (
        SERVICE_SESSION if _is_service_token(token, digest) else sessions().authenticate(token)
    )
    if roles is not None and session.role not in roles:
        raise Forbidden(f"The role {session.role.value!r} may not call this.")
    return session


def _is_service_token(token: str, digest: str) -> bool:
    return bool(digest) and hmac.compare_digest(hashlib.sha256(token.encode()).hexdigest(), digest)


#: No session is required; one is looked up if a token was sent.
IF_SENT: Final = Access(None, _authenticate)
