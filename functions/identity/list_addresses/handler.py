"""GET /api/customers/me/addresses: the addresses that the customer keeps."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.addresses import PostgresAddressesWork
from shop.contracts.http.addresses import AddressList
from shop.domain.sessions import CUSTOMERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity import addresses


@endpoint(answer=AddressList, access=only(CUSTOMERS))
def handler(request: Request[None, None]) -> Answer:
    """List the addresses that the customer keeps, the newest first."""
    return Answer(addresses.list_addresses(read(PostgresAddressesWork), request.shopper.user_id))
