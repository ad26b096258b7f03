"""A shop with a small catalog, searched by PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.support.containers import Container, container_for
from tests.support.search import add_catalog


@pytest.fixture
def container(database: str, redis: str) -> Iterator[Container]:
    """Adapters over the catalog."""
    with container_for(database, redis) as made:
        add_catalog(made.database)
        yield made
