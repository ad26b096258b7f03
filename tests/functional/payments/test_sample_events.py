"""The sample events of events/payments, replayed."""

import json
from typing import Any

import pytest

from shop_local.paths import CHECKOUT
from tests.support.gateway import Gateway
from tests.support.payments import StripeControl, signature


def sample(function: str) -> Any:
    return json.loads((CHECKOUT / f"events/payments/{function}.json").read_text())


def test_process_payment(shop: Gateway) -> None:
    answer = shop.invoke("payments/process_payment", sample("process_payment"))
    assert answer["statusCode"] == 401  # the sample's session has ended long ago


@pytest.mark.parametrize(("resigned", "status"), [(False, 400), (True, 200)])
def test_receive_webhook(shop: Gateway, resigned: bool, status: int) -> None:
    event = sample("receive_webhook")
    if resigned:
        event["headers"]["Stripe-Signature"] = signature(event["body"])
        event["multiValueHeaders"]["Stripe-Signature"] = [signature(event["body"])]
    answer = shop.invoke("payments/receive_webhook", event)
    assert answer["statusCode"] == status


def test_reconcile_payments(shop: Gateway, control: StripeControl) -> None:
    assert shop.invoke("payments/reconcile_payments", sample("reconcile_payments")) == {}
    assert control.requests("*", "*") == 0
