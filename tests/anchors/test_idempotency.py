"""Failures of repeated requests that users of other platforms report; tests show that they do not occur."""

from typing import Any

import pytest

from tests.support.builders import place_order
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.paying import call_at_once, pay
from tests.support.payments import StripeControl, status_of
from tests.support.people import token_of
from tests.support.stock import query


def test_a15_two_equal_requests_at_once_run_once(
    container: Container, control: StripeControl
) -> None:
    """A15: double execution through a Redis idempotency record (powertools #8386 #8387)."""
    for number in range(5):
        placed = place_order(container)
        token = token_of(container, user_id=placed.user_id)
        key = f"key-{number}"
        answers = call_at_once(
            container,
            8,
            lambda own, _n: pay(own, placed, token=token, key=key),  # noqa: B023
        )
        ran = [a for a in answers if a.status == 200 and "idempotency-replayed" not in a.headers]
        assert len(ran) == 1
        assert {a.code for a in answers if a.status != 200} <= {"request_in_progress"}
        assert len(control.intents(placed.order_id)) == 1


def test_a15_redis_loses_all_data_between_the_requests(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A15: the records are in PostgreSQL, so after a loss of Redis' data no request runs twice."""
    placed = place_order(container)
    first = pay(shop, placed, key="k")
    container.redis.flushall()
    again = pay(shop, placed, key="k")
    assert (again.status, again.text) == (200, first.text)
    assert again.headers["idempotency-replayed"] == "true"


def test_a15_a_request_that_crashed_is_taken_over(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A15: the claim of a crashed request expires, and the next request continues the same attempt."""
    placed = place_order(container)
    token = token_of(container, user_id=placed.user_id)

    class Dead(BaseException):
        pass

    def die(*_arguments: Any) -> Any:
        raise Dead

    provider = container.payment_provider
    charge = provider.charge

    def charge_and_die(attempt: Any) -> Any:
        charge(attempt)
        raise Dead

    provider.charge = charge_and_die  # type: ignore[method-assign]
    with pytest.raises(Dead):
        pay(shop, placed, token=token, key="k")
    provider.charge = charge  # type: ignore[method-assign]
    busy = pay(shop, placed, token=token, key="k")
    assert (busy.status, busy.code) == (409, "request_in_progress")
    assert int(busy.headers["retry-after"]) > 0
    query(
        container.settings.database_url,
        "UPDATE idempotency_keys SET locked_until = locked_until - interval '30 seconds'",
    )
    answer = pay(shop, placed, token=token, key="k")
    assert (answer.status, answer.json["status"]) == (200, "PAID")
    assert len(control.intents(placed.order_id)) == 1


def test_a17_a_server_error_is_not_the_idempotent_answer(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A17: 5xx responses replayed as the idempotent response (spree's contract forbids it)."""
    placed = place_order(container)
    for fault in ({"action": "close"}, {"action": "status", "status": 503}):
        control.fault(**fault)
        answer = pay(shop, placed, key="k")
        assert (answer.status, answer.code) == (503, "payment_outcome_unknown")
    answer = pay(shop, placed, key="k")
    assert (answer.status, answer.json["status"]) == (200, "PAID")
    assert "idempotency-replayed" not in answer.headers
    replayed = pay(shop, placed, key="k")
    assert (replayed.text, replayed.headers["idempotency-replayed"]) == (answer.text, "true")


def test_a17_an_unhandled_error_is_not_stored_either(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A17: neither is a 500 from an unhandled exception."""
    placed = place_order(container)
    provider = container.payment_provider
    charge = provider.charge

    def broken(attempt: Any) -> Any:
        raise RuntimeError("a fault of ours")

    provider.charge = broken  # type: ignore[method-assign]
    answer = pay(shop, placed, key="k")
    assert (answer.status, answer.code) == (500, "internal_error")
    assert "a fault of ours" not in answer.text
    provider.charge = charge  # type: ignore[method-assign]
    assert pay(shop, placed, key="k").status == 200


def test_a17_a_refusal_is_final(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A17: a decline is a final response, is replayed, and leads to no second attempt."""
    placed = place_order(container)
    first = pay(shop, placed, "pm_card_chargeDeclined", key="k")
    requests = control.requests()
    again = pay(shop, placed, "pm_card_chargeDeclined", key="k")
    assert (first.status, again.status, again.text) == (402, 402, first.text)
    assert again.headers["content-type"] == "application/problem+json"
    assert again.headers["idempotency-replayed"] == "true"
    assert control.requests() == requests


def test_a17_the_same_key_with_another_body_is_refused(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A17: same key, other body: 422, and nothing is changed."""
    one, other = place_order(container), place_order(container)
    pay(shop, one, key="k")
    changed = pay(shop, one, "pm_card_mastercard", key="k")
    assert (changed.status, changed.code) == (422, "idempotency_key_reused")
    # The same key of another customer is independent.
    assert pay(shop, other, key="k").status == 200


@pytest.mark.parametrize(
    ("key", "code"),
    [("", "validation_failed"), ("x" * 256, "validation_failed"), ("é", "validation_failed")],
)
def test_a17_malformed_keys(shop: Gateway, container: Container, key: str, code: str) -> None:
    """A17: a key is 1 to 255 printable characters."""
    placed = place_order(container)
    answer = pay(shop, placed, key=key)
    assert (answer.status, answer.code) == (400, code)
    assert status_of(container.settings.database_url, placed.order_id) == "PENDING"
