"""GET /api/orders/{order_id}: an order and its timeline."""

from shop.bootstrap.postgres import read, write
from shop.bootstrap.work.linked_orders import PostgresLinkedOrdersWork
from shop.contracts.http.orders import OrderAccess, OrderView
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.service_access import services_and
from shop.services.orders import views as order_views
from shop.services.orders.read import get_order, get_order_by_link


@endpoint(
    query=OrderAccess,
    answer=OrderView,
    access=services_and(SHOPPERS, link_parameter="token"),
    order="path",
    problems=("order_not_found",),
)
def handler(request: Request[None, OrderAccess]) -> Answer:
    """Read an order: status, timeline, tracking number and estimated delivery."""
    if token := request.query.token:
        order = get_order_by_link(write(PostgresLinkedOrdersWork), request.order_id, token)
    else:
        order = get_order(read(PostgresLinkedOrdersWork), request.shopper, request.order_id)
    return Answer(order_views.view(order), correlation_id=order.correlation_id)
