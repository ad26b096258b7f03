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


def enrolling(roles: frozenset[Role]) -> Access:
    """Restrict an endpoint to sessions of these roles, those whose role is withheld included.

    Such a session has its account's role there.
    """
    return Access(roles, _authenticate_enrolling, enrolling=True)


def authenticate(token: str | None, roles: frozenset[Role] | None) -> Session:
    """Find the caller's session and check its role.

    A session whose role is withheld may call what both that role and a customer may call.

    Parameters
    ----------
    roles : frozenset of Role or None
        Roles that may call; None for any session.

    Raises
    ------
    Unauthenticated, Forbidden, TooManyRequests, DependencyUnavailable
    """
    session = _session_of(token)
    if roles is not None:
        _check_role(session.withheld or session.role, roles)
        if session.role not in roles:
            raise Forbidden(
                "The account needs a second factor for this.",
                code="second_factor_enrolment_required",
            )
    return session


def _authenticate_enrolling(token: str | None, roles: frozenset[Role] | None) -> Session:
    session = _session_of(token)
    session = session._replace(role=session.withheld or session.role, withheld=None)
    _check_role(session.role, roles or frozenset())
    return session


def _session_of(token: str | None) -> Session:
    if token is None:
        raise Unauthenticated("Send Authorization: Bearer <token>; POST /api/sessions gives one.")
    return sessions().authenticate(token)


def _check_role(role: Role, roles: frozenset[Role]) -> None:
    if role not in roles:
        raise Forbidden(f"The role {role.value!r} may not call this.")


#: No session is required; one is looked up if a token was sent.
IF_SENT: Final = Access(None, authenticate)
