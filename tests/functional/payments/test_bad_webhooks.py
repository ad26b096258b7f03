"""Webhooks of other origin, malformed or forged."""

import time

import pytest

from shop.domain.ids import new_id
from tests.support.gateway import Gateway
from tests.support.paying import deliver
from tests.support.payments import event_of, paying_container, signature
from tests.support.stock import query


@pytest.mark.parametrize(
    "payload",
    [
        event_of("customer.created", {"id": "cus_1", "object": "customer"}),
        event_of("payment_intent.created", {"id": "pi_1", "object": "payment_intent",
                 "status": "requires_payment_method", "amount": 1, "currency": "usd",
                 "metadata": {}}),
        event_of("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent",
                 "status": "succeeded", "amount": 1, "currency": "usd",
                 "metadata": {"order_id": str(new_id()), "attempt": "1"}}),
        event_of("payment_intent.succeeded", {"id": "pi_1", "object": "payment_intent",
                 "status": "succeeded", "amount": 1, "currency": "usd",
                 "metadata": {"order_id": "somebody else's"}}),
        event_of("charge.refunded", {"id": "ch_1", "payment_intent": "pi_x", "refunded": True}),
    ],
    ids=["unknown type", "intent created", "unknown order", "foreign intent", "foreign charge"],
)  # fmt: skip
def test_events_of_others_are_ignored_and_not_stored(
    shop: Gateway, database: str, payload: str
) -> None:
    answer = deliver(shop, payload)
    assert (answer.status, answer.json) == (200, {"outcome": "ignored"})
    assert query(database, "SELECT count(*) FROM webhook_events") == [(0,)]


_EVENT = event_of("customer.created", {"id": "cus_1", "object": "customer"})


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "t=1,v1=00",
        "nonsense",
        signature(_EVENT, secret="whsec_another"),
        signature(_EVENT, at=time.time() - 3600),
        signature(_EVENT + " "),
    ],
    ids=["none", "zero", "nonsense", "another secret", "an hour old", "another body"],
)
def test_bad_signatures(shop: Gateway, database: str, sent: str) -> None:
    answer = deliver(shop, _EVENT, sent)
    assert (answer.status, answer.code) == (400, "invalid_signature")
    assert query(database, "SELECT count(*) FROM webhook_events") == [(0,)]


@pytest.mark.parametrize(
    "payload",
    ["", "{}", "[]", "null", '{"id": 1, "type": "x", "data": {}}',
     event_of("payment_intent.succeeded", {"id": "pi_1"}),
     event_of("payment_intent.succeeded", {"id": "pi_1", "status": 3})],
)  # fmt: skip
def test_signed_malformed_bodies(shop: Gateway, payload: str) -> None:
    answer = deliver(shop, payload)
    assert (answer.status, answer.code) == (400, "validation_failed")


def test_without_a_secret_every_delivery_is_refused(database: str, redis: str, stripe: str) -> None:
    with paying_container(database, redis, stripe, stripe_webhook_secret="") as container:
        answer = deliver(Gateway(container), _EVENT, signature(_EVENT, secret=""))
    assert (answer.status, answer.code) == (503, "dependency_unavailable")


def test_a_base64_body(shop: Gateway) -> None:
    headers = {"Stripe-Signature": signature(_EVENT)}
    answer = shop.post("/api/payments/webhook", body=_EVENT.encode(), headers=headers)
    assert answer.json == {"outcome": "ignored"}
