"""The events that the payment provider sends to ``POST /api/payments/webhook``."""

from typing import Final

#: Types of Stripe events that the shop handles; an endpoint subscribes to these and no others.
#: ``charge.refund.updated`` repeats ``refund.updated``.
WEBHOOK_EVENTS: Final[tuple[str, ...]] = (
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "charge.refunded",
    "refund.updated",
    "refund.failed",
)
