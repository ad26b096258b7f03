"""Refunds: whole, in parts, refused, slow."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from stripe_fake.tests.conftest import Fake


def test_a_whole_refund_by_intent(fake: Fake) -> None:
    intent = fake.pay()
    v1 = fake.client.v1
    refund = v1.refunds.create(
        {
            "payment_intent": intent.id,
            "reason": "requested_by_customer",
            "metadata": {"order_id": "o-1"},
        }
    )
    assert (refund.status, refund.amount, refund.reason) == (
        "succeeded",
        1999,
        "requested_by_customer",
    )
    charge = v1.charges.retrieve(str(refund.charge), {"expand": ["refunds"]})
    assert (charge.refunded, charge.amount_refunded) == (True, 1999)
    assert charge.refunds is not None
    assert [one.id for one in charge.refunds.data] == [refund.id]
    metadata = v1.refunds.retrieve(refund.id).metadata
    assert metadata is not None
    assert metadata.to_dict() == {"order_id": "o-1"}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_already_refunded"


def test_parts_up_to_the_whole_and_no_further(fake: Fake) -> None:
    intent = fake.pay()
    v1 = fake.client.v1
    first = v1.refunds.create({"charge": intent.latest_charge, "amount": 999})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        v1.refunds.create({"payment_intent": intent.id, "amount": 1001})
    second = v1.refunds.create({"payment_intent": intent.id})
    assert second.amount == 1000
    listed = v1.refunds.list({"payment_intent": intent.id}).data
    assert [refund.id for refund in listed] == [second.id, first.id]
    fake.pay()
    assert len(v1.refunds.list({"charge": intent.latest_charge}).data) == 2


@pytest.mark.parametrize("amount", [0, -5, "1.5"])
def test_amounts_are_positive_whole_numbers(fake: Fake, amount: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        fake.client.v1.refunds.create({"payment_intent": fake.pay().id, "amount": amount})
    assert caught.value.param == "amount"


def test_what_was_not_charged_is_not_refunded(fake: Fake) -> None:
    v1 = fake.client.v1
    held = fake.pay(capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        v1.refunds.create({"payment_intent": held.id})
    with pytest.raises(stripe.InvalidRequestError, match="not captured"):
        v1.refunds.create({"charge": held.latest_charge})
    with pytest.raises(stripe.InvalidRequestError, match="payment_intent or charge"):
        v1.refunds.create({})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"payment_intent": "pi_nothing"})
    assert (caught.value.http_status, caught.value.code) == (400, "resource_missing")


@pytest.mark.parametrize(
    ("method", "before", "after", "refunded"),
    [
        ("pm_card_pendingRefund", "pending", "succeeded", True),
        ("pm_card_refundFail", "succeeded", "failed", False),
    ],
)
def test_refunds_that_take_their_time(
    fake: Fake, method: str, before: str, after: str, *, refunded: bool
) -> None:
    fake.control("POST", "settings", refund_seconds=0.1)
    v1 = fake.client.v1
    refund = v1.refunds.create({"payment_intent": fake.pay(method).id})
    assert refund.status == before
    deadline = time.monotonic() + 30
    while refund.status == before and time.monotonic() < deadline:
        time.sleep(0.05)
        refund = v1.refunds.retrieve(refund.id)
    assert refund.status == after
    assert v1.charges.retrieve(str(refund.charge)).refunded is refunded


def test_metadata_of_a_refund_changes(fake: Fake) -> None:
    refund = fake.client.v1.refunds.create({"payment_intent": fake.pay().id})
    changed = fake.client.v1.refunds.update(refund.id, {"metadata": {"why": "late"}})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"why": "late"}
