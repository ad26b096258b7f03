"""GET /api/orders: the shopper's orders."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.contracts.http.orders import OrderList, OrderQuery
from shop.domain.sessions import SHOPPERS
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import views as order_views
from shop.services.orders.read import list_orders


@endpoint(query=OrderQuery, answer=OrderList, access=only(SHOPPERS))
def handler(request: Request[None, OrderQuery]) -> Answer:
    """List the shopper's own orders, newest first."""
    page = list_orders(
        read(PostgresOrdersWork),
        request.shopper,
        status=request.query.status,
        limit=request.query.limit,
        cursor=request.query.cursor,
    )
    return Answer(order_views.page(page))
