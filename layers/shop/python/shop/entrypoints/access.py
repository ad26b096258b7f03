"""Who may call an endpoint: bearer tokens, sessions and roles."""

from typing import Final

from shop.bootstrap.identity import sessions
from shop.domain.errors import Forbidden, Unauthenticated
from shop.domain.sessions import Role, Session
from shop.entrypoints.operation import Access


def only(roles: frozenset[Role], *, link_parameter: str | None = None) -> Access:
    """Restrict an endpoint to sessions of these roles, or to the token of a link in the query.

    Raises
    ------
    ValueError
        If a role is that of services, for which `shop.entrypoints.service_access` is.
    """
    if Role.SERVICE in roles:
        raise ValueError("use services_and(), which reads the digests of service tokens")
    return Access(roles, authenticate, link_parameter)


def authenticate(token: str | None, roles: frozenset[Role] | None) -> Session:
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
    session = sessions().authenticate(token)
    if roles is not None and session.role not in roles:
        raise Forbidden(f"The role {session.role.value!r} may not call this.")
    return session


#: No session is required; one is looked up if a token was sent.
IF_SENT: Final = Access(None, authenticate)
