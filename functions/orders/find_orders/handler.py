"""GET /api/admin/orders: orders of all customers."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.desk import PostgresDeskWork
from shop.contracts.http.desk import DeskOrders, FindOrders
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.desk import read as order_desk


@endpoint(query=FindOrders, answer=DeskOrders, access=only(STAFF))
def handler(request: Request[None, FindOrders]) -> Answer:
    """List orders of all customers, newest first."""
    return Answer(order_desk.list_orders(read(PostgresDeskWork), request.query))
