"""GET /api/admin/orders/{order_id}: an order with everything that belongs to it."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.desk import PostgresDeskWork
from shop.contracts.http.desk import DeskOrderFile
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.desk import read as order_desk


@endpoint(answer=DeskOrderFile, access=only(STAFF), order="path", problems=("order_not_found",))
def handler(request: Request[None, None]) -> Answer:
    """Return an order with its payments, refunds, holds, events, e-mails, notes and audit."""
    found = order_desk.get_order(read(PostgresDeskWork), request.order_id)
    return Answer(found, correlation_id=found.correlation_id)
