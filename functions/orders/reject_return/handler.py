"""POST /api/orders/{order_id}/returns/{return_id}/reject: reject a return."""

from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.returns import PostgresReturnsWork
from shop.contracts.http.returns import RejectReturn, ReturnView
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import views as order_views
from shop.services.returns.handling import reject_return


@endpoint(
    body=RejectReturn,
    answer=ReturnView,
    access=only(STAFF),
    order="path",
    problems=("order_not_found", "return_not_found", "return_state_conflict"),
)
def handler(request: Request[RejectReturn, None]) -> Answer:
    """Reject a return that is not refunded; the customer is told the reason by e-mail."""
    returned = reject_return(
        unit_of_work(PostgresReturnsWork, request.shopper),
        request.order_id,
        request.id("return_id"),
        request.body.reason,
    )
    return Answer(order_views.returned(returned))
