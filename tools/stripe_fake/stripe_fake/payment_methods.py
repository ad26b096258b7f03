"""PaymentMethods: made from test ids or test card numbers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from stripe_fake import cards, params
from stripe_fake.call import Call
from stripe_fake.cards import Card
from stripe_fake.errors import ApiError, invalid, missing
from stripe_fake.params import clearable, integer, required, text
from stripe_fake.store import new_id

ADDRESS: params.Table = dict.fromkeys(
    ("city", "country", "line1", "line2", "postal_code", "state"), clearable
)
BILLING: params.Table = {
    "address": ADDRESS,
    "email": clearable,
    "name": clearable,
    "phone": clearable,
}
CARD: params.Table = {
    "number": text,
    "exp_month": integer,
    "exp_year": integer,
    "cvc": text,
    "token": text,
}
DATA: params.Table = {
    "type": params.one_of("card"),
    "card": CARD,
    "billing_details": BILLING,
    "metadata": params.metadata,
}
CREATE: params.Table = {**DATA, **params.EXPAND}


def create(call: Call) -> dict[str, Any]:
    """Answer ``POST /v1/payment_methods``."""
    return from_data(call, call.params)


def from_data(call: Call, data: Any) -> dict[str, Any]:
    """Make a PaymentMethod from a card number or a ``tok_…`` test token."""
    required(data, "type")
    card = data.get("card")
    if not card:
        raise invalid("Missing required param: card.", code="parameter_missing", param="card")
    if "token" in card:
        name = card["token"].replace("tok_", "pm_card_", 1)
        if name not in cards.CARDS:
            raise missing("token", card["token"], param="card[token]", status=400)
        month, year = 12, datetime.now(UTC).year + 1
    else:
        name, month, year = _from_number(card)
    body = _body(call, cards.CARDS[name], month, year)
    given = data.get("billing_details", {})
    details = body["billing_details"]
    details.update({k: v for k, v in given.items() if k != "address"})
    details["address"].update(given.get("address", {}))
    body["metadata"] = dict(data.get("metadata", {}))
    call.store.add(body, hidden=asdict(cards.CARDS[name]), intent=None)
    return body


def _from_number(card: Any) -> tuple[str, int, int]:
    for field in ("number", "exp_month", "exp_year"):
        if field not in card:
            raise invalid(
                f"Missing required param: card[{field}].",
                code="parameter_missing",
                param=f"card[{field}]",
            )
    month, year = card["exp_month"], card["exp_year"]
    today = datetime.now(UTC)
    if not 1 <= month <= 12:
        raise _unusable(
            "invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month"
        )
    if year < today.year or year > today.year + 50 or (year, month) < (today.year, today.month):
        raise _unusable(
            "invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year"
        )
    name = cards.by_number(card["number"].replace(" ", ""))
    if name is None:
        raise _unusable("incorrect_number", "Your card number is incorrect.", "number")
    return name, month, year


def _unusable(code: str, message: str, param: str) -> ApiError:
    return ApiError(402, "card_error", message, final=True, code=code, param=param)


def find(call: Call, identifier: str, *, param: str, status: int) -> dict[str, Any]:
    """Return a PaymentMethod; a test id makes a new one each time, as in Stripe's test mode."""
    if identifier in cards.CARDS:
        card = cards.CARDS[identifier]
        body = _body(call, card, 12, datetime.now(UTC).year + 1)
        call.store.add(body, hidden=asdict(card), intent=None)
        return body
    found = call.store.get("payment_method", identifier)
    if found is None:
        raise missing("payment_method", identifier, param=param, status=status)
    return found


def retrieve(call: Call, identifier: str) -> dict[str, Any]:
    """Answer ``GET /v1/payment_methods/{id}``."""
    return find(call, identifier, param="payment_method", status=404)


def card_of(call: Call, identifier: str) -> Card:
    """Return how a stored PaymentMethod behaves."""
    return Card(**call.store.hidden(identifier))


def _body(call: Call, card: Card, month: int, year: int) -> dict[str, Any]:
    return {
        "id": new_id("pm_1", 23),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": dict.fromkeys(ADDRESS),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "card": {
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "fail" if card.decline == "incorrect_cvc" else "pass",
            },
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": month,
            "exp_year": year,
            "fingerprint": f"fp{card.number[-14:]}",
            "funding": card.funding,
            "generated_from": None,
            "last4": card.number[-4:],
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": card.brand != "amex"},
            "wallet": None,
        },
        "created": call.store.now(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }
