"""PUT /api/admin/shipping-rates: replace all shipping rates from a time on."""

from shop.bootstrap.postgres import write
from shop.bootstrap.work.rates import PostgresRatesWork
from shop.contracts.http.rates import SetShippingRates, ShippingRatesView
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import rates


@endpoint(body=SetShippingRates, answer=ShippingRatesView, access=only(STAFF))
def handler(request: Request[SetShippingRates, None]) -> Answer:
    """Replace all shipping rates from a time on."""
    return Answer(
        rates.set_shipping_rates(
            write(PostgresRatesWork, request.shopper),
            request.body,
            actor=request.shopper.user_id,
        )
    )
