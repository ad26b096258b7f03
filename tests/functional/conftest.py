"""The shop behind its API, in process, on real servers."""

from collections.abc import Iterator

import pytest
from shop.bootstrap import Container

from tests.support.containers import container_for
from tests.support.gateway import Gateway


@pytest.fixture
def container(database: str, redis: str) -> Iterator[Container]:
    """Adapters on a database and a Redis that are empty."""
    with container_for(database, redis) as made:
        yield made


@pytest.fixture
def shop(container: Container) -> Gateway:
    """Calls the functions as API Gateway does."""
    return Gateway(container)
