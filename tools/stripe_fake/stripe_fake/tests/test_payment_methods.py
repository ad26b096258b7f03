"""PaymentMethods through the official SDK."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from stripe_fake.tests.conftest import Fake


def test_a_test_id_becomes_a_payment_method_of_its_own(fake: Fake) -> None:
    method = fake.client.v1.payment_methods.retrieve("pm_card_mastercard")
    assert method.id.startswith("pm_1")
    assert method.card is not None
    assert (method.card.brand, method.card.last4) == ("mastercard", "4444")
    assert fake.client.v1.payment_methods.retrieve(method.id).id == method.id


@pytest.mark.parametrize(
    ("number", "brand"), [("4242424242424242", "visa"), ("378282246310005", "amex")]
)
def test_a_payment_method_is_made_from_a_test_number(fake: Fake, number: str, brand: str) -> None:
    method = fake.client.v1.payment_methods.create(
        {
            "type": "card",
            "card": {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"},
            "billing_details": {"name": "Ada", "address": {"city": "London"}},
        }
    )
    assert method.card is not None
    assert method.card.brand == brand
    assert method.billing_details.name == "Ada"
    assert method.billing_details.address is not None
    assert method.billing_details.address.city == "London"
    assert fake.pay(method.id).status == "succeeded"


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"number": "4242424242424241", "exp_month": 1, "exp_year": 2040}, "incorrect_number"),
        ({"number": "4242424242424242", "exp_month": 13, "exp_year": 2040}, "invalid_expiry_month"),
        ({"number": "4242424242424242", "exp_month": 1, "exp_year": 2001}, "invalid_expiry_year"),
    ],
)
def test_unusable_numbers_are_card_errors(fake: Fake, card: Any, code: str) -> None:
    with pytest.raises(stripe.CardError) as caught:
        fake.client.v1.payment_methods.create({"type": "card", "card": card})
    assert (caught.value.http_status, caught.value.code) == (402, code)


@pytest.mark.parametrize("kind", ["payment_methods", "payment_intents", "charges", "refunds"])
def test_unknown_ids_are_missing_resources(fake: Fake, kind: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        getattr(fake.client.v1, kind).retrieve("xx_unknown")
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    assert "xx_unknown" in str(caught.value)
