"""Bodies of /api/payments."""

from typing import Annotated, Final
from uuid import UUID

import msgspec

from shop.contracts.http.patterns import PAYMENT_METHOD
from shop.domain.orders import OrderStatus

#: The types of Stripe's events on which the shop acts; an endpoint subscribes to these and no others.
#: ``charge.refund.updated`` repeats ``refund.updated``.
WEBHOOK_EVENTS: Final[tuple[str, ...]] = (
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)


class ProcessPayment(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An order and the payment method, created by Stripe's libraries in the browser, that pays it."""

    order_id: UUID
    payment_method_id: Annotated[
        str, msgspec.Meta(min_length=4, max_length=255, pattern=PAYMENT_METHOD)
    ]


class PaymentView(msgspec.Struct, frozen=True, omit_defaults=True):
    """The result of a payment.

    PAID, or PAYMENT_PROCESSING (status 202) while the bank decides. If `client_secret` is set, the customer's
    browser must complete the bank's authentication; then send the same request again.
    """

    order_id: UUID
    status: OrderStatus
    payment_intent_id: str
    client_secret: str | None = None


class WebhookReceipt(msgspec.Struct, frozen=True):
    """The result of a webhook, shown in Stripe's delivery log."""

    outcome: str
