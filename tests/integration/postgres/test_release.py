"""A release migrates the schema while the functions of the last one serve requests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shop.adapters.postgres import migrations
from shop.adapters.postgres.migrations import MigrationError, migrate
from shop_local.paths import MIGRATIONS
from tests.support import databases
from tests.support.last_release import RELEASED, Traffic, load, traffic
from tests.support.waiting import eventually

#: A request that waits longer for a lock fails.
_BOUND = "2s"
_REQUIRED = """
    ALTER TABLE orders ADD COLUMN gift boolean NOT NULL DEFAULT false;
    ALTER TABLE orders ALTER COLUMN gift DROP DEFAULT;
"""


@pytest.fixture(scope="module")
def last_release(database_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a database with the schema of the last release."""
    folder = tmp_path_factory.mktemp("released")
    for path in MIGRATIONS.glob("*.sql"):
        if path.name <= RELEASED:
            shutil.copy(path, folder)
    assert (folder / RELEASED).exists()
    return databases.migrated_template(database_server, folder)


@pytest.fixture
def running(database_server: str, last_release: str) -> Iterator[str]:
    """Address of a database of the last release."""
    with databases.copy_of(database_server, last_release) as url:
        yield url


def _with(tmp_path: Path, **scripts: str) -> Path:
    """Make a folder with the migrations of the last release and these."""
    for path in MIGRATIONS.glob("*.sql"):
        if path.name <= RELEASED:
            shutil.copy(path, tmp_path)
    for name, script in scripts.items():
        (tmp_path / f"{name.removeprefix('n')}.sql").write_text(script)
    return tmp_path


def _wait_for_requests(met: Traffic, more: int) -> None:
    enough = met.done + more
    eventually(
        lambda: (met.done, met.errors[:3]),
        what=f"{enough} requests are served",
        until=lambda seen: seen[0] >= enough,
        pause=0.01,
    )


def test_the_last_release_serves_requests_before_while_and_after_the_migrations(
    running: str, tmp_path: Path
) -> None:
    products = load(running, products=200, orders=500)
    # What a release does that adds a column, a table, a constraint and an index.
    folder = _with(
        tmp_path,
        n9001_add="ALTER TABLE orders ADD COLUMN gift boolean NOT NULL DEFAULT false;"
        "CREATE TABLE gifts (order_id uuid PRIMARY KEY REFERENCES orders (id), note text NOT NULL);"
        "ALTER TABLE orders ADD CONSTRAINT with_total CHECK (total_minor > 0) NOT VALID;",
        n9002_validate="ALTER TABLE orders VALIDATE CONSTRAINT with_total;",
        n9003_index="-- Outside of a transaction.\n"
        "CREATE INDEX CONCURRENTLY idx_orders_gift ON orders (gift, created_at);",
    )
    for path in MIGRATIONS.glob("*.sql"):
        shutil.copy(path, folder)
    with traffic(running, products, _BOUND) as met:
        _wait_for_requests(met, 50)
        applied = migrate(running, folder)
        _wait_for_requests(met, 50)
    assert applied[-3:] == ["9001_add.sql", "9002_validate.sql", "9003_index.sql"]
    assert met.errors == []
    with psycopg.connect(running) as connection:
        valid = connection.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'idx_orders_gift'::regclass"
        )
        assert valid.fetchone() == (True,)


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("ALTER TABLE orders DROP COLUMN phone;", "UndefinedColumn"),
        ("ALTER TABLE order_items RENAME TO lines;", "UndefinedTable"),
        (_REQUIRED, "NotNullViolation"),
        ("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1);", "LockNotAvailable"),
    ],
)
def test_a_migration_that_the_last_release_does_not_stand_is_found(
    running: str, tmp_path: Path, script: str, error: str
) -> None:
    products = load(running, products=5, orders=0)
    folder = _with(tmp_path, n9001_bad=script)
    with traffic(running, products, "200ms") as met:
        _wait_for_requests(met, 20)
        migrate(running, folder)
        _wait_for_requests(met, 20)
    assert any(each.startswith(error) for each in met.errors)


def test_a_migration_gives_way_to_a_long_transaction_and_is_tried_again(
    running: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    folder = _with(tmp_path, n9001_add="ALTER TABLE orders ADD COLUMN gift boolean;")
    with psycopg.connect(running) as long:
        long.execute("SELECT count(*) FROM orders")

        def end_the_transaction(seconds: float) -> None:
            pauses.append(seconds)
            long.commit()

        monkeypatch.setattr("time.sleep", end_the_transaction)
        assert migrate(running, folder) == ["9001_add.sql"]
    assert len(pauses) == 1


def test_a_migration_that_gets_no_lock_says_so_and_leaves_nothing_behind(
    running: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "_ATTEMPTS", 2)
    monkeypatch.setattr(migrations, "_PAUSE_SECONDS", 0.01)
    folder = _with(
        tmp_path, n9001_add="CREATE TABLE gifts (); ALTER TABLE orders ADD COLUMN gift boolean;"
    )
    with psycopg.connect(running) as long:
        long.execute("SELECT count(*) FROM orders")
        with pytest.raises(MigrationError, match=r"9001_add.sql was not granted its locks"):
            migrate(running, folder)
        found = long.execute("SELECT to_regclass('gifts')").fetchone()
    assert found == (None,)
