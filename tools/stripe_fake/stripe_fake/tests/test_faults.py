"""Ordered faults: errors, hangs and cut connections, before and after the execution."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from stripe_fake.tests.conftest import Fake

PATH = "/v1/payment_intents"


def _charges(fake: Fake, order: str = "o-1") -> int:
    answer = fake.http.get("/_fake/charges", params={"order_id": order})
    return int(answer.json()["by_status"].get("succeeded", 0))


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, stripe.APIError), (503, stripe.APIError), (429, stripe.RateLimitError)],
)
def test_an_error_instead_of_the_execution(
    fake: Fake, status: int, error: type[stripe.StripeError]
) -> None:
    fake.control("POST", "faults", action="status", status=status, path=PATH, method="POST")
    with pytest.raises(error) as caught:
        fake.pay(key="k-1", metadata={"order_id": "o-1"})
    assert caught.value.http_status == status
    assert _charges(fake) == 0
    assert fake.pay(key="k-1", metadata={"order_id": "o-1"}).status == "succeeded"
    assert _charges(fake) == 1


@pytest.mark.parametrize(
    "document",
    [
        {"action": "hang", "when": "after", "seconds": 4},
        {"action": "close", "when": "after"},
        {"action": "status", "status": 500, "when": "after"},
    ],
)
def test_the_unknown_outcome(fake: Fake, document: Any) -> None:
    """The charge is made and its response lost; a request with the same key returns it."""
    fake.control("POST", "faults", path=PATH, **document)
    impatient = fake.connect(timeout=2)
    params: Any = {
        "amount": 1999,
        "currency": "usd",
        "confirm": True,
        "payment_method": "pm_card_visa",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {"order_id": "o-1"},
    }
    with pytest.raises((stripe.APIConnectionError, stripe.APIError)):
        impatient.v1.payment_intents.create(params, {"idempotency_key": "k-1"})
    assert _charges(fake) == 1
    again = fake.client.v1.payment_intents.create(params, {"idempotency_key": "k-1"})
    assert again.status == "succeeded"
    assert _charges(fake) == 1


def test_a_500_that_is_stored_with_its_key(fake: Fake) -> None:
    fake.control(
        "POST", "faults", action="status", status=500, when="after", stored=True, path=PATH
    )
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            fake.pay(key="k-1", metadata={"order_id": "o-1"})
    assert _charges(fake) == 1
    found = fake.client.v1.payment_intents.search({"query": "metadata['order_id']:'o-1'"}).data
    assert [intent.status for intent in found] == ["succeeded"]


def test_a_stored_500_of_a_charge_that_was_never_made(fake: Fake) -> None:
    fake.control("POST", "faults", action="status", status=500, stored=True, path=PATH)
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            fake.pay(key="k-1", metadata={"order_id": "o-1"})
    assert _charges(fake) == 0


def test_a_cut_connection_before_the_execution(fake: Fake) -> None:
    fake.control("POST", "faults", action="close", path=PATH)
    with pytest.raises(stripe.APIConnectionError):
        fake.pay(metadata={"order_id": "o-1"})
    assert _charges(fake) == 0


def test_a_hang_before_the_execution_still_executes(fake: Fake) -> None:
    fake.control("POST", "faults", action="hang", seconds=2.5, path=PATH)
    with pytest.raises(stripe.APIConnectionError):
        fake.connect(timeout=0.3).v1.payment_intents.create(
            {
                "amount": 100,
                "currency": "usd",
                "confirm": True,
                "payment_method": "pm_card_visa",
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                "metadata": {"order_id": "o-1"},
            }
        )
    assert _charges(fake) == 0
    deadline = time.monotonic() + 30
    while _charges(fake) == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _charges(fake) == 1


def test_the_sdk_retries_by_itself(fake: Fake) -> None:
    fake.control("POST", "faults", action="status", status=503, path=PATH, times=2)
    client = fake.connect(retries=2)
    intent = client.v1.payment_intents.create({"amount": 100, "currency": "usd"})
    assert intent.status == "requires_payment_method"
    log = fake.http.get("/_fake/requests", params={"path": PATH}).json()["data"]
    assert [line["status"] for line in log] == [503, 503, 200]
    assert len({line["idempotency_key"] for line in log}) == 1


def test_all_requests_until_removed_and_some_let_through(fake: Fake) -> None:
    order = fake.control(
        "POST", "faults", action="status", status=503, times=None, skip=1, path="/v1/charges*"
    )
    seen = [fake.raw("GET", "/v1/charges").status_code for _ in range(4)]
    assert seen == [200, 503, 503, 503]
    assert fake.raw("GET", "/v1/refunds").status_code == 200
    listed = fake.control("GET", "faults")["data"]
    assert (listed[0]["id"], listed[0]["hits"]) == (order["id"], 3)
    fake.control("DELETE", f"faults/{order['id']}")
    assert fake.raw("GET", "/v1/charges").status_code == 200


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"action": "explode"},
        {"action": "hang", "seconds": -1},
        {"action": "hang", "seconds": "1"},
        {"action": "status", "status": 200},
        {"action": "status", "times": -1},
        {"action": "status", "when": "during"},
        {"action": "status", "colour": "red"},
    ],
)
def test_wrong_faults_are_refused(fake: Fake, document: Any) -> None:
    answer = fake.http.post("/_fake/faults", json=document)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert fake.control("GET", "faults")["data"] == []


@pytest.mark.parametrize(
    "document",
    [
        {"colour": 1},
        {"webhook_copies": "two"},
        {"webhook_retry_seconds": []},
        {"webhook_paused": 1},
        {"webhook_delay_seconds": -1},
    ],
)
def test_wrong_settings_are_refused(fake: Fake, document: Any) -> None:
    assert fake.http.post("/_fake/settings", json=document).status_code == 400


def test_an_unknown_control_names_the_known_ones(fake: Fake) -> None:
    answer = fake.http.post("/_fake/nothing", json={})
    assert answer.status_code == 404
    assert "/_fake/faults" in answer.json()["error"]["message"]
