"""POST /api/orders/lookup: have a link to an order sent to the address that was left with it."""

from shop.bootstrap.identity import link_throttle
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.links import PostgresLinksWork
from shop.contracts.http.identity import LinkAccepted
from shop.contracts.http.orders import LookUpOrder
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.identity.links import request_order_link


@endpoint(body=LookUpOrder, answer=LinkAccepted, status=202)
def handler(request: Request[LookUpOrder, None]) -> Answer:
    """Have a link to an order sent by e-mail; the answer is the same if there is no such order."""
    accepted = request_order_link(
        link_throttle(),
        unit_of_work(PostgresLinksWork),
        request.body.number,
        request.body.email,
        source=request.source,
    )
    return Answer(accepted, 202)
