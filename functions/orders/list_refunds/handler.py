"""GET /api/orders/{order_id}/refunds: the refunds of an order."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.payments import PostgresPaymentsWork
from shop.contracts.http.refunds import RefundList
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.payments import refunding


@endpoint(answer=RefundList, access=only(SHOPPERS), order="path", problems=("order_not_found",))
def handler(request: Request[None, None]) -> Answer:
    """List an order's refunds, oldest first, those made at the payment provider included."""
    refunds = refunding.list_refunds(read(PostgresPaymentsWork), request.shopper, request.order_id)
    return Answer(refunding.views(refunds))
