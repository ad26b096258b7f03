"""Parcels that arrive, and returns of what was in them, for Hypothesis to mix with the purchases."""

from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import rule

from shop.domain.ids import new_id
from tests.anchors.purchases import FAULTS
from tests.anchors.refunding import Refunding
from tests.support.gateway import Response
from tests.support.stock import query


class Returning(Refunding):
    """Purchases whose parcels arrive, and come back."""

    orders = Refunding.orders

    def asked(self) -> list[tuple[UUID, UUID]]:
        """The returns of the walk's orders, as (order, return)."""
        return query(
            self.url,
            "SELECT order_id, id FROM returns WHERE order_id = ANY(%s) ORDER BY created_at",
            (list(self.placed),),
        )

    @rule(order_id=orders)
    def the_parcel_arrives(self, order_id: UUID) -> None:
        """The events of the purchase come, and staff ship and deliver it, if it is to be sent at all."""
        for _ in range(3):
            self.deliver_everything()
        path = f"/api/orders/{order_id}"
        parcel = {"carrier": "UPS", "tracking_number": "1Z"}
        shipped = self.gateway.post(f"{path}/ship", json=parcel, token=self.staff)
        assert shipped.status in (200, 409), (shipped.status, shipped.text)
        if shipped.status == 200:
            assert self.gateway.post(f"{path}/deliver", json={}, token=self.staff).status == 200

    @rule(order_id=orders, product=st.integers(0, 2), quantity=st.integers(1, 2))
    def ask_to_return(self, order_id: UUID, product: int, quantity: int) -> None:
        line = {"product_id": str(self.products[product]), "quantity": quantity}
        answer = self.gateway.post(
            f"/api/orders/{order_id}/returns",
            json={"lines": [line], "reason": "too small"},
            token=self.token,
            key=str(new_id()),
        )
        assert answer.status in (201, 400, 409), (answer.status, answer.text)

    @rule(
        which=st.integers(0, 9),
        step=st.sampled_from(["approve", "approve", "receive", "receive", "refund", "reject"]),
        restock=st.booleans(),
        fault=st.sampled_from([None, None, *FAULTS]),
    )
    def handle_a_return(self, which: int, step: str, restock: bool, fault: str | None) -> None:
        """Staff take a step with a return, allowed or not, and Stripe may answer or not."""
        asked = self.asked()
        if not asked:
            return
        if fault:
            self.stripe.fault(path="/v1/refunds", **FAULTS[fault], times=1)
        self._step(*asked[which % len(asked)], step, restock=restock)
        self.stripe.clear_faults()

    def refund_what_was_received(self) -> None:
        """In the end, no dispute and no fault keeps staff from refunding what was received."""
        for order_id, return_id in self.asked():
            self._step(order_id, return_id, "refund", restock=False)
        rows = query(
            self.url,
            "SELECT id FROM returns WHERE status = 'received' AND order_id = ANY(%s)",
            (list(self.placed),),
        )
        assert rows == []

    def _step(self, order_id: UUID, return_id: UUID, step: str, *, restock: bool) -> Response:
        (before,), *_ = query(self.url, "SELECT status FROM returns WHERE id = %s", (return_id,))
        lines = query(
            self.url,
            "SELECT product_id, quantity FROM return_lines WHERE return_id = %s",
            (return_id,),
        )
        bodies = {
            "reject": {"reason": "worn"},
            "receive": {"lines": [{"product_id": str(p), "restock": restock} for p, _ in lines]},
        }
        answer = self.gateway.post(
            f"/api/orders/{order_id}/returns/{return_id}/{step}",
            json=bodies.get(step, {}),
            token=self.staff,
        )
        assert answer.status in (200, 409), (answer.status, answer.text)
        if step == "receive" and answer.status == 200 and before == "approved" and restock:
            for product_id, quantity in lines:
                self.put_back[order_id, product_id] += quantity
        return answer
