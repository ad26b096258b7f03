"""GET /api/finance/unit-economics: what an order costs and earns."""

from shop.bootstrap import environment
from shop.bootstrap.costs import costs
from shop.bootstrap.figures import figures
from shop.contracts.http.finance import PeriodQuery, UnitEconomicsView
from shop.domain.sessions import FINANCE
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.periods import period_of
from shop.services.finance.economics import measure, view


@endpoint(
    query=PeriodQuery,
    answer=UnitEconomicsView,
    access=only(FINANCE),
    problems=("costs_not_recorded", "price_missing"),
)
def handler(request: Request[None, PeriodQuery]) -> Answer:
    """Compute cost per order, the floor's share at each volume, payment fees and margin."""
    settings, period = environment().settings, period_of(request.query, costs())
    region, currency = settings.price_region, settings.currency
    return Answer(view(measure(costs(), figures(), period, region=region, currency=currency)))
