"""Bodies of /api/customers/me/addresses."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shop.contracts.http.orders import (
    CountryCode,
    Line100,
    Line200,
    PostalCode,
    ShippingAddress,
)


class AddAddress(ShippingAddress, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to keep, checked by the rules of its country as checkout does.

    Attributes
    ----------
    is_default : bool
        Whether it becomes the default; the first address does in any case.
    """

    is_default: bool = False


class ChangeAddress(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The fields to change; omitted fields keep their values, and null removes one.

    Attributes
    ----------
    is_default : bool
        True replaces the present default; false leaves the customer without one if this was it.
    """

    name: Line100 | UnsetType = UNSET
    line1: Line200 | UnsetType = UNSET
    line2: Line200 | UnsetType | None = UNSET
    city: Line100 | UnsetType | None = UNSET
    region: Line100 | UnsetType | None = UNSET
    postal_code: PostalCode | UnsetType | None = UNSET
    country: CountryCode | UnsetType = UNSET
    is_default: bool | UnsetType = UNSET


class AddressView(msgspec.Struct, frozen=True, kw_only=True):
    """An address that the customer keeps."""

    address_id: UUID
    name: str
    line1: str
    line2: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str
    is_default: bool
    created_at: datetime
    updated_at: datetime


class AddressList(msgspec.Struct, frozen=True, kw_only=True):
    """Response of GET /api/customers/me/addresses, the newest first; `limit` is the most that can be kept."""

    addresses: list[AddressView]
    limit: int


class AddressDeleted(msgspec.Struct, frozen=True, kw_only=True):
    """What the default is after an address was deleted.

    The newest of the others replaces a default that is deleted; null if the customer has no default.
    """

    default_address_id: UUID | None
