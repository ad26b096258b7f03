"""Apply the numbered SQL files of ``infra/migrations``, each once, recorded in the database."""

import hashlib
from pathlib import Path
from typing import Final

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

#: The oldest major version of PostgreSQL that has ``ALTER COLUMN … SET EXPRESSION``.
MINIMUM_VERSION: Final = 17
_LOCK: Final = 7_468_637  # any number of our own: two runners wait for each other
#: What every session of the database begins with. A statement that waits longer for a lock or runs longer
#: than this is given up, so that a request ends inside its function's time-out with a clear answer.
_SESSION_DEFAULTS: Final = {
    "statement_timeout": "15s",
    "lock_timeout": "8s",
    "idle_in_transaction_session_timeout": "30s",
}


class MigrationError(Exception):
    """The server is too old, or a migration that was applied has been edited or removed since."""


def migrate(database_url: str, directory: Path) -> list[str]:
    """Apply what is missing, each file in a transaction of its own, and set the sessions' defaults.

    Parameters
    ----------
    database_url : str
        ``postgresql://…``.
    directory : Path
        Folder of files ``NNNN_name.sql``.

    Returns
    -------
    list of str
        Names of the files applied now.

    Raises
    ------
    MigrationError
        If the server is too old, or an applied file was changed or removed.
    """
    files = {path.name: path.read_text() for path in sorted(directory.glob("[0-9]*.sql"))}
    applied: list[str] = []
    connection = psycopg2.connect(database_url)
    try:
        check_version(connection.info.server_version)
        with connection, connection.cursor() as cursor:
            for setting in _SESSION_DEFAULTS:
                # A migration takes the time that it needs.
                cursor.execute(sql.SQL("SET {} = 0").format(sql.Identifier(setting)))
            cursor.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, digest text NOT NULL,"
                " applied_at timestamptz NOT NULL DEFAULT now())"
            )
            cursor.execute("SELECT name, digest FROM schema_migrations")
            known: dict[str, str] = dict(cursor.fetchall())
        for name, digest in known.items():
            if name not in files:
                raise MigrationError(f"{name} was applied but is not in {directory}")
            if _digest(files[name]) != digest:
                raise MigrationError(
                    f"{name} was edited after it was applied; add a new file instead"
                )
        for name, script in files.items():
            if name in known:
                continue
            with connection, connection.cursor() as cursor:
                cursor.execute(script)
                cursor.execute(
                    "INSERT INTO schema_migrations (name, digest) VALUES (%s, %s)",
                    (name, _digest(script)),
                )
            applied.append(name)
        set_session_defaults(connection)
    finally:
        connection.close()
    return applied


def check_version(server_version: int) -> None:
    """Refuse a server that is older than the shop needs.

    Parameters
    ----------
    server_version : int
        As libpq gives it: 170004 is 17.4.

    Raises
    ------
    MigrationError
    """
    major, minor = divmod(server_version, 10_000)
    if major < MINIMUM_VERSION:
        raise MigrationError(
            f"PostgreSQL {major}.{minor} is too old: version {MINIMUM_VERSION} or later is required"
        )


def set_session_defaults(connection: psycopg2.extensions.connection) -> None:
    """Give the database of a connection its defaults; a copy of a database does not inherit them.

    Parameters
    ----------
    connection : psycopg2 connection
        As the database's owner. Sessions that begin later have the defaults.
    """
    with connection, connection.cursor() as cursor:
        for setting, value in _SESSION_DEFAULTS.items():
            cursor.execute(
                sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                    sql.Identifier(connection.info.dbname),
                    sql.Identifier(setting),
                    sql.Literal(value),
                )
            )


def _digest(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()
