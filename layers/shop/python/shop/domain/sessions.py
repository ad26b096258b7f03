"""Callers: roles and sessions."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID


class Role(StrEnum):
    """The role of a session, which determines what it may do."""

    GUEST = "guest"
    CUSTOMER = "customer"
    STAFF = "staff"
    FINANCE = "finance"
    SERVICE = "service"


class Session(NamedTuple):
    """An authenticated caller.

    Attributes
    ----------
    user_id : UUID
        The customer's id, or an id created for the guest.
    email : str or None
        None for guests and services.
    withheld : Role or None
        The account's role, which the session does not have until the account has a second factor.
    """

    user_id: UUID
    role: Role
    email: str | None = None
    withheld: Role | None = None


class StoredSession(NamedTuple):
    """A session of a customer, as its owner sees it."""

    session_id: str
    opened_at: datetime
    expires_at: datetime
    current: bool


#: Roles that can own a cart and orders.
SHOPPERS: Final = frozenset({Role.GUEST, Role.CUSTOMER, Role.STAFF, Role.FINANCE})
#: Roles of people with an account.
CUSTOMERS: Final = SHOPPERS - {Role.GUEST}
STAFF: Final = frozenset({Role.STAFF})
OPERATORS: Final = frozenset({Role.STAFF, Role.SERVICE})
FINANCE: Final = frozenset({Role.FINANCE})
#: Roles of accounts with rights beyond a customer's, which have a second factor.
PRIVILEGED: Final = frozenset({Role.STAFF, Role.FINANCE})
#: Roles whose changes are in the audit log.
AUDITED: Final = OPERATORS | PRIVILEGED

#: The session of services that authenticate with the service token.
SERVICE_SESSION: Final = Session(UUID(int=0), Role.SERVICE)
