"""The postal rules of the countries."""

from shop.adapters.addresses import GoogleAddressBook
from shop.bootstrap import Settings, part
from shop.services.orders.ports import AddressBook


@part
def address_book(_settings: Settings) -> AddressBook:
    """The postal rules of the countries."""
    return GoogleAddressBook()
