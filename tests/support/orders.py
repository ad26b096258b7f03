"""Checkout in process: the functions behind an API, the state machine between them, e-mail in a list."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pika import BasicProperties

from shop.adapters.aws.step_functions import StepFunctionsCheckout
from shop.domain.errors import MailRefused
from shop.domain.notifications import Mail
from shop.domain.sessions import Role
from tests.support.broker import rmq_event
from tests.support.builders import add_product
from tests.support.carts import add_to_cart
from tests.support.containers import Container
from tests.support.gateway import Gateway, Response
from tests.support.machines import Machine, TaskFailed
from tests.support.people import token_of
from tests.support.stock import query

ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "1 Market Street",
    "city": "San Francisco",
    "region": "CA",
    "postal_code": "94105",
    "country": "US",
}


#: Where the shop reaches the guests of `OrderingShop`.
CONTACT = {"email": "guest@shop.example", "phone": "+1 415 555 0100"}


@dataclass
class StatesClient:
    """A stub of boto3's Step Functions client that runs the checkout in process."""

    gateway: Gateway
    failure: dict[str, str] | None = None
    #: The states that each execution entered.
    paths: list[list[str]] = field(default_factory=list)

    def start_sync_execution(self, **call: Any) -> dict[str, Any]:
        """Run the machine, and answer as AWS does: success of the call, whatever the execution's."""
        assert len(call["name"]) <= 80
        machine = Machine(self.gateway, "checkout", "Checkout")
        self.paths.append(machine.path)
        billed = {"billedDurationInMilliseconds": 100, "billedMemoryUsedInMB": 64}
        try:
            output = machine.run(json.loads(call["input"]))
        except TaskFailed as failed:
            outcome = {"status": "FAILED", "error": failed.error, "cause": failed.cause}
        else:
            outcome = {"status": "SUCCEEDED", "output": json.dumps(output)}
        return (self.failure or outcome) | {"billingDetails": billed}


class Postbox:
    """A stub of the mail service."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, Mail]] = []
        self.trouble: Exception | None = None

    def send(self, recipient: str, mail: Mail, correlation_id: UUID) -> str:
        """Store an e-mail, or fail as configured."""
        if self.trouble is not None:
            raise self.trouble
        if recipient.startswith("refused@"):
            raise MailRefused("MessageRejected")
        self.mails.append((recipient, mail))
        return f"mail-{len(self.mails)}"


class OrderingShop(Gateway):
    """A gateway whose checkout works."""

    def __init__(self, container: Container) -> None:
        super().__init__(container)
        self.states = StatesClient(self)
        self.postbox = Postbox()
        #: Tokens of guests, who must leave an address.
        self.guests: set[str] = set()
        container.checkout_machine = StepFunctionsCheckout("arn:checkout", self.states)
        container.mailer = self.postbox

    @property
    def database_url(self) -> str:
        """Address of its database."""
        return self.container.settings.database_url

    def shopper(self, role: Role = Role.CUSTOMER) -> str:
        """Begin a session."""
        token = token_of(self.container, role)
        if role is Role.GUEST:
            self.guests.add(token)
        return token

    def shopper_again(self, user_id: UUID) -> str:
        """Begin another session of the same customer."""
        return token_of(self.container, Role.CUSTOMER, user_id)

    def product(self, **columns: Any) -> UUID:
        """Insert a product; `columns` are those of `add_product`."""
        return add_product(self.container.database, **columns)

    def fill_cart(self, token: str, *products: UUID, quantity: int = 1) -> str:
        """Put products into the cart and give its id."""
        for product in products:
            cart = add_to_cart(self, token, product, quantity)
        return str(cart["cart_id"])

    def check_out(
        self, token: str, cart_id: str, /, *, key: str | None = None, **changes: Any
    ) -> Response:
        """Check out; `changes` replace or add fields of the body."""
        body: dict[str, Any] = {
            "cart_id": cart_id,
            "shipping_address": ADDRESS,
            "payment_method_id": "pm_card_visa",
        }
        if token in self.guests:
            body["contact"] = CONTACT
        return self.post(
            "/api/orders/checkout",
            json=body | changes,
            token=token,
            key=key or uuid.uuid4().hex,
        )

    def order(self, token: str, *products: UUID, quantity: int = 1) -> UUID:
        """Order products without paying."""
        answer = self.check_out(token, self.fill_cart(token, *products, quantity=quantity))
        assert answer.status == 201, answer.text
        return UUID(answer.json["order_id"])

    def pay(self, token: str, order_id: UUID) -> None:
        """Pay an order with a card that works."""
        body = {"order_id": str(order_id), "payment_method_id": "pm_card_visa"}
        answer = self.post("/api/payments/process", json=body, token=token)
        assert answer.status == 200, answer.text

    def deliver(self, function: str, event_type: str, order_id: UUID) -> int:
        """Hand the order's events of a type to a consumer, as they stand in the outbox."""
        rows = query(
            self.database_url,
            "SELECT body::text FROM outbox WHERE event_type = %s AND body ->> 'order_id' = %s"
            " ORDER BY sequence",
            (event_type, str(order_id)),
        )
        service = function.partition("/")[0]
        messages = [(BasicProperties(), row[0].encode()) for row in rows]
        self.invoke(function, rmq_event(f"{service}.{event_type}", messages))
        return len(messages)

    def confirm(self, order_id: UUID) -> None:
        """Carry a paid order's events as far as CONFIRMED."""
        assert self.deliver("inventory/on_order_paid", "order.paid", order_id)
        assert self.deliver("orders/on_inventory_confirmed", "inventory.confirmed", order_id)

    def cancelled(self, order_id: UUID | str) -> None:
        """Carry the event of an order's cancellation to the cart."""
        assert self.deliver("cart/on_order_cancelled", "order.cancelled", UUID(str(order_id))) == 1

    def send_links(self) -> list[tuple[str, str]]:
        """Send the links that were asked for; give recipient and token of each e-mail."""
        before = len(self.postbox.mails)
        rows = query(
            self.database_url,
            "SELECT body::text FROM outbox WHERE event_type = 'link.requested' ORDER BY sequence",
        )
        messages = [(BasicProperties(), row[0].encode()) for row in rows]
        event = rmq_event("notifications.link.requested", messages)
        self.invoke("notifications/on_link_requested", event)
        return [
            (recipient, mail.text.partition("token=")[2].split()[0])
            for recipient, mail in self.postbox.mails[before:]
        ]

    def move(self, order_id: UUID, *statuses: str) -> None:
        """Move an order along its path in the database directly."""
        for status in statuses:
            query(
                self.database_url,
                "WITH moved AS (UPDATE orders SET status = %s WHERE id = %s RETURNING id)"
                " INSERT INTO order_timeline (order_id, status) SELECT id, %s FROM moved",
                (status, order_id, status),
            )
