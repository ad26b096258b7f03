"""GET /api/customers/me/addresses/{address_id}: an address that the customer keeps."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.addresses import PostgresAddressesWork
from shop.contracts.http.addresses import AddressView
from shop.domain.sessions import CUSTOMERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity import addresses


@endpoint(answer=AddressView, access=only(CUSTOMERS), problems=("address_not_found",))
def handler(request: Request[None, None]) -> Answer:
    """Read an address that the customer keeps."""
    found = addresses.get_address(
        read(PostgresAddressesWork), request.shopper.user_id, request.id("address_id")
    )
    return Answer(found)
