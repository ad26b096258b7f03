"""A PaymentIntent as it is when it is created."""

from __future__ import annotations

from typing import Any

from stripe_fake.call import Call
from stripe_fake.store import new_id


def new_intent(
    call: Call, amount: int, currency: str, automatic: dict[str, Any] | None
) -> dict[str, Any]:
    """Make a PaymentIntent without a payment method."""
    given = call.params
    identifier = new_id("pi_3", 23)
    kept = (
        "description",
        "receipt_email",
        "setup_future_usage",
        "shipping",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
    )
    return {
        "id": identifier,
        "object": "payment_intent",
        "allowed_payment_method_types": given.get("allowed_payment_method_types"),
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": automatic,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": given.get("capture_method", "automatic_async"),
        "client_secret": f"{identifier}_{new_id('secret_', 25)}",
        "confirmation_method": given.get("confirmation_method", "automatic"),
        "created": call.store.now(),
        "currency": currency,
        "customer": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {k: v for k, v in given.get("metadata", {}).items() if v != ""},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "processing": None,
        "review": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        **{name: given.get(name) for name in kept},
    }
