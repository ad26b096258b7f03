"""A collector may crash at any statement, and several may run at once."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shop.adapters.postgres.costs import PostgresLedger
from shop.adapters.postgres.database import Database
from shop.services.finance.collect import FIRST, Collector
from tests.support import finance
from tests.support.at_once import at_once
from tests.support.crashes import Crashed
from tests.support.finance import ACCESS, FUNCTIONS, NOW, FakeLogs, collect, recorded, total
from tests.support.purchase_logs import MINUTE, purchase, reference, traffic
from tests.support.stock import query


class _CrashingConnection:
    """Counts the statements of a transaction, and crashes before one of them."""

    def __init__(self, transaction: Any, crashes: "Crashes") -> None:
        self._transaction = transaction
        self._crashes = crashes

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._transaction, name)

        def call(*arguments: Any) -> Any:
            self._crashes.point()
            result = found(*arguments)
            self._crashes.point()
            return result

        return call


class Crashes:
    """Where a collector crashes: before or after a statement, or before a commit."""

    def __init__(self, at: int) -> None:
        self._left = at

    def point(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Crashed

    @property
    def happened(self) -> bool:
        return self._left <= 0


class CrashingDatabase(Database):
    """A database whose client may crash at any statement."""

    def __init__(self, url: str, crashes: Crashes) -> None:
        super().__init__(url)
        self._crashes = crashes

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with super().transaction() as transaction:
            yield _CrashingConnection(transaction, self._crashes)
            self._crashes.point()

    @contextmanager
    def autocommit(self) -> Iterator[Any]:
        with super().autocommit() as transaction:
            yield _CrashingConnection(transaction, self._crashes)


def test_a_collector_may_crash_at_any_statement(ledger: str) -> None:
    functions, requests = purchase()
    # A checkout and its request, in two pages.
    functions, requests = functions[2:5], requests[1:2]
    expected = reference(ledger, functions, requests)
    for at in itertools.count(1):
        finance.empty_ledger(ledger)
        finance.collected_until(ledger, NOW - 15 * MINUTE)
        logs = FakeLogs(page=2, seed=at)
        logs.put(functions)
        logs.put(requests, group=ACCESS)
        crashes = Crashes(at)
        database = CrashingDatabase(ledger, crashes)
        collector = Collector(logs, PostgresLedger(database), finance.documents())
        try:
            # With no time left, every other place of a pause is met as well.
            collector.run([FUNCTIONS, ACCESS], NOW, seconds=60 if at % 2 else 0)
        except Crashed:
            pass
        finally:
            database.close()
        collect(ledger, logs, NOW)
        collect(ledger, logs, NOW + MINUTE)
        assert recorded(ledger) == expected, at
        if not crashes.happened and at % 2:
            break
    assert at > 30


def test_two_collectors_at_once_count_once(ledger: str) -> None:
    functions, requests = purchase()
    expected = reference(ledger, functions, requests)
    logs = FakeLogs(page=2)
    logs.put(functions)
    logs.put(requests, group=ACCESS)
    together = threading.Barrier(4)

    def one() -> None:
        together.wait(10)
        collect(ledger, logs, NOW)

    at_once([one] * 4)
    assert recorded(ledger) == expected
    assert query(ledger, "SELECT DISTINCT collected_until FROM cost_collections") == [(NOW,)]


def test_a_pause_of_a_collector_that_fell_behind_changes_nothing(ledger: str) -> None:
    logs = FakeLogs(page=1)
    logs.put(traffic(3))
    with finance.open_ledger(ledger) as slow:
        before = slow.progress(FUNCTIONS)
        collect(ledger, logs, NOW)
        reached = slow.progress(FUNCTIONS)
        assert reached is not None
        slow.pause(FUNCTIONS, before, reached._replace(collected_until=NOW - FIRST, next_token="1"))
        slow.complete(FUNCTIONS, NOW - MINUTE)
        assert slow.progress(FUNCTIONS) == reached
    assert total(ledger) > 0
