"""What happens when a PaymentIntent is confirmed: authentication, the charge, the outcome."""

from __future__ import annotations

from typing import Any

from stripe_fake import cards, charges, events, payment_methods
from stripe_fake.call import Call
from stripe_fake.cards import Card
from stripe_fake.errors import ApiError, unexpected_state

_AUTHENTICATION_FAILED: dict[str, Any] = {
    "type": "invalid_request_error",
    "code": "payment_intent_authentication_failure",
    "message": (
        "The provided PaymentMethod has failed authentication. You can provide"
        " payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent"
        " again."
    ),
    "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
}


def confirm(call: Call, intent: dict[str, Any]) -> None:
    """Try to charge the intent's payment method; a decline is recorded, then raised."""
    method, card = _method(call, intent)
    hidden = call.store.hidden(intent["id"])
    if "return_url" in call.params:
        hidden["return_url"] = call.params["return_url"]
    intent.update(last_payment_error=None, next_action=None)
    off_session = call.params.get("off_session", False)
    asked = card.authentication in ("always", "error") or (
        card.authentication == "on_session" and not off_session
    )
    error: dict[str, Any] | None
    if not asked or hidden.get("authenticated") == method["id"]:
        error = _charge(call, intent, method, card, authenticated=asked)
    elif off_session or call.params.get("error_on_requires_action"):
        error = _decline(call, intent, method, "authentication_required")
    elif card.authentication == "error":
        error = _decline(call, intent, method, "processing_error")
    else:
        error = None
        _ask(call, intent, hidden)
    call.store.save(intent, hidden)
    if error is not None:
        fields = {k: v for k, v in error.items() if k not in ("type", "message", "doc_url")}
        raise ApiError(
            402, "card_error", error["message"], final=True, payment_intent=intent, **fields
        )


def _method(call: Call, intent: dict[str, Any]) -> tuple[dict[str, Any], Card]:
    identifier = intent["payment_method"]
    method = payment_methods.find(call, identifier, param="payment_method", status=400)
    return method, payment_methods.card_of(call, identifier)


def _ask(call: Call, intent: dict[str, Any], hidden: dict[str, Any]) -> None:
    intent["status"] = "requires_action"
    if "return_url" in hidden and not call.params.get("use_stripe_sdk"):
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {
                "return_url": hidden["return_url"],
                "url": f"{call.base_url}/_fake/3ds/{intent['id']}",
            },
        }
    else:
        intent["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {
                "type": "three_d_secure_redirect",
                "stripe_js": f"{call.base_url}/_fake/3ds/{intent['id']}",
            },
        }
    events.emit(call, "payment_intent.requires_action", intent)


def _charge(
    call: Call,
    intent: dict[str, Any],
    method: dict[str, Any],
    card: Card,
    *,
    authenticated: bool,
) -> dict[str, Any] | None:
    """Charge the card; return the error of a decline."""
    if card.settles_later:
        charge = charges.make(call, intent, method, status="pending", captured=False)
        intent.update(status="processing", latest_charge=charge["id"], processing={"type": "card"})
        call.store.later("settle", intent["id"], call.store.setting("processing_seconds"))
        events.emit(call, "charge.pending", charge)
        events.emit(call, "payment_intent.processing", intent)
        return None
    if card.decline is not None:
        return _decline(call, intent, method, card.decline, blocked=card.blocked)
    captured = intent["capture_method"] != "manual"
    charge = charges.make(
        call, intent, method, status="succeeded", captured=captured, authenticated=authenticated
    )
    events.emit(call, "charge.succeeded", charge)
    _succeed(call, intent, charge)
    return None


def _succeed(call: Call, intent: dict[str, Any], charge: dict[str, Any]) -> None:
    intent.update(latest_charge=charge["id"], next_action=None, processing=None)
    if intent["capture_method"] == "manual":
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        events.emit(call, "payment_intent.amount_capturable_updated", intent)
    else:
        intent.update(status="succeeded", amount_received=intent["amount"])
        events.emit(call, "payment_intent.succeeded", intent)


def _decline(
    call: Call,
    intent: dict[str, Any],
    method: dict[str, Any],
    code: str,
    *,
    blocked: bool = False,
) -> dict[str, Any]:
    error = cards.decline_error(code)
    charge = charges.make(
        call, intent, method, status="failed", captured=False, decline=error, blocked=blocked
    )
    return _fail(call, intent, charge, {**error, "charge": charge["id"], "payment_method": method})


def _fail(
    call: Call, intent: dict[str, Any], charge: dict[str, Any] | None, error: dict[str, Any]
) -> dict[str, Any]:
    intent.update(
        status="requires_payment_method",
        last_payment_error=error,
        payment_method=None,
        next_action=None,
        processing=None,
    )
    if charge is not None:
        intent["latest_charge"] = charge["id"]
        events.emit(call, "charge.failed", charge)
    events.emit(call, "payment_intent.payment_failed", intent)
    return error


def authenticate(call: Call, intent: dict[str, Any], *, succeeds: bool) -> dict[str, Any]:
    """Complete 3D Secure in place of the customer's browser; return the intent."""
    if intent["status"] != "requires_action":
        raise unexpected_state(
            f"Nothing to authenticate: the PaymentIntent has a status of {intent['status']}.",
            intent,
        )
    method, card = _method(call, intent)
    hidden = call.store.hidden(intent["id"])
    if not succeeds:
        _fail(call, intent, None, {**_AUTHENTICATION_FAILED, "payment_method": method})
    else:
        hidden["authenticated"] = method["id"]
        if intent["confirmation_method"] == "manual":
            intent.update(status="requires_confirmation", next_action=None)
        else:
            _charge(call, intent, method, card, authenticated=True)
    call.store.save(intent, hidden)
    return intent


def settle(call: Call, intent: dict[str, Any], *, succeeds: bool | None = None) -> dict[str, Any]:
    """End ``processing`` with the given outcome, by default the card's; return the intent."""
    if intent["status"] != "processing":
        return intent
    method, card = _method(call, intent)
    charge = charges.find(call, intent["latest_charge"])
    if succeeds is None:
        succeeds = card.decline is None
    if succeeds:
        captured = intent["capture_method"] != "manual"
        charge.update(
            status="succeeded", captured=captured, amount_captured=captured * charge["amount"]
        )
        if captured:
            charges.book(call, charge)
        events.emit(call, "charge.succeeded", charge)
        _succeed(call, intent, charge)
    else:
        error = cards.decline_error(card.decline or "generic_decline")
        _void(charge, error)
        _fail(call, intent, charge, {**error, "charge": charge["id"], "payment_method": method})
    call.store.save(charge)
    call.store.save(intent)
    return intent


def _void(charge: dict[str, Any], error: dict[str, Any]) -> None:
    charge.update(
        status="failed", paid=False, failure_code=error["code"], failure_message=error["message"]
    )


def release(call: Call, intent: dict[str, Any]) -> None:
    """Release the amount that a PaymentIntent holds on the card when it is canceled."""
    if intent["latest_charge"] is None or intent["status"] not in (
        "requires_capture",
        "processing",
    ):
        return
    charge = charges.find(call, intent["latest_charge"])
    if intent["status"] == "processing":
        _void(charge, {"code": "payment_intent_canceled", "message": "The payment was canceled."})
        events.emit(call, "charge.failed", charge)
    else:
        charge.update(refunded=True, amount_refunded=charge["amount"])
        events.emit(call, "charge.refunded", charge)
    call.store.save(charge)
