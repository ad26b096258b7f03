"""Tax by the shop's own rates in PostgreSQL."""

from typing import Final, override

from shop.adapters.postgres.database import Database
from shop.domain.tax import Assessment, DestinationRates, Sale, assess_by_rates
from shop.services.orders.ports import TaxProvider

# The destination is the most specific one that has a standard rate; only its own rates apply. The rate of a
# class in another destination, such as the rest of the country, does not.
RATES_OF_DESTINATION: Final = """
    WITH destination AS (
        SELECT version, country, region, taxes_shipping
        FROM tax_rates JOIN current_rates AS valid USING (version)
        WHERE country IN (%(country)s, '*') AND region IN (%(region)s, '*') AND tax_class = 'standard'
        ORDER BY country = '*', region = '*' LIMIT 1
    )
    SELECT version, taxes_shipping,
           (SELECT jsonb_object_agg(r.tax_class, r.rate_ppm) FROM tax_rates AS r
            WHERE (r.version, r.country, r.region) = (d.version, d.country, d.region)) AS rates,
           EXISTS (SELECT FROM tax_rates AS r
                   WHERE r.version = d.version AND r.country = %(country)s AND r.region <> '*') AS is_regional
    FROM destination AS d
"""


class RatesInPostgres(TaxProvider):
    """The shop's own rates, one statement a sale.

    Parameters
    ----------
    database : Database
        With the rates.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def assess(self, sale: Sale) -> Assessment:
        place = {"country": sale.country, "region": (sale.region or "*").upper()}
        with self._database.autocommit() as transaction:
            found = transaction.one(DestinationRates, RATES_OF_DESTINATION, place)
        return assess_by_rates(sale, found)
