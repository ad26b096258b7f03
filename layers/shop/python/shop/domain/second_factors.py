"""The second factor of staff, as it is stored."""

from datetime import datetime
from uuid import UUID

import msgspec

from shop.domain.errors import Conflict, NotFound


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A second factor, from which only the holder of a key derives the secret.

    Attributes
    ----------
    nonce : bytes
        Random, another for every enrolment.
    key_id : bytes
        Which key the secret is derived from.
    confirmed_at : datetime or None
        None until a code has shown that the owner's device has the secret; only then do logins need one.
    """

    customer_id: UUID
    nonce: bytes
    key_id: bytes
    confirmed_at: datetime | None = None


def second_factor_not_found() -> NotFound:
    """Return the refusal of what needs a second factor that the account does not have."""
    return NotFound("The account has no second factor.", code="second_factor_not_found")


def second_factor_exists() -> Conflict:
    """Return the refusal of an enrolment of an account that is enrolled."""
    return Conflict("The account has a second factor already.", code="second_factor_exists")
