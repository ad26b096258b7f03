"""Walks by cursor through search results, while others write; each test runs against both engines."""

from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID

import pytest

from shop.adapters.opensearch.engine import OpenSearchEngine
from shop.adapters.postgres.search import PostgresSearchEngine
from shop.domain.errors import InvalidRequest
from shop.domain.search import SearchSort, Walk
from shop.services.search.ports import SearchEngine
from tests.support.builders import add_product
from tests.support.indexing import World
from tests.support.search import find

_SORTS = list(SearchSort)


@pytest.fixture(params=["postgresql", "opensearch"])
def engine(request: pytest.FixtureRequest, world: World) -> SearchEngine:
    """Each of the engines over a catalog of the test's own."""
    if request.param == "postgresql":
        return PostgresSearchEngine(world.database)
    return world.engine


def _write(world: World, *ids: UUID) -> None:
    world.index.write(world.documents.read(ids))


def _walk(ask: Callable[..., object], between: Callable[[], None]) -> Iterator[UUID]:
    after: Walk | None = None
    while True:
        page = ask(after=after)
        yield from (found.product_id for found in page.results)  # type: ignore[attr-defined]
        after = page.following  # type: ignore[attr-defined]
        if after is None:
            return
        between()


@pytest.mark.parametrize("text", ["", "lantern", "lantern brass"])
@pytest.mark.parametrize("sort", _SORTS)
def test_a_walk_under_writes_meets_each_product_once(
    engine: SearchEngine, world: World, sort: SearchSort, text: str
) -> None:
    """A29: pages by number repeat and skip results while others write (medusa #5800)."""
    database = world.database
    stays = [
        add_product(database, name=f"Lantern {'brass ' * (n % 3)}{n}", price_minor=n % 3)
        for n in range(11)
    ]
    goes = [add_product(database, name=f"Lantern brass {n}", price_minor=1) for n in range(4)]
    world.reindex()

    def write() -> None:
        new = add_product(database, name="Lantern lantern brass lantern", price_minor=1)
        changed = [new]
        if goes:
            changed.append(goes.pop())
            with database.transaction() as transaction:
                transaction.send(
                    "UPDATE products SET is_active = false, version = version + 1 WHERE id = %s",
                    (changed[-1],),
                )
        _write(world, *changed)

    walked = list(_walk(partial(find, engine, text, sort=sort, per_page=4), write))

    assert len(walked) == len(set(walked))
    assert set(stays) <= set(walked)


@pytest.mark.parametrize("sort", _SORTS)
def test_a_walk_has_the_order_of_the_pages(
    engine: SearchEngine, world: World, sort: SearchSort
) -> None:
    world.reindex()
    for text in ("", "laptop", "smartphone"):
        whole = [found.product_id for found in find(engine, text, sort=sort).results]
        ask = partial(find, engine, text, sort=sort, per_page=2)
        assert list(_walk(ask, lambda: None)) == whole


def test_a_snapshot_that_expired_is_replaced(world: World) -> None:
    world.reindex()
    whole = [found.product_id for found in find(world.engine).results]
    ask = partial(find, world.engine, per_page=2)
    walked = list(_walk(ask, world.client.delete_all_pits))
    assert walked == whole


@pytest.mark.parametrize("snapshot", ["", "bm9uc2Vuc2U"])
def test_a_cursor_of_another_engine_or_a_malformed_one(
    engine: SearchEngine, world: World, snapshot: str
) -> None:
    world.reindex()
    other = "opensearch" if isinstance(engine, PostgresSearchEngine) else "postgresql"
    walk = Walk(other, "0", strict=True, key=1, id=UUID(int=0), snapshot=snapshot)
    with pytest.raises(InvalidRequest):
        find(engine, after=walk)
    if isinstance(engine, OpenSearchEngine) and snapshot:
        with pytest.raises(InvalidRequest):
            find(engine, after=Walk("opensearch", "0", True, 1, UUID(int=0), snapshot))
