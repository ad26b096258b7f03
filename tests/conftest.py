"""Servers for tests that need real ones; they start with the first such test.

For a whole session: ``services`` (all of them, with `stop`, `start` and `kill`), ``database_url``,
``redis_url``, ``rabbitmq_url``, ``opensearch_url``, ``stripe_url``. For one test, empty at its
beginning: ``database``, ``redis``, ``stripe``.
"""

import urllib.request
from collections.abc import Iterator
from typing import override

import pytest
from hypothesis import settings
from redis import Redis
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from shop import observability
from shop_local.paths import MIGRATIONS
from shop_local.services import RunningServices
from tests.support import databases
from tests.support.laptop import LazyServices, lazy_services
from tests.support.proxy import CuttableProxy

# How long an example takes says more about the machine than about the code.
settings.register_profile(
    "shop", settings.get_profile(settings.get_current_profile_name()), deadline=None
)
settings.load_profile("shop")

#: Tests that share a server which takes long to start: one process runs them all.
_TOGETHER = (
    ("tests/e2e/",),
    ("tests/integration/localstack/",),
    ("tests/functional/search/", "tests/integration/search/"),
)


class _Scheduling(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """Gives each process whole files, or all files that share a slow server."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        shared = (folders[0] for folders in _TOGETHER if nodeid.startswith(folders))
        return next(shared, super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    """Distribute the tests over the processes of `make test`."""
    return _Scheduling(config, log)


@pytest.fixture(autouse=True)
def _counts_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Discard the process's counters, which otherwise appear in the output of a later test."""
    monkeypatch.setattr(observability, "_flush_at", float("inf"))
    monkeypatch.setattr(observability, "_secret_requests", 0)


@pytest.fixture(scope="session")
def laptop() -> Iterator[LazyServices]:
    """The session's servers, none started."""
    with lazy_services() as services:
        yield services


@pytest.fixture(scope="session")
def services(laptop: LazyServices) -> RunningServices:
    """PostgreSQL, Valkey, RabbitMQ and the Stripe fake, all running."""
    laptop.need("postgresql", "valkey", "rabbitmq", "stripe")
    return laptop


@pytest.fixture(scope="session")
def database_server(laptop: LazyServices) -> str:
    """Address of a PostgreSQL server on which databases can be created."""
    laptop.need("postgresql")
    url = laptop.environment["SHOP_DATABASE_URL"]
    databases.drop_leftovers(url)
    return url


@pytest.fixture(scope="session")
def database_template(database_server: str) -> str:
    """Name of a migrated database to copy."""
    return databases.migrated_template(database_server, MIGRATIONS)


@pytest.fixture(scope="session")
def database_url(database_server: str, database_template: str) -> Iterator[str]:
    """Address of a migrated database that the whole session shares."""
    with databases.copy_of(database_server, database_template) as url:
        yield url


@pytest.fixture
def database(database_server: str, database_template: str) -> Iterator[str]:
    """Address of a migrated database for this test only."""
    with databases.copy_of(database_server, database_template) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(laptop: LazyServices) -> str:
    """Address of Valkey."""
    laptop.need("valkey")
    return laptop.environment["SHOP_REDIS_URL"]


@pytest.fixture
def redis(redis_url: str) -> str:
    """Address of Valkey, emptied for this test."""
    with Redis.from_url(redis_url) as operator:
        operator.flushall()
    return redis_url


@pytest.fixture
def redis_proxy(redis: str) -> Iterator[CuttableProxy]:
    """A proxy in front of Valkey that can cut connections."""
    with CuttableProxy(redis) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def rabbitmq_url(laptop: LazyServices) -> str:
    """Address of a broker without queues at the start of the session."""
    laptop.need("rabbitmq")
    return laptop.environment["SHOP_RABBITMQ_URL"]


@pytest.fixture(scope="session")
def opensearch_url(laptop: LazyServices) -> str:
    """Address of a real OpenSearch node; its tests are skipped on machines that cannot run one."""
    laptop.need("opensearch")
    if absent := laptop.service("opensearch").absent:
        pytest.skip(f"OpenSearch is {absent}")
    return laptop.environment["SHOP_OPENSEARCH_URL"]


@pytest.fixture(scope="session")
def stripe_url(laptop: LazyServices) -> str:
    """Base address of the Stripe fake."""
    laptop.need("stripe")
    return laptop.environment["SHOP_STRIPE_URL"]


@pytest.fixture
def stripe(stripe_url: str) -> str:
    """Base address of the Stripe fake, without payments, faults or endpoints."""
    reset = urllib.request.Request(
        f"{stripe_url}/_fake/reset",
        b'{"keep_endpoints": false}',
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(reset, timeout=30).close()
    return stripe_url
