"""Nothing counts twice and nothing is missed, whatever happens to the events and to the collector."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shop.adapters.postgres.costs import PostgresLedger
from shop.adapters.postgres.database import Database
from shop.domain.ids import new_id
from shop.services.finance.collect import FIRST, OVERLAP, Collector
from shop.services.finance.ports import LogEvent
from tests.support import finance
from tests.support.at_once import at_once
from tests.support.crashes import Crashed
from tests.support.finance import (
    ACCESS,
    FUNCTIONS,
    NOW,
    FakeLogs,
    access,
    collect,
    invocation,
    line,
    recorded,
    report,
    total,
)
from tests.support.stock import query

MINUTE = timedelta(minutes=1)
BEGUN = NOW - 5 * MINUTE
ORDERS = sorted([new_id(), new_id()])


def purchase() -> tuple[list[LogEvent], list[LogEvent]]:
    """Give the events of the functions and of the API for one purchase and what surrounds it."""
    user = new_id()
    functions = [
        *invocation("catalog/get_product", "f1", BEGUN, user_id=user, request_id="a1"),
        *invocation(
            "orders/checkout",
            "f2",
            BEGUN + MINUTE,
            billed=412,
            order_id=ORDERS[0],
            user_id=user,
            request_id="a2",
            status=201,
            outcome="done",
        ),
        line(
            "orders/checkout",
            "f2",
            BEGUN + MINUTE,
            message="execution",
            billed_duration_ms=120,
            billed_memory_mb=64,
        ),
        *invocation("inventory/on_order_paid", "f3", BEGUN + 2 * MINUTE, order_ids=ORDERS),
        *invocation("platform/relay_outbox", "f4", BEGUN + 2 * MINUTE, kind="schedule"),
        line(
            "notifications/on_order_confirmed",
            "f5",
            BEGUN + 3 * MINUTE,
            message="e-mail sent",
            order_id=ORDERS[0],
            message_id="m1",
        ),
        *invocation(
            "notifications/on_order_confirmed", "f5", BEGUN + 3 * MINUTE, order_id=ORDERS[0]
        ),
        report("cart/get_cart", "f6", BEGUN + 3 * MINUTE, billed=28_000, status="timeout"),
    ]
    requests = [
        access("a1", BEGUN, path="/api/catalog/products/{product_id}", invocation="f1"),
        access("a2", BEGUN + MINUTE, method="POST", path="/api/orders/checkout", status=201),
        access("a3", BEGUN + MINUTE, method="OPTIONS", path="/api/cart"),
        access("a4", BEGUN + 3 * MINUTE, path="/api/cart", status=504, invocation="f6"),
    ]
    return functions, requests


def reference(database: str, functions: list[LogEvent], requests: list[LogEvent]) -> Any:
    """Record everything at once and by itself, and empty the ledger again."""
    logs = FakeLogs(page=1000)
    logs.put(functions)
    logs.put(requests, group=ACCESS)
    collect(database, logs)
    expected = recorded(database)
    finance.empty_ledger(database)
    return expected


def test_a_purchase_is_collected(ledger: str) -> None:
    functions, requests = purchase()
    logs = FakeLogs()
    logs.put(functions)
    logs.put(requests, group=ACCESS)
    counts = collect(ledger, logs)
    assert counts["events"] == counts["new"] == len(functions) + len(requests)
    found = dict(query(ledger, "SELECT kind, count(*) FROM cost_items GROUP BY kind"))
    assert found == {
        "lambda_duration": 6, "lambda_request": 6, "api_request": 4, "express_request": 1,
        "express_duration": 1, "schedule": 1, "email": 1, "log_bytes": 10,
    }  # fmt: skip
    ((size,),) = query(
        ledger, "SELECT sum(quantity) * 2^30::numeric FROM cost_items WHERE kind = 'log_bytes'"
    )
    assert size == sum(len(each.message.encode()) + 26 for each in (*functions, *requests))
    assert query(
        ledger, "SELECT count(*) FROM cost_items WHERE amount <> quantity * unit_price"
    ) == [(0,)]
    assert query(ledger, "SELECT DISTINCT collected_until FROM cost_collections") == [(NOW,)]


def test_an_invocation_without_a_line_is_there_and_its_request_is_described_by_it(
    ledger: str,
) -> None:
    functions, requests = purchase()
    logs = FakeLogs()
    logs.put(functions)
    logs.put(requests, group=ACCESS)
    collect(ledger, logs)
    assert query(
        ledger,
        "SELECT function, flow, outcome, sum(amount) FROM cost_lines WHERE request_id = 'f6'"
        " AND kind = 'lambda_duration' GROUP BY 1, 2, 3",
    ) == [("cart/get_cart", "cart", "timeout", 28 * Decimal("0.0000166667"))]
    assert query(
        ledger,
        "SELECT request_id, function, flow, status FROM cost_lines WHERE kind = 'api_request' ORDER BY 1",
    ) == [
        ("a1", "catalog/get_product", "browse", 200),
        ("a2", "orders/checkout", "checkout", 201),
        ("a3", None, "platform", 200),
        ("a4", "cart/get_cart", "cart", 504),
    ]


@pytest.mark.parametrize(("seed", "page"), [(1, 1), (2, 2), (3, 3), (4, 5), (5, 7)])
def test_order_and_page_cuts_do_not_matter(ledger: str, seed: int, page: int) -> None:
    functions, requests = purchase()
    expected = reference(ledger, functions, requests)
    logs = FakeLogs(page=page, seed=seed)
    logs.put(functions)
    logs.put(requests, group=ACCESS)
    collect(ledger, logs)
    assert recorded(ledger) == expected


def test_repeated_events_count_once(ledger: str) -> None:
    functions, requests = purchase()
    expected = reference(ledger, functions, requests)
    logs = FakeLogs(page=4)
    logs.put(functions, functions[:3])
    logs.put(requests, group=ACCESS)
    for minutes in range(8):
        collect(ledger, logs, NOW + minutes * MINUTE)
    assert recorded(ledger) == expected


@pytest.mark.parametrize("minutes", [1, 4, 9])
def test_events_that_become_readable_late_are_found(ledger: str, minutes: int) -> None:
    functions, requests = purchase()
    expected = reference(ledger, functions, requests)
    logs = FakeLogs()
    logs.put(functions[1::2])
    collect(ledger, logs, NOW)
    assert recorded(ledger) != expected
    logs.put(functions[0::2])
    logs.put(requests, group=ACCESS)
    # The earliest event is five minutes older than the first run.
    collect(ledger, logs, NOW + 30 * timedelta(seconds=1))
    collect(ledger, logs, NOW + minutes * MINUTE)
    assert recorded(ledger) == expected


def test_lines_that_arrive_long_after_the_report_are_joined(ledger: str) -> None:
    logs = FakeLogs()
    logs.put(report("orders/get_order", "r", BEGUN))
    collect(ledger, logs, NOW)
    logs.put(line("orders/get_order", "r", BEGUN, order_id=ORDERS[0], status=200, outcome="done"))
    collect(ledger, logs, NOW + MINUTE)
    assert query(ledger, "SELECT order_ids, status, outcome FROM cost_requests") == [
        ([ORDERS[0]], 200, "done")
    ]


def test_an_asynchronous_retry_is_billed_again_and_marked(ledger: str) -> None:
    first = report("platform/relay_outbox", "r", BEGUN, billed=55_000, status="timeout")
    again = report("platform/relay_outbox", "r", BEGUN + 2 * MINUTE, billed=200)
    done = line("platform/relay_outbox", "r", BEGUN + 2 * MINUTE, kind="schedule", outcome="done")
    for number, events in enumerate(itertools.permutations([first, again, done])):
        finance.empty_ledger(ledger)
        logs = FakeLogs(page=1)
        logs.put(*events)
        collect(ledger, logs)
        assert query(
            ledger,
            "SELECT kind, retry, duration_ms FROM cost_items WHERE kind <> 'log_bytes'"
            " ORDER BY kind, at",
        ) == [
            ("lambda_duration", False, 55_000),
            ("lambda_duration", True, 200),
            ("lambda_request", False, 55_000),
            ("lambda_request", True, 200),
            ("schedule", False, None),
        ], number
        assert query(ledger, "SELECT outcome FROM cost_requests") == [("done",)], number


def test_a_redelivered_batch_is_a_retry(ledger: str) -> None:
    logs = FakeLogs()
    logs.put(invocation("inventory/on_order_paid", "r", BEGUN, order_ids=ORDERS, redelivered=1))
    logs.put(invocation("inventory/on_order_paid", "s", BEGUN, order_ids=ORDERS, redelivered=0))
    collect(ledger, logs)
    assert query(ledger, "SELECT request_id, bool_and(retry) FROM cost_lines GROUP BY 1 ORDER BY 1") == [
        ("r", True), ("s", False),
    ]  # fmt: skip


def _traffic(minutes: int, *, every: int = 1) -> list[LogEvent]:
    """Give the two events of an invocation every so many minutes, until now."""
    return [
        each
        for number in range(0, minutes, every)
        for each in invocation("cart/get_cart", f"r{number}", NOW - number * MINUTE - MINUTE / 2)
    ]


def test_a_collector_that_was_stopped_for_a_day_catches_up_over_several_runs(ledger: str) -> None:
    collect(ledger, FakeLogs(), NOW - 26 * 60 * MINUTE)
    logs = FakeLogs(page=8)
    logs.put(_traffic(26 * 60, every=6))
    runs = 0
    while query(ledger, "SELECT min(collected_until) FROM cost_collections") != [(NOW,)]:
        collect(ledger, logs, NOW, seconds=0)
        runs += 1
    assert 20 < runs < 200
    assert query(ledger, "SELECT count(*) FROM cost_items WHERE kind = 'lambda_request'") == [
        (260,)
    ]
    assert query(ledger, "SELECT count(*) FROM cost_log_events") == [(520,)]


def test_a_window_that_takes_longer_than_a_run_continues_where_it_stopped(ledger: str) -> None:
    logs = FakeLogs(page=2)
    logs.put(_traffic(10))
    collect(ledger, FakeLogs(), NOW - 15 * MINUTE)
    runs = 0
    while query(
        ledger, "SELECT collected_until FROM cost_collections WHERE log_group = %s", (FUNCTIONS,)
    ) != [(NOW,)]:
        collect(ledger, logs, NOW, seconds=0)
        runs += 1
        assert runs < 20
    # Each page once, and one for the group that is empty, in every run.
    assert runs == 10
    assert query(ledger, "SELECT count(*) FROM cost_items WHERE kind = 'lambda_request'") == [(10,)]


def test_an_expired_token_restarts_the_window(ledger: str) -> None:
    logs = FakeLogs(page=2)
    logs.put(_traffic(10))
    collect(ledger, FakeLogs(), NOW - 15 * MINUTE)
    collect(ledger, logs, NOW, seconds=0)
    logs.expired = True
    collect(ledger, logs, NOW)
    assert not logs.expired
    assert query(ledger, "SELECT count(*) FROM cost_items WHERE kind = 'lambda_request'") == [(10,)]


def test_the_watermark_waits_for_the_last_page(ledger: str) -> None:
    logs = FakeLogs(page=1)
    logs.put(_traffic(3))
    collect(ledger, logs, NOW, seconds=0)
    (row,) = query(
        ledger,
        "SELECT collected_until, window_until IS NOT NULL OR next_token IS NULL FROM cost_collections"
        " WHERE log_group = %s",
        (FUNCTIONS,),
    )
    assert row[0] < NOW


def test_the_first_run_begins_a_day_ago(ledger: str) -> None:
    logs = FakeLogs()
    old = NOW - FIRST - OVERLAP
    logs.put(
        report("cart/get_cart", "old", old - MINUTE), report("cart/get_cart", "new", old + MINUTE)
    )
    collect(ledger, logs, NOW)
    assert query(ledger, "SELECT request_id FROM cost_requests") == [("new",)]


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
    logs.put(_traffic(3))
    with finance.open_ledger(ledger) as slow:
        before = slow.progress(FUNCTIONS)
        collect(ledger, logs, NOW)
        reached = slow.progress(FUNCTIONS)
        assert reached is not None
        slow.pause(FUNCTIONS, before, reached._replace(collected_until=NOW - FIRST, next_token="1"))
        slow.complete(FUNCTIONS, NOW - MINUTE)
        assert slow.progress(FUNCTIONS) == reached
    assert total(ledger) > 0
