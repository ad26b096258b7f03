"""Suggestions for names that are hard to type; each test runs against both engines."""

import pytest

from shop.adapters.postgres.database import Database
from shop.services.search.ports import SearchEngine
from tests.support.search import add, find, names

_SHIP = "Donaudampfschifffahrtsgesellschaft Model Ship"
_LAMP = "Łódź Ærø Lamp by Bjørn Đorđe, \u0131ş\u0131k"


@pytest.fixture(scope="module")
def catalog_url(catalog_url: str) -> str:
    """The small catalog and two more products."""
    database = Database(catalog_url)
    for name in (_SHIP, _LAMP):
        add(database, (name, "Brühl", "phones", 1_000, 1, (), ""))
    database.close()
    return catalog_url


@pytest.mark.parametrize("letters", [3, 19, 20, 21, 22, 34])
def test_long_words(engine: SearchEngine, letters: int) -> None:
    found = engine.suggest(_SHIP[:letters], 5).suggestions
    assert [each.name for each in found] == [_SHIP]
    assert not engine.suggest("x" * letters, 5).suggestions


@pytest.mark.parametrize(
    "typed",
    ["Łód", "lodz", "ærø", "aero lamp", "Bjørn", "bjorn", "đorđ", "dord", "\u0131ş\u0131", "isik"],
)
def test_letters_that_no_accent_explains(engine: SearchEngine, typed: str) -> None:
    assert _LAMP in [each.name for each in engine.suggest(typed, 5).suggestions]


@pytest.mark.parametrize("typed", ["Łódź", "lodz", "ærø lamp", "bjorn", "đorđe", "IŞIK"])
def test_searches_for_such_letters(engine: SearchEngine, typed: str) -> None:
    assert names(find(engine, typed))[:1] == [_LAMP]
