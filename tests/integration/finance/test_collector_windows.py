"""A collector that was off, has no time left, or loses its place goes on where it was."""

from shop.services.finance.collect import FIRST, OVERLAP
from tests.support.finance import FUNCTIONS, NOW, FakeLogs, collect, invocation, report
from tests.support.purchase_logs import MINUTE, traffic
from tests.support.stock import query


def test_a_collector_that_was_stopped_for_a_day_catches_up_over_several_runs(ledger: str) -> None:
    collect(ledger, FakeLogs(), NOW - 26 * 60 * MINUTE)
    logs = FakeLogs(page=8)
    logs.put(traffic(26 * 60, every=6))
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
    logs.put(traffic(10))
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
    logs.put(traffic(10))
    collect(ledger, FakeLogs(), NOW - 15 * MINUTE)
    collect(ledger, logs, NOW, seconds=0)
    logs.expired = True
    collect(ledger, logs, NOW)
    assert not logs.expired
    assert query(ledger, "SELECT count(*) FROM cost_items WHERE kind = 'lambda_request'") == [(10,)]


def test_an_event_that_becomes_readable_hours_late_is_found_at_the_next_hour(ledger: str) -> None:
    early = invocation("cart/get_cart", "early", NOW - 90 * MINUTE)
    late = invocation("cart/get_cart", "late", NOW - 90 * MINUTE)
    logs = FakeLogs(page=3)
    logs.put(early)
    collect(ledger, logs, NOW - 30 * MINUTE)
    logs.put(late)
    collect(ledger, logs, NOW - MINUTE)
    requests = "SELECT request_id FROM cost_requests ORDER BY 1"
    assert query(ledger, requests) == [("early",)]
    collect(ledger, logs, NOW)
    collect(ledger, logs, NOW + MINUTE)
    assert query(ledger, requests) == [("early",), ("late",)]
    # What was read a second time counts once.
    assert query(ledger, "SELECT count(*) FROM cost_items WHERE kind = 'lambda_request'") == [(2,)]


def test_the_watermark_waits_for_the_last_page(ledger: str) -> None:
    logs = FakeLogs(page=1)
    logs.put(traffic(3))
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
