"""Purchases in every order: a state machine that mixes buyers, events, faults and time.

Hypothesis chooses the next step; after every step the invariants are checked in the database and in the
Stripe fake.
"""

import os
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from shop.domain.orders import OrderStatus
from shop.domain.returns import ReturnStatus
from tests.anchors.invariants import Invariants
from tests.anchors.purchases import FAULTS
from tests.support.payments import StripeControl, paying_container
from tests.support.stock import query


class _Mailer:
    """A stub of SES; other tests cover e-mail."""

    def send(self, *_: Any, **__: Any) -> str:
        return "message-id"


@pytest.fixture
def machine(database: str, redis: str, stripe: str) -> Iterator[type[Invariants]]:
    with paying_container(database, redis, stripe) as container:
        container.mailer = _Mailer()

        class Machine(Invariants):
            pass

        Machine.container = container
        Machine.stripe = StripeControl(stripe)
        yield Machine


@pytest.mark.timeout(600)
def test_no_order_of_events_violates_an_invariant(machine: type[Invariants]) -> None:
    """A1, A3, A4, A5, A6, A7, A13, A19, A20, A25: money, stock, carts and status agree in whatever order."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("SHOP_PROOF_EXAMPLES", "25")),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


@pytest.mark.parametrize(
    ("card", "regret", "end", "charges"),
    [
        ("pm_card_visa", False, OrderStatus.PROCESSING, 1),
        ("pm_card_visa", True, OrderStatus.CANCELLED, 1),
        ("pm_card_chargeDeclined", False, OrderStatus.CANCELLED, 0),
        (None, False, OrderStatus.CANCELLED, 0),
    ],
)
@pytest.mark.parametrize("pay_now", [False, True])
def test_the_steps_reach_every_outcome(
    machine: type[Invariants],
    card: str | None,
    pay_now: bool,
    regret: bool,
    end: OrderStatus,
    charges: int,
) -> None:
    """The steps can sell, refund, refuse and expire; otherwise the walk would prove nothing."""
    walk = machine()
    walk.open_the_shop()
    order_id = walk.place(
        quantities=(1, 1, 1), crash=None, card=card, pay_now=pay_now, regret=regret
    )
    walk.teardown()
    assert isinstance(order_id, UUID)
    assert (walk.status(order_id), len(walk.stripe.charges(order_id))) == (end, charges)


@pytest.mark.parametrize(
    ("steps", "end", "kept"),
    [
        ((), ReturnStatus.REQUESTED, 2744),
        (("reject",), ReturnStatus.REJECTED, 2744),
        (("approve", "reject"), ReturnStatus.REJECTED, 2744),
        (("approve", "receive"), ReturnStatus.REFUNDED, 1672),
    ],
)
@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_the_steps_of_returns_reach_every_end(
    machine: type[Invariants],
    steps: tuple[str, ...],
    end: ReturnStatus,
    kept: int,
    fault: str | None,
) -> None:
    """What Hypothesis mixes can request, reject, receive and refund returns: else it would prove nothing."""
    walk = machine()
    walk.open_the_shop()
    order_id = walk.place(
        quantities=(2, 0, 0), crash=None, card="pm_card_visa", pay_now=False, regret=False
    )
    assert isinstance(order_id, UUID)
    walk.the_parcel_arrives(order_id)
    walk.ask_to_return(order_id, product=0, quantity=1)
    for step in steps:
        walk.handle_a_return(which=0, step=step, restock=True, fault=fault)
    walk.teardown()
    assert walk.status(order_id) is OrderStatus.DELIVERED
    assert query(walk.url, "SELECT status FROM returns") == [(end.value,)]
    assert walk.stripe.kept_minor(order_id) == kept
    assert walk.put_back[order_id, walk.products[0]] == (end is ReturnStatus.REFUNDED)
