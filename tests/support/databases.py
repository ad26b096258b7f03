"""Databases of the tests: one template a set of migrations, copied in milliseconds."""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from shop.adapters.postgres.migrations import migrate, set_session_defaults


def at(server_url: str, database: str) -> str:
    """Give the address of another database on the same server."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{database}"))


def migrated_template(server_url: str, migrations: Path) -> str:
    """Give the name of a database with the schema and nothing else, made when missing."""
    digest = hashlib.sha256()
    for path in sorted(migrations.glob("[0-9]*.sql")):
        digest.update(path.name.encode() + path.read_bytes())
    name = f"shop_template_{digest.hexdigest()[:16]}"
    if not _exists(server_url, name):
        # Under another name until it is whole, as a session may be cut short.
        unfinished = f"shop_unfinished_{uuid.uuid4().hex[:12]}"
        _execute(server_url, "CREATE DATABASE {}", unfinished)
        migrate(at(server_url, unfinished), migrations)
        _execute(server_url, "ALTER DATABASE {} RENAME TO {}", unfinished, name)
    return name


@contextmanager
def copy_of(server_url: str, template: str) -> Iterator[str]:
    """Make a copy of a template, give its address, and drop it at the end."""
    name = f"shop_test_{uuid.uuid4().hex[:12]}"
    _execute(server_url, "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
    connection = psycopg2.connect(at(server_url, name))
    set_session_defaults(connection)
    connection.close()
    try:
        yield at(server_url, name)
    finally:
        _execute(server_url, "DROP DATABASE {} WITH (FORCE)", name)


def drop_leftovers(server_url: str) -> None:
    """Drop copies that an earlier session, cut short, has left behind."""
    with _connected(server_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database"
            " WHERE datname LIKE 'shop_test_%' OR datname LIKE 'shop_unfinished_%'"
        )
        names = [row[0] for row in cursor.fetchall()]
    for name in names:
        _execute(server_url, "DROP DATABASE {} WITH (FORCE)", name)


def _exists(server_url: str, name: str) -> bool:
    with _connected(server_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
        return bool(cursor.rowcount)


def _execute(server_url: str, statement: str, *names: str) -> None:
    with _connected(server_url) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def _connected(server_url: str) -> Iterator["psycopg2.extensions.connection"]:
    connection = psycopg2.connect(server_url)
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()
