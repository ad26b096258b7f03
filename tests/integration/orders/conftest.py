"""A transaction on the database that the whole session shares."""

from collections.abc import Iterator

import pytest

from shop.adapters.postgres.database import Database, Transaction


@pytest.fixture(scope="module")
def server(database_url: str) -> Iterator[Database]:
    """Connections to it."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def transaction(server: Database) -> Iterator[Transaction]:
    """A transaction that ends with the test."""
    with server.transaction() as transaction:
        yield transaction
