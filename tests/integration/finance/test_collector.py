"""Nothing counts twice and nothing is missed, whatever the order of the events."""

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.support import finance
from tests.support.finance import ACCESS, NOW, FakeLogs, collect, invocation, line, recorded, report
from tests.support.purchase_logs import BEGUN, MINUTE, ORDERS, purchase, reference
from tests.support.stock import query


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
        "express_duration": 1, "schedule": 1, "email": 1, "log_bytes": 10, "secret_request": 1,
        "kms_request": 1,
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
