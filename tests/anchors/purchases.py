"""Steps for Hypothesis: buyers, events, faults and time over three scarce products.

Everything goes through the deployed handlers, on real PostgreSQL and Valkey and the Stripe fake.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule

from shop.domain.ids import new_id
from shop.domain.orders import OrderStatus
from shop.domain.sessions import Role
from tests.support.broker import rmq_event
from tests.support.builders import add_products, lapse
from tests.support.containers import Container
from tests.support.gateway import Gateway
from tests.support.machines import Machine, TaskFailed
from tests.support.payments import StripeControl, event_of, signature, wind_back
from tests.support.people import token_of
from tests.support.stock import query

STOCK = (9, 4, 1)
_ADDRESS = {
    "name": "Ada",
    "line1": "1 Market Street",
    "city": "San Francisco",
    "region": "CA",
    "postal_code": "94105",
    "country": "US",
}
_CARDS = (
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_chargeDeclined",
    "pm_card_authenticationRequired",
    "pm_card_processing",
)
FAULTS: dict[str, dict[str, Any]] = {
    "cut after the charge": {"action": "close", "when": "after"},
    "cut before the charge": {"action": "close", "when": "before"},
    "500 after the charge": {"action": "status", "status": 500, "when": "after"},
    "503": {"action": "status", "status": 503, "when": "before"},
}
_CONSUMERS = {
    "order.paid": ["inventory/on_order_paid"],
    "inventory.confirmed": ["orders/on_inventory_confirmed"],
    "order.confirmed": ["notifications/on_order_confirmed"],
    "order.cancelled": ["cart/on_order_cancelled"],
    "order.shipped": ["notifications/on_order_shipped"],
    "return.approved": ["notifications/on_return_approved"],
    "return.rejected": ["notifications/on_return_rejected"],
}


class Purchases(RuleBasedStateMachine):
    """Buyers, events, faults and time over three scarce products."""

    container: Container
    stripe: StripeControl
    orders: Bundle[UUID] = Bundle("orders")

    @initialize()
    def open_the_shop(self) -> None:
        self.url = self.container.settings.database_url
        query(self.url, "DELETE FROM webhook_events")
        self.gateway = Gateway(self.container)
        self.products = add_products(self.url, *STOCK)
        session = self.gateway.post("/api/sessions", json={}).json
        self.token, self.user_id = session["token"], session["user_id"]
        self.placed: dict[UUID, dict[UUID, int]] = {}
        #: Orders whose lines were put into the cart first.
        self.from_cart: dict[UUID, dict[UUID, int]] = {}
        self.cards: dict[UUID, str] = {}
        self.intents: dict[UUID, list[dict[str, Any]]] = {}
        self.disputes: dict[UUID, str] = {}
        #: Units that staff have put back into stock, of orders that are not cancelled.
        self.put_back: Counter[tuple[UUID, UUID]] = Counter()
        self.staff = token_of(self.container, Role.STAFF)
        self.stripe.clear_faults()

    # -- actions of people ----------------------------------------------------------------------

    @rule(
        target=orders,
        quantities=st.tuples(*(st.integers(0, most) for most in (3, 2, 1))).filter(any),
        crash=st.sampled_from([None, None, None, "before the hold"]),
        card=st.sampled_from([None, *_CARDS]),
        pay_now=st.booleans(),
        regret=st.sampled_from([False, False, False, True]),
    )
    def place(
        self,
        quantities: Sequence[int],
        crash: str | None,
        card: str | None,
        pay_now: bool,
        regret: bool,
    ) -> Any:
        items = {p: q for p, q in zip(self.products, quantities, strict=True) if q}
        order_id = new_id()
        cart_id = None if crash else self._fill_cart(order_id, items)
        command = {
            "cart_id": cart_id and str(cart_id),
            "order_id": str(order_id),
            "user_id": self.user_id,
            "email": "buyer@shop.example",
            "items": [{"product_id": str(p), "quantity": q} for p, q in items.items()],
            "shipping_address": _ADDRESS,
            "tax_region": "CA",
            "shipping_method": "standard",
            "payment_method_id": card or "pm_card_visa",
            "pay_now": pay_now and card is not None,
            "correlation_id": str(new_id()),
        }
        self.placed[order_id] = items
        if crash:
            self.gateway.invoke("orders/create_order", command)
            return order_id
        if card:
            self.cards[order_id] = card
        error = _error_of(Machine(self.gateway, "checkout", "Checkout"), command)
        assert error in (None, "InsufficientStock", "PaymentDeclined"), error
        if cart_id and error is None:
            self.container.carts.remove_bought(
                UUID(self.user_id), cart_id, items, order_id=order_id
            )
        if card and not pay_now:
            self._pay(order_id, card)
        if regret:
            self.cancel(order_id)
        return order_id

    def _fill_cart(self, order_id: UUID, items: dict[UUID, int]) -> UUID:
        """Put the lines of an order into the cart, which may hold others; return its id."""
        cart = None
        for product_id, quantity in items.items():
            cart = self.container.carts.add(
                UUID(self.user_id), product_id, quantity, available=999, price_minor=1000
            )
        assert cart is not None
        self.from_cart[order_id] = items
        return cart.cart_id

    @rule(
        order_id=orders,
        card=st.sampled_from(_CARDS),
        fault=st.sampled_from([None, None, *FAULTS]),
        keep_card=st.booleans(),
    )
    def pay(self, order_id: UUID, card: str, fault: str | None, keep_card: bool) -> None:
        if keep_card:
            card = self.cards.get(order_id, card)
        if fault:
            self.stripe.fault(path="/v1/payment_intents", **FAULTS[fault], times=1)
        self._pay(order_id, card)
        self.stripe.clear_faults()

    def _pay(self, order_id: UUID, card: str) -> None:
        answer = self.gateway.post(
            "/api/payments/process",
            json={"order_id": str(order_id), "payment_method_id": card},
            token=self.token,
        )
        assert answer.status in (200, 202, 402, 409, 503), (answer.status, answer.text)

    @rule(order_id=orders)
    def cancel(self, order_id: UUID) -> None:
        answer = self.gateway.post(f"/api/orders/{order_id}/cancel", json={}, token=self.token)
        assert answer.status in (200, 202, 409), (answer.status, answer.text)

    @rule(order_id=orders, outcome=st.sampled_from(["succeed", "fail"]))
    def answer_the_bank(self, order_id: UUID, outcome: str) -> None:
        for intent in self.stripe.intents(order_id):
            if intent["status"] == "requires_action":
                self.stripe.authenticate(intent["id"], outcome)
            elif intent["status"] == "processing":
                path = f"payment_intents/{intent['id']}/settle"
                self.stripe.send("POST", path, {"outcome": outcome})

    # -- actions of servers ---------------------------------------------------------------------

    @rule(order_id=orders)
    def see_the_intent(self, order_id: UUID) -> None:
        """Save the present state of an intent, for a late webhook."""
        self.intents.setdefault(order_id, []).extend(self.stripe.intents(order_id))

    @rule(order_id=orders, late=st.booleans())
    def hear_a_webhook(self, order_id: UUID, late: bool) -> None:
        known = self.intents.get(order_id, []) if late else self.stripe.intents(order_id)
        kinds = {
            "succeeded": "payment_intent.succeeded",
            "requires_payment_method": "payment_intent.payment_failed",
            "requires_action": "payment_intent.requires_action",
            "processing": "payment_intent.processing",
            "canceled": "payment_intent.canceled",
        }
        for intent in known[-2:]:
            self._hear(kinds[intent["status"]], intent, f"evt_{intent['id']}{intent['status']}")

    def _hear(self, kind: str, subject: dict[str, Any], event_id: str | None = None) -> None:
        body = event_of(kind, subject, event_id)
        answer = self.gateway.post(
            "/api/payments/webhook",
            body=body,
            headers={"Stripe-Signature": signature(body)},
        )
        assert answer.status == 200, (answer.status, answer.text)

    @rule(data=st.data())
    def deliver_an_event(self, data: st.DataObject) -> None:
        """Deliver any event, any number of times, in any order."""
        events = self._events()
        if events:
            self._deliver(*data.draw(st.sampled_from(events)))

    @rule()
    def deliver_everything(self) -> None:
        for message in self._events():
            self._deliver(*message)

    @rule(order_id=orders)
    def time_passes(self, order_id: UUID) -> None:
        """Let an order's hold lapse."""
        lapse(self.url, order_id)

    @rule()
    def sweep(self) -> None:
        self.gateway.invoke("inventory/expire_reservations", _scheduled())

    @rule()
    def reconcile(self) -> None:
        for order_id in self.placed:
            wind_back(self.url, order_id, timedelta(minutes=1))
        self.gateway.invoke("payments/reconcile_payments", _scheduled())

    @rule()
    def advance(self) -> None:
        """Run the schedule as if the events of the last five minutes were lost."""
        for order_id in self.placed:
            wind_back(self.url, order_id, timedelta(minutes=6))
        self.gateway.invoke("orders/advance_orders", _scheduled())

    def status(self, order_id: UUID) -> OrderStatus:
        rows = query(self.url, "SELECT status FROM orders WHERE id = %s", (order_id,))
        return OrderStatus(rows[0][0])

    def _events(self) -> list[tuple[str, bytes]]:
        aggregates = [str(key) for key in (*self.placed, *self.products)]
        return [
            (event_type, body.encode())
            for event_type, body in query(
                self.url,
                "SELECT event_type, body::text FROM outbox WHERE aggregate_id = ANY(%s)"
                " ORDER BY sequence",
                (aggregates,),
            )
        ]

    def _deliver(self, event_type: str, body: bytes) -> None:
        for function in _CONSUMERS.get(event_type, []):
            queue = f"{function.split('/')[0]}.{event_type}"
            self.gateway.invoke(function, rmq_event(queue, [(_Properties(), body)]))


class _Properties:
    """Properties of a message, as pika gives them."""

    content_type = "application/json"
    delivery_mode = 2
    message_id = None
    headers: dict[str, Any] | None = None


def _scheduled() -> dict[str, str]:
    return {"time": "2026-01-01T00:00:00Z"}


def _error_of(machine: Machine, command: dict[str, Any]) -> str | None:
    """Run an execution and return the error with which it fails."""
    try:
        machine.run(command)
    except TaskFailed as failed:
        return failed.error
    return None
