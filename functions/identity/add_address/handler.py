"""POST /api/customers/me/addresses: keep an address."""

from shop.bootstrap.addresses import address_book
from shop.bootstrap.postgres import write
from shop.bootstrap.work.addresses import PostgresAddressesWork
from shop.contracts.http.addresses import AddAddress, AddressView
from shop.domain.sessions import CUSTOMERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import ACCEPTED
from shop.services.identity import addresses


@endpoint(
    body=AddAddress,
    answer=AddressView,
    status=201,
    access=only(CUSTOMERS),
    idempotency=ACCEPTED,
    problems=("not_found", "too_many_addresses"),
)
def handler(request: Request[AddAddress, None]) -> Answer:
    """Keep an address, checked by the rules of its country."""
    added = addresses.add_address(
        address_book(),
        write(PostgresAddressesWork),
        request.shopper.user_id,
        request.new_id,
        request.body,
    )
    return Answer(added, 201)
