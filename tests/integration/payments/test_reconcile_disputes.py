"""Disputes whose webhooks never arrive: the reconciliation asks for them."""

from datetime import timedelta
from typing import Any

import pytest

from shop.services.payments import reconciliation
from shop.services.payments.reconciliation import reconcile
from tests.support.builders import Placed, place_order
from tests.support.containers import Container
from tests.support.payments import StripeControl, events_of, pay_for
from tests.support.stock import query


@pytest.fixture
def disputed(container: Container, control: StripeControl) -> tuple[Placed, dict[str, Any]]:
    """A paid order and its dispute, of which the shop has not been told."""
    placed = place_order(container)
    pay_for(container, placed)
    (intent,) = control.intents(placed.order_id)
    return placed, control.dispute(intent["id"])


def _run(container: Container) -> dict[str, int]:
    found = reconcile(
        container.payment_provider, container.unit_of_work, seconds=20, idle=timedelta(hours=1)
    )
    return {result: count for result, count in found.items() if "dispute" in result}


def _an_hour_passes(database: str) -> None:
    query(database, "UPDATE disputes SET checked_at = checked_at - interval '61 minutes'")


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_dispute_is_recorded_without_a_webhook_and_followed_to_its_end(
    container: Container,
    control: StripeControl,
    database: str,
    disputed: tuple[Placed, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    outcome: str,
) -> None:
    placed, dispute = disputed
    assert _run(container) == {"dispute_recorded": 1}
    assert _run(container) == {}
    opened = query(database, "SELECT id, order_id, amount_minor, status FROM disputes")
    assert opened == [(dispute["id"], placed.order_id, dispute["amount"], dispute["status"])]

    # As if it had been opened more than a day ago.
    monkeypatch.setattr(reconciliation, "_LATELY", timedelta(minutes=-1))
    control.close_dispute(dispute["id"], outcome)
    assert _run(container) == {}
    _an_hour_passes(database)
    assert _run(container) == {"dispute_recorded": 1}
    assert query(database, "SELECT status FROM disputes") == [(outcome,)]
    _an_hour_passes(database)
    assert _run(container) == {}
    assert events_of(database, placed.order_id).count("payment.disputed") == 2


def test_an_open_dispute_is_asked_about_once_an_hour(
    container: Container,
    control: StripeControl,
    database: str,
    disputed: tuple[Placed, dict[str, Any]],
) -> None:
    path = f"/v1/disputes/{disputed[1]['id']}"
    _run(container)
    assert control.requests(path, "GET") == 0
    _an_hour_passes(database)
    for _ in range(3):
        _run(container)
    assert control.requests(path, "GET") == 1


@pytest.mark.usefixtures("disputed")
def test_a_dispute_of_a_payment_that_is_not_the_shop_s_is_left_alone(
    container: Container, database: str
) -> None:
    query(database, "UPDATE payments SET payment_intent_id = 'pi_another'")
    assert _run(container) == {}
    assert query(database, "SELECT count(*) FROM disputes") == [(0,)]


@pytest.mark.usefixtures("disputed")
def test_stripe_s_silence_ends_the_step_and_the_next_run_goes_on(
    container: Container, control: StripeControl, database: str
) -> None:
    control.fault("status", "/v1/disputes", method="GET", status=500, when="before", times=1)
    assert _run(container) == {}
    assert query(database, "SELECT count(*) FROM disputes") == [(0,)]
    assert _run(container) == {"dispute_recorded": 1}
