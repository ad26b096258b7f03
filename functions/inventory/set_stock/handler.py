"""PUT /api/stock/{product_id}: set or adjust the quantity on hand."""

from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.inventory import PostgresInventoryWork
from shop.contracts.http.inventory import SetStock, StockView
from shop.domain.inventory import StockChange
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.idempotency import ACCEPTED
from shop.services.inventory.levels import change_stock


@endpoint(
    body=SetStock,
    answer=StockView,
    access=only(STAFF),
    idempotency=ACCEPTED,
    problems=("product_not_found", "stock_conflict"),
)
def handler(request: Request[SetStock, None]) -> Answer:
    """Set or adjust the quantity on hand of a product."""
    change = StockChange(
        on_hand=request.body.on_hand,
        adjust_by=request.body.adjust_by,
        reason=request.body.reason or "set by staff",
        actor_id=request.shopper.user_id,
        request_id=request.resource_id,
    )
    level = change_stock(
        unit_of_work(PostgresInventoryWork, request.shopper),
        request.id("product_id"),
        change,
        request.correlation_id,
    )
    return Answer(StockView(level.product_id, level.on_hand, level.reserved, level.available))
