"""Apply the numbered SQL files of ``infra/migrations``, each once, recorded in the database."""

import hashlib
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


class MigrationError(Exception):
    """The server is too old, or a migration that was applied has been edited or removed since."""


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
        If the server is too old, or an applied file was changed or removed.
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
        for name, script in files.items():
            if name in known:
                continue
            with connection.transaction():
                connection.execute(script.encode())
                connection.execute(
                    "INSERT INTO schema_migrations (name, digest) VALUES (%s, %s)",
                    (name, _digest(script)),
                )
            applied.append(name)
        set_session_defaults(connection)
    return applied


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
