"""A broker with the shop's topology and empty queues, and containers that use it."""

from collections.abc import Iterator

import pytest

from shop.adapters.rabbitmq.topology import declare
from shop.entrypoints.rabbitmq import batch
from tests.support import broker
from tests.support.broker import Line
from tests.support.containers import Container, container_for
from tests.support.shelf import Shelf


@pytest.fixture(scope="session")
def declared(rabbitmq_url: str) -> list[str]:
    """All queues."""
    return declare(rabbitmq_url)


@pytest.fixture
def rabbitmq(rabbitmq_url: str, declared: list[str]) -> str:
    """Address of the broker, its queues emptied for this test."""
    broker.purge(rabbitmq_url, *declared)
    return rabbitmq_url


@pytest.fixture
def line(rabbitmq: str) -> Iterator[Line]:
    """A connection to the broker that can be cut."""
    with Line(rabbitmq) as made:
        yield made


@pytest.fixture
def container(database: str, redis_url: str, line: Line) -> Iterator[Container]:
    """Adapters that reach the broker over `line`."""
    with container_for(database, redis_url, line.url) as made:
        yield made


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the waiting for unavailable servers."""
    monkeypatch.setattr(batch, "_SPARE_SECONDS", 60.0)


@pytest.fixture
def shelf(no_waiting: None, database: str, redis_url: str, rabbitmq: str) -> Iterator[Shelf]:
    """A consumer with its own way to the broker."""
    with container_for(database, redis_url, rabbitmq) as made:
        yield Shelf(made, database)
