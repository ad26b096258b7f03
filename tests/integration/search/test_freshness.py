"""The index beside the tables: late events, rebuilds while things change, rebuilds cut short."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from opensearchpy import OpenSearch

from shop.adapters.opensearch import reindex as opensearch_reindex
from shop.adapters.opensearch.engine import OpenSearchEngine
from shop.adapters.opensearch.index import IndexNames
from shop.adapters.opensearch.reindex import ReindexError, reindex
from shop.adapters.opensearch.writer import OpenSearchIndex
from shop.adapters.postgres.database import Database
from shop.adapters.postgres.search_documents import PostgresSearchDocuments, catalog_reader
from shop.domain.errors import DependencyUnavailable
from shop.domain.search import Filters, SearchQuery
from shop.services.search.indexing import refresh_index
from tests.support.opensearch import own_indexes
from tests.support.products import change, set_on_hand
from tests.support.search import PRODUCTS, add, add_catalog, product_id

AERO = product_id("Aero 13 Laptop, Silver")


class World:
    """A database and an index of one test's own."""

    def __init__(self, database_url: str, opensearch_url: str, names: IndexNames) -> None:
        self.database_url, self.opensearch_url, self.names = database_url, opensearch_url, names
        self.database = Database(database_url)
        self.documents = PostgresSearchDocuments(self.database)
        self.index = OpenSearchIndex(opensearch_url, names)
        self.engine = OpenSearchEngine(opensearch_url, names)
        self.client = OpenSearch(hosts=[opensearch_url], timeout=30)

    def reindex(self) -> opensearch_reindex.Rebuilt:
        return reindex(self.database_url, self.opensearch_url, self.names)

    def found(self, text: str = "", **filters: Any) -> set[str]:
        query = SearchQuery(text=text, filters=Filters(**filters), per_page=100)
        return {found.name for found in self.engine.search(query).results}

    def indexes(self) -> set[str]:
        return set(self.client.indices.get_alias(index=f"{self.names.alias}*"))

    def change(self, **columns: object) -> None:
        change(self.database, AERO, **columns)
        with self.database.transaction() as transaction:
            transaction.execute(
                "UPDATE products SET version = version + 1, updated_at = now() WHERE id = %s",
                (AERO,),
            )

    def refresh(self) -> int:
        return refresh_index(self.index, self.documents, [AERO, AERO])


@pytest.fixture
def world(database: str, opensearch_url: str) -> Iterator[World]:
    with own_indexes(opensearch_url) as names:
        made = World(database, opensearch_url, names)
        add_catalog(made.database)
        yield made
        made.database.close()
        made.index.close()
        made.engine.close()
        made.client.close()


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


def test_without_an_index_nothing_is_written_and_none_comes_to_be(world: World) -> None:
    assert world.refresh() == 0
    assert world.indexes() == set()
    with pytest.raises(DependencyUnavailable):
        world.engine.search(SearchQuery(text="laptop"))


def test_no_opensearch_is_no_mistake(world: World) -> None:
    assert refresh_index(None, world.documents, [AERO]) == 0


def test_an_index_that_is_away_brings_the_batch_back(world: World) -> None:
    away = OpenSearchIndex("http://127.0.0.1:1", world.names)
    with pytest.raises(DependencyUnavailable):
        refresh_index(away, world.documents, [AERO])


def test_the_mapping_takes_only_what_it_knows(world: World) -> None:
    index = world.reindex().name
    answer = world.client.bulk(
        body=[{"index": {"_index": index, "_id": "x"}}, {"id": "x", "surprise": 1}]
    )
    assert answer["items"][0]["index"]["status"] == 400


# -- rebuilds ----------------------------------------------------------------------------------


def test_a_rebuild_replaces_the_index_and_removes_the_old_one(world: World) -> None:
    first = world.reindex()
    assert first.documents == len(PRODUCTS) + 1
    assert first.removed == []
    add(world.database, ("Zephyr", "Z", "laptops", 1_000, 1, (), ""))
    second = world.reindex()
    assert second.removed == [first.name]
    assert world.indexes() == {second.name}
    assert world.found("zephyr") == {"Zephyr"}


def test_searches_never_see_a_gap(world: World) -> None:
    world.reindex()
    ended = threading.Event()
    totals: set[int] = set()
    failures: list[Exception] = []

    def search() -> None:
        engine = OpenSearchEngine(world.opensearch_url, world.names)
        while not ended.is_set():
            try:
                totals.add(engine.search(SearchQuery()).total)
            except DependencyUnavailable as error:
                failures.append(error)
        engine.close()

    thread = threading.Thread(target=search)
    thread.start()
    for _ in range(3):
        world.reindex()
    ended.set()
    thread.join()
    assert (totals, failures) == ({len(PRODUCTS)}, [])


def test_what_changes_during_a_rebuild_is_in_the_new_index(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an event (written to both indexes) and without one (read again before the swap)."""
    world.reindex()
    fill = opensearch_reindex._Build._write
    changed: list[bool] = []

    def write(build: Any, documents: Any) -> None:
        if not changed:
            changed.append(True)
            world.change(name="Zephyr One")
            assert world.refresh() == 1
            assert world.found("zephyr") == {"Zephyr One"}
            add(world.database, ("Zephyr Two", "Z", "laptops", 1_000, 1, (), ""))
        fill(build, documents)

    monkeypatch.setattr(opensearch_reindex._Build, "_write", write)
    world.reindex()
    assert world.found("zephyr") == {"Zephyr One", "Zephyr Two"}


def test_a_rebuild_that_fails_leaves_the_old_index(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = world.reindex()

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(opensearch_reindex._Build, "_write", broken)
    with pytest.raises(KeyboardInterrupt):
        world.reindex()
    assert world.indexes() == {before.name}
    assert "Aero 13 Laptop, Silver" in world.found("aero")


def test_remains_of_a_killed_rebuild_are_removed(world: World) -> None:
    build = opensearch_reindex._Build(world.client, world.names)
    build.create()
    world.refresh()
    rebuilt = world.reindex()
    assert world.indexes() == {rebuilt.name}


def test_an_index_under_the_aliases_own_name_is_replaced(world: World) -> None:
    world.client.index(index=world.names.alias, body={"stray": True}, params={"refresh": "true"})
    rebuilt = world.reindex()
    assert world.indexes() == {rebuilt.name}
    assert "Aero 13 Laptop, Silver" in world.found("aero")


def test_one_rebuild_at_a_time(world: World) -> None:
    with catalog_reader(world.database_url) as reader:
        assert reader is not None
        with pytest.raises(ReindexError, match="Another rebuild"):
            world.reindex()
    world.reindex()


def test_indexes_of_others_are_left_alone(world: World) -> None:
    other = f"{world.names.alias}-archive"
    world.client.indices.create(index=other)
    rebuilt = world.reindex()
    assert world.indexes() == {rebuilt.name, other}


# -- the command -------------------------------------------------------------------------------


def _command(world: World, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "SHOP_DATABASE_URL": world.database_url,
        "SHOP_OPENSEARCH_URL": "",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    return subprocess.run(
        [sys.executable, "-m", "shop.entrypoints.commands.reindex"],
        env=environment | changes,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_refuses_politely(world: World) -> None:
    without = _command(world)
    assert (without.returncode, without.stderr) == (
        0, "No OpenSearch is configured (SHOP_OPENSEARCH_URL): PostgreSQL answers searches.\n",
    )  # fmt: skip
    away = _command(world, SHOP_OPENSEARCH_URL="http://127.0.0.1:1")
    assert away.returncode == 1
    assert "the old index answers" in away.stderr
    assert "Traceback" not in away.stderr
    no_database = _command(
        world,
        SHOP_OPENSEARCH_URL=world.opensearch_url,
        SHOP_DATABASE_URL="postgresql://127.0.0.1:1/x",
    )
    assert no_database.returncode == 1
    assert "PostgreSQL is unavailable" in no_database.stderr


def _sell(world: World, on_hand: int) -> None:
    set_on_hand(world.database, AERO, on_hand)
    with world.database.transaction() as transaction:
        transaction.execute(
            "UPDATE inventory SET version = version + 1, updated_at = now() WHERE product_id = %s",
            (AERO,),
        )
