"""Purchases in every order: a state machine that mixes buyers, events, faults and time.

Hypothesis chooses the next step; after every step the invariants are checked in the database and in the
Stripe fake.
"""

import os
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, precondition, run_state_machine_as_test

from shop.domain.orders import CHARGED, TRANSITIONS, OrderStatus
from tests.anchors.purchases import STOCK, Purchases
from tests.support.checks import violations
from tests.support.payments import StripeControl, paying_container
from tests.support.stock import query


class _Mailer:
    """A stub of SES; other tests cover e-mail."""

    def send(self, *_: Any, **__: Any) -> str:
        return "message-id"


class Invariants(Purchases):
    """Invariants that hold after every step and at the end."""

    @precondition(lambda self: hasattr(self, "placed"))
    @invariant()
    def stock_adds_up(self) -> None:
        """A1, A3, A6: 0 ≤ reserved ≤ on hand, and both agree with the reservations."""
        for product_id, initial in zip(self.products, STOCK, strict=True):
            on_hand, reserved = query(
                self.url,
                "SELECT quantity_on_hand, quantity_reserved FROM inventory WHERE product_id = %s",
                (product_id,),
            )[0]
            held, sold = query(
                self.url,
                "SELECT coalesce(sum(quantity) FILTER (WHERE status = 'pending'), 0),"
                " coalesce(sum(quantity - restocked) FILTER (WHERE status = 'confirmed'), 0)"
                " FROM reservations WHERE product_id = %s",
                (product_id,),
            )[0]
            assert 0 <= reserved <= on_hand
            assert reserved == held
            assert on_hand == initial - sold

    @precondition(lambda self: hasattr(self, "placed"))
    @invariant()
    def orders_walk_legal_paths(self) -> None:
        """A13: the timeline is a path through the table, and ends at the order's status."""
        for order_id in self.placed:
            path = [
                OrderStatus(row[0])
                for row in query(
                    self.url,
                    "SELECT status FROM order_timeline WHERE order_id = %s ORDER BY id",
                    (order_id,),
                )
            ]
            assert path[0] is OrderStatus.PENDING
            assert all(b in TRANSITIONS[a] for a, b in pairwise(path)), path
            assert self.status(order_id) is path[-1]

    @precondition(lambda self: hasattr(self, "placed"))
    @invariant()
    def money_matches_orders(self) -> None:
        """A4, A5: no charge without an order that has recorded it, and never two.

        Of a charge, what the ledger calls refunded has been returned, and never more than was charged.
        """
        for order_id in self.placed:
            charges = self.stripe.charges(order_id)
            assert len(charges) <= 1
            kept, status = self.stripe.kept_minor(order_id), self.status(order_id)
            total, refunds = query(
                self.url,
                "SELECT total_minor, (SELECT count(*) FROM refunds WHERE order_id = orders.id)"
                " FROM orders WHERE id = %s",
                (order_id,),
            )[0]
            ledger = query(
                self.url,
                "SELECT refunded_minor, (SELECT coalesce(sum(amount_minor), 0)::bigint FROM refunds AS r"
                " WHERE r.order_id = payments.order_id AND r.status = 'succeeded') FROM payments"
                " WHERE order_id = %s",
                (order_id,),
            )
            returned = sum(charge["amount_refunded"] for charge in charges)
            assert kept + returned == sum(charge["amount_captured"] for charge in charges)
            for counted, succeeded in ledger:
                assert 0 <= succeeded <= counted <= total
                assert succeeded <= returned
            if status in CHARGED and not refunds:
                assert kept + returned == total
            if kept and not refunds:
                in_doubt = status is OrderStatus.PAYMENT_PROCESSING
                # A charge of an order that has just ended: the next event of Stripe refunds it, as `teardown`
                # checks.
                late = status in (OrderStatus.CANCELLED, OrderStatus.PAYMENT_FAILED)
                assert status in CHARGED or in_doubt or late

    def carts_add_up(self) -> None:
        """A25: an order's lines are in the order, if it was ever paid, otherwise in the cart, once."""
        expected = dict.fromkeys(self.products, 0)
        for order_id, items in self.from_cart.items():
            paid = query(
                self.url,
                "SELECT 1 FROM order_timeline WHERE order_id = %s AND status = 'PAID'",
                (order_id,),
            )
            for product_id, quantity in items.items():
                expected[product_id] += 0 if paid else quantity
        cart = self.container.carts.read(UUID(self.user_id))
        found = {product: cart.quantity_of(product) if cart else 0 for product in self.products}
        assert found == expected

    def refunded(self, order_id: UUID) -> tuple[int, dict[UUID, int]]:
        """What the ledger has refunded of an order, and the units put back into stock."""
        ((booked,),) = query(
            self.url,
            "SELECT coalesce(sum(amount_minor), 0)::bigint FROM refunds"
            " WHERE order_id = %s AND status = 'succeeded'",
            (order_id,),
        )
        restocked = query(
            self.url,
            "SELECT product_id, restocked FROM reservations WHERE order_id = %s",
            (order_id,),
        )
        return booked, dict(restocked)

    # -- in the end ---------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Whatever happened, sweeps and webhooks bring every order to a consistent final state."""
        if not hasattr(self, "placed"):
            return
        for order_id in self.placed:
            self.answer_the_bank(order_id, "fail")
            self.hear_a_webhook(order_id, late=False)
            if self.status(order_id) is OrderStatus.PENDING:
                self.time_passes(order_id)
            self.win_the_dispute(order_id)
        for _ in range(3):
            self.sweep()
            self.reconcile()
            self.deliver_everything()
        sold = dict.fromkeys(self.products, 0)
        for order_id, items in self.placed.items():
            status = self.status(order_id)
            total = query(self.url, "SELECT total_minor FROM orders WHERE id = %s", (order_id,))[0][
                0
            ]
            if status is OrderStatus.CANCELLED:
                assert self.stripe.kept_minor(order_id) == 0
            else:
                assert status is OrderStatus.PROCESSING, (order_id, status)
                booked, restocked = self.refunded(order_id)
                assert self.stripe.kept_minor(order_id) == total - booked > 0
                for product_id, quantity in items.items():
                    sold[product_id] += quantity - restocked.get(product_id, 0)
        for product_id, initial in zip(self.products, STOCK, strict=True):
            rows = query(
                self.url,
                "SELECT quantity_on_hand, quantity_reserved FROM inventory WHERE product_id = %s",
                (product_id,),
            )
            assert rows[0] == (initial - sold[product_id], 0)
        self.stock_adds_up()
        self.orders_walk_legal_paths()
        self.carts_add_up()
        assert violations(self.url) == []


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
    """A1, A3, A4, A5, A6, A7, A13, A25: money, stock, carts and status agree whatever the order of events."""
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
