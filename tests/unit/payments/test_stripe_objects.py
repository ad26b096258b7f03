"""What we read of Stripe's objects."""

import json
from typing import Any

import pytest

from shop.adapters.stripe.objects import read_event, read_intent
from shop.domain.ids import new_id
from shop.domain.payments import IntentStatus
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
def test_an_intent_of_somebody_else(metadata: dict[str, str]) -> None:
    read = read_intent({**PLAIN, "metadata": metadata})
    assert (read.order_id, read.attempt) == (None, None)


def test_a_status_of_the_future_is_waited_on() -> None:
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


def test_events_about_refunds() -> None:
    whole = read_event(
        event_of("charge.refunded", {"payment_intent": "pi_1", "refunded": True}).encode()
    )
    part = read_event(
        event_of("charge.refunded", {"payment_intent": "pi_1", "refunded": False}).encode()
    )
    assert (whole.refunded_intent_id, part.refunded_intent_id) == ("pi_1", None)
    failed = read_event(
        event_of("charge.refund.updated", {"id": "re_1", "status": "failed"}).encode()
    )
    assert (failed.refund_id, failed.refund_failed) == ("re_1", True)
    done = read_event(event_of("refund.updated", {"id": "re_1", "status": "succeeded"}).encode())
    assert not done.refund_failed


def test_an_unknown_event_is_read_without_its_object() -> None:
    read = read_event(event_of("invoice.paid", {"anything": 1}).encode())
    assert (read.event_type, read.intent) == ("invoice.paid", None)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff", b"{}", b"[]", json.dumps({"id": "e", "type": "t"}).encode(),
     event_of("payment_intent.succeeded", {**PLAIN, "amount": "5"}).encode(),
     event_of("charge.refunded", {"refunded": "yes"}).encode()],
)  # fmt: skip
def test_what_is_no_event(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_event(payload)
