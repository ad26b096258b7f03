"""Refunds of captured charges, in whole or in parts."""

from __future__ import annotations

from typing import Any

from stripe_fake import charges, disputes, events, intents, params, payment_methods
from stripe_fake.call import Call
from stripe_fake.errors import ApiError, invalid, missing
from stripe_fake.lists import of_payment
from stripe_fake.params import integer, one_of, text
from stripe_fake.store import new_id

CREATE: params.Table = {
    **params.EXPAND,
    "amount": integer,
    "charge": text,
    "metadata": params.metadata,
    "payment_intent": text,
    "reason": one_of("duplicate", "fraudulent", "requested_by_customer"),
}
UPDATE: params.Table = {**params.EXPAND, "metadata": params.metadata}
LIST: params.Table = {**params.PAGE, "charge": text, "payment_intent": text}


def _charge(call: Call) -> dict[str, Any]:
    given = call.params
    if "charge" in given:
        charge = charges.find(call, given["charge"], param="charge", status=400)
        if given.get("payment_intent", charge["payment_intent"]) != charge["payment_intent"]:
            raise invalid("The charge does not belong to the payment_intent.", param="charge")
        return charge
    if "payment_intent" not in given:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or"
            " charge."
        )
    intent = intents.find(call, given["payment_intent"], param="payment_intent", status=400)
    charge_id = intent["latest_charge"] if intent["status"] == "succeeded" else None
    if charge_id is None:
        raise ApiError(
            400,
            "invalid_request_error",
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            final=True,
            param="payment_intent",
        )
    return charges.find(call, charge_id)


def create(call: Call) -> dict[str, Any]:
    """Answer ``POST /v1/refunds``."""
    given = call.params
    charge = _charge(call)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = given.get("amount", left)
    if charge["refunded"] or (charge["captured"] and left == 0):
        raise ApiError(
            400,
            "invalid_request_error",
            f"Charge {charge['id']} has already been refunded.",
            final=True,
            code="charge_already_refunded",
        )
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise ApiError(
            400,
            "invalid_request_error",
            f"Charge {charge['id']} was not captured and cannot be refunded.",
            final=True,
            param="charge",
        )
    if disputes.is_open(call, charge):
        raise ApiError(
            400,
            "invalid_request_error",
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            final=True,
            code="charge_disputed",
        )
    if amount < 1:
        raise invalid(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    if amount > left:
        raise ApiError(
            400,
            "invalid_request_error",
            f"Refund amount ({_dollars(amount)}) is greater than unrefunded amount on charge"
            f" ({_dollars(left)})",
            final=True,
            param="amount",
        )
    behaviour = payment_methods.card_of(call, charge["payment_method"]).refund
    refund = _body(call, charge, amount, "pending" if behaviour == "pending" else "succeeded")
    call.store.add(refund, intent=charge["payment_intent"])
    if behaviour != "succeeds":
        call.store.later("refund", refund["id"], call.store.setting("refund_seconds"))
    _count(call, charge, amount)
    events.emit(call, "refund.created", refund)
    return refund


def _dollars(amount: int) -> str:
    return f"${amount // 100:,}.{amount % 100:02d}"


def _count(call: Call, charge: dict[str, Any], amount: int) -> None:
    """Add an amount (negative when a refund failed) to the charge's refunded amount."""
    previous = {name: charge[name] for name in ("amount_refunded", "refunded")}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    call.store.save(charge)
    kind = "charge.refunded" if amount > 0 else "charge.updated"
    events.emit(call, kind, charge, previous)


def settle(call: Call, identifier: str) -> None:
    """End a slow refund: a pending one succeeds, the other kind fails."""
    refund = call.store.get("refund", identifier)
    if refund is None:
        return
    previous = {"status": refund["status"]}
    if refund["status"] == "pending":
        refund["status"] = "succeeded"
    else:
        refund.update(status="failed", failure_reason="expired_or_canceled_card")
        _count(call, charges.find(call, refund["charge"]), -refund["amount"])
    call.store.save(refund)
    events.emit(call, "refund.updated", refund, previous)
    if refund["status"] == "failed":
        events.emit(call, "refund.failed", refund)


def _find(call: Call, identifier: str) -> dict[str, Any]:
    found = call.store.get("refund", identifier)
    if found is None:
        raise missing("refund", identifier)
    return found


def retrieve(call: Call, identifier: str) -> dict[str, Any]:
    """Answer ``GET /v1/refunds/{id}``."""
    return _find(call, identifier)


def update(call: Call, identifier: str) -> dict[str, Any]:
    """Answer ``POST /v1/refunds/{id}``."""
    refund = _find(call, identifier)
    intents.merge_metadata(refund, call.params)
    call.store.save(refund)
    events.emit(call, "refund.updated", refund)
    return refund


def matching(call: Call) -> list[dict[str, Any]]:
    """Return the refunds ``GET /v1/refunds`` pages through."""
    return of_payment(call, "refund")


def _body(call: Call, charge: dict[str, Any], amount: int, status: str) -> dict[str, Any]:
    return {
        "id": new_id("re_3", 23),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.store.now(),
        "currency": charge["currency"],
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": {k: v for k, v in call.params.get("metadata", {}).items() if v != ""},
        "payment_intent": charge["payment_intent"],
        "reason": call.params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
