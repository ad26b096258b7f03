"""Refunds by many callers at once, and by writers that lock nothing."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import psycopg
import pytest

from shop.services.payments.reconciliation import reconcile
from tests.support.at_once import at_once
from tests.support.builders import QUANTITY, Placed
from tests.support.checks import violations
from tests.support.containers import Container
from tests.support.gateway import Gateway, Response
from tests.support.paying import call_at_once
from tests.support.payments import (
    StripeControl,
    status_of,
    wind_back,
)
from tests.support.refunds import refund, units
from tests.support.stock import query


def test_many_refunds_at_once_never_exceed_the_charge(
    shop: Gateway, container: Container, control: StripeControl, database: str, paid: Placed,
    staff: str,
) -> None:  # fmt: skip
    (intent,) = control.intents(paid.order_id)

    def act(own: Gateway, number: int) -> Response:
        if number % 4 == 3:
            control.refund(intent["id"], 300)
        if number == 5:
            return own.post(f"/api/orders/{paid.order_id}/cancel", json={}, token=staff)
        if number % 2:
            return refund(own, paid, staff, lines=[units(paid, number % 4 // 2, 1)])
        return refund(own, paid, staff, amount=7.00)

    answers = call_at_once(container, 12, act)

    assert {answer.status for answer in answers} <= {200, 201, 202, 409}
    for _ in range(2):
        wind_back(database, paid.order_id, timedelta(minutes=1))
        reconcile(container.payment_provider, container.unit_of_work, seconds=20)
    ((booked, counted),) = query(
        database,
        "SELECT sum(r.amount_minor)::bigint, max(p.refunded_minor) FROM refunds AS r"
        " JOIN payments AS p USING (payment_intent_id) WHERE r.status = 'succeeded'",
    )
    assert booked == counted == paid.total_minor - control.kept_minor(paid.order_id)
    assert control.kept_minor(paid.order_id) == 0  # one of them cancelled it
    assert status_of(database, paid.order_id) == "CANCELLED"
    assert violations(database) == []


def test_the_database_itself_refuses_more_than_the_charge(
    container: Container, database: str, paid: Placed
) -> None:
    """The constraint holds even for writers that read and lock nothing."""

    def insert(order_id: UUID) -> bool:
        try:
            query(
                database,
                "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason, external)"
                " SELECT payment_intent_id, order_id, 1000, 'r', random() < 0.5 FROM payments"
                " WHERE order_id = %s",
                (order_id,),
            )
        except psycopg.errors.CheckViolation:
            return False
        return True

    done = at_once([partial(insert, paid.order_id)] * 24)
    assert done.count(True) == paid.total_minor // 1000
    assert query(database, "SELECT refunded_minor FROM payments") == [(4000,)]


def test_a_unit_is_refunded_once_by_the_database(database: str, paid: Placed) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        query(
            database,
            "WITH r AS (INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason)"
            " SELECT payment_intent_id, order_id, 1, 'r' FROM payments RETURNING id, order_id)"
            " INSERT INTO refund_lines (refund_id, order_id, product_id, quantity, amount_minor, tax_minor)"
            " SELECT id, order_id, %s, %s, 1, 0 FROM r",
            (paid.products[0], QUANTITY + 1),
        )
