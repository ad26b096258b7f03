"""GET /api/orders/{order_id}/returns: the returns of an order."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.contracts.http.returns import ReturnList
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import views as order_views
from shop.services.orders.read import get_order


@endpoint(answer=ReturnList, access=only(SHOPPERS), order="path", problems=("order_not_found",))
def handler(request: Request[None, None]) -> Answer:
    """List an order's returns, oldest first."""
    order = get_order(read(PostgresOrdersWork), request.shopper, request.order_id)
    return Answer(order_views.returns(order.returns), correlation_id=order.correlation_id)
