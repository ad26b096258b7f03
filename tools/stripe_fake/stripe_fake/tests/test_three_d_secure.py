"""3D Secure: what the customer's browser does is done by the control API, or the page."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from stripe_fake.tests.conftest import Fake

ASKING = [
    "pm_card_authenticationRequired",
    "pm_card_authenticationRequiredOnSetup",
    "pm_card_threeDSecure2Required",
    "pm_card_threeDSecureRequired",
]


@pytest.mark.parametrize("method", ASKING)
def test_the_payment_waits_for_the_customer_and_succeeds(fake: Fake, method: str) -> None:
    intent = fake.pay(method)
    assert (intent.status, intent.next_action.type) == ("requires_action", "use_stripe_sdk")
    assert intent.latest_charge is None
    fake.control("POST", f"payment_intents/{intent.id}/authenticate")
    intent = fake.client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert (intent.status, intent.next_action) == ("succeeded", None)
    assert isinstance(intent.latest_charge, stripe.Charge)
    details = intent.latest_charge.payment_method_details
    assert details is not None
    assert details.card is not None
    assert details.card.three_d_secure is not None
    assert details.card.three_d_secure.result == "authenticated"


def test_a_failed_authentication_asks_for_another_method(fake: Fake) -> None:
    intent = fake.pay("pm_card_authenticationRequired")
    fake.control("POST", f"payment_intents/{intent.id}/authenticate", outcome="fail")
    intent = fake.client.v1.payment_intents.retrieve(intent.id)
    assert (intent.status, intent.latest_charge) == ("requires_payment_method", None)
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    paid = fake.client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert paid.status == "succeeded"


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_threeDSecureRequiredChargeDeclined", "generic_decline"),
    ],
)
def test_a_decline_after_authentication(fake: Fake, method: str, code: str) -> None:
    intent = fake.pay(method)
    fake.control("POST", f"payment_intents/{intent.id}/authenticate")
    intent = fake.client.v1.payment_intents.retrieve(intent.id)
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == code


@pytest.mark.parametrize("how", ["off_session", "error_on_requires_action"])
def test_authentication_without_the_customer_is_a_decline(fake: Fake, how: str) -> None:
    asked: dict[str, Any] = {how: True}
    with pytest.raises(stripe.CardError) as caught:
        fake.pay("pm_card_authenticationRequired", **asked)
    assert caught.value.code == "authentication_required"
    assert caught.value.error is not None
    assert caught.value.error.payment_intent is not None
    assert caught.value.error.payment_intent.status == "requires_payment_method"


def test_a_card_set_up_for_off_session_needs_no_authentication(fake: Fake) -> None:
    method = "pm_card_authenticationRequiredSetupForOffSession"
    assert fake.pay(method, off_session=True).status == "succeeded"
    assert fake.pay(method).status == "requires_action"


def test_authentication_happens_once(fake: Fake) -> None:
    intent = fake.pay("pm_card_authenticationRequired")
    path = f"/_fake/payment_intents/{intent.id}/authenticate"
    assert fake.http.post(path).status_code == 200
    second = fake.http.post(path)
    assert second.status_code == 400
    assert second.json()["error"]["code"] == "payment_intent_unexpected_state"
    assert fake.control("GET", "charges")["count"] == 1


def test_the_banks_page_leads_back_to_the_shop(fake: Fake) -> None:
    intent = fake.pay(
        "pm_card_authenticationRequired", return_url="https://shop.example/back?order=7"
    )
    assert intent.next_action.type == "redirect_to_url"
    page = intent.next_action.redirect_to_url.url
    shown = fake.http.get(page)
    assert "Complete" in shown.text
    assert shown.headers["Content-Type"].startswith("text/html")
    pressed = fake.http.post(page, data={"outcome": "succeed"})
    assert pressed.status_code == 303
    assert pressed.headers["Location"].startswith("https://shop.example/back?order=7&payment_int")
    assert pressed.headers["Location"].endswith("redirect_status=succeeded")
    assert fake.client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_manual_confirmation_is_confirmed_again_by_the_server(fake: Fake) -> None:
    intent = fake.pay("pm_card_authenticationRequired", confirmation_method="manual")
    fake.control("POST", f"payment_intents/{intent.id}/authenticate")
    assert fake.client.v1.payment_intents.retrieve(intent.id).status == "requires_confirmation"
    assert fake.client.v1.payment_intents.confirm(intent.id).status == "succeeded"


def test_canceled_while_waiting(fake: Fake) -> None:
    intent = fake.pay("pm_card_authenticationRequired")
    assert fake.client.v1.payment_intents.cancel(intent.id).next_action is None
    assert fake.http.post(f"/_fake/payment_intents/{intent.id}/authenticate").status_code == 400
