"""Refunds of staff, refunds at Stripe and disputes, for Hypothesis to mix with the purchases."""

from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import rule

from shop.domain.ids import new_id
from tests.anchors.purchases import FAULTS, Purchases


class Refunding(Purchases):
    """Purchases whose money goes back, or is disputed."""

    orders = Purchases.orders

    @rule(
        order_id=orders,
        product=st.sampled_from([None, 0, 1, 2]),
        amount=st.integers(1, 3_000),
        fault=st.sampled_from([None, None, *FAULTS]),
    )
    def refund_a_part(
        self, order_id: UUID, product: int | None, amount: int, fault: str | None
    ) -> None:
        """Staff refund a unit or an amount, and Stripe may answer or not."""
        if fault:
            self.stripe.fault(path="/v1/refunds", **FAULTS[fault], times=1)
        wanted: dict[str, Any] = {"amount": amount / 100}
        if product is not None:
            line = {"product_id": str(self.products[product]), "quantity": 1, "restock": True}
            wanted = {"lines": [line]}
        answer = self.gateway.post(
            f"/api/orders/{order_id}/refunds",
            json={"reason": "damaged", **wanted},
            token=self.staff,
            key=str(new_id()),
        )
        assert answer.status in (201, 400, 409), (answer.status, answer.text)
        if answer.status == 201 and product is not None:
            self.put_back[order_id, self.products[product]] += 1
        self.stripe.clear_faults()

    @rule(order_id=orders, amount=st.integers(1, 3_000))
    def refund_in_the_dashboard(self, order_id: UUID, amount: int) -> None:
        for charge in self.stripe.charges(order_id):
            left = charge["amount_captured"] - charge["amount_refunded"]
            if left and not charge["disputed"]:
                self.stripe.refund(charge["payment_intent"], min(amount, left))

    @rule(order_id=orders)
    def dispute(self, order_id: UUID) -> None:
        for charge in self.stripe.charges(order_id):
            left = charge["amount_captured"] - charge["amount_refunded"]
            if left and not charge["disputed"]:
                opened = self.stripe.dispute(charge["payment_intent"])
                self.disputes[order_id] = opened["id"]
                self._hear("charge.dispute.created", opened)

    @rule(order_id=orders)
    def win_the_dispute(self, order_id: UUID) -> None:
        if identifier := self.disputes.pop(order_id, None):
            self._hear("charge.dispute.closed", self.stripe.close_dispute(identifier, "won"))

    @rule(order_id=orders)
    def hear_of_refunds(self, order_id: UUID) -> None:
        for charge in self.stripe.charges(order_id):
            if charge["amount_refunded"]:
                self._hear("charge.refunded", charge)
