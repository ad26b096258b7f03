"""Both search engines, over the same catalog."""

from collections.abc import Iterator

import pytest

from shop.adapters.postgres.database import Database
from shop.adapters.postgres.search import PostgresSearchEngine
from shop.services.search.ports import SearchEngine
from tests.support import databases
from tests.support.indexing import World
from tests.support.opensearch import own_indexes
from tests.support.search import add_catalog


@pytest.fixture(scope="module")
def catalog_url(database_server: str, database_template: str) -> Iterator[str]:
    """Address of a database with the small catalog, for tests that do not change it."""
    with databases.copy_of(database_server, database_template) as url:
        database = Database(url)
        add_catalog(database)
        database.close()
        yield url


@pytest.fixture(scope="module")
def catalog(catalog_url: str) -> Iterator[Database]:
    """The small catalog."""
    database = Database(catalog_url)
    yield database
    database.close()


@pytest.fixture(scope="module", params=["postgresql", "opensearch"])
def engine(
    request: pytest.FixtureRequest, catalog: Database, catalog_url: str
) -> Iterator[SearchEngine]:
    """Each of the engines."""
    if request.param == "postgresql":
        yield PostgresSearchEngine(catalog)
        return
    from shop.adapters.opensearch.engine import OpenSearchEngine
    from shop.adapters.opensearch.reindex import reindex

    opensearch_url = request.getfixturevalue("opensearch_url")
    with own_indexes(opensearch_url) as names:
        reindex(catalog_url, opensearch_url, names)
        engine = OpenSearchEngine(opensearch_url, names)
        yield engine
        engine.close()


@pytest.fixture
def world(database: str, opensearch_url: str) -> Iterator[World]:
    """The small catalog, to change, and indexes of the test's own."""
    with own_indexes(opensearch_url) as names:
        made = World(database, opensearch_url, names)
        add_catalog(made.database)
        yield made
        made.database.close()
        made.index.close()
        made.engine.close()
        made.client.close()
