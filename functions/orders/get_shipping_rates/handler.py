"""GET /api/admin/shipping-rates: show the shipping rates that are valid now."""

from shop.bootstrap.postgres import read
from shop.bootstrap.work.rates import PostgresRatesWork
from shop.contracts.http.rates import ShippingRatesView
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import rates


@endpoint(answer=ShippingRatesView, access=only(STAFF))
def handler(request: Request[None, None]) -> Answer:
    """Show the shipping rates that are valid now."""
    return Answer(rates.get_shipping_rates(read(PostgresRatesWork)))
