"""Connections to PostgreSQL."""

import psycopg2
import pytest

from shop.adapters.postgres.database import Database
from shop.adapters.postgres.migrations import migrate
from shop_local.paths import MIGRATIONS


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "15s"),
        ("lock_timeout", "8s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ],
)
def test_every_session_has_the_databases_time_outs(database: str, setting: str, value: str) -> None:
    with Database(database).transaction() as transaction:
        assert transaction.row(f"SHOW {setting}") == (value,)


def test_a_connection_asks_for_no_settings(database: str) -> None:
    """Amazon RDS Proxy: "currently doesn't support command-line options"; it refuses the connection."""
    connected = Database(database)
    with connected.transaction():
        assert connected._connection is not None
        assert not connected._connection.get_dsn_parameters().get("options")


def test_migrating_again_restores_the_defaults(database: str) -> None:
    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{connection.info.dbname}" RESET ALL')
    connection.close()
    assert migrate(database, MIGRATIONS) == []
    with Database(database).transaction() as transaction:
        assert transaction.row("SHOW statement_timeout") == ("15s",)
