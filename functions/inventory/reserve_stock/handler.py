"""POST /api/inventory/reserve: hold stock for an order."""

from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.inventory import PostgresInventoryWork
from shop.contracts.http.inventory import ReservedView, ReserveStock
from shop.domain.inventory import Item
from shop.domain.sessions import STAFF
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import ACCEPTED
from shop.entrypoints.service_access import services_and
from shop.services.inventory.holds import hold_stock_for


@endpoint(
    body=ReserveStock,
    answer=ReservedView,
    access=services_and(STAFF),
    order="body",
    idempotency=ACCEPTED,
    problems=("insufficient_stock", "reservation_conflict", "order_state_conflict"),
)
def handler(request: Request[ReserveStock, None]) -> Answer:
    """Hold stock for an order, all lines or none. A repeated request gets the first answer."""
    hold = hold_stock_for(
        unit_of_work(PostgresInventoryWork, request.shopper),
        request.order_id,
        [Item(line.product_id, line.quantity) for line in request.body.items],
        ttl_seconds=request.body.ttl,
        correlation_id=request.correlation_id,
    )
    return Answer(
        ReservedView(
            reservation_id=hold.reservation_id, order_id=hold.order_id, expires_at=hold.expires_at
        )
    )
