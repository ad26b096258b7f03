"""The shop behind its API, in process, on real servers."""

from collections.abc import Iterator

import psycopg
import pytest

from shop.domain.sessions import Role
from tests.support import databases
from tests.support.builders import add_categories
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway
from tests.support.people import token_of


@pytest.fixture(scope="session")
def functional_database(database_server: str, database_template: str) -> Iterator[tuple[str, str]]:
    """Address of a database for these tests, and the SQL that empties it but for what migrations insert."""
    with databases.copy_of(database_server, database_template) as url:
        with psycopg.connect(url) as connection:
            rows = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            empty = []
            for (table,) in rows:
                found = connection.execute(f"SELECT EXISTS (SELECT FROM {table})".encode())
                if found.fetchone() == (False,):
                    empty.append(table)
            (last,) = connection.execute("SELECT max(version) FROM rate_versions").fetchone() or (
                0,
            )
        rates = ("tax_rates", "shipping_rates", "rate_versions")
        later = "".join(f"; DELETE FROM {table} WHERE version > {last}" for table in rates)
        yield url, f"TRUNCATE {', '.join(empty)}{later}"


@pytest.fixture
def database(functional_database: tuple[str, str]) -> str:
    """Address of a migrated database without anybody's data."""
    url, emptying = functional_database
    with psycopg.connect(url) as connection:
        connection.execute(emptying.encode())
    return url


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


@pytest.fixture
def staff(container: Container) -> str:
    """The token of a member of staff."""
    return token_of(container, Role.STAFF)
