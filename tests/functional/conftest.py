"""The shop behind its API, in process, on real servers."""

from collections.abc import Iterator

import pytest

from shop.bootstrap import Container
from tests.support.containers import container_for
from tests.support.gateway import Gateway
from tests.support.products import add_categories


@pytest.fixture
def container(database: str, redis: str) -> Iterator[Container]:
    """Adapters on a Redis that is empty and a database that has categories only."""
    with container_for(database, redis) as made:
        add_categories(made.database)
        yield made


@pytest.fixture
def shop(container: Container) -> Gateway:
    """Calls the functions as API Gateway does."""
    return Gateway(container)
