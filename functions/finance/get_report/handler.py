"""GET /api/finance/report: what the shop costs, as one page."""

from shop.bootstrap import environment
from shop.bootstrap.costs import costs
from shop.bootstrap.figures import figures
from shop.contracts.http.finance import PeriodQuery
from shop.domain.sessions import FINANCE
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.periods import period_of
from shop.services.finance.report import gather
from shop.services.finance.report_page import HEADERS, page


@endpoint(
    query=PeriodQuery,
    answer=str,
    access=only(FINANCE),
    problems=("costs_not_recorded", "price_missing"),
)
def handler(request: Request[None, PeriodQuery]) -> Answer:
    """Return the cost per order and its parts as a page with charts and tables."""
    settings, period = environment().settings, period_of(request.query, costs())
    region, currency = settings.price_region, settings.currency
    report = gather(costs(), figures(), period, region=region, currency=currency)
    return Answer(page(report), headers=dict(HEADERS))
