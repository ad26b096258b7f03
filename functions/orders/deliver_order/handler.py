"""POST /api/orders/{order_id}/deliver: the parcel has arrived."""

from shop.bootstrap.transactions import unit_of_work
from shop.contracts.http.orders import DeliverOrder, OrderMoved
from shop.domain.sessions import STAFF
from shop.entrypoints.http import Answer, Request, endpoint
from shop.observability import bind
from shop.services.orders import views as order_views
from shop.services.orders.ship import deliver_order


@endpoint(
    body=DeliverOrder,
    answer=OrderMoved,
    roles=STAFF,
    problems=("order_not_found", "order_state_conflict"),
)
def handler(request: Request[DeliverOrder, None]) -> Answer:
    """Note that an order has arrived."""
    order_id = request.id("order_id")
    bind(order_id=str(order_id))
    order = deliver_order(unit_of_work, order_id)
    headers = {"X-Correlation-Id": str(order.correlation_id)}
    return Answer(order_views.moved(order), headers=headers)
