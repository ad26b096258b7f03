"""POST /api/payments/process, through the handler, on real servers and the Stripe fake."""

from datetime import timedelta
from typing import Any

import pytest

from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
from shop.domain.ids import new_id
from shop.domain.messages import StoredEvent
from tests.support.builders import HELD, RETURNED, TOTAL_MINOR, Placed, place_order
from tests.support.containers import NO_BROKER, Container
from tests.support.gateway import Gateway
from tests.support.paying import pay
from tests.support.payments import StripeControl, events_of, status_of, stock_of, timeline_of
from tests.support.people import token_of
from tests.support.round_trips import round_trips
from tests.support.stock import query
from tests.support.wire import counting


def test_paid(shop: Gateway, container: Container, control: StripeControl, database: str) -> None:
    placed = place_order(container)

    answer = pay(shop, placed)

    assert answer.status == 200, answer.text
    assert answer.json == {
        "order_id": str(placed.order_id),
        "status": "PAID",
        "payment_intent_id": control.intents(placed.order_id)[0]["id"],
    }
    assert timeline_of(database, placed.order_id) == ["PENDING", "PAYMENT_PROCESSING", "PAID"]
    assert events_of(database, placed.order_id)[-1] == "order.paid"
    assert control.kept_minor(placed.order_id) == TOTAL_MINOR
    assert control.intents(placed.order_id)[0]["currency"] == "usd"
    assert stock_of(database, placed) == HELD


def test_paying_again_gives_the_same_answer(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    placed = place_order(container)
    first = pay(shop, placed)
    requests = control.requests()

    second = pay(shop, placed)

    assert (second.status, second.text) == (200, first.text)
    assert control.requests() == requests


def test_paying_again_with_another_method_is_refused(
    shop: Gateway, container: Container, control: StripeControl
) -> None:
    placed = place_order(container)
    pay(shop, placed)
    answer = pay(shop, placed, "pm_card_mastercard")
    assert (answer.status, answer.code) == (409, "order_state_conflict")
    assert len(control.charges(placed.order_id)) == 1


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedStolenCard", "generic_decline"),
    ],
)
def test_declined(
    shop: Gateway, container: Container, control: StripeControl, database: str, method: str,
    reason: str,
) -> None:  # fmt: skip
    placed = place_order(container, products=3)

    answer = pay(shop, placed, method)

    assert (answer.status, answer.code) == (402, "card_declined")
    assert f"({reason})" in answer.json["detail"]
    assert timeline_of(database, placed.order_id)[1:] == [
        "PAYMENT_PROCESSING", "PAYMENT_FAILED", "CANCELLED",
    ]  # fmt: skip
    recorded = events_of(database, placed.order_id)
    assert sorted(recorded) == ["inventory.released", "order.cancelled", "order.payment_failed"]
    assert stock_of(database, placed) == RETURNED
    reasons = "SELECT DISTINCT reason FROM order_timeline WHERE status = 'PAYMENT_FAILED'"
    assert query(database, reasons) == [(reason,)]
    assert control.kept_minor(placed.order_id) == 0
    again = pay(shop, placed, method)
    assert (again.status, again.json["detail"]) == (402, answer.json["detail"])
    assert stock_of(database, placed) == RETURNED


def test_an_unknown_payment_method_leaves_the_order_pending(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    answer = pay(shop, placed, "pm_card_vsia")
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == ["payment_method_id"]
    assert status_of(database, placed.order_id) == "PENDING"
    assert pay(shop, placed).status == 200


def test_an_amount_below_stripes_minimum(
    shop: Gateway, container: Container, database: str
) -> None:
    placed = place_order(container)
    query(
        database,
        "UPDATE orders SET subtotal_minor = 0, shipping_minor = 10, total_minor = 10 WHERE id = %s",
        (placed.order_id,),
    )
    answer = pay(shop, placed)
    assert (answer.status, answer.code) == (402, "amount_too_small")
    assert status_of(database, placed.order_id) == "CANCELLED"
    assert stock_of(database, placed) == RETURNED
    assert pay(shop, placed).code == "amount_too_small"


def test_another_customers_order_is_not_found(
    shop: Gateway, container: Container, database: str
) -> None:
    placed = place_order(container)
    stranger = Placed(placed.order_id, new_id(), placed.products)
    answer = pay(shop, stranger)
    assert (answer.status, answer.code) == (404, "order_not_found")
    assert status_of(database, placed.order_id) == "PENDING"
    nothing = pay(shop, Placed(new_id(), placed.user_id, ()))
    assert (nothing.status, nothing.code) == (404, "order_not_found")


def test_a_lapsed_reservation_is_not_charged(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container, products=2, expires_in=timedelta(minutes=1))
    query(
        database,
        "UPDATE reservations SET expires_at = now() WHERE order_id = %s AND product_id = %s",
        (placed.order_id, placed.products[1]),
    )
    answer = pay(shop, placed)
    assert (answer.status, answer.code) == (409, "reservation_expired")
    assert control.intents(placed.order_id) == []
    assert status_of(database, placed.order_id) == "PENDING"
    held = "SELECT count(*) FROM reservations WHERE held_for_payment"
    assert query(database, held) == [(0,)]


def test_a_cancelled_order_cannot_be_paid(
    shop: Gateway, container: Container, control: StripeControl, database: str
) -> None:
    placed = place_order(container)
    query(database, "UPDATE orders SET status = 'CANCELLED' WHERE id = %s", (placed.order_id,))
    answer = pay(shop, placed)
    assert (answer.status, answer.code) == (409, "order_state_conflict")
    assert control.intents(placed.order_id) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"order_id": "x", "payment_method_id": "pm_card_visa"},
        {"order_id": str(new_id())},
        {"order_id": str(new_id()), "payment_method_id": ""},
        {"order_id": str(new_id()), "payment_method_id": "pm_card_visa/../x"},
        {"order_id": str(new_id()), "payment_method_id": 7},
        {"order_id": str(new_id()), "payment_method_id": "pm_card_visa", "amount": 1},
    ],
)
def test_bad_bodies(shop: Gateway, body: Any) -> None:
    answer = shop.post("/api/payments/process", json=body, token=token_of(shop.container))
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"]


def test_a_session_is_required(shop: Gateway) -> None:
    body = {"order_id": str(new_id()), "payment_method_id": "pm_card_visa"}
    assert shop.post("/api/payments/process", json=body).status == 401


class TakesEverything(RabbitMQPublisher):
    """A broker that is always available."""

    def ready(self) -> None:
        pass

    def publish(self, event: StoredEvent) -> None:
        self.last = event


@pytest.mark.parametrize(("products", "key"), [(1, None), (5, None), (5, "a-key")])
def test_statement_budget(
    shop: Gateway, container: Container, database: str, products: int, key: str | None
) -> None:
    """Begin, settle and the outbox, whatever the number of lines.

    Two more mark the publication after the commit, and two store the key.
    """
    container.publisher = TakesEverything(NO_BROKER)
    placed = place_order(container, products=products)
    token = token_of(container, user_id=placed.user_id)
    body = {"order_id": str(placed.order_id), "payment_method_id": "pm_card_visa"}
    with round_trips(container.settings.redis_url) as trips, counting(container.database) as sent:
        answer = shop.post("/api/payments/process", json=body, token=token, key=key)
    assert answer.status == 200
    assert len(sent.statements) == (3 if key is None else 5), sent.table()
    assert trips.count <= 1
    unpublished = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
    assert query(database, unpublished) == [(0,)]
