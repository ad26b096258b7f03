"""Apply the numbered SQL files of ``infra/migrations``, each once, recorded in the database."""

import hashlib
import time
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

#: The oldest major version of PostgreSQL that has ``ALTER COLUMN … SET EXPRESSION``.
MINIMUM_VERSION: Final = 17
_LOCK: Final = 7_468_637  # any number of our own: two runners wait for each other
#: PostgreSQL cancels a statement that waits longer for a lock, or runs longer, so that a request ends within
#: its function's time-out with a clear answer.
_TIME_OUTS: Final = {
    "statement_timeout": "15s",
    "lock_timeout": "8s",
    "idle_in_transaction_session_timeout": "30s",
}
#: Defaults of every session of the database.
_SESSION_DEFAULTS: Final = {
    **_TIME_OUTS,
    # An execution environment that Lambda has ended without notice leaves its connection behind.
    "idle_session_timeout": "15min",
    "timezone": "UTC",
}


#: A statement that waits for a lock makes all that come after it wait, too: requests of the running release.
#: So it gives up, and the file is tried again.
_LOCK_TIMEOUT: Final = "1s"
_ATTEMPTS: Final = 30
_PAUSE_SECONDS: Final = 1.0
#: The first line of a file of one statement that PostgreSQL refuses in a transaction, such as CREATE INDEX
#: CONCURRENTLY.
_ALONE: Final = "-- Outside of a transaction."


class MigrationError(Exception):
    """The server is too old, an applied migration was edited or removed, or one is not granted its locks."""


def migrate(database_url: str, directory: Path) -> list[str]:
    """Apply pending migrations, each file in its own transaction, and set the sessions' defaults.

    Parameters
    ----------
    database_url : str
        ``postgresql://…``.
    directory : Path
        Folder of files ``NNNN_name.sql``.

    Returns
    -------
    list of str
        Names of the files that this call applied.

    Raises
    ------
    MigrationError
        If the server is too old, an applied file was changed or removed, or a lock is not granted.
    """
    files = {path.name: path.read_text() for path in sorted(directory.glob("[0-9]*.sql"))}
    applied: list[str] = []
    with psycopg.connect(database_url) as connection:
        check_version(connection.info.server_version)
        with connection.transaction():
            for setting in _TIME_OUTS:
                # Migrations run without time-outs.
                connection.execute(sql.SQL("SET {} = 0").format(sql.Identifier(setting)))
            connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            connection.execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, digest text NOT NULL,"
                " applied_at timestamptz NOT NULL DEFAULT now())"
            )
            known: dict[str, str] = dict(
                connection.execute("SELECT name, digest FROM schema_migrations").fetchall()
            )
        for name, digest in known.items():
            if name not in files:
                raise MigrationError(f"{name} was applied but is not in {directory}")
            if _digest(files[name]) != digest:
                raise MigrationError(
                    f"{name} was edited after it was applied; add a new file instead"
                )
        connection.execute(sql.SQL("SET lock_timeout = {}").format(_LOCK_TIMEOUT))
        connection.commit()
        for name, script in files.items():
            if name not in known:
                _apply_soon(connection, name, script)
                applied.append(name)
        set_session_defaults(connection)
    return applied


def _apply_soon(connection: psycopg.Connection[Any], name: str, script: str) -> None:
    """Apply a file once PostgreSQL grants its locks in time."""
    for _ in range(_ATTEMPTS):
        try:
            return _apply(connection, name, script)
        except psycopg.errors.LockNotAvailable:
            time.sleep(_PAUSE_SECONDS)
    raise MigrationError(
        f"{name} was not granted its locks in {_ATTEMPTS} attempts of {_LOCK_TIMEOUT}: find the"
        " transactions that hold them in pg_stat_activity, then deploy again"
    )


def _apply(connection: psycopg.Connection[Any], name: str, script: str) -> None:
    if alone := script.startswith(_ALONE):
        connection.autocommit = True
        try:
            connection.execute(script.encode())
        finally:
            connection.autocommit = False
    with connection.transaction():
        if not alone:
            connection.execute(script.encode())
        connection.execute(
            "INSERT INTO schema_migrations (name, digest) VALUES (%s, %s)", (name, _digest(script))
        )


def check_version(server_version: int) -> None:
    """Check that the server is not older than the shop requires.

    Parameters
    ----------
    server_version : int
        As libpq reports it: 170004 is 17.4.

    Raises
    ------
    MigrationError
    """
    major, minor = divmod(server_version, 10_000)
    if major < MINIMUM_VERSION:
        raise MigrationError(
            f"PostgreSQL {major}.{minor} is too old: version {MINIMUM_VERSION} or later is required"
        )


def set_session_defaults(connection: psycopg.Connection[Any]) -> None:
    """Set the session defaults of a connection's database; a copy of a database does not inherit them.

    Parameters
    ----------
    connection : psycopg.Connection
        Connected as the database's owner. The defaults apply to later sessions.
    """
    with connection.transaction():
        for setting, value in _SESSION_DEFAULTS.items():
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                    sql.Identifier(connection.info.dbname),
                    sql.Identifier(setting),
                    sql.Literal(value),
                )
            )


def _digest(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()
