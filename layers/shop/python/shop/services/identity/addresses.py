"""The addresses that a customer keeps."""

from typing import Any, Final
from uuid import UUID

import msgspec

from shop.contracts.http.addresses import (
    AddAddress,
    AddressDeleted,
    AddressList,
    AddressView,
    ChangeAddress,
)
from shop.contracts.http.orders import ShippingAddress
from shop.domain.customer_addresses import MAX_ADDRESSES, StoredAddress, address_not_found
from shop.domain.errors import Conflict
from shop.services.identity.ports import AddressesWork
from shop.services.identity.profile import existing
from shop.services.orders.checkout import destination_of
from shop.services.orders.ports import AddressBook
from shop.services.unit_of_work import OpenReading, OpenTransaction

_FIELDS: Final = ShippingAddress.__struct_fields__


def list_addresses(read: OpenReading[AddressesWork], customer_id: UUID) -> AddressList:
    """List a customer's addresses, the newest first."""
    with read() as work:
        found = work.addresses.of_customer(customer_id)
    return AddressList(addresses=[address_view(each) for each in found], limit=MAX_ADDRESSES)


def get_address(
    read: OpenReading[AddressesWork], customer_id: UUID, address_id: UUID
) -> AddressView:
    """Read an address; raise `NotFound` (``address_not_found``) if it is not the customer's."""
    with read() as work:
        return address_view(_known(work, customer_id, address_id))


def add_address(
    rules: AddressBook,
    write: OpenTransaction[AddressesWork],
    customer_id: UUID,
    address_id: UUID,
    command: AddAddress,
) -> AddressView:
    """Keep an address. Repeating it with the same id changes nothing.

    Raises
    ------
    InvalidRequest
        Names each field that is wrong in its country.
    Conflict
        ``too_many_addresses``.
    NotFound
        The account does not exist any more.
    """
    sent = ShippingAddress(**{name: getattr(command, name) for name in _FIELDS})
    address = destination_of(rules, sent, prefix="").fields
    with write() as work:
        # The lock lets one change at a time count addresses and move the default.
        existing(work.customers.by_id(customer_id, lock=True))
        known = work.addresses.of_customer(customer_id)
        for each in known:
            if each.address_id == address_id:
                return address_view(each)
        if len(known) >= MAX_ADDRESSES:
            raise Conflict(
                f"You keep {len(known)} addresses already; delete one first.",
                code="too_many_addresses",
            )
        work.addresses.add(address_id, customer_id, address)
        if command.is_default or not known:
            work.addresses.set_default(customer_id, address_id)
        return address_view(_known(work, customer_id, address_id))


def change_address(
    rules: AddressBook,
    write: OpenTransaction[AddressesWork],
    customer_id: UUID,
    address_id: UUID,
    wish: ChangeAddress,
) -> AddressView:
    """Change fields of an address; the result is checked as a new one is.

    Raises
    ------
    InvalidRequest
        Names each field that is wrong in its country.
    NotFound
        ``address_not_found``, or the account does not exist any more.
    """
    wanted = msgspec.to_builtins(wish)
    is_default = wanted.pop("is_default", None)
    with write() as work:
        existing(work.customers.by_id(customer_id, lock=True))
        known = _known(work, customer_id, address_id)
        if wanted:
            changed = ShippingAddress(**{**known.address, **wanted})
            work.addresses.change(address_id, destination_of(rules, changed, prefix="").fields)
        if is_default:
            work.addresses.set_default(customer_id, address_id)
        elif is_default is False and known.is_default:
            work.addresses.set_default(customer_id, None)
        return address_view(_known(work, customer_id, address_id))


def delete_address(
    write: OpenTransaction[AddressesWork], customer_id: UUID, address_id: UUID
) -> AddressDeleted:
    """Delete an address; the newest of the others replaces a default.

    Raises
    ------
    NotFound
        ``address_not_found``, or the account does not exist any more.
    """
    with write() as work:
        existing(work.customers.by_id(customer_id, lock=True))
        was_default = _known(work, customer_id, address_id).is_default
        work.addresses.delete(address_id)
        left = work.addresses.of_customer(customer_id)
        default = next((each.address_id for each in left if each.is_default), None)
        if was_default and left:
            default = left[0].address_id
            work.addresses.set_default(customer_id, default)
    return AddressDeleted(default_address_id=default)


def address_view(stored: StoredAddress) -> AddressView:
    """Return the view of an address."""
    fields: dict[str, Any] = {name: stored.address.get(name) for name in _FIELDS}
    return AddressView(
        **fields,
        address_id=stored.address_id,
        is_default=stored.is_default,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
    )


def _known(work: AddressesWork, customer_id: UUID, address_id: UUID) -> StoredAddress:
    for each in work.addresses.of_customer(customer_id):
        if each.address_id == address_id:
            return each
    raise address_not_found(address_id)
