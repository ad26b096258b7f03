"""POST /api/orders/{order_id}/returns: request to return units of a delivered order."""

from shop.bootstrap import environment
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.return_requests import PostgresReturnRequestsWork
from shop.contracts.http.returns import RequestReturn, ReturnAccess, ReturnView
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import ACCEPTED
from shop.services.orders import views as order_views
from shop.services.returns.request import request_return


@endpoint(
    body=RequestReturn,
    query=ReturnAccess,
    answer=ReturnView,
    status=201,
    access=only(SHOPPERS, link_parameter="token"),
    order="path",
    idempotency=ACCEPTED,
    problems=(
        "order_not_found", "order_state_conflict", "return_window_closed", "already_returned",
        "already_refunded", "charge_disputed",
    ),
)  # fmt: skip
def handler(request: Request[RequestReturn, ReturnAccess]) -> Answer:
    """Request to return units of a delivered order; staff approve or reject it."""
    returned = request_return(
        unit_of_work(PostgresReturnRequestsWork, request.session),
        request.query.token or request.shopper,
        request.order_id,
        request.new_id,
        request.body,
        window_days=environment().settings.return_window_days,
    )
    return Answer(order_views.returned(returned), status=201)
