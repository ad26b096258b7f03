"""The index compared with the tables: late events, changes during a rebuild, interrupted rebuilds."""

import json

import pytest
from msgspec.structs import replace

from shop.adapters.opensearch.writer import OpenSearchIndex
from shop.domain.errors import DependencyUnavailable
from shop.domain.search import SearchQuery
from shop.services.search.indexing import refresh_index
from tests.support.indexing import AERO, World
from tests.support.products import set_on_hand


def test_a_change_can_be_found_when_its_event_was_processed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.reindex()
    world.change(name="Zephyr 13 Laptop, Silver", brand="Zephyrine")
    assert world.refresh() == 1
    assert world.found("zephyr") == {"Zephyr 13 Laptop, Silver"}
    line = next(line for line in capsys.readouterr().out.splitlines() if "SearchIndexLag" in line)
    (lag,) = json.loads(line)["SearchIndexLag"]
    assert 0 <= lag < 300


def test_a_repeated_event_changes_nothing(world: World) -> None:
    world.reindex()
    assert world.refresh() == 0
    world.change(price_minor=1)
    assert (world.refresh(), world.refresh()) == (1, 0)


def test_what_was_read_earlier_and_arrives_later_is_ignored(world: World) -> None:
    world.reindex()
    late = world.documents.read([AERO])
    world.change(name="Zephyr")
    world.refresh()
    assert world.index.write(late) == []
    assert world.index.write([replace(late[0], version=late[0].version + 1, name="Same age")]) == []
    assert world.found("zephyr") == {"Zephyr"}


def test_product_and_stock_change_in_any_order(world: World) -> None:
    """One version stands for both: whichever event is late, the newest of each is in the index."""
    world.reindex()
    old = world.documents.read([AERO])
    _sell(world, 0)
    only_stock = world.documents.read([AERO])
    world.change(name="Zephyr")
    both = world.documents.read([AERO])
    versions = [documents[0].version for documents in (old, only_stock, both)]
    assert versions == sorted(set(versions))
    for documents in (both, only_stock, old):
        world.index.write(documents)
    assert world.found("zephyr") == {"Zephyr"}
    assert world.found("zephyr", in_stock=True) == set()


def test_a_product_that_is_taken_off_sale_is_not_found(world: World) -> None:
    world.reindex()
    before = world.documents.read([AERO])
    world.change(is_active=False)
    world.refresh()
    world.index.write(before)
    assert "Aero 13 Laptop, Silver" not in world.found("aero")
    world.change(is_active=True)
    world.refresh()
    assert "Aero 13 Laptop, Silver" in world.found("aero")


def test_without_an_index_nothing_is_written_and_none_is_created(world: World) -> None:
    assert world.refresh() == 0
    assert world.indexes() == set()
    with pytest.raises(DependencyUnavailable):
        world.engine.search(SearchQuery(text="laptop"))


def test_opensearch_is_optional(world: World) -> None:
    assert refresh_index(None, world.documents, [AERO]) == 0


def test_an_unavailable_index_returns_the_batch(world: World) -> None:
    unavailable = OpenSearchIndex("http://127.0.0.1:1", world.names)
    with pytest.raises(DependencyUnavailable):
        refresh_index(unavailable, world.documents, [AERO])


def test_the_mapping_takes_only_what_it_knows(world: World) -> None:
    index = world.reindex().name
    answer = world.client.bulk(
        body=[{"index": {"_index": index, "_id": "x"}}, {"id": "x", "surprise": 1}]
    )
    assert answer["items"][0]["index"]["status"] == 400


# -- rebuilds ----------------------------------------------------------------------------------


# -- the command -------------------------------------------------------------------------------


def _sell(world: World, on_hand: int) -> None:
    set_on_hand(world.database, AERO, on_hand)
    with world.database.transaction() as transaction:
        transaction.execute(
            "UPDATE inventory SET version = version + 1, updated_at = now() WHERE product_id = %s",
            (AERO,),
        )
