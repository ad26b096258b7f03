"""What every search engine promises; each test runs against both."""

import html

import pytest

from shop.domain.search import SearchSort
from shop.domain.search_results import MARK_END, MARK_START
from shop.services.search.ports import SearchEngine
from tests.support.search import PRODUCTS, find, names, product_id

# -- all of it, and nothing ---------------------------------------------------------------------


@pytest.mark.parametrize("nothing", ["", "   ", "…", "!?"])
def test_no_words_list_everything_newest_first(engine: SearchEngine, nothing: str) -> None:
    page = find(engine, nothing)
    assert page.total == len(PRODUCTS)
    assert names(page) == [product[0] for product in PRODUCTS]
    assert page.results[0].name_marked is None


def test_products_that_are_not_for_sale_are_not_found(engine: SearchEngine) -> None:
    assert not [name for name in names(find(engine, "gone")) if "Gone" in name]
    assert find(engine, categories=("laptops",)).total == 4


def test_a_result_has_the_products_fields(engine: SearchEngine) -> None:
    found = find(engine, "winter ferry").results[0]
    assert found.product_id == product_id("The Winter Ferry: A Crime Novel")
    assert (found.brand, found.category, found.price_minor, found.currency, found.stock) == (
        "Owlbear Press", "novels", 1_299, "USD", 30,
    )  # fmt: skip
    assert found.image_url is None
    assert found.description == "A detective follows a stolen laptop."


def test_a_better_query_where_nothing_is_found(engine: SearchEngine) -> None:
    page = find(engine, "headfonez")
    assert (page.total, page.did_you_mean) == (0, "headphones")
    assert find(engine, "qqqqzzzz").did_you_mean is None
    assert find(engine, "laptop").did_you_mean is None


def test_correctly_spelt_words_are_not_corrected(engine: SearchEngine) -> None:
    # "story" is the name that looks most like it; only a description has "stolen" itself.
    page = find(engine, "stolen", price_from_minor=9_900_000)
    assert (page.total, page.did_you_mean) == (0, None)
    assert find(engine, "stolen", tags=("travel",)).did_you_mean is None
    page = find(engine, "stolen headfonez qqqq zzzz")
    assert (page.total, page.did_you_mean) == (0, "stolen headphones qqqq zzzz")


# -- filters and facets --------------------------------------------------------------------------


def test_filters(engine: SearchEngine) -> None:
    assert find(engine, brands=("Nordvik",)).total == 2
    assert find(engine, brands=("Nordvik", "Calderon")).total == 4
    assert find(engine, brands=("nordvik",)).total == 0
    assert find(engine, categories=("electronics",)).total == 9
    assert find(engine, categories=("phones", "books")).total == 8
    assert find(engine, categories=("no-such",)).total == 0
    assert find(engine, tags=("travel",)).total == 3
    assert find(engine, tags=("travel", "laptop")).total == 1
    assert find(engine, in_stock=True).total == 11
    assert find(engine, price_from_minor=50_000).total == 5
    assert find(engine, price_from_minor=50_000, price_to_minor=50_000).total == 1
    assert find(engine, price_to_minor=999).total == 1
    assert find(engine, brands=("Nordvik",), in_stock=True, price_to_minor=100_000).total == 1
    assert names(find(engine, "laptop", brands=("Calderon",)))[0] == "Studio 16 Laptop, Grey"


def test_facets_count_everything_that_is_found(engine: SearchEngine) -> None:
    facets = find(engine).facets
    assert facets.brands == {
        "Owlbear Press": 3, "Brühl": 3, "Calderon": 2, "Nordvik": 2, "Sonavel": 2,
    }  # fmt: skip
    # 499.99 is below 500, 500.00 is not; so it is with 1000.
    assert facets.price_ranges == {"0-500": 7, "500-1000": 2, "1000+": 3}
    assert facets.categories == {
        "electronics": 9, "phones": 5, "laptops": 4, "books": 3, "novels": 3,
    }  # fmt: skip


def test_a_facet_ignores_its_own_filter_and_obeys_the_others(engine: SearchEngine) -> None:
    facets = find(
        engine, brands=("Nordvik",), categories=("laptops",), price_to_minor=100_000
    ).facets
    assert facets.brands == {"Calderon": 1, "Nordvik": 1}
    assert facets.categories == {"electronics": 1, "laptops": 1}
    assert facets.price_ranges == {"0-500": 0, "500-1000": 1, "1000+": 1}
    assert find(engine, tags=("travel",), in_stock=True).facets.brands == {
        "Brühl": 1, "Calderon": 1, "Nordvik": 1,
    }  # fmt: skip


def test_facets_of_words(engine: SearchEngine) -> None:
    page = find(engine, "headphones")
    assert page.total == 2
    assert page.facets.brands == {"Sonavel": 2}
    assert page.facets.price_ranges == {"0-500": 2, "500-1000": 0, "1000+": 0}


def test_facets_where_nothing_is_found(engine: SearchEngine) -> None:
    facets = find(engine, "qqqqzzzz").facets
    assert (facets.brands, facets.categories) == ({}, {})
    assert facets.price_ranges == {"0-500": 0, "500-1000": 0, "1000+": 0}


# -- order and pages -------------------------------------------------------------------------------


def test_orders(engine: SearchEngine) -> None:
    by_price = sorted(PRODUCTS, key=lambda product: product[3])
    assert names(find(engine, sort=SearchSort.PRICE_ASC)) == [p[0] for p in by_price]
    assert names(find(engine, sort=SearchSort.PRICE_DESC)) == [p[0] for p in reversed(by_price)]
    assert names(find(engine, "laptop", sort=SearchSort.NEWEST))[0] == "Aero 13 Laptop, Silver"


@pytest.mark.parametrize("sort", list(SearchSort))
@pytest.mark.parametrize("text", ["", "laptop headphones smartphone"])
def test_pages_hold_everything_once(engine: SearchEngine, text: str, sort: SearchSort) -> None:
    whole = find(engine, text, sort=sort, per_page=100)
    paged = [
        find(engine, text, sort=sort, page=page, per_page=5)
        for page in range(1, -(-whole.total // 5) + 1)
    ]
    assert [name for page in paged for name in names(page)] == names(whole)
    assert {page.total for page in paged} == {whole.total}
    assert {str(page.facets) for page in paged} == {str(whole.facets)}


def test_equal_results_are_ordered_by_id(engine: SearchEngine) -> None:
    phones = find(engine, "halo gb").results[:2]
    assert {phone.name for phone in phones} == {
        "Halo Smartphone, 128 GB",
        "Halo Smartphone, 512 GB",
    }
    ids = [str(phone.product_id) for phone in phones]
    assert ids == sorted(ids)


def test_the_last_page_and_beyond(engine: SearchEngine) -> None:
    page = find(engine, page=100, per_page=100)
    assert (page.total, list(page.results)) == (len(PRODUCTS), [])


# -- highlights -----------------------------------------------------------------------------------


def test_highlights(engine: SearchEngine) -> None:
    found = find(engine, "laptops").results[0]
    assert found.name_marked is not None
    assert f"{MARK_START}Laptop{MARK_END}" in found.name_marked
    ferry = find(engine, "stolen").results[0]
    assert ferry.name_marked is None
    assert ferry.description_marked is not None
    assert f"{MARK_START}stolen{MARK_END}" in ferry.description_marked


def test_markup_in_a_name_is_left_as_it_is(engine: SearchEngine) -> None:
    found = find(engine, "essay").results[0]
    assert found.name == "<b>Bold</b> & Co: An Essay"
    assert found.name_marked is not None
    marked = html.escape(found.name_marked)
    assert "&lt;b&gt;Bold&lt;/b&gt;" in marked


# -- suggestions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("puls", "Pulse Kids' Headphones, Rose"),
        ("kids h", "Pulse Kids' Headphones, Rose"),
        ("cafe", "The Café: A Love Story"),
        ("Halo Ul", "Halo Ultra Smartphone"),
        ("ferr", "The Winter Ferry: A Crime Novel"),
    ],
)
def test_suggestions(engine: SearchEngine, typed: str, first: str) -> None:
    found = engine.suggest(typed, 8).suggestions
    assert found[0].name == first
    assert found[0].product_id == product_id(first)


def test_suggestions_are_few_and_for_sale(engine: SearchEngine) -> None:
    assert len(engine.suggest("h", 2).suggestions) == 2
    assert {each.name for each in engine.suggest("aero", 8).suggestions} == {
        "Aero 13 Laptop, Silver", "Aero 15 Laptop, Black",
    }  # fmt: skip
    assert engine.suggest("xyzzy", 8).suggestions == []
    assert not engine.suggest("…", 8).suggestions


# -- attempts at injection ---------------------------------------------------------------------------

_HOSTILE = [
    "'; DROP TABLE products; --",
    "laptop' OR '1'='1",
    "%' AND 1=pg_sleep(5) --",
    "%s %(limit)s {0} {limit}",
    "\\",
    "laptop & | ! <-> :* ( ) '",
    "!laptop",
    '"laptop',
    '"} , {"match_all": {}}',
    "name:* OR _exists_:name",
    "/.*/",
    "*",
    "laptop~5 +aero -black ^9",
    "<script>alert(1)</script>",
    "\u202elaptop\u200b",
    "🎧" * 50,
    "a " * 100,
    "x" * 200,
    "../../_cluster/settings",
]


@pytest.mark.parametrize("text", _HOSTILE)
def test_queries_are_words_and_nothing_else(engine: SearchEngine, text: str) -> None:
    page = find(engine, text)
    assert 0 <= page.total <= len(PRODUCTS)
    engine.suggest(text[:100], 5)
    assert find(engine, brands=(text,), categories=(text,), tags=(text,)).total == 0
    assert find(engine).total == len(PRODUCTS)
