"""POST /api/orders/{order_id}/cancel: cancel an order before it ships."""

from shop.bootstrap.cart import carts
from shop.bootstrap.stripe import payment_provider
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.payments import PostgresPaymentsWork
from shop.contracts.http.orders import CancelOrder, OrderMoved
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import views as order_views
from shop.services.orders.returning import return_cart_at_once
from shop.services.payments.cancellation import cancel_on_request


@endpoint(
    body=CancelOrder,
    answer=OrderMoved,
    further_statuses=(202,),
    access=only(SHOPPERS),
    order="path",
    problems=("order_not_found", "order_state_conflict", "charge_disputed"),
)
def handler(request: Request[CancelOrder, None]) -> Answer:
    """Cancel an order: 200 when it is cancelled, 202 while its refund is pending."""
    open_unit_of_work = unit_of_work(PostgresPaymentsWork, request.shopper)
    done = cancel_on_request(
        open_unit_of_work,
        payment_provider(),
        request.shopper,
        request.order_id,
        reason=request.body.reason,
    )
    return_cart_at_once(carts(), open_unit_of_work, request.order_id)
    body = order_views.moved(done.order, refund_pending=done.refund_pending)
    status = 202 if done.refund_pending else 200
    return Answer(body, status, correlation_id=done.order.correlation_id)
