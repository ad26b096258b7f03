"""PaymentIntents: their parameters and the steps a client takes. `attempts` charges the card."""

from __future__ import annotations

from typing import Any

from stripe_fake import attempts, charges, events, payment_methods
from stripe_fake.call import Call
from stripe_fake.errors import invalid, missing, unexpected_state
from stripe_fake.intent_body import new_intent
from stripe_fake.intent_params import (
    NO_PAYMENT_METHOD_TYPES,
    PAYMENT_METHOD_CHOICES,
    check_amount,
)
from stripe_fake.params import required

_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (*_OPEN, "requires_capture", "processing")
_ONLY_CONFIRMING = ("error_on_requires_action", "off_session", "return_url")


def find(
    call: Call, identifier: str, *, param: str = "intent", status: int = 404
) -> dict[str, Any]:
    """Return a PaymentIntent, or refuse as Stripe does."""
    found = call.store.get("payment_intent", identifier)
    if found is None:
        raise missing("payment_intent", identifier, param=param, status=status)
    return found


def retrieve(call: Call, identifier: str) -> dict[str, Any]:
    """Answer ``GET /v1/payment_intents/{id}``."""
    intent = find(call, identifier)
    secret = call.params.get("client_secret", intent["client_secret"])
    if secret != intent["client_secret"]:
        raise invalid(
            "The client_secret provided does not match the client_secret associated with the"
            " PaymentIntent.",
            code="payment_intent_invalid_parameter",
            param="client_secret",
        )
    return intent


def _method(call: Call) -> dict[str, Any] | None:
    given = call.params
    if "payment_method_data" in given:
        if "payment_method" in given:
            raise invalid(
                "You may only specify one of these parameters: payment_method,"
                " payment_method_data.",
                param="payment_method",
            )
        return payment_methods.from_data(call, given["payment_method_data"])
    if "payment_method" in given:
        return payment_methods.find(
            call, given["payment_method"], param="payment_method", status=400
        )
    return None


def _automatic(call: Call) -> dict[str, Any] | None:
    """Return what ``automatic_payment_methods`` shows, after the rules of its family."""
    given = call.params
    named = [name for name in PAYMENT_METHOD_CHOICES if name in given]
    if "payment_method_types" in named and call.version >= NO_PAYMENT_METHOD_TYPES:
        raise invalid(
            "The payment_method_types parameter is no longer supported. Use"
            " automatic_payment_methods or allowed_payment_method_types instead.",
            code="payment_method_types_no_longer_supported",
            param="payment_method_types",
        )
    if len(named) > 1:
        raise invalid(
            f"You may only specify one of these parameters: {', '.join(named)}.", param=named[-1]
        )
    automatic: dict[str, Any] | None = given.get("automatic_payment_methods")
    if automatic is not None and "enabled" not in automatic:
        raise invalid(
            "Missing required param: automatic_payment_methods[enabled].",
            code="parameter_missing",
            param="automatic_payment_methods[enabled]",
        )
    if named and automatic is None:
        if "card" not in given[named[0]]:
            raise invalid("This account accepts cards only.", param=named[0])
        return None
    if automatic is None or automatic["enabled"]:
        return {"enabled": True, "allow_redirects": "always", **(automatic or {})}
    return automatic


def create(call: Call) -> dict[str, Any]:
    """Answer ``POST /v1/payment_intents``."""
    given = call.params
    amount, currency = required(given, "amount"), required(given, "currency").lower()
    check_amount(amount, currency)
    if not given.get("confirm"):
        for name in _ONLY_CONFIRMING:
            if name in given:
                raise invalid(f"`{name}` can only be set when `confirm` is true.", param=name)
    automatic = _automatic(call)
    method = _method(call)
    intent = new_intent(call, amount, currency, automatic)
    if method:
        intent["payment_method"] = method["id"]
        intent["status"] = "requires_confirmation"
    call.store.add(intent, hidden={}, intent=intent["id"])
    if given.get("confirm"):
        _refuse_unconfirmable(call, intent)
    events.emit(call, "payment_intent.created", intent)
    if given.get("confirm"):
        attempts.confirm(call, intent)
    return intent


def _refuse_unconfirmable(call: Call, intent: dict[str, Any]) -> None:
    automatic = intent["automatic_payment_methods"] or {}
    if automatic.get("allow_redirects") == "always" and "return_url" not in call.params:
        raise invalid(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard."
            " Because some of these payment methods might redirect your customer off of your page,"
            " you must provide a `return_url`. If you don't want to accept redirect-based payment"
            " methods, set `automatic_payment_methods[enabled]` to `true` and"
            " `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents"
            " and Payment Intents.",
            param="return_url",
        )
    if intent["payment_method"] is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can"
            " either update the PaymentIntent with a payment method and then confirm it again, or"
            " confirm it again directly with a payment method or ConfirmationToken.",
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )


def confirm(call: Call, identifier: str) -> dict[str, Any]:
    """Answer ``POST /v1/payment_intents/{id}/confirm``."""
    intent = find(call, identifier)
    if intent["status"] not in _OPEN:
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it has "
            + (
                "already succeeded after being previously confirmed."
                if intent["status"] == "succeeded"
                else f"a status of {intent['status']}. Only a PaymentIntent with one of the"
                f" following statuses may be confirmed: {', '.join(_OPEN)}."
            ),
            intent,
        )
    method = _method(call)
    for name in ("capture_method", "receipt_email", "setup_future_usage", "shipping"):
        if name in call.params:
            intent[name] = call.params[name]
    if method:
        intent["payment_method"] = method["id"]
    _refuse_unconfirmable(call, intent)
    attempts.confirm(call, intent)
    return intent


def update(call: Call, identifier: str) -> dict[str, Any]:
    """Answer ``POST /v1/payment_intents/{id}``."""
    intent, given = find(call, identifier), call.params
    for name in ("amount", "currency", "payment_method", "payment_method_data"):
        if name in given and intent["status"] not in _OPEN:
            raise unexpected_state(
                f"This PaymentIntent's {name} could not be updated because it has a status of"
                f" {intent['status']}. You may only update the {name} of a PaymentIntent with one"
                f" of the following statuses: {', '.join(_OPEN)}.",
                intent,
            )
    check_amount(
        given.get("amount", intent["amount"]), given.get("currency", intent["currency"]).lower()
    )
    method = _method(call)
    for name in given.keys() - {"expand", "metadata", "payment_method", "payment_method_data"}:
        intent[name] = given[name].lower() if name == "currency" else given[name]
    merge_metadata(intent, given)
    if method:
        intent.update(payment_method=method["id"], status="requires_confirmation", next_action=None)
    call.store.save(intent)
    return intent


def merge_metadata(subject: dict[str, Any], given: Any) -> None:
    """Change single metadata keys: an empty value removes its key, an empty set all of them."""
    if "metadata" not in given:
        return
    changes = given["metadata"]
    merged = {**subject["metadata"], **changes} if changes else {}
    subject["metadata"] = {key: value for key, value in merged.items() if value != ""}


def capture(call: Call, identifier: str) -> dict[str, Any]:
    """Answer ``POST /v1/payment_intents/{id}/capture``."""
    intent = find(call, identifier)
    if intent["status"] != "requires_capture":
        raise unexpected_state(
            "This PaymentIntent could not be captured because it has a status of"
            f" {intent['status']}. Only a PaymentIntent with one of the following statuses may be"
            " captured: requires_capture.",
            intent,
        )
    amount = call.params.get("amount_to_capture", intent["amount_capturable"])
    if not 1 <= amount <= intent["amount_capturable"]:
        raise invalid(
            "The amount to capture must be at least 1 and at most the amount that can be captured"
            f" ({intent['amount_capturable']}).",
            code="amount_too_large" if amount > 0 else "amount_too_small",
            param="amount_to_capture",
        )
    merge_metadata(intent, call.params)
    charge = charges.find(call, intent["latest_charge"])
    charge.update(captured=True, amount_captured=amount)
    charges.book(call, charge)
    intent.update(status="succeeded", amount_capturable=0, amount_received=amount)
    call.store.save(charge)
    call.store.save(intent)
    events.emit(call, "charge.captured", charge)
    events.emit(call, "payment_intent.succeeded", intent)
    return intent


def cancel(call: Call, identifier: str) -> dict[str, Any]:
    """Answer ``POST /v1/payment_intents/{id}/cancel``."""
    intent = find(call, identifier)
    if intent["status"] not in _CANCELABLE:
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
            " Only a PaymentIntent with one of the following statuses may be canceled:"
            f" {', '.join(_CANCELABLE)}.",
            intent,
        )
    attempts.release(call, intent)
    intent.update(
        status="canceled",
        canceled_at=call.store.now(),
        cancellation_reason=call.params.get("cancellation_reason"),
        amount_capturable=0,
        next_action=None,
        processing=None,
    )
    call.store.save(intent)
    events.emit(call, "payment_intent.canceled", intent)
    return intent
