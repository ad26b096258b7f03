"""Refunds that need a decision by staff, and what staff see."""

import json
from typing import Any

import pytest
import stripe

from shop.adapters.stripe.payments import StripePayments
from shop.domain.errors import RefundRefused
from shop.domain.orders import OrderStatus
from shop.domain.refunds import ProviderRefund, Refund
from shop.services.inventory.holds import commit_stock
from shop.services.payments.refunds import execute_refund
from shop.services.payments.webhooks import receive_webhook
from tests.support.builders import Placed, place_order
from tests.support.containers import Container
from tests.support.payments import (
    StripeControl,
    event_of,
    pay_for,
    request_refund,
    signature,
    status_of,
)
from tests.support.stock import query


@pytest.fixture
def placed(container: Container) -> Placed:
    """An order that is paid."""
    order = place_order(container)
    pay_for(container, order)
    return order


def request(container: Container, placed: Placed) -> Refund:
    return request_refund(container, placed)


def execute(container: Container, refund: Refund) -> None:
    execute_refund(container.payment_provider, container.unit_of_work, refund)


def recorded(database: str) -> tuple[str, str | None]:
    [row] = query(database, "SELECT status, problem FROM refunds")
    return row[0], row[1]


def metrics(capsys: pytest.CaptureFixture[str]) -> set[str]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    return {
        metric["Name"]
        for line in lines
        for definition in line.get("_aws", {}).get("CloudWatchMetrics", [])
        for metric in definition["Metrics"]
    }


def fail_at_the_bank(container: Container, intent_id: str, refund_id: str) -> str:
    payload = event_of(
        "refund.failed",
        {
            "id": refund_id,
            "object": "refund",
            "amount": 100,
            "status": "failed",
            "payment_intent": intent_id,
        },
    )
    return receive_webhook(
        container.payment_provider, container.unit_of_work, payload.encode(), signature(payload)
    )


def test_a_refusal_is_recorded_and_tried_again(
    container: Container, placed: Placed, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    query(database, "UPDATE payments SET payment_intent_id = 'pi_unknown'")
    with pytest.raises(RefundRefused):
        execute(container, request(container, placed))

    status, problem = recorded(database)
    assert status == "pending"
    assert problem is not None
    assert problem.startswith("resource_missing")
    assert "RefundsRefused" in metrics(capsys)
    assert status_of(database, placed.order_id) == OrderStatus.PAID


def test_a_refund_that_fails_at_once_cancels_nothing(
    container: Container, placed: Placed, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stripe returns 200 with status ``failed``: nothing was refunded."""
    provider = container.payment_provider
    assert isinstance(provider, StripePayments)
    client = provider._client.v1.refunds
    create = client.create

    def failed(*args: Any, **options: Any) -> stripe.Refund:
        made = create(*args, **options)
        made.status = "failed"
        return made

    refund = request(container, placed)
    dead = ProviderRefund(
        provider_refund_id="re_dead",
        payment_intent_id=refund.payment_intent_id,
        amount_minor=refund.amount_minor,
        is_dead=True,
        refund_id=refund.refund_id,
    )
    monkeypatch.setattr(client, "create", failed)
    monkeypatch.setattr(provider, "refunds_of", lambda _: [dead])
    with pytest.raises(RefundRefused):
        execute(container, refund)
    assert recorded(database)[0] == "failed"
    assert status_of(database, placed.order_id) == OrderStatus.PAID


def test_a_refund_that_the_bank_returns_later_is_recorded(
    container: Container,
    placed: Placed,
    control: StripeControl,
    database: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refund = request(container, placed)
    execute(container, refund)
    assert recorded(database) == ("succeeded", None)
    [(refund_id,)] = query(database, "SELECT provider_refund_id FROM refunds")

    intent_id = refund.payment_intent_id
    assert fail_at_the_bank(container, intent_id, "re_another") == "refund_failed"
    [(status, external)] = query(
        database, "SELECT status, external FROM refunds WHERE provider_refund_id = 're_another'"
    )
    assert (status, external) == ("failed", True)
    query(database, "DELETE FROM refunds WHERE external")
    assert recorded(database) == ("succeeded", None)
    assert fail_at_the_bank(container, intent_id, refund_id) == "refund_failed"

    assert recorded(database) == ("failed", "the bank would not take the money")
    assert "RefundsFailed" in metrics(capsys)
    assert status_of(database, placed.order_id) == OrderStatus.CANCELLED


def test_a_pending_refund_stays_pending(
    container: Container, placed: Placed, database: str
) -> None:
    """The order must not ship while it is unknown whether it was refunded."""
    refund = request(container, placed)
    assert fail_at_the_bank(container, refund.payment_intent_id, "re_1") == "refund_failed"
    query(database, "DELETE FROM refunds WHERE external")
    assert recorded(database)[0] == "pending"
    with container.unit_of_work() as work:
        assert not work.orders.move(placed.order_id, OrderStatus.CONFIRMED, unless_refunded=True)


def test_an_order_refunded_before_its_event_came_is_no_problem(
    container: Container,
    placed: Placed,
    control: StripeControl,
    database: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    execute(container, request(container, placed))
    with container.unit_of_work() as work:
        assert not commit_stock(work, placed.order_id, placed.order_id)
    assert "PaidOrdersWithoutHold" not in metrics(capsys)
