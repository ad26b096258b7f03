"""Every state, event and crash point: wherever it crashes, the schedules and the webhooks complete it.

Each flow is run once without a crash to count its crash points (before and after every call of a port, and
around every commit), then once for each of them, followed by the webhooks before or after the reconciliation,
the customer's repetition, or only the reconciliation.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest

from shop.domain.errors import ShopError
from shop.services.payments.processing import process_payment
from shop.services.payments.reconciliation import reconcile
from shop.services.payments.refunds import execute_refund, refund_rest
from shop.services.payments.webhooks import receive_webhook
from tests.support.builders import QUANTITY, STOCK, Placed, place_order
from tests.support.containers import Container
from tests.support.crashes import Crashed, CrashPoints
from tests.support.payments import (
    StripeControl,
    event_of,
    events_of,
    signature,
    status_of,
    stock_of,
    timeline_of,
    wind_back,
)
from tests.support.stock import query

type Flow = Callable[[Container, Placed, CrashPoints], None]


@dataclass(frozen=True)
class World:
    """The shop and its servers, as the tests use them."""

    container: Container
    control: StripeControl
    database: str


@pytest.fixture
def world(container: Container, control: StripeControl, database: str) -> World:
    return World(container, control, database)


def pay_with(method: str) -> Flow:
    def flow(container: Container, placed: Placed, points: CrashPoints) -> None:
        with suppress(ShopError):  # a decline is an end like any other
            process_payment(
                points.provider(container.payment_provider),
                points.unit_of_work(container.unit_of_work),
                placed.user_id,
                placed.order_id,
                method,
            )

    return flow


def cancel(container: Container, placed: Placed, points: CrashPoints) -> None:
    """Cancel a paid order as the endpoint does."""
    opener = points.unit_of_work(container.unit_of_work)
    with opener() as work:
        work.orders.get(placed.order_id, lock=True)
        refunds = refund_rest(work, placed.order_id, "cancelled_by_customer")
    for refund in refunds:
        execute_refund(points.provider(container.payment_provider), opener, refund)


def deliver_events(world: World, placed: Placed) -> None:
    """Deliver Stripe's events about the order's intents, twice."""
    for intent in world.control.intents(placed.order_id):
        kinds = {"succeeded": "succeeded", "requires_payment_method": "payment_failed"}
        if kind := kinds.get(intent["status"]):
            payload = event_of(f"payment_intent.{kind}", intent)
            for _ in range(2):
                receive_webhook(
                    world.container.payment_provider,
                    world.container.unit_of_work,
                    payload.encode(),
                    signature(payload),
                )


def sweep(world: World, placed: Placed) -> None:
    """Let a minute pass, and the reconciliation run; twice, as it does every minute."""
    for _ in range(2):
        wind_back(world.database, placed.order_id, timedelta(minutes=1))
        reconcile(world.container.payment_provider, world.container.unit_of_work, seconds=20)


def repeat(method: str) -> Callable[[World, Placed], None]:
    def aftermath(world: World, placed: Placed) -> None:
        pay_with(method)(world.container, placed, CrashPoints())
        pay_with(method)(world.container, placed, CrashPoints())

    return aftermath


def webhooks_then_sweep(world: World, placed: Placed) -> None:
    deliver_events(world, placed)
    sweep(world, placed)


def sweep_then_webhooks(world: World, placed: Placed) -> None:
    sweep(world, placed)
    deliver_events(world, placed)


def repeat_then_sweep(world: World, placed: Placed) -> None:
    repeat("pm_card_visa")(world, placed)
    sweep(world, placed)


def crash_everywhere(world: World, flow: Flow, prepare: Flow | None = None) -> Iterator[Placed]:
    """Run a flow to each of its crash points; the container lives on as a new process would."""
    at = 1
    while True:
        placed = place_order(world.container, products=2)
        if prepare is not None:
            prepare(world.container, placed, CrashPoints())
        points = CrashPoints(at)
        try:
            flow(world.container, placed, points)
        except Crashed:
            yield placed
            at += 1
        else:
            assert at > 8, "the flow has crash points"
            return


def check_sane(world: World, placed: Placed) -> None:
    """What must hold at any moment, also between the crash and the aftermath."""
    status = status_of(world.database, placed.order_id)
    kept = world.control.kept_minor(placed.order_id)
    assert len(world.control.charges(placed.order_id)) <= 1, "charged twice"
    assert len(world.control.intents(placed.order_id)) <= 1, "two intents"
    if kept:
        records = query(
            world.database, "SELECT count(*) FROM payments WHERE order_id = %s", (placed.order_id,)
        )
        assert records == [(1,)], "charged without a record"
        assert status not in {"PENDING", "CANCELLED"}, "charged without an order"
    else:
        assert status not in {"PAID", "CONFIRMED", "PROCESSING", "SHIPPED"} or query(
            world.database, "SELECT count(*) FROM refunds WHERE order_id = %s", (placed.order_id,)
        ) != [(0,)], "an order without its money"


def check_ended(world: World, placed: Placed, *allowed: str) -> None:
    """Check what must hold after all automatic processing."""
    check_sane(world, placed)
    status = status_of(world.database, placed.order_id)
    assert status in allowed
    assert world.control.kept_minor(placed.order_id) == (
        placed.total_minor if status == "PAID" else 0
    )
    held = QUANTITY if status in {"PAID", "PENDING"} else 0
    assert stock_of(world.database, placed) == {(STOCK, held)}, "returned once, or still held"
    recorded = events_of(world.database, placed.order_id)
    assert len(recorded) == len(set(recorded)), "an event twice"
    assert len(timeline_of(world.database, placed.order_id)) == len(
        set(timeline_of(world.database, placed.order_id))
    ), "a status twice"
    assert ("order.paid" in recorded) is ("PAID" in timeline_of(world.database, placed.order_id))
    assert ("order.cancelled" in recorded) is (status == "CANCELLED")
    open_rows = query(
        world.database,
        "SELECT (SELECT count(*) FROM refunds WHERE status = 'pending') + (SELECT count(*)"
        " FROM payments WHERE status IN ('processing', 'requires_action'))",
    )
    assert open_rows == [(0,)], "something is left to do"


@pytest.mark.parametrize(
    "aftermath", [sweep, webhooks_then_sweep, sweep_then_webhooks, repeat_then_sweep]
)
def test_paying(world: World, aftermath: Callable[[World, Placed], None]) -> None:
    for placed in crash_everywhere(world, pay_with("pm_card_visa")):
        check_sane(world, placed)
        aftermath(world, placed)
        check_ended(world, placed, "PAID", "PENDING")  # PENDING: it crashed before it began


@pytest.mark.parametrize(
    "aftermath",
    [sweep, webhooks_then_sweep, sweep_then_webhooks, repeat("pm_card_chargeDeclined")],
    ids=["sweep", "webhooks_then_sweep", "sweep_then_webhooks", "repeat"],
)
def test_being_declined(world: World, aftermath: Callable[[World, Placed], None]) -> None:
    for placed in crash_everywhere(world, pay_with("pm_card_chargeDeclined")):
        check_sane(world, placed)
        aftermath(world, placed)
        check_ended(world, placed, "CANCELLED", "PENDING")


@pytest.mark.parametrize("aftermath", [sweep, webhooks_then_sweep, sweep_then_webhooks])
def test_refunding(world: World, aftermath: Callable[[World, Placed], None]) -> None:
    for placed in crash_everywhere(world, cancel, prepare=pay_with("pm_card_visa")):
        check_sane(world, placed)
        aftermath(world, placed)
        check_ended(world, placed, "CANCELLED", "PAID")  # PAID: it crashed before it was recorded


@pytest.mark.parametrize("aftermath", [sweep, sweep_then_webhooks])
def test_refunding_the_rest_after_a_refund_in_the_dashboard(
    world: World, aftermath: Callable[[World, Placed], None]
) -> None:
    """A part was refunded at Stripe without an event; the cancellation crashes anywhere and refunds the
    rest."""

    def prepare(container: Container, placed: Placed, points: CrashPoints) -> None:
        pay_with("pm_card_visa")(container, placed, points)
        (intent,) = world.control.intents(placed.order_id)
        world.control.refund(intent["id"], 500)

    for placed in crash_everywhere(world, cancel, prepare=prepare):
        aftermath(world, placed)
        status = status_of(world.database, placed.order_id)
        kept = (
            placed.total_minor - 500 if status == "PAID" else 0
        )  # PAID: it crashed before it began
        assert world.control.kept_minor(placed.order_id) == kept
        assert status in {"PAID", "CANCELLED"}
        booked = query(
            world.database,
            "SELECT refunded_minor FROM payments WHERE order_id = %s",
            (placed.order_id,),
        )
        assert booked == [(placed.total_minor - kept,)]
    pending = query(world.database, "SELECT count(*) FROM refunds WHERE status = 'pending'")
    assert pending == [(0,)]


def test_a_late_payment(world: World) -> None:
    """The webhook that finds the order cancelled crashes anywhere; Stripe sends it again."""

    def flow(container: Container, placed: Placed, points: CrashPoints) -> None:
        payload = event_of("payment_intent.succeeded", world.control.intents(placed.order_id)[0])
        receive_webhook(
            points.provider(container.payment_provider),
            points.unit_of_work(container.unit_of_work),
            payload.encode(),
            signature(payload),
        )

    def prepare(container: Container, placed: Placed, points: CrashPoints) -> None:
        world.control.fault("close", when="after")
        pay_with("pm_card_visa")(container, placed, points)
        with container.unit_of_work(publish=False) as work:
            payable = work.payments.find(placed.order_id)
            assert payable is not None
            assert payable.attempt is not None
            work.payments.fail(
                payable.attempt,
                type(payable.attempt.status).FAILED,
                payment_intent_id=None,
                failure_code="as_if",
            )

    for placed in crash_everywhere(world, flow, prepare=prepare):
        deliver_events(world, placed)
        sweep(world, placed)
        check_ended(world, placed, "CANCELLED")


def test_the_reconciliation_itself(world: World) -> None:
    def flow(container: Container, placed: Placed, points: CrashPoints) -> None:
        wind_back(world.database, placed.order_id, timedelta(minutes=1))
        reconcile(
            points.provider(container.payment_provider),
            points.unit_of_work(container.unit_of_work),
            seconds=20,
        )

    def prepare(container: Container, placed: Placed, points: CrashPoints) -> None:
        world.control.fault("close", when="after")
        pay_with("pm_card_visa")(container, placed, points)

    for placed in crash_everywhere(world, flow, prepare=prepare):
        check_sane(world, placed)
        sweep(world, placed)
        check_ended(world, placed, "PAID")
