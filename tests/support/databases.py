"""Databases of the tests: one template a set of migrations, copied in milliseconds."""

import hashlib
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from shop.adapters.postgres.migrations import migrate, set_session_defaults


def at(server_url: str, database: str) -> str:
    """Return the address of another database on the same server."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{database}"))


def migrated_template(server_url: str, migrations: Path) -> str:
    """Return the name of a database with the schema and nothing else, made when missing."""
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
    with psycopg.connect(at(server_url, name)) as connection:
        set_session_defaults(connection)
    try:
        yield at(server_url, name)
    finally:
        _drop(server_url, name)


def drop_leftovers(server_url: str) -> None:
    """Drop copies that an earlier session, cut short, has left behind."""
    with psycopg.connect(server_url) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database"
            " WHERE datname LIKE 'shop_test_%' OR datname LIKE 'shop_unfinished_%'"
        ).fetchall()
        names = [row[0] for row in rows]
    for name in names:
        _drop(server_url, name)


def _drop(server_url: str, name: str) -> None:
    """Drop a database; an autovacuum worker in it, which is the server's own, is waited for."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return _execute(server_url, "DROP DATABASE {} WITH (FORCE)", name)
        except psycopg.errors.InsufficientPrivilege:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _exists(server_url: str, name: str) -> bool:
    with psycopg.connect(server_url) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        return found.fetchone() is not None


def _execute(server_url: str, statement: LiteralString, *names: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
