"""The parameters PaymentIntent routes accept: a subset of Stripe's."""

from __future__ import annotations

from stripe_fake import params, payment_methods
from stripe_fake.errors import invalid
from stripe_fake.params import boolean, clearable, integer, one_of, text

_SHIPPING: params.Table = {
    "address": payment_methods.ADDRESS,
    "name": text,
    "carrier": clearable,
    "phone": clearable,
    "tracking_number": clearable,
}
_COMMON: params.Table = {
    "description": clearable,
    "metadata": params.metadata,
    "payment_method": text,
    "payment_method_data": payment_methods.DATA,
    "receipt_email": clearable,
    "setup_future_usage": one_of("off_session", "on_session"),
    "shipping": _SHIPPING,
    **params.EXPAND,
}
_ATTEMPT: params.Table = {
    "capture_method": one_of("automatic", "automatic_async", "manual"),
    "error_on_requires_action": boolean,
    "off_session": boolean,
    "return_url": text,
    "use_stripe_sdk": boolean,
}
_DESCRIPTORS: params.Table = {
    "statement_descriptor": clearable,
    "statement_descriptor_suffix": clearable,
    "transfer_group": text,
}
CREATE: params.Table = {
    **_COMMON,
    **_ATTEMPT,
    **_DESCRIPTORS,
    "allowed_payment_method_types": params.list_of(text),
    "amount": integer,
    "automatic_payment_methods": {
        "enabled": boolean,
        "allow_redirects": one_of("always", "never"),
    },
    "confirm": boolean,
    "confirmation_method": one_of("automatic", "manual"),
    "currency": text,
    "payment_method_types": params.list_of(text),
}
UPDATE: params.Table = {**_COMMON, **_DESCRIPTORS, "amount": integer, "currency": text}
CONFIRM: params.Table = {
    name: kind
    for name, kind in {**_COMMON, **_ATTEMPT}.items()
    if name not in ("description", "metadata")
}
CAPTURE: params.Table = {
    **params.EXPAND,
    "amount_to_capture": integer,
    "final_capture": boolean,
    "metadata": params.metadata,
}
CANCEL: params.Table = {
    **params.EXPAND,
    "cancellation_reason": one_of("abandoned", "duplicate", "fraudulent", "requested_by_customer"),
}

#: Ways to choose payment methods, of which a request has at most one.
PAYMENT_METHOD_CHOICES = (
    "allowed_payment_method_types",
    "automatic_payment_methods",
    "payment_method_types",
)
#: From this API version on, Stripe refuses ``payment_method_types`` as a parameter.
NO_PAYMENT_METHOD_TYPES = "2026-09-30"

_SMALLEST = {"usd": 50, "eur": 50, "gbp": 30, "chf": 50, "cad": 50, "aud": 50, "jpy": 50}
_LARGEST = 99_999_999


def check_amount(amount: int, currency: str) -> None:
    """Refuse what Stripe does not charge; ``amount`` is in the smallest unit."""
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise invalid(f"Invalid currency: {currency}.", param="currency")
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    if amount > _LARGEST:
        raise invalid(
            f"Amount must be no more than {_LARGEST} {currency}",
            code="amount_too_large",
            param="amount",
        )
    smallest = _SMALLEST.get(currency, 1)
    if amount < smallest:
        raise invalid(
            f"Amount must be at least {smallest} {currency} in the currency's smallest unit",
            code="amount_too_small",
            param="amount",
        )
