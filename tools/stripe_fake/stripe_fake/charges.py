"""Charges: one an attempt of a PaymentIntent."""

from __future__ import annotations

from typing import Any

from stripe_fake.call import Call
from stripe_fake.errors import missing
from stripe_fake.store import new_id

_SELLER = {
    "approved": "Payment complete.",
    "blocked": "Stripe blocked this payment as too risky.",
    "declined": "The bank did not return any further details with this decline.",
}


def make(
    call: Call,
    intent: dict[str, Any],
    method: dict[str, Any],
    *,
    status: str,
    captured: bool,
    decline: dict[str, Any] | None = None,
    blocked: bool = False,
    authenticated: bool = False,
) -> dict[str, Any]:
    """Store and return the charge of one attempt; ``status`` is Stripe's."""
    amount = intent["amount"]
    charge = {
        "id": new_id("ch_3", 23),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if captured else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SHOP",
        "captured": captured,
        "created": call.store.now(),
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline["code"] if decline else None,
        "failure_message": decline["message"] if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": _outcome(decline, blocked=blocked),
        "paid": status in ("succeeded", "pending"),
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "card": _card(intent, method, authenticated=authenticated),
            "type": "card",
        },
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }
    if captured:
        book(call, charge)
    call.store.add(charge, intent=intent["id"])
    return charge


def book(call: Call, charge: dict[str, Any]) -> None:
    """Enter a captured charge, less Stripe's fee for a domestic card, into the balance.

    The caller stores the charge.
    """
    amount = charge["amount_captured"]
    fee = (amount * 29 + 500) // 1000 + 30
    transaction = {
        "id": new_id("txn_3", 23),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": call.store.now() + 2 * 86_400,
        "balance_type": "payments",
        "created": call.store.now(),
        "currency": charge["currency"],
        "description": charge["description"],
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [
            {
                "amount": fee,
                "application": None,
                "currency": charge["currency"],
                "description": "Stripe processing fees",
                "type": "stripe_fee",
            }
        ],
        "net": amount - fee,
        "reporting_category": "charge",
        "source": charge["id"],
        "status": "pending",
        "type": "charge",
    }
    call.store.add(transaction, intent=charge["payment_intent"])
    charge["balance_transaction"] = transaction["id"]


def _outcome(decline: dict[str, Any] | None, *, blocked: bool) -> dict[str, Any]:
    verdict = "blocked" if blocked else "declined" if decline else "approved"
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": {
            "approved": "approved_by_network",
            "declined": "declined_by_network",
            "blocked": "not_sent_to_network",
        }[verdict],
        "reason": None
        if not decline
        else "highest_risk_level"
        if blocked
        else decline["decline_code"],
        "risk_level": "highest" if blocked else "normal",
        "seller_message": _SELLER[verdict],
        "type": {"approved": "authorized", "declined": "issuer_declined", "blocked": "blocked"}[
            verdict
        ],
    }


def _card(intent: dict[str, Any], method: dict[str, Any], *, authenticated: bool) -> dict[str, Any]:
    card = method["card"]
    kept = (
        "brand",
        "checks",
        "country",
        "exp_month",
        "exp_year",
        "fingerprint",
        "funding",
        "last4",
        "regulated_status",
        "wallet",
    )
    secure = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": intent["id"],
        "version": "2.2.0",
    }
    return {
        **{name: card[name] for name in kept},
        "amount_authorized": intent["amount"],
        "authorization_code": None,
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
        "three_d_secure": secure if authenticated else None,
    }


def find(call: Call, identifier: str, *, param: str = "id", status: int = 404) -> dict[str, Any]:
    """Return a charge, or refuse as Stripe does."""
    found = call.store.get("charge", identifier)
    if found is None:
        raise missing("charge", identifier, param=param, status=status)
    return found


def retrieve(call: Call, identifier: str) -> dict[str, Any]:
    """Answer ``GET /v1/charges/{id}``."""
    return find(call, identifier)


def matching(call: Call) -> list[dict[str, Any]]:
    """Return the charges ``GET /v1/charges`` pages through."""
    intent = call.params.get("payment_intent")
    if intent is not None:
        return call.store.of_intent("charge", intent)[::-1]
    return call.store.everything("charge")
