"""Payments: what the database says about them, the Stripe fake's control API, and signed webhooks."""

import hashlib
import hmac
import json
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from shop.domain.refunds import Refund
from shop.services.payments.processing import process_payment
from shop.services.payments.refunds import refund_rest
from tests.support.builders import Placed
from tests.support.containers import Container, container_for
from tests.support.stock import levels, query

KEY = "sk_test_tests"
WEBHOOK_SECRET = "whsec_of_the_tests"


@contextmanager
def paying_container(
    database_url: str, redis_url: str, stripe_url: str, **settings: Any
) -> Iterator[Container]:
    """A container whose payments go to the fake."""
    with container_for(
        database_url,
        redis_url,
        stripe_url=stripe_url,
        **{
            "stripe_key": KEY,
            "stripe_webhook_secret": WEBHOOK_SECRET,
            **settings,
        },
    ) as container:
        yield container


def pay_for(container: Container, placed: Placed, method: str = "pm_card_visa") -> None:
    """Pay an order, as its owner's request does."""
    process_payment(
        container.payment_provider, container.unit_of_work, placed.user_id, placed.order_id, method
    )


def request_refund(
    container: Container, placed: Placed, reason: str = "cancelled_by_customer"
) -> Refund:
    """Record a refund of the whole charge, as a cancellation does before it asks Stripe."""
    with container.unit_of_work() as work:
        work.orders.get(placed.order_id, lock=True)
        (refund,) = refund_rest(work, placed.order_id, reason)
    return refund


def status_of(database_url: str, order_id: UUID) -> str:
    """The order's status."""
    return str(query(database_url, "SELECT status FROM orders WHERE id = %s", (order_id,))[0][0])


def timeline_of(database_url: str, order_id: UUID) -> list[str]:
    """Every status that the order reached."""
    rows = query(
        database_url,
        "SELECT status FROM order_timeline WHERE order_id = %s ORDER BY id",
        (order_id,),
    )
    return [row[0] for row in rows]


def events_of(database_url: str, order_id: UUID) -> list[str]:
    """Types of the events recorded about the order, in order."""
    rows = query(
        database_url,
        "SELECT event_type FROM outbox WHERE aggregate_id = %s ORDER BY sequence",
        (str(order_id),),
    )
    return [row[0] for row in rows]


def stock_of(database_url: str, placed: Placed) -> set[tuple[int, int]]:
    """What is on hand and reserved of the order's products; one pair if they are all alike."""
    return {levels(database_url, product_id) for product_id in placed.products}


def wind_back(database_url: str, order_id: UUID, age: timedelta) -> None:
    """Make everything about an order's payment older."""
    for table, column in (("payments", "order_id"), ("refunds", "order_id"), ("orders", "id")):
        query(
            database_url,
            f"UPDATE {table} SET created_at = created_at - %s, updated_at = updated_at - %s"
            f" WHERE {column} = %s",
            (age, age, order_id),
        )
    query(
        database_url,
        "UPDATE orders SET reservation_expires_at = reservation_expires_at - %s WHERE id = %s",
        (age, order_id),
    )


class StripeControl:
    """The control API of the fake."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, method: str, path: str, document: Any = None) -> Any:
        """Send a control request."""
        request = urllib.request.Request(
            f"{self.url}/_fake/{path}",
            None if document is None else json.dumps(document).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def fault(self, action: str, path: str = "/v1/payment_intents", **details: Any) -> None:
        """Inject a fault for the next requests."""
        self.send("POST", "faults", {"action": action, "path": path, "method": "POST", **details})

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.send("DELETE", "faults")

    def intents(self, order_id: UUID) -> list[dict[str, Any]]:
        """Payment intents of an order."""
        return list(self.send("GET", f"payment_intents?order_id={order_id}")["data"])

    def charges(self, order_id: UUID) -> list[dict[str, Any]]:
        """Successful charges of an order."""
        found = self.send("GET", f"charges?order_id={order_id}")["data"]
        return [charge for charge in found if charge["status"] == "succeeded"]

    def kept_minor(self, order_id: UUID) -> int:
        """Charged less refunded amount of an order, in minor units."""
        return sum(c["amount_captured"] - c["amount_refunded"] for c in self.charges(order_id))

    def refund(self, intent_id: str, amount_minor: int | None = None) -> dict[str, Any]:
        """Refund an intent, in whole or in part, as staff do in Stripe's dashboard."""
        form = {"payment_intent": intent_id}
        if amount_minor is not None:
            form["amount"] = str(amount_minor)
        request = urllib.request.Request(
            f"{self.url}/v1/refunds",
            urllib.parse.urlencode(form).encode(),
            {"Authorization": f"Bearer {KEY}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            made: dict[str, Any] = json.load(answer)
        return made

    def dispute(self, intent_id: str, **details: Any) -> dict[str, Any]:
        """Dispute an intent's charge, as the customer's bank does."""
        return dict(self.send("POST", f"payment_intents/{intent_id}/dispute", details))

    def close_dispute(self, dispute_id: str, outcome: str) -> dict[str, Any]:
        """Close a dispute: ``won`` or ``lost``."""
        return dict(self.send("POST", f"disputes/{dispute_id}/close", {"outcome": outcome}))

    def authenticate(self, intent_id: str, outcome: str = "succeed") -> None:
        """Do what the customer does in the bank's window."""
        self.send("POST", f"payment_intents/{intent_id}/authenticate", {"outcome": outcome})

    def requests(self, path: str = "/v1/payment_intents", method: str = "POST") -> int:
        """How many API requests there were."""
        return int(self.send("GET", f"requests?path={path}&method={method}")["count"])


def signature(payload: str, *, secret: str = WEBHOOK_SECRET, at: float | None = None) -> str:
    """The ``Stripe-Signature`` of a body."""
    sent = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{sent}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={sent},v1={digest}"


def event_of(kind: str, subject: dict[str, Any], event_id: str | None = None) -> str:
    """The body of an event, about an object as the fake answers it."""
    return json.dumps(
        {
            "id": event_id or f"evt_{uuid.uuid4().hex}",
            "object": "event",
            "api_version": "2026-08-26.dahlia",
            "created": int(time.time()),
            "data": {"object": subject},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
    )
