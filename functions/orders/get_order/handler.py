"""GET /api/orders/{order_id}: an order and its timeline."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.contracts.http.orders import OrderView
from shop.domain.sessions import OPERATORS, SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import views as order_views
from shop.services.orders.read import get_order


@endpoint(
    answer=OrderView, access=only(SHOPPERS | OPERATORS), order="path", problems=("order_not_found",)
)
def handler(request: Request[None, None]) -> Answer:
    """Read an order: status, timeline, tracking number and estimated delivery."""
    order = get_order(read(PostgresOrdersWork), request.shopper, request.order_id)
    return Answer(order_views.view(order), correlation_id=order.correlation_id)
