"""POST /api/orders/{order_id}/deliver: record that the parcel has arrived."""

from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.contracts.http.orders import DeliverOrder, OrderMoved
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import views as order_views
from shop.services.orders.ship import deliver_order


@endpoint(
    body=DeliverOrder,
    answer=OrderMoved,
    access=only(STAFF),
    order="path",
    problems=("order_not_found", "order_state_conflict"),
)
def handler(request: Request[DeliverOrder, None]) -> Answer:
    """Record that an order has arrived."""
    order = deliver_order(unit_of_work(PostgresOrdersWork, request.shopper), request.order_id)
    return Answer(order_views.moved(order), correlation_id=order.correlation_id)
