"""Every adapter of the port `TaxProvider`, by the same suite."""

from collections.abc import Iterator

import psycopg
import pytest

from shop.adapters.postgres.database import Database
from shop.adapters.postgres.tax_rates import RatesInPostgres
from shop.domain.tax import Sale, TaxedItem, Untaxable
from tests.support.tax_providers import TaxProviderContract, sale_to

#: Nobody listens there.
_NOBODY = "postgresql://shop@127.0.0.1:1/shop"


class TestRatesInPostgres(TaxProviderContract):
    @pytest.fixture
    def provider(self, database: str) -> Iterator[RatesInPostgres]:
        connection = Database(database)
        yield RatesInPostgres(connection)
        connection.close()

    @pytest.fixture
    def unreachable(self) -> RatesInPostgres:
        return RatesInPostgres(Database(_NOBODY))

    @pytest.fixture
    def unresolved(self) -> Sale:
        return sale_to("US")

    @pytest.fixture
    def rates(self, database: str) -> None:
        """A version of rates with classes."""
        with psycopg.connect(database) as connection:
            connection.execute(
                "WITH added AS (INSERT INTO rate_versions (kind, valid_from) VALUES ('tax', now())"
                " RETURNING version)"
                " INSERT INTO tax_rates (version, country, region, tax_class, rate_ppm)"
                " SELECT version, country, region, tax_class, rate_ppm FROM added, (VALUES"
                " ('*', '*', 'standard', 10000), ('*', '*', 'food', 5000),"
                " ('US', '*', 'standard', 40000), ('US', '*', 'food', 0),"
                " ('US', 'CA', 'standard', 72500), ('US', 'NY', 'standard', 88750),"
                " ('US', 'NY', 'food', 0)) AS rate (country, region, tax_class, rate_ppm)"
            )

    @pytest.mark.parametrize(
        ("country", "region", "expected"),
        [
            ("US", "CA", [72_500, 72_500]),  # the country's rate of the class is not the region's
            ("US", "ny", [88_750, 0]),
            ("US", "TX", [40_000, 0]),
            ("FR", None, [10_000, 5_000]),
        ],
    )
    @pytest.mark.usefixtures("rates")
    def test_the_most_specific_destination_decides_then_the_class(
        self,
        provider: RatesInPostgres,
        country: str,
        region: str | None,
        expected: list[int],
    ) -> None:
        sale = sale_to(country, TaxedItem(10_000), TaxedItem(10_000, "food"), region=region)
        assessed = provider.assess(sale)
        assert [line.rate_ppm for line in assessed.lines] == expected
        assert assessed.standard_rate_ppm == expected[0]

    def test_without_rates_nothing_is_sold(self, provider: RatesInPostgres, database: str) -> None:
        with psycopg.connect(database) as connection:
            connection.execute("INSERT INTO rate_versions (kind, valid_from) VALUES ('tax', now())")
        with pytest.raises(Untaxable, match="has no tax rate"):
            provider.assess(sale_to("DE"))
