"""PUT /api/admin/tax-rates: replace all tax rates from a time on."""

from shop.bootstrap.addresses import address_book
from shop.bootstrap.postgres import write
from shop.bootstrap.work.rates import PostgresRatesWork
from shop.contracts.http.rates import SetTaxRates, TaxRatesView
from shop.domain.sessions import STAFF
from shop.entrypoints.access import only
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.orders import rates


@endpoint(body=SetTaxRates, answer=TaxRatesView, access=only(STAFF))
def handler(request: Request[SetTaxRates, None]) -> Answer:
    """Replace all tax rates from a time on."""
    return Answer(
        rates.set_tax_rates(
            write(PostgresRatesWork, request.shopper),
            request.body,
            addresses=address_book(),
            actor=request.shopper.user_id,
        )
    )
