"""Both search engines, over the same catalog."""

from collections.abc import Iterator

import pytest

from shop.adapters.postgres.database import Database
from shop.adapters.postgres.search import PostgresSearchEngine
from shop.services.ports.search import SearchEngine
from tests.support import databases
from tests.support.search import add_catalog


@pytest.fixture(scope="module")
def catalog(database_server: str, database_template: str) -> Iterator[Database]:
    """A database with the small catalog, for tests that do not change it."""
    with databases.copy_of(database_server, database_template) as url:
        database = Database(url)
        add_catalog(database)
        yield database
        database.close()


@pytest.fixture(scope="module", params=["postgresql"])
def engine(request: pytest.FixtureRequest, catalog: Database) -> Iterator[SearchEngine]:
    """Each of the engines."""
    yield PostgresSearchEngine(catalog)
