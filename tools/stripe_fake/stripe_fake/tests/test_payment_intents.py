"""PaymentMethods and PaymentIntents through the official SDK."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from stripe_fake.tests.conftest import Fake

DECLINES = {
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_chargeDeclinedLostCard": ("card_declined", "lost_card"),
    "pm_card_chargeDeclinedStolenCard": ("card_declined", "stolen_card"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", "expired_card"),
    "pm_card_chargeDeclinedIncorrectCvc": ("incorrect_cvc", "incorrect_cvc"),
    "pm_card_chargeDeclinedProcessingError": ("processing_error", "processing_error"),
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_radarBlock": ("card_declined", "fraudulent"),
}


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


def test_an_unknown_payment_method_in_a_payment_is_a_400(fake: Fake) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        fake.pay("pm_nothing")
    error = caught.value
    assert (error.http_status, error.code, error.param) == (
        400,
        "resource_missing",
        "payment_method",
    )
    assert str(error).endswith("No such PaymentMethod: 'pm_nothing'")
    assert fake.control("GET", "payment_intents")["count"] == 0


def test_a_payment_succeeds(fake: Fake) -> None:
    intent = fake.pay(metadata={"order_id": "o-1"}, expand=["latest_charge"])
    assert (intent.status, intent.amount_received, intent.currency) == ("succeeded", 1999, "usd")
    charge = intent.latest_charge
    assert (charge.paid, charge.captured, charge.metadata["order_id"]) == (True, True, "o-1")
    assert charge.payment_intent == intent.id
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    again = fake.client.v1.payment_intents.retrieve(intent.id)
    assert (again.status, again.latest_charge) == ("succeeded", charge.id)
    assert fake.client.v1.charges.retrieve(charge.id).amount == 1999


@pytest.mark.parametrize("method", DECLINES)
def test_a_decline_is_a_card_error_and_is_recorded(fake: Fake, method: str) -> None:
    code, decline_code = DECLINES[method]
    with pytest.raises(stripe.CardError) as caught:
        fake.pay(method)
    error = caught.value
    assert (error.http_status, error.code) == (402, code)
    assert error.error is not None
    assert error.error.decline_code == decline_code
    assert error.error.payment_intent is not None
    intent = fake.client.v1.payment_intents.retrieve(error.error.payment_intent.id)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline_code
    charge = fake.client.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.status, charge.failure_code, charge.paid) == ("failed", code, False)


def test_another_card_after_a_decline(fake: Fake) -> None:
    with pytest.raises(stripe.CardError) as caught:
        fake.pay("pm_card_chargeDeclined")
    assert caught.value.error is not None
    assert caught.value.error.payment_intent is not None
    intent = fake.client.v1.payment_intents.confirm(
        caught.value.error.payment_intent.id, {"payment_method": "pm_card_visa"}
    )
    assert (intent.status, intent.last_payment_error) == ("succeeded", None)
    listed = fake.client.v1.charges.list({"payment_intent": intent.id}).data
    assert [charge.status for charge in listed] == ["succeeded", "failed"]


def test_create_then_confirm(fake: Fake) -> None:
    v1 = fake.client.v1
    intent = v1.payment_intents.create(
        {"amount": 500, "currency": "EUR", "allowed_payment_method_types": ["card"]}
    )
    assert (intent.status, intent.currency) == ("requires_payment_method", "eur")
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        v1.payment_intents.confirm(intent.id)
    intent = v1.payment_intents.update(intent.id, {"payment_method": "pm_card_visa", "amount": 700})
    assert intent.status == "requires_confirmation"
    assert v1.payment_intents.confirm(intent.id).amount_received == 700
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.confirm(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.update(intent.id, {"amount": 800})
    assert caught.value.code == "payment_intent_unexpected_state"


def test_metadata_is_merged_and_unset(fake: Fake) -> None:
    intent = fake.pay(metadata={"order_id": "1", "attempt": "1"})
    changed = fake.client.v1.payment_intents.update(
        intent.id, {"metadata": {"attempt": "", "note": "x"}}
    )
    assert changed.metadata.to_dict() == {"order_id": "1", "note": "x"}
    cleared = fake.client.v1.payment_intents.update(intent.id, {"metadata": ""})
    assert cleared.metadata.to_dict() == {}


def test_manual_capture(fake: Fake) -> None:
    intent = fake.pay(capture_method="manual")
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 1999)
    v1 = fake.client.v1
    with pytest.raises(stripe.InvalidRequestError, match="amount to capture"):
        v1.payment_intents.capture(intent.id, {"amount_to_capture": 2000})
    captured = v1.payment_intents.capture(
        intent.id, {"amount_to_capture": 1500, "expand": ["latest_charge"]}
    )
    assert (captured.status, captured.amount_received) == ("succeeded", 1500)
    assert isinstance(captured.latest_charge, stripe.Charge)
    assert captured.latest_charge.amount_captured == 1500
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.capture(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"


def test_cancel_releases_the_hold(fake: Fake) -> None:
    intent = fake.pay(capture_method="manual")
    canceled = fake.client.v1.payment_intents.cancel(
        intent.id, {"cancellation_reason": "abandoned", "expand": ["latest_charge"]}
    )
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    assert isinstance(canceled.latest_charge, stripe.Charge)
    assert canceled.latest_charge.refunded
    for again in (fake.client.v1.payment_intents.cancel, fake.client.v1.payment_intents.confirm):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            again(intent.id)
        assert caught.value.code == "payment_intent_unexpected_state"


def test_a_paid_intent_cannot_be_canceled(fake: Fake) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        fake.client.v1.payment_intents.cancel(fake.pay().id)
    assert caught.value.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("outcome", "status"), [("succeed", "succeeded"), ("fail", "requires_payment_method")]
)
def test_slow_payments_stay_in_processing(fake: Fake, outcome: str, status: str) -> None:
    intent = fake.pay("pm_card_processing")
    assert intent.status == "processing"
    fake.control("POST", f"payment_intents/{intent.id}/settle", outcome=outcome)
    assert fake.client.v1.payment_intents.retrieve(intent.id).status == status


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("pm_card_processing", "succeeded"),
        ("pm_card_processingDeclined", "requires_payment_method"),
    ],
)
def test_slow_payments_settle_by_themselves(fake: Fake, method: str, status: str) -> None:
    fake.control("POST", "settings", processing_seconds=0.1)
    intent = fake.pay(method)
    deadline = time.monotonic() + 30
    while intent.status == "processing" and time.monotonic() < deadline:
        time.sleep(0.05)
        intent = fake.client.v1.payment_intents.retrieve(intent.id)
    assert intent.status == status


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"amount": "19.99"}, "parameter_invalid_integer", "amount"),
        ({"amount": ""}, "parameter_invalid_integer", "amount"),
        ({"currency": "dollars"}, None, "currency"),
        ({"bogus": "1"}, "parameter_unknown", "bogus"),
        ({"shipping": {"name": "A", "bogus": "1"}}, "parameter_unknown", "shipping[bogus]"),
        ({"metadata": {"k" * 41: "v"}}, None, "metadata"),
        ({"capture_method": "never"}, None, "capture_method"),
        ({"expand": ["bogus"]}, None, "expand"),
        ({"automatic_payment_methods": {"enabled": True}}, None, "return_url"),
    ],
)
def test_wrong_parameters_change_nothing(
    fake: Fake, changes: Any, code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        fake.pay(**changes)
    assert (caught.value.http_status, caught.value.code, caught.value.param) == (400, code, param)
    assert fake.control("GET", "payment_intents")["count"] == 0
    assert fake.control("GET", "charges")["count"] == 0


def test_a_missing_amount_is_named(fake: Fake) -> None:
    answer = fake.raw("POST", "/v1/payment_intents", data={"currency": "usd"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "parameter_missing"
    assert answer.json()["error"]["param"] == "amount"


def test_payment_method_types_are_refused_since_endive(fake: Fake) -> None:
    """The API version the SDK sends has no such parameter any more; older ones had."""
    params: Any = {"amount": 500, "currency": "usd", "payment_method_types": ["card"]}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        fake.client.v1.payment_intents.create(params)
    assert caught.value.code == "payment_method_types_no_longer_supported"
    older = fake.client.v1.payment_intents.create(params, {"stripe_version": "2026-08-26.dahlia"})
    assert older.status == "requires_payment_method"


def test_one_way_of_choosing_methods_at_most(fake: Fake) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="only specify one of"):
        fake.pay(allowed_payment_method_types=["card"])
    with pytest.raises(stripe.InvalidRequestError, match="cards only"):
        fake.client.v1.payment_intents.create(
            {"amount": 500, "currency": "usd", "allowed_payment_method_types": ["zip"]}
        )


@pytest.mark.parametrize("capture", ["automatic", "manual"])
def test_a_captured_charge_is_booked_less_the_fee(fake: Fake, capture: str) -> None:
    intents = fake.client.v1.payment_intents
    made = intents.create(
        {
            "amount": 2499,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "capture_method": capture,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    if capture == "manual":
        charge = intents.retrieve(made.id, {"expand": ["latest_charge"]}).latest_charge
        assert isinstance(charge, stripe.Charge)
        assert charge.balance_transaction is None
        intents.capture(made.id, {"amount_to_capture": 2499})

    found = intents.retrieve(made.id, {"expand": ["latest_charge.balance_transaction"]})

    assert isinstance(found.latest_charge, stripe.Charge)
    booked = found.latest_charge.balance_transaction
    assert isinstance(booked, stripe.BalanceTransaction)
    assert (booked.amount, booked.fee, booked.net) == (2499, 102, 2397)
    assert booked.source == found.latest_charge.id
    assert [detail.amount for detail in booked.fee_details] == [102]


def test_a_declined_charge_is_not_booked(fake: Fake) -> None:
    with pytest.raises(stripe.CardError):
        fake.pay("pm_card_chargeDeclined")
    (charge,) = fake.client.v1.charges.list().data
    assert charge.balance_transaction is None
