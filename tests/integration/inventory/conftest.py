"""Stock and holds in a real PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.support.warehouse import Warehouse


@pytest.fixture
def warehouse(database: str) -> Iterator[Warehouse]:
    """The repository over an empty database."""
    made = Warehouse(database)
    yield made
    made.database.close()
