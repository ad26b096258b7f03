"""Who is asking: roles and sessions."""

from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID


class Role(StrEnum):
    """What a session may do."""

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
        The customer, or an id of the guest's own.
    email : str or None
        Known for everybody but guests and services.
    """

    user_id: UUID
    role: Role
    email: str | None = None


#: Anybody with a session who can own a cart and orders.
SHOPPERS: Final = frozenset({Role.GUEST, Role.CUSTOMER, Role.STAFF, Role.FINANCE})
STAFF: Final = frozenset({Role.STAFF})
OPERATORS: Final = frozenset({Role.STAFF, Role.SERVICE})
FINANCE: Final = frozenset({Role.FINANCE})

#: The session of other services, which authenticate with the shop's service token.
SERVICE_SESSION: Final = Session(UUID(int=0), Role.SERVICE)
