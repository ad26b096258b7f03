"""Checkout with ``pay_now``: wherever it crashes, a repeat, the webhooks or the schedules complete it.

The steps of the state machine are run to each of their crash points (before and after every call of a port,
and around every commit), followed by what happens next.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest

from shop.contracts.tasks import PlaceOrder
from shop.domain.cart import CartItem
from shop.domain.errors import PaymentDeclined
from shop.domain.ids import new_id
from shop.domain.orders import OrderStatus
from shop.services.inventory.holds import hold_stock
from shop.services.orders.expire import expire_reservations
from shop.services.orders.place import create_order
from shop.services.payments.processing import process_payment
from shop.services.payments.reconciliation import reconcile
from shop.services.payments.webhooks import receive_webhook
from tests.support.builders import add_products, lapse
from tests.support.containers import Container
from tests.support.crashes import Crashed, CrashPoints
from tests.support.orders import ADDRESS
from tests.support.payments import (
    StripeControl,
    event_of,
    events_of,
    paying_container,
    signature,
    status_of,
    timeline_of,
    wind_back,
)
from tests.support.stock import levels, query

STOCK, QUANTITY = 10, 2

type Aftermath = Callable[["World", PlaceOrder], None]


class World:
    """A shop on the Stripe fake."""

    def __init__(self, container: Container, control: StripeControl) -> None:
        self.container = container
        self.control = control
        self.url = container.settings.database_url

    def check_out(self, command: PlaceOrder, points: CrashPoints | None = None) -> None:
        """Run the steps of the state machine; a decline is a valid end."""
        points = points or CrashPoints()
        opener = points.unit_of_work(self.container.unit_of_work)
        order = create_order(opener, command, currency="USD", reservation_ttl_seconds=600).order
        if order.status is OrderStatus.PENDING:
            assert order.reservation_expires_at is not None
            hold_stock(
                opener,
                order.order_id,
                order.items,
                expires_at=order.reservation_expires_at,
                correlation_id=order.correlation_id,
            )
        with suppress(PaymentDeclined):
            process_payment(
                points.provider(self.container.payment_provider),
                opener,
                command.user_id,
                command.order_id,
                command.payment_method_id,
            )


@pytest.fixture
def world(database: str, redis: str, stripe: str) -> Iterator[World]:
    with paying_container(database, redis, stripe) as container:
        yield World(container, StripeControl(stripe))


def repeat(world: World, command: PlaceOrder) -> None:
    """The customer sends the same request again, twice."""
    world.check_out(command)
    world.check_out(command)


def hear_from_stripe(world: World, command: PlaceOrder) -> None:
    """Deliver the webhooks, then the customer's repeat."""
    kinds = {"succeeded": "succeeded", "requires_payment_method": "payment_failed"}
    for intent in world.control.intents(command.order_id):
        payload = event_of(f"payment_intent.{kinds[intent['status']]}", intent)
        receive_webhook(
            world.container.payment_provider,
            world.container.unit_of_work,
            payload.encode(),
            signature(payload),
        )
    world.check_out(command)


def time_passes(world: World, command: PlaceOrder) -> None:
    """Run the schedules, without a repeat."""
    lapse(world.url)
    for _ in range(2):
        expire_reservations(world.container.unit_of_work, seconds=5)
        wind_back(world.url, command.order_id, timedelta(minutes=1))
        reconcile(world.container.payment_provider, world.container.unit_of_work, seconds=20)


def crash_everywhere(world: World, method: str) -> Iterator[tuple[PlaceOrder, UUID]]:
    """Check out to each crash point, every time with a new cart of a new product."""
    at = 1
    while True:
        (product,) = add_products(world.url, STOCK)
        command = PlaceOrder(
            order_id=new_id(),
            user_id=new_id(),
            email=None,
            cart_id=new_id(),
            items=[CartItem(product, QUANTITY)],
            shipping_address=ADDRESS,
            shipping_method="standard",
            payment_method_id=method,
            pay_now=True,
            tax_region="CA",
            correlation_id=new_id(),
        )
        try:
            world.check_out(command, CrashPoints(at))
        except Crashed:
            yield command, product
            at += 1
        else:
            assert at > 16, "every step has crash points"
            return


def check_ended(world: World, command: PlaceOrder, product: UUID, *ends: str) -> None:
    """One order or none, one charge or none, and stock, money and status agree."""
    order_id = command.order_id
    assert len(world.control.intents(order_id)) <= 1, "two intents"
    if not query(world.url, "SELECT id FROM orders WHERE id = %s", (order_id,)):
        assert world.control.charges(order_id) == []
        assert levels(world.url, product) == (STOCK, 0)
        return
    status = status_of(world.url, order_id)
    assert status in ends
    (total,) = query(world.url, "SELECT total_minor FROM orders WHERE id = %s", (order_id,))[0]
    assert world.control.kept_minor(order_id) == (total if status == "PAID" else 0)
    assert levels(world.url, product) == (STOCK, QUANTITY if status == "PAID" else 0)
    for recorded in (events_of(world.url, order_id), timeline_of(world.url, order_id)):
        assert len(recorded) == len(set(recorded)), "twice"


@pytest.mark.parametrize("aftermath", [repeat, hear_from_stripe, time_passes])
@pytest.mark.parametrize(
    ("method", "end"), [("pm_card_visa", "PAID"), ("pm_card_chargeDeclined", "CANCELLED")]
)
def test_checking_out(world: World, method: str, end: str, aftermath: Aftermath) -> None:
    """A4, A5, A6."""
    for command, product in crash_everywhere(world, method):
        aftermath(world, command)
        # Without a repeat, an order whose payment has not begun ends with its hold.
        ends = {end, "CANCELLED"} if aftermath is time_passes else {end}
        check_ended(world, command, product, *ends)
