"""POST /api/orders/{order_id}/returns/{return_id}/refund: refund a received return."""

from shop.bootstrap.stripe import payment_provider
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.returns import PostgresReturnsWork
from shop.contracts.http.returns import RefundReturn, ReturnView
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import views as order_views
from shop.services.returns.handling import refund_return


@endpoint(
    body=RefundReturn,
    answer=ReturnView,
    access=only(STAFF),
    order="path",
    problems=(
        "order_not_found", "return_not_found", "return_state_conflict", "charge_disputed",
    ),
)  # fmt: skip
def handler(request: Request[RefundReturn, None]) -> Answer:
    """Refund a received return that was not refunded on receipt, or whose refund failed."""
    returned = refund_return(
        unit_of_work(PostgresReturnsWork, request.shopper),
        payment_provider(),
        request.order_id,
        request.id("return_id"),
    )
    return Answer(order_views.returned(returned))
