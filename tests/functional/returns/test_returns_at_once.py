"""Returns by many callers at once, and by writers that lock nothing."""

from functools import partial

import psycopg
import pytest

from shop.domain.ids import new_id
from tests.support.at_once import at_once
from tests.support.builders import QUANTITY, STOCK, Placed
from tests.support.checks import violations
from tests.support.containers import Container
from tests.support.gateway import Gateway, Response
from tests.support.paying import call_at_once
from tests.support.payments import StripeControl
from tests.support.people import token_of
from tests.support.returns import ask, receive, statuses, step, sweep, units
from tests.support.stock import levels, query


def test_two_requests_of_the_same_units_at_once(
    shop: Gateway, container: Container, database: str, order: Placed
) -> None:
    answers = call_at_once(container, 6, lambda own, _: ask(own, order, units(order, 0, 2)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 5
    assert {answer.code for answer in answers if answer.status == 409} == {"already_returned"}
    assert statuses(database, order.order_id) == ["requested"]


def test_one_key_at_once_requests_once(
    shop: Gateway, container: Container, database: str, order: Placed
) -> None:
    owner = token_of(container, user_id=order.user_id)

    def act(own: Gateway, _: int) -> Response:
        return ask(own, order, units(order, 0, 1), token=owner, key="k")

    answers = call_at_once(container, 4, act)
    assert {answer.code for answer in answers} <= {None, "request_in_progress"}
    assert statuses(database, order.order_id) == ["requested"]


def test_staff_who_receive_and_reject_at_once(
    shop: Gateway,
    container: Container,
    control: StripeControl,
    database: str,
    order: Placed,
    approved: str,
    staff: str,
) -> None:
    def act(own: Gateway, number: int) -> Response:
        if number == 3:
            return step(own, order, approved, "reject", staff, reason="worn")
        return receive(own, order, approved, staff, order.products[0])

    answers = call_at_once(container, 4, act)

    assert {answer.status for answer in answers} <= {200, 409}
    sweep(container, order)
    (status,) = statuses(database, order.order_id)
    refunded = status == "refunded"
    assert refunded or status == "rejected"
    assert control.kept_minor(order.order_id) == order.total_minor - 1000 * refunded
    assert levels(database, order.products[0]) == (STOCK - QUANTITY + refunded, 0)
    assert violations(database) == []


def test_returns_and_refunds_at_once_give_a_unit_back_once(
    shop: Gateway,
    container: Container,
    control: StripeControl,
    database: str,
    order: Placed,
    staff: str,
) -> None:
    """A20: the two units of a product are asked for by returns and by refunds at the same time."""

    def act(own: Gateway, number: int) -> Response:
        if number % 2:
            path = f"/api/orders/{order.order_id}/refunds"
            body = {"lines": [units(order, 0, 1)], "reason": "r"}
            return own.post(path, json=body, token=staff, key=str(new_id()))
        answer = ask(own, order, units(order, 0, 1))
        if answer.status != 201:
            return answer
        step(own, order, answer.json["return_id"], "approve", staff)
        return receive(own, order, answer.json["return_id"], staff)

    answers = call_at_once(container, 8, act)

    assert {answer.status for answer in answers} <= {200, 201, 409}
    assert [answer.status for answer in answers].count(409) == 6
    sweep(container, order)
    assert control.kept_minor(order.order_id) == order.total_minor - 2000
    assert query(
        database,
        "SELECT refunded_quantity, returning_quantity FROM order_items WHERE product_id = %s",
        (order.products[0],),
    ) == [(2, 0)]
    assert violations(database) == []


def test_the_database_itself_keeps_a_unit_in_one_return(database: str, order: Placed) -> None:
    """Writers that read nothing and lock nothing: the constraint holds all the same."""

    def insert() -> bool:
        try:
            query(
                database,
                "WITH r AS (INSERT INTO returns (id, order_id, reason) VALUES (%s, %s, 'r')"
                " RETURNING id, order_id)"
                " INSERT INTO return_lines (return_id, order_id, product_id, quantity)"
                " SELECT id, order_id, %s, 1 FROM r",
                (new_id(), order.order_id, order.products[0]),
            )
        except psycopg.errors.CheckViolation:
            return False
        return True

    assert at_once([partial(insert)] * 8).count(True) == QUANTITY


def _refund_of(database: str, return_id: str) -> None:
    query(
        database,
        "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason, return_id)"
        " SELECT p.payment_intent_id, p.order_id, 1, 'r', e.id FROM returns AS e"
        " JOIN payments AS p USING (order_id) WHERE e.id = %s",
        (return_id,),
    )


def test_the_database_refuses_refunds_of_returns_that_are_not_received(
    database: str, approved: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="not received"):
        _refund_of(database, approved)
    query(database, "UPDATE returns SET status = 'received'")
    _refund_of(database, approved)
    with pytest.raises(psycopg.errors.UniqueViolation):
        _refund_of(database, approved)
    with pytest.raises(psycopg.errors.CheckViolation, match="being refunded"):
        query(database, "UPDATE returns SET status = 'rejected', rejection_reason = 'r'")
