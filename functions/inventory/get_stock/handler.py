"""GET /api/stock/{product_id}: the stock of a product."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.inventory import PostgresInventoryWork
from shop.contracts.http.inventory import StockView
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.inventory.levels import get_stock


@endpoint(answer=StockView, problems=("product_not_found",))
def handler(request: Request[None, None]) -> Answer:
    """Read the stock of a product."""
    level = get_stock(read(PostgresInventoryWork), request.id("product_id"))
    return Answer(StockView(level.product_id, level.on_hand, level.reserved, level.available))
