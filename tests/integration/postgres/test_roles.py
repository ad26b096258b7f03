"""The role of the functions: rows, and nothing of the schema."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import errors, sql

from shop.adapters.postgres.roles import make_application_role
from tests.support.laptop import LazyServices

_ROLE = "shop_app_of_a_test"


def _as_role(owner: str, password: str) -> str:
    parts = urlsplit(owner)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{_ROLE}:{password}@{host}").geturl()


@pytest.fixture
def owner(laptop: LazyServices, database: str) -> Iterator[str]:
    """Address of a database whose owner may create roles, as the owner of a database of RDS may."""
    parts = urlsplit(database)
    password = laptop.service("postgresql").state.secrets["postgres"]
    server = f"host={parts.hostname} port={parts.port} user=postgres password={password}"
    role = sql.Identifier(parts.username or "")
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(role))
        yield database
        with psycopg.connect(f"{server} dbname={parts.path[1:]}", autocommit=True) as made:
            made.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(_ROLE)))
        connection.execute(sql.SQL("ALTER ROLE {} NOCREATEROLE").format(role))


def test_it_reads_and_writes_rows_and_changes_no_schema(owner: str) -> None:
    make_application_role(owner, _ROLE, "first")
    make_application_role(owner, _ROLE, "second")
    with psycopg.connect(_as_role(owner, "second"), autocommit=True) as connection:
        connection.execute("INSERT INTO categories (name, slug, path) VALUES ('Tea', 'tea', 'tea')")
        assert connection.execute("SELECT count(*) FROM categories").fetchone() is not None
        assert connection.execute("SELECT count(*) FROM schema_migrations").fetchone() is not None
        for statement in (
            "CREATE TABLE tea (id int)",
            "ALTER TABLE orders ADD COLUMN tea int",
            "DROP TABLE orders",
            "TRUNCATE orders",
            "DELETE FROM schema_migrations",
            "CREATE ROLE tea",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement.encode())
