"""Who determines the tax of sales."""

from shop.adapters.postgres.tax_rates import RatesInPostgres
from shop.bootstrap import Settings, part
from shop.bootstrap.postgres import database
from shop.services.orders.ports import TaxProvider


@part
def tax_provider(_settings: Settings) -> TaxProvider:
    """The shop's own rates."""
    return RatesInPostgres(database())
