"""What is read from the ledger: sums that add up, an order's items, and how far it goes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from shop.adapters.postgres.costs import PostgresCosts
from shop.adapters.postgres.database import Database
from shop.domain.costs import PriceMissing, total
from shop.domain.ids import new_id
from shop.services.finance.allocation import order_cost
from tests.support import finance
from tests.support.finance import ACCESS, NOW, FakeLogs, access, collect, invocation, line, report
from tests.support.stock import query

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def costs(ledger: str) -> Iterator[PostgresCosts]:
    connection = Database(ledger)
    yield PostgresCosts(connection)
    connection.close()


def add_order(database: str, user: UUID, at: datetime) -> UUID:
    order = new_id()
    query(
        database,
        "INSERT INTO orders (id, user_id, currency, subtotal_minor, tax_minor, shipping_minor,"
        " total_minor, shipping_address, shipping_method, correlation_id, created_at, updated_at)"
        " VALUES (%s, %s, 'USD', 1000, 0, 0, 1000, '{}', 'standard', gen_random_uuid(), %s, %s)",
        (order, user, at, at),
    )
    return order


def test_sums_by_anything_add_up_to_the_totals(ledger: str, costs: PostgresCosts) -> None:
    logs = FakeLogs(page=100)
    for number in range(6):
        at = NOW - number * timedelta(hours=3) - MINUTE
        logs.put(invocation("catalog/get_product", f"b{number}", at, request_id=f"a{number}"))
        logs.put(report("payments/process_payment", f"p{number}", at, billed=900, init=450.5))
        logs.put(access(f"a{number}", at), group=ACCESS)
    logs.put(access("lost", NOW - MINUTE, status=404), group=ACCESS)
    collect(ledger, logs)
    since, until = NOW - DAY, NOW
    totals = costs.totals(since, until)
    assert total(each.amount for each in totals) == finance.total(ledger)
    for group_by in ("function", "flow", "day", "service"):
        sums = costs.sums(since, until, group_by)
        assert total(each.amount for each in sums) == finance.total(ledger)
        assert sum(each.items for each in sums) == sum(each.items for each in totals)
    assert {each.key for each in costs.sums(since, until, "function")} == {
        "payments/process_payment", "catalog/get_product", "none",
    }  # fmt: skip
    assert {each.key for each in costs.sums(since, until, "service")} == {
        "payments", "catalog", "api",
    }  # fmt: skip
    assert {each.key for each in costs.sums(since, until, "flow")} == {
        "payment", "browse", "platform",
    }  # fmt: skip
    assert costs.sums(since, until, "day")[0].key == "2026-11-26"
    dearest = costs.sums(since, until, "function")[0]
    assert (dearest.key, dearest.kind) == ("payments/process_payment", "lambda_duration")
    assert (dearest.cold_starts, dearest.cold_start_amount) == (6, dearest.amount)
    assert costs.totals(NOW, NOW + DAY) == []


def test_the_end_of_a_period_is_the_beginning_of_the_next(
    ledger: str, costs: PostgresCosts
) -> None:
    logs = FakeLogs()
    logs.put(report("cart/get_cart", "r", NOW - 2 * MINUTE))
    collect(ledger, logs)
    at = NOW - 2 * MINUTE
    assert costs.totals(at - MINUTE, at) == []
    assert len(costs.totals(at, at + MINUTE)) == 3


def test_an_order_has_the_requests_about_it_and_those_that_led_to_it(
    ledger: str, costs: PostgresCosts
) -> None:
    user = new_id()
    earlier = add_order(ledger, user, NOW - 8 * MINUTE)
    order = add_order(ledger, user, NOW - 5 * MINUTE)
    other = add_order(ledger, new_id(), NOW - 5 * MINUTE)
    logs = FakeLogs(page=100)
    for title, request_id, minutes, fields in (
        ("catalog/get_product", "before", 9, {"user_id": user}),
        ("catalog/get_product", "browse", 7, {"user_id": user, "request_id": "api"}),
        ("cart/add_item", "cart", 6, {"user_id": user}),
        ("cart/add_item", "stranger", 6, {"user_id": new_id()}),
        ("orders/list_orders", "list", 6, {"user_id": user}),
        ("orders/get_order", "looked", 6, {"user_id": user, "order_id": earlier}),
        ("orders/checkout", "checkout", 5, {"user_id": user, "order_id": order}),
        ("inventory/on_order_paid", "batch", 4, {"order_ids": [order, other]}),
        ("cart/get_cart", "after", 3, {"user_id": user}),
    ):
        logs.put(invocation(title, request_id, NOW - minutes * MINUTE, **fields))
    logs.put(access("api", NOW - 7 * MINUTE), group=ACCESS)
    collect(ledger, logs)
    lines = costs.order_lines(order)
    assert {each.request_id for each in lines} == {"browse", "api", "cart", "checkout", "batch"}
    assert [each.at for each in lines] == sorted(each.at for each in lines)
    flows = {each.request_id: each.flow for each in lines}
    assert flows == {
        "browse": "browse", "api": "browse", "cart": "cart", "checkout": "checkout",
        "batch": "fulfilment",
    }  # fmt: skip
    activity = costs.order(order)
    assert activity is not None
    cost = order_cost(activity, lines, costs.span().collected_until)
    assert cost.complete
    assert cost.total == total(item.amount for item in cost.items)
    batch = [each for each in lines if each.request_id == "batch"]
    assert {item.shared_by for item in cost.items if item.line in batch} == {2}
    theirs = costs.order(other)
    assert theirs is not None
    shared = order_cost(theirs, costs.order_lines(other), None)
    mine = total(item.amount for item in cost.items if item.line in batch)
    assert mine + shared.total == total(each.amount for each in batch)
    assert {each.request_id for each in costs.order_lines(earlier)} == {"before", "looked"}


def test_an_unknown_order(costs: PostgresCosts) -> None:
    assert costs.order(new_id()) is None
    assert costs.order_lines(new_id()) == []


def test_the_last_activity_is_that_of_the_order_its_timeline_and_its_mail(
    ledger: str, costs: PostgresCosts
) -> None:
    order = add_order(ledger, new_id(), NOW - DAY)
    changes = {
        3: "UPDATE orders SET updated_at = %s WHERE id = %s",
        2: "INSERT INTO order_timeline (occurred_at, order_id, status) VALUES (%s, %s, 'PENDING')",
        1: "INSERT INTO notifications (finished_at, order_id, kind, recipient)"
        " VALUES (%s, %s, 'order_confirmed', 'r')",
    }
    for minutes, statement in changes.items():
        query(ledger, statement, (NOW - minutes * MINUTE, order))
        found = costs.order(order)
        assert found is not None
        assert found.last_activity_at == NOW - minutes * MINUTE
        assert not found.events_waiting
    query(
        ledger,
        "INSERT INTO outbox (event_id, aggregate_id, event_type, correlation_id, body, occurred_at)"
        " VALUES (gen_random_uuid(), %s, 'order.created', 'c', '{}', now())",
        (str(order),),
    )
    found = costs.order(order)
    assert found is not None
    assert found.events_waiting


def test_the_span_of_the_ledger(ledger: str, costs: PostgresCosts) -> None:
    span = costs.span()
    assert (span.first_item_at, span.collected_until) == (None, None)
    logs = FakeLogs()
    logs.put(report("cart/get_cart", "r", NOW - 2 * MINUTE))
    collect(ledger, logs)
    span = costs.span()
    assert (span.first_item_at, span.collected_until) == (NOW - 2 * MINUTE, NOW)


def test_lines_of_a_period_come_in_order_chunk_by_chunk(
    ledger: str, costs: PostgresCosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = FakeLogs(page=100)
    for number in range(5):
        logs.put(invocation("cart/get_cart", f"r{number}", NOW - MINUTE))
    logs.put(line("cart/get_cart", "outside", NOW - 9 * MINUTE))
    collect(ledger, logs)
    monkeypatch.setattr("shop.adapters.postgres.costs._CHUNK", 4)
    lines = list(costs.lines(NOW - 2 * MINUTE, NOW))
    assert len(lines) == len({each.item_id for each in lines}) == 15
    assert [(each.at, each.item_id) for each in lines] == sorted(
        (each.at, each.item_id) for each in lines
    )


def test_prices_and_floor(costs: PostgresCosts) -> None:
    with pytest.raises(PriceMissing, match="eu-north-1"):
        costs.price_list("eu-north-1")
    prices = costs.price_list("us-east-1")
    assert prices == finance.shipped_prices()
    floor = costs.floor("us-east-1")
    assert {item.name for item in floor} >= {"Database instances", "Database disks"}
    assert all(item.monthly_amount > Decimal(0) for item in floor)
