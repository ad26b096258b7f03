"""DELETE /api/customers/me/addresses/{address_id}: delete an address."""

from shop.bootstrap.postgres import write
from shop.bootstrap.work.addresses import PostgresAddressesWork
from shop.contracts.http.addresses import AddressDeleted
from shop.domain.sessions import CUSTOMERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity import addresses


@endpoint(
    answer=AddressDeleted, access=only(CUSTOMERS), problems=("address_not_found", "not_found")
)
def handler(request: Request[None, None]) -> Answer:
    """Delete an address; the newest of the others replaces a default."""
    deleted = addresses.delete_address(
        write(PostgresAddressesWork), request.shopper.user_id, request.id("address_id")
    )
    return Answer(deleted)
