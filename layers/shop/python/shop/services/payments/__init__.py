"""Taking money and giving it back.

The provider is asked between two transactions, never inside one. What it answers is recorded by
`record_intent`, whoever heard it first: the request, a webhook or the reconciliation.
"""

from shop.services.payments.processing import process_payment
from shop.services.payments.reconciliation import reconcile
from shop.services.payments.refunds import execute_refund, request_refund
from shop.services.payments.webhooks import receive_webhook

__all__ = [
    "execute_refund",
    "process_payment",
    "receive_webhook",
    "reconcile",
    "request_refund",
]
