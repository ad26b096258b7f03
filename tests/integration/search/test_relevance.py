"""Minimum values of `make relevance`, slightly below the measured ones."""

from collections.abc import Iterator
from statistics import fmean

import pytest

from bench.relevance import Score, evaluate, ndcg, recall
from shop.adapters.postgres.database import Database
from shop.adapters.postgres.search import BRAND_LIMIT, PostgresSearchEngine
from shop.domain.search import words_of
from shop.services.search.ports import SearchEngine
from shop_local.seed import load
from tests.support import databases
from tests.support.search import find

#: nDCG@10 and recall@20: of all queries, and of those that were not looked at while tuning.
FLOORS = {"postgresql": (0.92, 0.76, 0.93, 0.77), "opensearch": (0.92, 0.74, 0.93, 0.75)}


@pytest.fixture(scope="module")
def seeded(database_server: str, database_template: str) -> Iterator[str]:
    with databases.copy_of(database_server, database_template) as url:
        load(url)
        yield url


@pytest.fixture(scope="module", params=["postgresql", "opensearch"])
def engine(request: pytest.FixtureRequest, seeded: str) -> Iterator[tuple[str, SearchEngine]]:
    """Each of the engines and its name, over the seed's products."""
    if request.param == "postgresql":
        database = Database(seeded)
        yield request.param, PostgresSearchEngine(database)
        database.close()
        return
    from shop.adapters.opensearch.engine import OpenSearchEngine
    from shop.adapters.opensearch.reindex import reindex
    from tests.support.opensearch import own_indexes

    opensearch_url = request.getfixturevalue("opensearch_url")
    with own_indexes(opensearch_url) as names:
        reindex(seeded, opensearch_url, names)
        opensearch = OpenSearchEngine(opensearch_url, names)
        yield request.param, opensearch
        opensearch.close()


@pytest.fixture(scope="module")
def scores(engine: tuple[str, SearchEngine]) -> tuple[str, list[Score]]:
    return engine[0], evaluate(engine[1])


def test_floors(scores: tuple[str, list[Score]]) -> None:
    engine, found = scores
    held_out = [score for score in found if score.held_out]
    measured = tuple(
        round(fmean(getattr(score, name) for score in chosen), 3)
        for chosen in (found, held_out)
        for name in ("ndcg", "recall")
    )
    assert len(found) >= 60
    below = [pair for pair in zip(measured, FLOORS[engine], strict=True) if pair[0] < pair[1]]
    assert not below, measured


def test_every_sort_of_query_reaches_its_floor(scores: tuple[str, list[Score]]) -> None:
    _, found = scores
    for sort in {score.sort for score in found}:
        assert fmean(score.ndcg for score in found if score.sort == sort) > 0.75, sort


@pytest.mark.parametrize("word", ["cafe", "tomato", "rise", "ride", "ines"])
def test_exact_words_rank_before_words_with_errors(
    engine: tuple[str, SearchEngine], word: str
) -> None:
    first = find(engine[1], word).results[0]
    written = f"{first.name} {first.description}".split()
    assert any(own.startswith(word) for part in written for own in words_of(part))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("tshirts", "Shirt"), ("tee", "Shirt"), ("t-shirt", "Shirt"), ("head phones", "phones")],
)
def test_everyday_words(engine: tuple[str, SearchEngine], typed: str, meant: str) -> None:
    first = find(engine[1], typed).results[:5]
    assert [found.name for found in first if meant not in found.name or "Smart" in found.name] == []


@pytest.mark.parametrize("typed", ["coffee maker 1.8 l", "1.8", "1,8 coffee"])
def test_numbers_are_words(engine: tuple[str, SearchEngine], typed: str) -> None:
    first = find(engine[1], typed).results[:3]
    assert all("1.8 l" in found.name for found in first)
    suggested = engine[1].suggest("machine 1.8 l", 8).suggestions
    assert suggested
    assert all("1.8 l" in each.name for each in suggested)


def test_a_filter_finds_no_more_than_the_words(engine: tuple[str, SearchEngine]) -> None:
    # Few products have both words and are black: that is no reason to be content with one of them.
    whole = find(engine[1], "running shoe", per_page=100)
    for options in ({"tags": ("black",)}, {"in_stock": True}):
        filtered = find(engine[1], "running shoe", per_page=100, **options)
        assert {found.name for found in filtered.results} < {found.name for found in whole.results}


def test_a_chosen_brand_is_in_the_facet_however_rare_it_is(
    engine: tuple[str, SearchEngine],
) -> None:
    shown = find(engine[1]).facets.brands
    assert len(shown) <= BRAND_LIMIT
    rare = next(
        found.brand
        for page in range(1, 11)
        for found in find(engine[1], page=page, per_page=100).results
        if found.brand and found.brand not in shown
    )
    common = next(iter(shown))
    brands = find(engine[1], brands=(rare, common)).facets.brands
    assert brands[rare] == find(engine[1], brands=(rare,)).total > 0
    assert brands[common] == shown[common]
    assert rare not in find(engine[1], "laptop", price_to_minor=0, brands=(rare,)).facets.brands


def test_the_measures() -> None:
    grades = {"a": 3, "b": 2, "c": 1}
    assert ndcg(grades, ["a", "b", "c"]) == 1
    assert ndcg(grades, ["x", "y"]) == 0
    assert ndcg(grades, ["b", "a", "c"]) < ndcg(grades, ["a", "c", "b"]) < 1
    assert ndcg(grades, ["a", "b", "x", "c"]) == pytest.approx(0.986, abs=0.01)
    assert recall(grades, ["x", "c", "a"]) == pytest.approx(2 / 3)
    assert recall(dict.fromkeys(map(str, range(30)), 3), [str(n) for n in range(20)]) == 1
