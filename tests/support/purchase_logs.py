"""The log events of a purchase, and of traffic, and what the ledger makes of them."""

from datetime import timedelta
from typing import Any

from shop.domain.ids import new_id
from shop.services.finance.ports import LogEvent
from tests.support import finance
from tests.support.finance import (
    ACCESS,
    NOW,
    FakeLogs,
    access,
    collect,
    invocation,
    line,
    recorded,
    report,
)

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
        line("orders/checkout", "f2", BEGUN + MINUTE, message="secrets read", secret_requests=2),
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


def traffic(minutes: int, *, every: int = 1) -> list[LogEvent]:
    """Give the two events of an invocation every so many minutes, until now."""
    return [
        each
        for number in range(0, minutes, every)
        for each in invocation("cart/get_cart", f"r{number}", NOW - number * MINUTE - MINUTE / 2)
    ]
