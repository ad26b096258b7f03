"""Addresses that customers keep."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.errors import NotFound

#: The most that a customer can keep.
MAX_ADDRESSES: Final = 20


class StoredAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address that a customer keeps.

    Attributes
    ----------
    address : dict
        Its fields in the country's normal form; see `shop.domain.addresses.Destination`.
    """

    address_id: UUID
    address: dict[str, str]
    is_default: bool
    created_at: datetime
    updated_at: datetime


def address_not_found(address_id: UUID) -> NotFound:
    """Return the error for an address that does not exist or is another customer's."""
    return NotFound(f"You keep no address {address_id}.", code="address_not_found")
