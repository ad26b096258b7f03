"""Apply the numbered SQL files of ``infra/migrations``, each once, recorded in the database.

Usage: ``python -m shop.adapters.postgres.migrations DIRECTORY`` with SHOP_DATABASE_URL set.
"""

import argparse
import hashlib
import os
from pathlib import Path
from typing import Final

import psycopg2

_LOCK: Final = 7_468_637  # any number of our own: two runners wait for each other


class MigrationError(Exception):
    """A migration that was applied has since been edited, or has vanished from the folder."""


def migrate(database_url: str, directory: Path) -> list[str]:
    """Apply what is missing, each file in a transaction of its own.

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
        If an applied file was changed or removed.
    """
    files = {path.name: path.read_text() for path in sorted(directory.glob("[0-9]*.sql"))}
    applied: list[str] = []
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
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
        for name, sql in files.items():
            if name in known:
                continue
            with connection, connection.cursor() as cursor:
                cursor.execute(sql)
                cursor.execute(
                    "INSERT INTO schema_migrations (name, digest) VALUES (%s, %s)",
                    (name, _digest(sql)),
                )
            applied.append(name)
    finally:
        connection.close()
    return applied


def _digest(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="folder of NNNN_name.sql files")
    arguments = parser.parse_args()
    url = os.environ.get("SHOP_DATABASE_URL")
    if not url:
        parser.error("SHOP_DATABASE_URL is not set; expected postgresql://…")
    applied = migrate(url, arguments.directory)
    print("\n".join(f"applied {name}" for name in applied) or "nothing to apply")


if __name__ == "__main__":
    main()
