"""Units of work that only read, and servers that only let read."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork
from shop.contracts.events import OrderConfirmed
from shop.domain.errors import DependencyUnavailable
from shop.domain.ids import new_id
from tests.support.containers import Container, container_for


@pytest.fixture
def container(database: str, redis_url: str) -> Iterator[Container]:
    with container_for(database, redis_url) as made:
        yield made


def begin(container: Container, *, autocommit: bool = False) -> PostgresUnitOfWork:
    work = container.unit_of_work(autocommit=autocommit)
    assert isinstance(work, PostgresUnitOfWork)
    return work


def test_reads_are_no_transaction_and_what_follows_is_one_again(container: Container) -> None:
    with begin(container, autocommit=True) as work:
        first = work.transaction.row("SELECT now() AS now")
        assert first != work.transaction.row("SELECT now() AS now")
    with begin(container) as work:
        first = work.transaction.row("SELECT now() AS now")
        assert first == work.transaction.row("SELECT now() AS now")
    with suppress(ZeroDivisionError), begin(container) as work:
        work.transaction.execute("INSERT INTO categories (slug, name, path) VALUES ('x', 'X', 'x')")
        raise ZeroDivisionError
    with begin(container, autocommit=True) as work:
        assert work.transaction.row("SELECT count(*) FROM categories") == (0,)


def test_an_event_cannot_be_recorded_where_nothing_commits(container: Container) -> None:
    with pytest.raises(RuntimeError), begin(container, autocommit=True) as work:
        work.record(OrderConfirmed(order_id=new_id()), correlation_id="c")


def test_an_error_in_a_read_leaves_the_connection_usable(container: Container) -> None:
    with begin(container, autocommit=True) as work:
        work.transaction.execute("SET statement_timeout = 500")
    with pytest.raises(DependencyUnavailable), begin(container, autocommit=True) as work:
        work.transaction.execute("SELECT pg_sleep(10)")
    with begin(container) as work:
        assert work.transaction.row("SELECT 1") == (1,)


def test_a_server_that_became_a_replica_is_left_for_the_new_primary(container: Container) -> None:
    write = "INSERT INTO categories (slug, name, path) VALUES ('y', 'Y', 'y')"
    with begin(container, autocommit=True) as work:
        work.transaction.execute("SET default_transaction_read_only = on")
    with pytest.raises(DependencyUnavailable), begin(container) as work:
        work.transaction.execute(write)
    with begin(container) as work:
        assert work.transaction.execute(write) == 1
