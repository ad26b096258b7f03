"""GET /api/finance/costs.csv: the ledger's lines as CSV."""

from shop.bootstrap.costs import costs
from shop.contracts.http.finance import ExportQuery
from shop.domain.sessions import FINANCE
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.entrypoints.periods import exported, period_of
from shop.services.finance.export import export_csv


@endpoint(
    query=ExportQuery,
    answer=str,
    media_type="text/csv",
    access=only(FINANCE),
    response_headers=("X-Next-Cursor",),
    problems=("costs_not_recorded",),
)
def handler(request: Request[None, ExportQuery]) -> Answer:
    """Export every billed quantity of a period in time order, page by page."""
    query = request.query
    page = export_csv(costs(), period_of(query, costs()), query.limit, query.cursor)
    return exported(page, "text/csv")
