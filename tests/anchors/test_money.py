"""The failures that users of other shops report about money, each shown not to happen here."""

import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from shop.bootstrap import Container
from shop.services.payments import reconcile
from tests.support.gateway import Gateway, Response
from tests.support.payments import (
    QUANTITY,
    STOCK,
    TOTAL_MINOR,
    Placed,
    StripeControl,
    event_of,
    events_of,
    paying_container,
    place_order,
    signature,
    status_of,
    stock_of,
    timeline_of,
    wind_back,
)
from tests.support.people import token_of
from tests.support.stock import query


@pytest.fixture
def container(database: str, redis: str, stripe: str) -> Iterator[Container]:
    with paying_container(database, redis, stripe) as made:
        yield made


@pytest.fixture
def shop(container: Container) -> Gateway:
    return Gateway(container)


@pytest.fixture
def control(stripe: str) -> StripeControl:
    return StripeControl(stripe)


def pay(
    shop: Gateway, placed: Placed, method: str = "pm_card_visa", *, token: str = "", **options: Any
) -> Response:
    return shop.post(
        "/api/payments/process",
        json={"order_id": str(placed.order_id), "payment_method_id": method},
        token=token or token_of(shop.container, user_id=placed.user_id),
        **options,
    )


def deliver(shop: Gateway, payload: str) -> Response:
    headers = {"Stripe-Signature": signature(payload)}
    return shop.post("/api/payments/webhook", body=payload, headers=headers)


def at_once(
    container: Container, count: int, action: Callable[[Gateway, int], Response]
) -> list[Response]:
    """Call from threads that begin together, each with connections of its own."""
    barrier = threading.Barrier(count)
    answers: list[Response] = []
    settings = container.settings

    def run(number: int) -> None:
        with paying_container(
            settings.database_url, settings.redis_url, settings.stripe_url
        ) as own:
            shop = Gateway(own)
            barrier.wait()
            answers.append(action(shop, number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == count
    return answers


@pytest.mark.parametrize("keys", ["none", "one", "each its own"])
def test_a4_the_same_payment_twenty_times_at_once_is_one_charge(
    shop: Gateway, container: Container, control: StripeControl, keys: str
) -> None:
    """A4: double capture, duplicate payment intent (medusa #13301 #12790; saleor #19220 #14926)."""
    placed = place_order(container)
    token = token_of(container, user_id=placed.user_id)
    key_of = {"none": lambda n: None, "one": lambda n: "k", "each its own": lambda n: f"k{n}"}[keys]

    answers = at_once(container, 20, lambda own, n: pay(own, placed, token=token, key=key_of(n)))

    for answer in answers:
        assert answer.status == 200 or answer.code == "request_in_progress", answer.text
        assert answer.status == 200 or answer.headers["retry-after"]
    assert pay(shop, placed, token=token, key=key_of(0)).json["status"] == "PAID"
    assert len(control.intents(placed.order_id)) == 1
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR
    assert events_of(container.settings.database_url, placed.order_id) == ["order.paid"]


@pytest.mark.parametrize("lost", [False, True])
def test_a4_the_same_payment_a_day_later_is_one_charge(
    shop: Gateway, container: Container, control: StripeControl, lost: bool
) -> None:
    """A4: a repetition a day later, when Stripe and we have forgotten every key."""
    placed = place_order(container)
    if lost:
        control.fault("close", when="after")
    first = pay(shop, placed, key="k")
    assert first.status == (503 if lost else 200)
    database = container.settings.database_url
    wind_back(database, placed.order_id, timedelta(hours=25))
    query(database, "UPDATE idempotency_keys SET created_at = created_at - interval '25 hours',"
          " locked_until = locked_until - interval '25 hours'")  # fmt: skip
    control.send("POST", "settings", {"clock_offset_seconds": 25 * 3600})

    again = pay(shop, placed, key="k")

    assert (again.status, again.json["status"]) == (200, "PAID")
    assert len(control.intents(placed.order_id)) == 1
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR


def test_a5_the_order_and_its_payment_are_recorded_before_stripe_is_called(
    container: Container,
) -> None:
    """A5: charged without an order (medusa #13301 #4946).

    tests/integration/payments/test_crash_points.py walks every crash point.
    """
    placed = place_order(container)
    seen: list[tuple[Any, ...]] = []
    provider = container.payment_provider
    charge = provider.charge

    def watched(attempt: Any) -> Any:
        # Through a connection of its own: what it sees is committed.
        seen.extend(
            query(
                container.settings.database_url,
                "SELECT orders.status, payments.status, held_for_payment FROM orders"
                " JOIN payments ON payments.order_id = orders.id"
                " JOIN reservations ON reservations.order_id = orders.id",
            )
        )
        return charge(attempt)

    provider.charge = watched  # type: ignore[method-assign]
    assert pay(Gateway(container), placed).status == 200
    assert seen == [("PAYMENT_PROCESSING", "processing", True)]


def test_a5_nobody_returns_and_no_webhook_comes(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A5: the order is completed without the customer, who closed the browser (medusa #4946)."""
    placed = place_order(container)
    control.fault("close", when="after")
    assert pay(shop, placed).status == 503
    database = container.settings.database_url
    wind_back(database, placed.order_id, timedelta(minutes=1))
    reconcile(container.payment_provider, container.unit_of_work, seconds=10)
    assert status_of(database, placed.order_id) == "PAID"
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR


@pytest.mark.parametrize("method", ["pm_card_chargeDeclined", "pm_card_authenticationRequired"])
def test_a6_every_failed_payment_returns_the_stock_once(
    shop: Gateway, container: Container, control: StripeControl, method: str
) -> None:
    """A6: compensation leaks stock (medusa #13625); repeated by everybody who can repeat it."""
    placed = place_order(container, products=3)
    database = container.settings.database_url
    assert stock_of(database, placed) == {(STOCK, QUANTITY)}
    pay(shop, placed, method)
    intent = control.intents(placed.order_id)[0]
    if intent["status"] == "requires_action":
        control.authenticate(intent["id"], "fail")
    failed = control.intents(placed.order_id)[0]
    for _ in range(2):
        assert pay(shop, placed, method).status == 402
        assert deliver(shop, event_of("payment_intent.payment_failed", failed)).status == 200
        wind_back(database, placed.order_id, timedelta(minutes=1))
        reconcile(container.payment_provider, container.unit_of_work, seconds=10)
        assert stock_of(database, placed) == {(STOCK, 0)}
    assert events_of(database, placed.order_id).count("inventory.released") == 1


@pytest.mark.parametrize("seed", range(5))
def test_a7_webhooks_in_any_order_and_number_settle_once(
    shop: Gateway, container: Container, control: StripeControl, seed: int
) -> None:
    """A7: duplicate or out-of-order webhooks settle twice (saleor #9961 #10165; pinelab #620)."""
    placed = place_order(container)
    pay(shop, placed, "pm_card_authenticationRequired")
    asked = control.intents(placed.order_id)[0]
    control.authenticate(asked["id"])
    done = control.intents(placed.order_id)[0]
    payloads = [
        event_of("payment_intent.created", {**asked, "status": "requires_payment_method"}),
        event_of("payment_intent.requires_action", asked),
        event_of("payment_intent.payment_failed", {**asked, "status": "requires_payment_method"}),
        event_of("payment_intent.processing", {**asked, "status": "processing"}),
        event_of("payment_intent.succeeded", done),
        event_of("payment_intent.succeeded", done),
        event_of("charge.succeeded", control.charges(placed.order_id)[0]),
    ]
    many = payloads * 3
    random.Random(seed).shuffle(many)
    for payload in many:
        assert deliver(shop, payload).status == 200

    database = container.settings.database_url
    assert timeline_of(database, placed.order_id) == ["PENDING", "PAYMENT_PROCESSING", "PAID"]
    assert events_of(database, placed.order_id) == ["order.paid"]
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR
    assert query(database, "SELECT count(*) FROM webhook_events") == [(len(payloads),)]
    assert query(database, "SELECT count(*) FROM refunds") == [(0,)]


def test_a7_a_webhook_overtakes_the_answer(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A7: the webhook is there before the request has recorded its own answer."""
    placed = place_order(container)
    provider = container.payment_provider
    charge = provider.charge

    def overtaken(attempt: Any) -> Any:
        intent = charge(attempt)
        payload = event_of("payment_intent.succeeded", control.intents(placed.order_id)[0])
        settings = container.settings
        with paying_container(
            settings.database_url, settings.redis_url, settings.stripe_url
        ) as own:
            assert deliver(Gateway(own), payload).json == {"outcome": "paid"}
        return intent

    provider.charge = overtaken  # type: ignore[method-assign]
    answer = pay(shop, placed)
    assert (answer.status, answer.json["status"]) == (200, "PAID")
    assert events_of(container.settings.database_url, placed.order_id) == ["order.paid"]


def test_a15_two_equal_requests_at_once_run_once(
    container: Container, control: StripeControl
) -> None:
    """A15: double execution through a Redis idempotency record (powertools #8386 #8387)."""
    for number in range(5):
        placed = place_order(container)
        token = token_of(container, user_id=placed.user_id)
        key = f"key-{number}"
        answers = at_once(
            container,
            8,
            lambda own, _n: pay(own, placed, token=token, key=key),  # noqa: B023
        )
        ran = [a for a in answers if a.status == 200 and "idempotency-replayed" not in a.headers]
        assert len(ran) == 1
        assert {a.code for a in answers if a.status != 200} <= {"request_in_progress"}
        assert len(control.intents(placed.order_id)) == 1


def test_a15_redis_forgets_everything_in_between(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A15: the records are in PostgreSQL, so an emptied Redis makes nothing run twice."""
    placed = place_order(container)
    first = pay(shop, placed, key="k")
    container.redis.execute("FLUSHALL")
    again = pay(shop, placed, key="k")
    assert (again.status, again.text) == (200, first.text)
    assert again.headers["idempotency-replayed"] == "true"


def test_a15_a_request_that_crashed_is_taken_over(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    """A15: the lock of a dead request lapses, and the next one goes on with the same attempt."""
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
    """A17: 5xx answers cached as the idempotent answer (spree's contract gets it right)."""
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
    """A17: nor is a 500 of our own making."""
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
    """A17: a decline is an answer, replayed like any other, and costs no second attempt."""
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
    # Another customer's key is another key.
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
