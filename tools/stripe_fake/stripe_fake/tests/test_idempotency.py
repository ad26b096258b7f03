"""Idempotency keys as Stripe documents them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from stripe_fake.tests.conftest import Fake

PATH = "/v1/payment_intents"
FORM = {
    "amount": "1999",
    "currency": "usd",
    "confirm": "true",
    "payment_method": "pm_card_visa",
    "payment_method_types[]": "card",
}


def _post(fake: Fake, key: str, path: str = PATH, **changes: str) -> Any:
    return fake.raw("POST", path, data={**FORM, **changes}, headers={"Idempotency-Key": key})


def test_the_same_request_again_is_the_same_answer(fake: Fake) -> None:
    first, again = _post(fake, "k-1"), _post(fake, "k-1")
    assert first.status_code == again.status_code == 200
    assert first.text == again.text
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert again.headers["Request-Id"] != first.headers["Request-Id"]
    assert fake.control("GET", "charges")["count"] == 1


def test_declines_are_replayed(fake: Fake) -> None:
    first = _post(fake, "k-1", payment_method="pm_card_chargeDeclined")
    again = _post(fake, "k-1", payment_method="pm_card_chargeDeclined")
    assert first.status_code == again.status_code == 402
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert fake.control("GET", "charges")["count"] == 1


def test_other_parameters_are_an_idempotency_error(fake: Fake) -> None:
    fake.pay(key="k-1")
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        fake.pay(key="k-1", amount=2000)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        fake.client.v1.refunds.create({"amount": 5}, {"idempotency_key": "k-1"})
    assert fake.control("GET", "charges")["count"] == 1


def test_what_was_refused_before_execution_is_not_kept(fake: Fake) -> None:
    assert _post(fake, "k-1", amount="nothing").status_code == 400
    corrected = _post(fake, "k-1")
    assert corrected.status_code == 200
    assert "Idempotent-Replayed" not in corrected.headers


def test_keys_end_after_24_hours(fake: Fake) -> None:
    first = fake.pay(key="k-1")
    fake.control("POST", "settings", clock_offset_seconds=24 * 3600 - 60)
    assert fake.pay(key="k-1").id == first.id
    fake.control("POST", "settings", clock_offset_seconds=24 * 3600 + 1)
    assert fake.pay(key="k-1").id != first.id


def test_keys_belong_to_the_api_key(fake: Fake) -> None:
    first = _post(fake, "k-1")
    other = fake.raw(
        "POST",
        PATH,
        data=FORM,
        headers={"Idempotency-Key": "k-1", "Authorization": "Bearer sk_test_other"},
    )
    assert other.json()["id"] != first.json()["id"]


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_keys_have_a_length(fake: Fake, key: str) -> None:
    assert _post(fake, key).status_code == 400


def test_gets_ignore_keys(fake: Fake) -> None:
    _post(fake, "k-1")
    answer = fake.raw("GET", PATH, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer.headers


def test_a_key_whose_request_still_runs_is_a_conflict(fake: Fake) -> None:
    fake.control("POST", "faults", action="hang", path=PATH, seconds=2, times=2)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(_post, [fake] * 2, ["k-1"] * 2))
    accepted, conflict = sorted(answers, key=lambda answer: answer.status_code)
    assert (accepted.status_code, conflict.status_code) == (200, 409)
    assert conflict.json()["error"]["type"] == "idempotency_error"
    assert conflict.json()["error"]["code"] == "idempotency_key_in_use"
    assert _post(fake, "k-1").headers["Idempotent-Replayed"] == "true"
    assert fake.control("GET", "charges")["count"] == 1


def test_concurrent_requests_with_one_key_charge_once(fake: Fake) -> None:
    """Anchor A4: the same request many times at once is one intent and one charge."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: _post(fake, "k-1"), range(64)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    assert fake.control("GET", "charges")["count"] == 1
