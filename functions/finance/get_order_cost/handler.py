"""GET /api/finance/orders/{order_id}/cost: what an order costs, item by item."""

from shop.bootstrap.costs import costs
from shop.contracts.http.finance import OrderCostView
from shop.domain.sessions import FINANCE
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.finance.costs import read_order_cost


@endpoint(
    answer=OrderCostView,
    access=only(FINANCE),
    problems=("order_not_found", "costs_not_recorded"),
)
def handler(request: Request[None, None]) -> Answer:
    """Itemise what an order costs: every invocation, execution and request, in time order."""
    # Not declared as the request's order: its own cost would become one of the order's.
    return Answer(read_order_cost(costs(), request.id("order_id")))
