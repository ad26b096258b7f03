"""Disputes: opened, won, lost; nothing of a disputed charge is refunded."""

from __future__ import annotations

import pytest
import stripe

from stripe_fake.tests.conftest import Fake


def _kinds(fake: Fake) -> set[str]:
    events = fake.client.v1.events.list({"type": "charge.dispute.*"}).data
    return {event.type.removeprefix("charge.dispute.") for event in events}


def test_a_dispute_that_is_won(fake: Fake) -> None:
    intent = fake.pay()
    v1 = fake.client.v1
    v1.refunds.create({"payment_intent": intent.id, "amount": 500})
    made = fake.control("POST", f"payment_intents/{intent.id}/dispute", reason="general")
    (dispute,) = v1.disputes.list({"payment_intent": intent.id}).data
    assert (dispute.id, dispute.amount, dispute.status) == (made["id"], 1499, "needs_response")
    assert v1.charges.retrieve(str(dispute.charge)).disputed is True
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.refunds.create({"payment_intent": intent.id, "amount": 1})
    assert caught.value.code == "charge_disputed"

    fake.control("POST", f"disputes/{dispute.id}/close", outcome="won")
    assert v1.disputes.retrieve(dispute.id).status == "won"
    assert _kinds(fake) == {"created", "funds_withdrawn", "funds_reinstated", "closed"}
    assert v1.refunds.create({"payment_intent": intent.id}).amount == 1499


def test_a_dispute_that_is_lost(fake: Fake) -> None:
    intent = fake.pay()
    made = fake.control("POST", f"payment_intents/{intent.id}/dispute", amount=700)
    assert made["amount"] == 700
    fake.control("POST", f"disputes/{made['id']}/close", outcome="lost")
    assert _kinds(fake) == {"created", "funds_withdrawn", "closed"}
    with pytest.raises(stripe.InvalidRequestError):
        fake.client.v1.refunds.create({"payment_intent": intent.id})
