"""What holds after every step of the walk, and in the end."""

from itertools import pairwise
from typing import Final
from uuid import UUID

from hypothesis.stateful import invariant, precondition

from shop.domain.orders import CHARGED, TRANSITIONS, OrderStatus
from shop.domain.returns import ReturnStatus
from tests.anchors.purchases import STOCK
from tests.anchors.returning import Returning
from tests.support.checks import violations
from tests.support.stock import query

#: Of each line: units bought, counted as refunded, counted as in returns, and the same from the rows.
_UNITS: Final = """
    SELECT i.quantity, i.refunded_quantity, i.returning_quantity,
           (SELECT coalesce(sum(l.quantity), 0) FROM refund_lines AS l JOIN refunds AS f ON f.id = l.refund_id
            WHERE l.order_id = i.order_id AND l.product_id = i.product_id
              AND f.status IN ('pending', 'succeeded')),
           (SELECT coalesce(sum(l.quantity), 0) FROM return_lines AS l JOIN returns AS e ON e.id = l.return_id
            WHERE l.order_id = i.order_id AND l.product_id = i.product_id AND e.status <> 'rejected'
              AND NOT EXISTS (SELECT FROM refunds AS f WHERE f.return_id = e.id
                                                         AND f.status IN ('pending', 'succeeded')))
    FROM order_items AS i WHERE i.order_id = %s
"""
#: Of each return: its status, that of the refund that counts, and what is left of the charge.
_RETURNS: Final = """
    SELECT e.status, f.status, coalesce(p.charged_minor, p.amount_minor) - p.refunded_minor
    FROM returns AS e JOIN payments AS p ON p.order_id = e.order_id AND p.status = 'succeeded'
    LEFT JOIN refunds AS f ON f.return_id = e.id AND f.status IN ('pending', 'succeeded')
    WHERE e.order_id = ANY(%s)
"""


class Invariants(Returning):
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

    @precondition(lambda self: hasattr(self, "placed"))
    @invariant()
    def units_are_in_one_place(self) -> None:
        """A20: a unit is the customer's, in one return, or refunded; one state owns the money of a return.

        What the database counts is what the rows of returns and refunds add up to.
        """
        for order_id in self.placed:
            for bought, refunded, returning, in_refunds, in_returns in query(
                self.url, _UNITS, (order_id,)
            ):
                assert (refunded, returning) == (in_refunds, in_returns)
                assert 0 <= refunded + returning <= bought
        for status, refund, left in query(self.url, _RETURNS, (list(self.placed),)):
            match ReturnStatus(status):
                case ReturnStatus.RECEIVED:
                    assert refund in (None, "pending")
                case ReturnStatus.REFUNDED:
                    assert refund == "succeeded" or left == 0
                case _:
                    assert refund is None

    @precondition(lambda self: hasattr(self, "placed"))
    @invariant()
    def units_are_restocked_once(self) -> None:
        """A6: what staff put back into stock is there once, whatever was repeated, refused or lost."""
        for order_id in self.placed:
            if self.status(order_id) is OrderStatus.CANCELLED:
                continue
            for product_id, restocked in query(
                self.url,
                "SELECT product_id, restocked FROM reservations WHERE order_id = %s",
                (order_id,),
            ):
                assert restocked == self.put_back[order_id, product_id]

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
        self.refund_what_was_received()
        sold = dict.fromkeys(self.products, 0)
        for order_id, items in self.placed.items():
            status = self.status(order_id)
            total = query(self.url, "SELECT total_minor FROM orders WHERE id = %s", (order_id,))[0][
                0
            ]
            if status is OrderStatus.CANCELLED:
                assert self.stripe.kept_minor(order_id) == 0
            else:
                arrived = status is OrderStatus.DELIVERED
                assert arrived or status is OrderStatus.PROCESSING, (order_id, status)
                booked, restocked = self.refunded(order_id)
                assert self.stripe.kept_minor(order_id) == total - booked
                assert arrived or booked < total
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
        self.units_are_in_one_place()
        self.units_are_restocked_once()
        self.carts_add_up()
        assert violations(self.url) == []
