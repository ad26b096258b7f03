"""POST /api/payments/webhook: receive Stripe's events about payments."""

from shop.bootstrap.stripe import payment_provider
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.payments import PostgresPaymentsWork
from shop.contracts.http.payments import WebhookReceipt
from shop.entrypoints.http import Answer, Request, endpoint
from shop.services.payments.webhooks import receive_webhook


@endpoint(
    body=bytes,
    answer=WebhookReceipt,
    request_headers=("Stripe-Signature",),
    problems=("invalid_signature", "payment_outcome_unknown"),
)
def handler(request: Request[bytes, None]) -> Answer:
    """Receive a signed event from Stripe; 200 once it is handled."""
    outcome = receive_webhook(
        payment_provider(),
        unit_of_work(PostgresPaymentsWork),
        request.body,
        request.headers.get("stripe-signature", ""),
    )
    return Answer(WebhookReceipt(outcome))
