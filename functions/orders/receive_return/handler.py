"""POST /api/orders/{order_id}/returns/{return_id}/receive: record that the units of a return have arrived."""

from shop.bootstrap.stripe import payment_provider
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.returns import PostgresReturnsWork
from shop.contracts.http.returns import ReceiveReturn, ReturnView
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import views as order_views
from shop.services.returns.handling import receive_return


@endpoint(
    body=ReceiveReturn,
    answer=ReturnView,
    access=only(STAFF),
    order="path",
    problems=("order_not_found", "return_not_found", "return_state_conflict", "restock_conflict"),
)
def handler(request: Request[ReceiveReturn, None]) -> Answer:
    """Receive the units of an approved return, restock those that are named, and refund all of them."""
    lines = request.body.lines
    returned = receive_return(
        unit_of_work(PostgresReturnsWork, request.shopper),
        payment_provider(),
        request.order_id,
        request.id("return_id"),
        named=[line.product_id for line in lines],
        restock=[line.product_id for line in lines if line.restock],
    )
    return Answer(order_views.returned(returned))
