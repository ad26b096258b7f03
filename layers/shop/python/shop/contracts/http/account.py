"""Body of GET /api/customers/me/export."""

import msgspec

from shop.contracts.http.addresses import AddressView
from shop.contracts.http.identity import Profile
from shop.contracts.http.orders import OrderView


class AccountExport(msgspec.Struct, frozen=True, kw_only=True):
    """All that the shop stores about a customer."""

    profile: Profile
    addresses: list[AddressView]
    orders: list[OrderView]
