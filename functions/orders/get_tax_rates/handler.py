"""GET /api/admin/tax-rates: show the tax rates that are valid now."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.rates import PostgresRatesWork
from shop.contracts.http.rates import TaxRatesView
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import rates


@endpoint(answer=TaxRatesView, access=only(STAFF))
def handler(request: Request[None, None]) -> Answer:
    """Show the tax rates that are valid now."""
    return Answer(rates.get_tax_rates(read(PostgresRatesWork)))
