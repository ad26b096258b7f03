"""Price facets and price filters in currencies with and without decimals, on both engines."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

import pytest

from shop.adapters.opensearch.engine import OpenSearchEngine
from shop.adapters.opensearch.reindex import reindex
from shop.adapters.postgres.database import Database
from shop.adapters.postgres.search import PostgresSearchEngine
from shop.domain.money import sell_in, to_minor
from shop.domain.search import SearchSort
from shop.services.search.ports import SearchEngine
from tests.support.builders import add_product
from tests.support.opensearch import own_indexes
from tests.support.products import change
from tests.support.search import find, names

#: Prices on both sides of the limits, and the facet that they make.
_CASES = {
    "USD": (
        ("0.00", "499.99", "500.00", "999.99", "1000.00", "999999.99"),
        {"0-500": 2, "500-1000": 2, "1000+": 2},
    ),
    "JPY": (
        ("0", "49999", "50000", "99999", "100000", "99999999"),
        {"0-50000": 2, "50000-100000": 2, "100000+": 2},
    ),
    "KWD": (
        ("0.000", "499.999", "500.000", "999.999", "1000.000", "99999.999"),
        {"0-500": 2, "500-1000": 2, "1000+": 2},
    ),
}


@pytest.fixture(params=_CASES)
def currency(request: pytest.FixtureRequest) -> Iterator[str]:
    """The currency of the shop."""
    before = sell_in(request.param)
    yield request.param
    sell_in(before)


@pytest.fixture(params=["postgresql", "opensearch"])
def engine(request: pytest.FixtureRequest, database: str, currency: str) -> Iterator[SearchEngine]:
    """Each of the engines, over a product for each price, whose name is the price."""
    with closing(Database(database)) as own:
        for price in _CASES[currency][0]:
            product = add_product(own, name=f"Thing {price}", price_minor=to_minor(Decimal(price)))
            change(own, product, currency=currency)
        if request.param == "postgresql":
            yield PostgresSearchEngine(own)
            return
        url = request.getfixturevalue("opensearch_url")
        with own_indexes(url) as indexes:
            reindex(database, url, indexes)
            with closing(OpenSearchEngine(url, indexes)) as found:
                yield found


def test_ranges_are_counted_and_named_in_the_currency(engine: SearchEngine, currency: str) -> None:
    assert find(engine).facets.price_ranges == _CASES[currency][1]
    assert find(engine, "qqqqzzzz").facets.price_ranges == dict.fromkeys(_CASES[currency][1], 0)


def test_a_filter_includes_both_of_its_ends(engine: SearchEngine, currency: str) -> None:
    prices = _CASES[currency][0]
    lowest, highest = (to_minor(Decimal(prices[place])) for place in (1, 4))
    page = find(
        engine,
        price_from_minor=lowest,
        price_to_minor=highest,
        sort=SearchSort.PRICE_ASC,
    )
    assert names(page) == [f"Thing {price}" for price in prices[1:5]]
    # The facet ignores its own filter.
    assert page.facets.price_ranges == _CASES[currency][1]
    assert find(engine, price_from_minor=highest + 1).total == 1
    assert find(engine, price_to_minor=lowest - 1).total == 1
