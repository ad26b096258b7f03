"""What we read of Stripe's objects."""

import json
from typing import Any

import pytest

from shop.adapters.stripe.objects import read_event, read_intent
from shop.domain.ids import new_id
from shop.domain.payments import IntentStatus
from shop.domain.provider_events import (
    ChargeRefunded,
    Dispute,
    DisputeChanged,
    Ignored,
    ProviderEvent,
    RefundChanged,
)
from shop.domain.refunds import ProviderRefund
from tests.support.payments import event_of

PLAIN: dict[str, Any] = {"id": "pi_1", "status": "succeeded", "amount": 5, "currency": "eur"}


def test_an_intent_of_ours() -> None:
    order_id = new_id()
    metadata = {"order_id": str(order_id), "attempt": "2", "colour": "red"}
    read = read_intent({**PLAIN, "metadata": metadata, "client_secret": "s", "new_field": [1]})
    assert (read.order_id, read.attempt) == (order_id, 2)
    assert (read.amount_minor, read.currency, read.client_secret) == (5, "EUR", "s")


@pytest.mark.parametrize(
    "metadata",
    [{}, {"order_id": "7", "attempt": "1"}, {"attempt": "1"}, {"order_id": str(new_id())},
     {"order_id": str(new_id()), "attempt": "one"}],
)  # fmt: skip
def test_an_intent_of_another_application(metadata: dict[str, str]) -> None:
    read = read_intent({**PLAIN, "metadata": metadata})
    assert (read.order_id, read.attempt) == (None, None)


def test_an_unknown_status_counts_as_processing() -> None:
    assert read_intent({**PLAIN, "status": "teleporting"}).status is IntentStatus.PROCESSING


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, None),
        ({"code": "card_declined", "decline_code": "stolen_card"}, "stolen_card"),
        ({"code": "expired_card", "decline_code": None}, "expired_card"),
        ({"code": "payment_intent_authentication_failure", "type": "invalid_request_error"},
         "payment_intent_authentication_failure"),
    ],
)  # fmt: skip
def test_why_it_failed(error: Any, code: str | None) -> None:
    assert read_intent({**PLAIN, "last_payment_error": error}).failure_code == code


def read(kind: str, subject: dict[str, Any]) -> ProviderEvent:
    return read_event(event_of(kind, subject, "evt_1").encode())


@pytest.mark.parametrize("refunded", [100, 4499])
def test_a_charge_refunded_in_whole_or_in_part(refunded: int) -> None:
    order_id = new_id()
    charge = {
        "payment_intent": "pi_1",
        "amount_refunded": refunded,
        "metadata": {"order_id": str(order_id), "attempt": "1"},
    }
    about = {"event_id": "evt_1", "event_type": "charge.refunded"}
    assert read("charge.refunded", charge) == ChargeRefunded(
        **about, payment_intent_id="pi_1", refunded_minor=refunded, order_id=order_id
    )
    assert read("charge.refunded", charge | {"payment_intent": None}) == Ignored(**about)


@pytest.mark.parametrize("kind", ["refund.created", "refund.failed", "refund.updated"])
@pytest.mark.parametrize(
    ("status", "is_dead"),
    [("failed", True), ("canceled", True), ("pending", False), ("succeeded", False)],
)
def test_a_refund_of_ours_or_of_another(kind: str, status: str, is_dead: bool) -> None:
    refund = {"id": "re_1", "amount": 5, "status": status, "payment_intent": "pi_1"}
    about = {"event_id": "evt_1", "event_type": kind}
    made = ProviderRefund(
        provider_refund_id="re_1", payment_intent_id="pi_1", amount_minor=5, is_dead=is_dead
    )
    assert read(kind, refund) == RefundChanged(**about, refund=made)
    own = new_id()
    found = read(kind, refund | {"metadata": {"refund_id": str(own)}})
    assert isinstance(found, RefundChanged)
    assert found.refund.refund_id == own
    assert read(kind, refund | {"payment_intent": None}) == Ignored(**about)


def test_a_dispute() -> None:
    dispute = {
        "id": "dp_1", "amount": 5, "currency": "usd", "reason": "fraudulent",
        "status": "needs_response", "payment_intent": "pi_1",
    }  # fmt: skip
    about = {"event_id": "evt_1", "event_type": "charge.dispute.created"}
    assert read("charge.dispute.created", dispute) == DisputeChanged(
        **about,
        dispute=Dispute(
            dispute_id="dp_1",
            payment_intent_id="pi_1",
            amount_minor=5,
            currency="USD",
            reason="fraudulent",
            status="needs_response",
        ),
    )


@pytest.mark.parametrize(
    "kind", ["invoice.paid", "payment_intent.created", "charge.refund.updated"]
)
def test_an_event_without_a_handler_is_read_without_its_object(kind: str) -> None:
    assert read(kind, {"anything": 1}) == Ignored(event_id="evt_1", event_type=kind)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff", b"{}", b"[]", json.dumps({"id": "e", "type": "t"}).encode(),
     event_of("payment_intent.succeeded", {**PLAIN, "amount": "5"}).encode(),
     event_of("charge.refunded", {"amount_refunded": "yes"}).encode()],
)  # fmt: skip
def test_a_malformed_event(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_event(payload)
