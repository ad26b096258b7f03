"""Connections to PostgreSQL."""

from contextlib import closing

import psycopg
import pytest
from psycopg import sql

from shop.adapters.postgres.database import Database
from shop.adapters.postgres.migrations import migrate
from shop_local.paths import MIGRATIONS
from tests.support.wire import counting


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "15s"),
        ("lock_timeout", "8s"),
        ("idle_in_transaction_session_timeout", "30s"),
        ("idle_session_timeout", "15min"),
    ],
)
def test_every_session_has_the_databases_time_outs(database: str, setting: str, value: str) -> None:
    with closing(Database(database)) as connected, connected.transaction() as transaction:
        assert transaction.row(f"SHOW {setting}") == (value,)


def test_a_connection_asks_for_no_settings(database: str) -> None:
    """Amazon RDS Proxy: "currently doesn't support command-line options"; it refuses the connection."""
    with closing(Database(database)) as connected, connected.transaction():
        assert connected._connection is not None
        assert not connected._connection.info.get_parameters().get("options")


def test_migrating_again_restores_the_defaults(database: str) -> None:
    with psycopg.connect(database) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} RESET ALL").format(name))
    assert migrate(database, MIGRATIONS) == []
    with closing(Database(database)) as connected, connected.transaction() as transaction:
        assert transaction.row("SHOW statement_timeout") == ("15s",)


def test_a_transaction_waits_only_for_answers(database: str) -> None:
    with closing(Database(database)) as connected:
        for _ in range(3):  # the second time a statement is prepared
            with counting(connected) as sent, connected.transaction() as transaction:
                transaction.send("UPDATE orders SET updated_at = now() WHERE false")
                transaction.row("SELECT 1 AS one")
                transaction.send("UPDATE orders SET updated_at = now() WHERE 1 = 2")
        assert sent.control == ["BEGIN", "COMMIT"]
        assert (len(sent.statements), sent.round_trips) == (3, 2)


def test_a_lone_statement_is_one_round_trip(database: str) -> None:
    with closing(Database(database)) as connected:
        for _ in range(3):
            with counting(connected) as sent, connected.autocommit() as transaction:
                assert transaction.row("SELECT 1 AS one") == (1,)
        assert (sent.control, len(sent.statements), sent.round_trips) == ([], 1, 1)


@pytest.mark.parametrize("prepare", [True, False])
def test_statements_are_prepared_only_where_the_pooler_allows_it(
    database: str, prepare: bool
) -> None:
    with closing(Database(database, prepare=prepare)) as connected:
        for _ in range(3):
            with connected.transaction() as transaction:
                assert transaction.row("SELECT 'once planned' AS text") == ("once planned",)
        with connected.autocommit() as transaction:
            names = transaction.rows("SELECT FROM pg_prepared_statements WHERE statement ~ 'once'")
    assert bool(names) is prepare


def test_what_a_failed_transaction_has_sent_is_rolled_back(database: str) -> None:
    with closing(Database(database)) as connected:

        def insert_twice() -> None:
            with connected.transaction() as transaction:
                transaction.send("INSERT INTO tax_rates VALUES ('ZZ', '*', 1)")
                transaction.send("INSERT INTO tax_rates VALUES ('ZZ', '*', 2)")

        with pytest.raises(psycopg.errors.UniqueViolation):
            insert_twice()
        with connected.transaction() as transaction:
            assert transaction.rows("SELECT FROM tax_rates WHERE country = 'ZZ'") == []
