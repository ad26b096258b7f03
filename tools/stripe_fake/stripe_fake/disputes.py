"""Disputes: a customer's bank reverses a charge, and the dispute is won or lost."""

from __future__ import annotations

from typing import Any

from stripe_fake import charges, events, intents
from stripe_fake.call import Call
from stripe_fake.errors import invalid, missing
from stripe_fake.lists import of_payment
from stripe_fake.params import PAGE, Table, text
from stripe_fake.store import new_id

LIST: Table = {**PAGE, "charge": text, "payment_intent": text}
_OUTCOMES = ("won", "lost")


def open_(call: Call, intent_id: str, amount: int | None, reason: str) -> dict[str, Any]:
    """Open a dispute of an intent's charge, by default of the amount that was not refunded."""
    intent = intents.find(call, intent_id)
    if intent["latest_charge"] is None:
        raise invalid("This PaymentIntent has no charge to dispute.", param="payment_intent")
    charge = charges.find(call, intent["latest_charge"])
    left = charge["amount_captured"] - charge["amount_refunded"]
    dispute = _body(call, charge, left if amount is None else amount, reason)
    call.store.add(dispute, intent=charge["payment_intent"])
    charge["disputed"] = True
    call.store.save(charge)
    events.emit(call, "charge.dispute.created", dispute)
    events.emit(call, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def close(call: Call, identifier: str, outcome: str) -> dict[str, Any]:
    """Close a dispute; the money of one that is won returns to the account."""
    if outcome not in _OUTCOMES:
        raise invalid(f"outcome must be one of {', '.join(_OUTCOMES)}", param="outcome")
    dispute = call.store.get("dispute", identifier)
    if dispute is None:
        raise missing("dispute", identifier)
    previous = {"status": dispute["status"]}
    dispute["status"] = outcome
    call.store.save(dispute)
    if outcome == "won":
        events.emit(call, "charge.dispute.funds_reinstated", dispute)
    events.emit(call, "charge.dispute.closed", dispute, previous)
    return dispute


def retrieve(call: Call, identifier: str) -> dict[str, Any]:
    """Answer ``GET /v1/disputes/{id}``."""
    dispute = call.store.get("dispute", identifier)
    if dispute is None:
        raise missing("dispute", identifier)
    return dispute


def matching(call: Call) -> list[dict[str, Any]]:
    """Return the disputes ``GET /v1/disputes`` pages through."""
    return of_payment(call, "dispute")


def is_open(call: Call, charge: dict[str, Any]) -> bool:
    """Return whether the charge has a dispute that was not won."""
    return any(
        dispute["charge"] == charge["id"] and dispute["status"] != "won"
        for dispute in call.store.of_intent("dispute", charge["payment_intent"])
    )


def _body(call: Call, charge: dict[str, Any], amount: int, reason: str) -> dict[str, Any]:
    return {
        "id": new_id("du_1", 23),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.store.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": call.store.now() + 7 * 86_400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }
