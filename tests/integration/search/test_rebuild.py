"""Rebuilding the search index while it is searched and written."""

import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from shop.adapters.opensearch import reindex as opensearch_reindex
from shop.adapters.opensearch.engine import OpenSearchEngine
from shop.adapters.opensearch.reindex import ReindexError
from shop.adapters.postgres.search_documents import catalog_reader
from shop.domain.errors import DependencyUnavailable
from shop.domain.search import SearchQuery
from tests.support.indexing import World
from tests.support.search import PRODUCTS, add


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


def test_the_command_explains_its_refusals(world: World) -> None:
    without = _command(world)
    assert (without.returncode, without.stderr) == (
        0, "No OpenSearch is configured (SHOP_OPENSEARCH_URL): PostgreSQL answers searches.\n",
    )  # fmt: skip
    unavailable = _command(world, SHOP_OPENSEARCH_URL="http://127.0.0.1:1")
    assert unavailable.returncode == 1
    assert "the old index answers" in unavailable.stderr
    assert "Traceback" not in unavailable.stderr
    no_database = _command(
        world,
        SHOP_OPENSEARCH_URL=world.opensearch_url,
        SHOP_DATABASE_URL="postgresql://127.0.0.1:1/x",
    )
    assert no_database.returncode == 1
    assert "PostgreSQL is unavailable" in no_database.stderr
