"""GET /api/orders/{order_id}: an order and its timeline."""

from shop.bootstrap.postgres import read
from shop.contracts.http.orders import OrderView
from shop.domain.sessions import OPERATORS, SHOPPERS
from shop.entrypoints.http import Answer, Request, endpoint
from shop.observability import bind
from shop.services.orders import views as order_views
from shop.services.orders.read import get_order


@endpoint(answer=OrderView, roles=SHOPPERS | OPERATORS, problems=("order_not_found",))
def handler(request: Request[None, None]) -> Answer:
    """Follow an order: status, timeline, tracking number and estimated delivery."""
    order_id = request.id("order_id")
    bind(order_id=str(order_id))
    order = get_order(read, request.shopper, order_id)
    headers = {"X-Correlation-Id": str(order.correlation_id)}
    return Answer(order_views.view(order), headers=headers)
