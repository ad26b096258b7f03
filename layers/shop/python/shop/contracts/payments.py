"""What the payment provider tells the shop."""

from typing import Final

#: Types of webhook events that the shop acts on, to be subscribed to at the endpoint; others are ignored.
WEBHOOK_EVENTS: Final[tuple[str, ...]] = (
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "charge.refunded",
    "charge.refund.updated",
    "refund.updated",
    "refund.failed",
)
