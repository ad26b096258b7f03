"""Events and their deliveries: signed, retried, paused, doubled, reordered, delayed, dropped."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import stripe

from stripe_fake.tests.conftest import SECRET, Fake, Receiver

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
REFUND = ["refund.created", "refund.updated", "refund.failed"]


def test_events_of_a_payment_are_delivered_in_order_and_signed(
    fake: Fake, receiver: Receiver
) -> None:
    intent = fake.pay(key="k-1", metadata={"order_id": "o-1"})
    events = receiver.take(3)
    assert [event.type for event in events] == PAID
    subject = events[2].data.object
    assert (subject["id"], subject["status"]) == (intent.id, "succeeded")
    assert subject["metadata"]["order_id"] == "o-1"
    assert events[2].request is not None
    assert events[2].request.idempotency_key == "k-1"


def test_a_changed_payload_fails_verification(fake: Fake, receiver: Receiver) -> None:
    fake.pay()
    signature, payload = receiver.got.get(timeout=30)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload + b" ", signature, SECRET)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload, signature, "whsec_other")


@pytest.mark.parametrize(
    ("method", "types"),
    [
        ("pm_card_chargeDeclined", ["charge.failed", "payment_intent.payment_failed"]),
        ("pm_card_authenticationRequired", ["payment_intent.requires_action"]),
        ("pm_card_processing", ["charge.pending", "payment_intent.processing"]),
    ],
)
def test_other_outcomes_have_their_events(
    fake: Fake, receiver: Receiver, method: str, types: list[str]
) -> None:
    try:
        fake.pay(method)
    except stripe.CardError:
        assert method == "pm_card_chargeDeclined"
    events = receiver.take(1 + len(types))
    assert [event.type for event in events] == ["payment_intent.created", *types]


def test_authentication_settlement_and_cancellation_have_events(
    fake: Fake, make_receiver: Callable[..., Receiver]
) -> None:
    intent = fake.pay("pm_card_authenticationRequired")
    slow = fake.pay("pm_card_processing")
    held = fake.pay(capture_method="manual")
    receiver = make_receiver(
        "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled"
    )
    fake.control("POST", f"payment_intents/{intent.id}/authenticate")
    fake.control("POST", f"payment_intents/{slow.id}/settle", outcome="fail")
    fake.client.v1.payment_intents.cancel(held.id)
    assert [event.type for event in receiver.take(3)] == [
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
    ]


def test_refunds_have_events(fake: Fake, make_receiver: Callable[..., Receiver]) -> None:
    fake.control("POST", "settings", refund_seconds=0.05)
    receiver = make_receiver("charge.refunded", "charge.updated", *REFUND)
    fake.client.v1.refunds.create({"payment_intent": fake.pay("pm_card_refundFail").id})
    events = receiver.take(5)
    assert [event.type for event in events] == [
        "charge.refunded",
        "refund.created",
        "charge.updated",
        "refund.updated",
        "refund.failed",
    ]
    previous = events[0].data.previous_attributes
    assert previous is not None
    assert previous["amount_refunded"] == 0


def test_an_endpoint_that_fails_is_tried_again(fake: Fake, receiver: Receiver) -> None:
    receiver.statuses = [500, 302, 404]
    fake.client.v1.payment_intents.create({"amount": 100, "currency": "usd"})
    events = receiver.take(4)
    assert len({event.id for event in events}) == 1
    assert receiver.quiet()
    delivery = fake.control("GET", "webhooks/deliveries")["data"][0]
    assert (delivery["state"], delivery["attempts"], delivery["status"]) == ("delivered", 4, 200)


def test_an_unreachable_endpoint_is_retried_until_it_answers(
    fake: Fake, make_receiver: Callable[..., Receiver]
) -> None:
    fake.control("PUT", "webhooks/endpoints/late", url="http://127.0.0.1:9/", secret=SECRET)
    fake.client.v1.payment_intents.create({"amount": 100, "currency": "usd"})
    deadline = time.monotonic() + 30
    while fake.control("GET", "webhooks/deliveries")["data"][0]["attempts"] < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    event = fake.client.v1.events.list().data[0]
    assert event.pending_webhooks == 1
    live = make_receiver("customer.created")
    fake.control("PUT", "webhooks/endpoints/late", url=live.url)
    assert live.take()[0].id == event.id
    deadline = time.monotonic() + 30
    while fake.client.v1.events.retrieve(event.id).pending_webhooks:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_each_endpoint_gets_the_events_it_subscribes_to(
    fake: Fake, make_receiver: Callable[..., Receiver]
) -> None:
    everything, charges = make_receiver(), make_receiver("charge.succeeded")
    fake.pay()
    assert [event.type for event in everything.take(3)] == PAID
    assert [event.type for event in charges.take(1)] == ["charge.succeeded"]
    assert charges.quiet()


@pytest.mark.parametrize(("order", "expected"), [("created", PAID), ("reverse", PAID[::-1])])
def test_paused_then_released_in_some_order(
    fake: Fake, receiver: Receiver, order: str, expected: list[str]
) -> None:
    fake.control("POST", "webhooks/pause")
    fake.pay()
    assert receiver.quiet()
    assert fake.control("POST", "webhooks/resume", order=order)["released"] == 3
    assert [event.type for event in receiver.take(3)] == expected


def test_doubled(fake: Fake, receiver: Receiver) -> None:
    fake.control("POST", "settings", webhook_copies=2)
    fake.pay()
    events = receiver.take(6)
    assert len({event.id for event in events}) == 3


def test_delayed(fake: Fake, receiver: Receiver) -> None:
    fake.control("POST", "settings", webhook_delay_seconds=1.5)
    fake.pay()
    assert receiver.quiet(0.2)
    assert [event.type for event in receiver.take(3)] == PAID


def test_dropped_then_sent_by_hand(fake: Fake, receiver: Receiver) -> None:
    fake.control("POST", "faults", action="drop_webhooks", path="payment_intent.succeeded")
    fake.pay()
    assert [event.type for event in receiver.take(2)] == PAID[:2]
    assert receiver.quiet()
    event = fake.client.v1.events.list({"type": "payment_intent.succeeded"}).data[0]
    fake.control("POST", f"events/{event.id}/deliver", times=2)
    assert [sent.id for sent in receiver.take(2)] == [event.id] * 2


def test_events_are_listed_and_retrieved(fake: Fake) -> None:
    intent = fake.pay()
    v1 = fake.client.v1
    assert [event.type for event in v1.events.list().data] == PAID[::-1]
    chosen = v1.events.list({"types": ["charge.*"]}).data
    assert [event.type for event in chosen] == ["charge.succeeded"]
    event = v1.events.retrieve(v1.events.list({"limit": 1}).data[0].id)
    assert event.data.object["id"] == intent.id
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.events.retrieve("evt_nothing")
    assert caught.value.http_status == 404


@pytest.mark.parametrize(
    "document",
    [
        {"url": "ftp://x"},
        {"url": ""},
        {"url": "http://x:y/"},
        {"url": "http://x", "secret": "s"},
        {"url": "http://x", "other": 1},
        {"url": "http://x", "enabled_events": "*"},
        {"url": "http://x", "enabled_events": []},
        {"url": "http://x", "enabled_events": ["charge.*"]},
        {"url": "http://x", "enabled_events": ["*", "charge.refunded"]},
        {"url": "http://x", "enabled_events": [1]},
    ],
)
def test_wrong_endpoints_are_refused(fake: Fake, document: dict[str, object]) -> None:
    assert fake.http.post("/_fake/webhooks/endpoints", json=document).status_code == 400
