"""GET /api/finance/costs: what AWS bills for a period."""

from shop.bootstrap import environment
from shop.bootstrap.costs import costs
from shop.bootstrap.figures import figures
from shop.contracts.http.finance import CostsQuery, CostsView
from shop.domain.sessions import FINANCE
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.periods import period_of
from shop.services.finance.costs import read_costs


@endpoint(
    query=CostsQuery, answer=CostsView, access=only(FINANCE), problems=("costs_not_recorded",)
)
def handler(request: Request[None, CostsQuery]) -> Answer:
    """Add up costs by function, flow, day or service, and by kind."""
    period = period_of(request.query, costs())
    currency = environment().settings.currency
    return Answer(read_costs(costs(), figures(), period, request.query.group_by, currency))
