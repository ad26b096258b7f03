"""fulfil_order with the real functions: woken by events, and looking when they do not come."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from shop.contracts.tasks import CloseOrder
from shop.domain.errors import DependencyUnavailable
from shop.entrypoints.rabbitmq import batch
from shop.services.inventory import expire_reservations
from shop.services.orders import fulfilment
from tests.support.machines import Machine, TaskFailed
from tests.support.orders import OrderingShop
from tests.support.payments import events_of, status_of, timeline_of
from tests.support.products import add_product
from tests.support.stock import levels, query

type Action = Callable[[], None]


class World:
    """What happens while the machine waits: one action a wait, in turn; None: nothing."""

    def __init__(self, shop: OrderingShop, *actions: Action | None) -> None:
        self.shop = shop
        self.actions = list(actions)
        self.timeouts: list[int] = []

    def wait(self, name: str, payload: dict[str, Any], timeout: int) -> dict[str, Any]:
        self.timeouts.append(timeout)
        if action := self.actions.pop(0) if self.actions else None:
            action()
        answers = [
            output for token, output in self.shop.states.sent if token == payload["task_token"]
        ]
        if not answers:
            raise TaskFailed("States.Timeout")
        assert len(answers) == 1, "a token is answered once"
        return answers[0]


def fulfil(shop: OrderingShop, order_id: UUID, *actions: Action | None) -> Machine:
    """Run the machine to its end; gives its states."""
    return fulfil_in(World(shop, *actions), order_id)


def fulfil_in(world: World, order_id: UUID) -> Machine:
    machine = Machine(world.shop, "fulfil_order", "FulfilOrder", wait=world.wait)
    machine.run(world.shop.states.started[str(order_id)])
    return machine


@pytest.fixture
def token(paying_shop: OrderingShop) -> str:
    return paying_shop.shopper()


@pytest.fixture
def products(paying_shop: OrderingShop) -> list[UUID]:
    database = paying_shop.container.database
    return [add_product(database, price_minor=1500) for _ in range(2)]


@pytest.fixture
def order_id(paying_shop: OrderingShop, token: str, products: list[UUID]) -> UUID:
    return paying_shop.order(token, *products)


def paid(shop: OrderingShop, token: str, order_id: UUID) -> Action:
    def action() -> None:
        shop.pay(token, order_id)
        shop.deliver("orders/on_order_paid", "order.paid", order_id)

    return action


def confirmed(shop: OrderingShop, order_id: UUID) -> Action:
    def action() -> None:
        shop.confirm(order_id)
        shop.deliver("orders/on_order_confirmed", "order.confirmed", order_id)

    return action


def expired(shop: OrderingShop, order_id: UUID) -> Action:
    def action() -> None:
        query(shop.database_url, "UPDATE reservations SET expires_at = now()")
        query(shop.database_url, "UPDATE orders SET reservation_expires_at = now()")

    return action


def test_an_order_goes_from_payment_to_the_customer_s_email(
    paying_shop: OrderingShop, token: str, products: list[UUID], order_id: UUID
) -> None:
    shop = paying_shop
    machine = fulfil(shop, order_id, paid(shop, token, order_id), confirmed(shop, order_id))
    assert machine.path == [
        "AwaitPayment", "WasPaid", "AwaitConfirmation", "WasConfirmed", "NotifyCustomer",
        "Fulfilled",
    ]  # fmt: skip
    assert timeline_of(shop.database_url, order_id) == [
        "PENDING", "PAYMENT_PROCESSING", "PAID", "CONFIRMED", "PROCESSING",
    ]  # fmt: skip
    assert [recipient for recipient, _ in shop.postbox.mails] == ["customer@shop.example"]
    assert [levels(shop.database_url, product) for product in products] == [(9, 0), (9, 0)]
    # Two lines made two inventory.updated; the order was confirmed once.
    assert events_of(shop.database_url, order_id).count("order.confirmed") == 1
    # The events arrive again, and late ones after them: nothing happens twice (A13).
    before = timeline_of(shop.database_url, order_id)
    for function, event in [
        ("orders/on_order_paid", "order.paid"),
        ("inventory/on_order_paid", "order.paid"),
        ("orders/on_inventory_updated", "inventory.updated"),
        ("orders/on_order_confirmed", "order.confirmed"),
        ("notifications/on_order_confirmed", "order.confirmed"),
    ]:
        query(shop.database_url, "DELETE FROM inbox")
        shop.deliver(function, event, order_id)
    assert timeline_of(shop.database_url, order_id) == before
    assert len(shop.postbox.mails) == 1
    assert len(shop.states.sent) == 2
    assert [levels(shop.database_url, product) for product in products] == [(9, 0), (9, 0)]


def test_what_happened_before_the_machine_waits_is_not_missed(
    paying_shop: OrderingShop, token: str, order_id: UUID
) -> None:
    shop = paying_shop
    paid(shop, token, order_id)()
    confirmed(shop, order_id)()
    assert shop.states.sent == []
    machine = fulfil(shop, order_id)
    assert machine.path == ["AwaitPayment", "WasPaid", "NotifyCustomer", "Fulfilled"]
    assert status_of(shop.database_url, order_id) == "PROCESSING"


def test_an_unpaid_order_is_cancelled_and_its_stock_returned_once(
    paying_shop: OrderingShop, products: list[UUID], order_id: UUID
) -> None:
    """A6 (medusa #13625): by the machine or by the sweep, whoever comes first."""
    shop = paying_shop
    machine = fulfil(shop, order_id, expired(shop, order_id))
    assert machine.path == ["AwaitPayment", "CloseUnpaid", "DecideUnpaid", "Cancelled"]
    expire_reservations(shop.container.unit_of_work, seconds=5)
    assert timeline_of(shop.database_url, order_id) == ["PENDING", "CANCELLED"]
    assert [levels(shop.database_url, product) for product in products] == [(10, 0), (10, 0)]
    assert events_of(shop.database_url, order_id).count("inventory.released") == 1
    assert events_of(shop.database_url, order_id).count("order.cancelled") == 1


def test_the_sweep_first_and_the_machine_ends(paying_shop: OrderingShop, order_id: UUID) -> None:
    shop = paying_shop

    def swept() -> None:
        expired(shop, order_id)()
        expire_reservations(shop.container.unit_of_work, seconds=5)
        shop.deliver("orders/on_order_cancelled", "order.cancelled", order_id)

    machine = fulfil(shop, order_id, swept)
    assert machine.path == ["AwaitPayment", "WasPaid", "Cancelled"]


def test_a_step_that_fails_early_does_not_cost_the_order(
    paying_shop: OrderingShop, token: str, order_id: UUID
) -> None:
    shop = paying_shop
    world = World(shop, None, paid(shop, token, order_id), confirmed(shop, order_id))
    machine = fulfil_in(world, order_id)
    assert machine.path[:6] == [
        "AwaitPayment", "CloseUnpaid", "DecideUnpaid", "CountPaymentRound", "PauseBeforePayment",
        "AwaitPayment",
    ]  # fmt: skip
    assert 0 < world.timeouts[1] <= 600
    assert machine.path[-1] == "Fulfilled"


def test_an_open_payment_is_waited_for_but_not_for_ever(
    paying_shop: OrderingShop, order_id: UUID
) -> None:
    shop = paying_shop
    shop.move(order_id, "PAYMENT_PROCESSING")
    with pytest.raises(TaskFailed) as failed:
        fulfil(shop, order_id)
    assert failed.value.error == "Undecided"
    assert status_of(shop.database_url, order_id) == "PAYMENT_PROCESSING"


def test_a_confirmation_whose_event_got_lost_is_made_up_for(
    paying_shop: OrderingShop, token: str, order_id: UUID
) -> None:
    shop = paying_shop

    def event_lost() -> None:
        shop.deliver("inventory/on_order_paid", "order.paid", order_id)

    machine = fulfil(shop, order_id, paid(shop, token, order_id), event_lost)
    assert machine.path[-4:] == [
        "CloseUnconfirmed", "DecideUnconfirmed", "NotifyCustomer", "Fulfilled",
    ]  # fmt: skip
    assert status_of(shop.database_url, order_id) == "PROCESSING"


def test_a_paid_order_whose_event_never_comes_takes_its_stock_itself(
    paying_shop: OrderingShop, token: str, order_id: UUID
) -> None:
    shop = paying_shop
    machine = fulfil(shop, order_id, paid(shop, token, order_id), lambda: None)
    assert machine.path[-4:] == [
        "CloseUnconfirmed", "DecideUnconfirmed", "NotifyCustomer", "Fulfilled",
    ]  # fmt: skip
    assert status_of(shop.database_url, order_id) == "PROCESSING"
    shop.deliver("inventory/on_order_paid", "order.paid", order_id)  # late, after all
    assert query(
        shop.database_url,
        "SELECT DISTINCT status FROM reservations WHERE order_id = %s",
        (order_id,),
    ) == [("confirmed",)]


def test_a_paid_order_without_stock_is_refunded(
    paying_shop: OrderingShop, token: str, order_id: UUID
) -> None:
    """A5: charged and ordered, or not charged."""
    shop = paying_shop

    def stock_gone() -> None:
        query(shop.database_url, "UPDATE inventory SET quantity_reserved = 0")
        query(shop.database_url, "UPDATE reservations SET status = 'released'")

    machine = fulfil(shop, order_id, paid(shop, token, order_id), stock_gone)
    assert machine.path[-1] == "Cancelled"
    assert query(shop.database_url, "SELECT order_id, reason, status FROM refunds") == [
        (order_id, "stock_not_confirmed", "pending")
    ]


def test_an_order_cancelled_by_its_owner_ends_the_machine(
    paying_shop: OrderingShop, token: str, order_id: UUID
) -> None:
    shop = paying_shop

    def cancelled() -> None:
        assert shop.post(f"/api/orders/{order_id}/cancel", token=token).status == 200
        shop.deliver("orders/on_order_cancelled", "order.cancelled", order_id)

    assert fulfil(shop, order_id, cancelled).path == ["AwaitPayment", "WasPaid", "Cancelled"]
    later = fulfil(shop, order_id)
    assert later.path == ["AwaitPayment", "WasPaid", "Cancelled"]


@pytest.mark.parametrize("status", ["INVENTORY_UNAVAILABLE", "PAYMENT_FAILED"])
def test_an_order_left_on_its_way_to_cancelled_is_brought_there(
    paying_shop: OrderingShop, products: list[UUID], order_id: UUID, status: str
) -> None:
    shop = paying_shop
    if status == "PAYMENT_FAILED":
        shop.move(order_id, "PAYMENT_PROCESSING")
    shop.move(order_id, status)
    fulfilment.close_order(
        shop.container.unit_of_work, CloseOrder(order_id=order_id, step="payment")
    )
    assert status_of(shop.database_url, order_id) == "CANCELLED"
    assert levels(shop.database_url, products[0]) == (10, 0)


def test_while_step_functions_is_away_the_event_comes_back(
    paying_shop: OrderingShop, token: str, order_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = paying_shop
    monkeypatch.setattr(batch, "_SPARE_SECONDS", 60)
    shop.invoke("orders/await_payment", {"order_id": str(order_id), "task_token": "t"})
    shop.pay(token, order_id)

    def away(token: str, outcome: object) -> None:
        raise DependencyUnavailable("stepfunctions")

    with monkeypatch.context() as patch:
        patch.setattr(shop.container.fulfilment, "resume", away)
        with pytest.raises(DependencyUnavailable):
            shop.deliver("orders/on_order_paid", "order.paid", order_id)
    shop.deliver("orders/on_order_paid", "order.paid", order_id)
    assert shop.states.sent == [("t", {"outcome": "paid"})]


def test_orders_that_are_not_ours_are_ignored(paying_shop: OrderingShop) -> None:
    missing = "00000000-0000-7000-8000-000000000000"
    assert paying_shop.invoke("orders/close_order", {"order_id": missing, "step": "payment"}) == {
        "next": "end",
        "wait_seconds": 0,
    }
    assert paying_shop.invoke("notifications/notify_customer", {"order_id": missing}) == {
        "status": ""
    }
