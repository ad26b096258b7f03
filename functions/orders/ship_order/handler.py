"""POST /api/orders/{order_id}/ship: record that the parcel is on its way."""

from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.contracts.http.orders import OrderMoved, ShipOrder
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import views as order_views
from shop.services.orders.ship import ship_order


@endpoint(
    body=ShipOrder,
    answer=OrderMoved,
    access=only(STAFF),
    order="path",
    problems=("order_not_found", "order_state_conflict"),
)
def handler(request: Request[ShipOrder, None]) -> Answer:
    """Record the carrier and the tracking number of a shipped order."""
    order = ship_order(
        unit_of_work(PostgresOrdersWork, request.shopper), request.order_id, request.body
    )
    return Answer(order_views.moved(order), correlation_id=order.correlation_id)
