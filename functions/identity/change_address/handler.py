"""PATCH /api/customers/me/addresses/{address_id}: change an address."""

from shop.bootstrap.addresses import address_book
from shop.bootstrap.postgres import write
from shop.bootstrap.work.addresses import PostgresAddressesWork
from shop.contracts.http.addresses import AddressView, ChangeAddress
from shop.domain.sessions import CUSTOMERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity import addresses


@endpoint(
    body=ChangeAddress,
    answer=AddressView,
    access=only(CUSTOMERS),
    problems=("address_not_found", "not_found"),
)
def handler(request: Request[ChangeAddress, None]) -> Answer:
    """Change fields of an address, or make it the default."""
    changed = addresses.change_address(
        address_book(),
        write(PostgresAddressesWork),
        request.shopper.user_id,
        request.id("address_id"),
        request.body,
    )
    return Answer(changed)
