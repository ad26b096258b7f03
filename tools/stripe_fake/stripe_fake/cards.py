"""Stripe's test cards: what each id or number stands for.

The behaviours are those of https://docs.stripe.com/testing. Two ids are our own, since no card
of Stripe's stays in ``processing``: ``pm_card_processing`` and ``pm_card_processingDeclined``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

_MESSAGES = {
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "insufficient_funds": "Your card has insufficient funds.",
    "authentication_required": (
        "Your card was declined. This transaction requires authentication."
    ),
}
_DECLINED = "Your card was declined."
_OWN_CODE = frozenset({"expired_card", "incorrect_cvc", "processing_error"})


@dataclass(frozen=True, slots=True)
class Card:
    """One test card and how it behaves when it is charged.

    ``decline`` is the bank's decline code, after authentication if there is one.
    ``authentication`` is ``none``, ``always``, ``on_session`` (asked unless the payment is
    off-session with a card that was set up) or ``error`` (cannot be looked up).
    ``settles_later`` keeps the payment in ``processing`` for a while. ``refund`` is
    ``succeeds``, ``pending`` or ``fails``.
    """

    number: str
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"
    decline: str | None = None
    blocked: bool = False
    authentication: str = "none"
    settles_later: bool = False
    refund: str = "succeeds"


def _declines(number: str, code: str) -> Card:
    return Card(number, decline=code)


_VISA = Card("4242424242424242")
_AMEX = Card("378282246310005", brand="amex")

CARDS: dict[str, Card] = {
    "pm_card_visa": _VISA,
    "pm_card_us": _VISA,
    "pm_card_visa_debit": Card("4000056655665556", funding="debit"),
    "pm_card_mastercard": Card("5555555555554444", brand="mastercard"),
    "pm_card_mastercard_debit": Card("5200828282828210", brand="mastercard", funding="debit"),
    "pm_card_mastercard_prepaid": Card("5105105105105100", brand="mastercard", funding="prepaid"),
    "pm_card_amex": _AMEX,
    "pm_card_discover": Card("6011111111111117", brand="discover"),
    "pm_card_diners": Card("3056930009020004", brand="diners"),
    "pm_card_jcb": Card("3566002020360505", brand="jcb", country="JP"),
    "pm_card_unionpay": Card("6200000000000005", brand="unionpay", country="CN"),
    "pm_card_gb": Card("4000008260000000", country="GB"),
    "pm_card_de": Card("4000002760000016", country="DE"),
    "pm_card_fr": Card("4000002500000003", country="FR"),
    "pm_card_bypassPending": Card("4000000000000077"),
    "pm_card_chargeDeclined": _declines("4000000000000002", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": _declines("4000000000009995", "insufficient_funds"),
    "pm_card_chargeDeclinedLostCard": _declines("4000000000009987", "lost_card"),
    "pm_card_chargeDeclinedStolenCard": _declines("4000000000009979", "stolen_card"),
    "pm_card_chargeDeclinedExpiredCard": _declines("4000000000000069", "expired_card"),
    "pm_card_chargeDeclinedIncorrectCvc": _declines("4000000000000127", "incorrect_cvc"),
    "pm_card_chargeDeclinedProcessingError": _declines("4000000000000119", "processing_error"),
    "pm_card_chargeDeclinedVelocityLimitExceeded": _declines(
        "4000000000006975", "card_velocity_exceeded"
    ),
    "pm_card_chargeCustomerFail": _declines("4000000000000341", "generic_decline"),
    "pm_card_radarBlock": Card("4100000000000019", decline="fraudulent", blocked=True),
    "pm_card_authenticationRequired": Card(
        "4000002760003184", country="DE", authentication="always"
    ),
    "pm_card_authenticationRequiredOnSetup": Card(
        "4000002500003155", country="FR", authentication="always"
    ),
    "pm_card_authenticationRequiredSetupForOffSession": Card(
        "4000003800000446", country="IT", authentication="on_session"
    ),
    "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        "4000008260003178", country="GB", authentication="always", decline="insufficient_funds"
    ),
    "pm_card_threeDSecure2Required": Card("4000000000003220", authentication="always"),
    "pm_card_threeDSecureRequired": Card("4000000000003063", authentication="always"),
    "pm_card_threeDSecureRequiredChargeDeclined": Card(
        "4000008400001629", authentication="always", decline="generic_decline"
    ),
    "pm_card_threeDSecureRequiredProcessingError": Card("4000008400001280", authentication="error"),
    "pm_card_threeDSecureOptional": Card("4000000000003055"),
    "pm_card_amex_threeDSecureNotSupported": _AMEX,
    "pm_card_pendingRefund": Card("4000000000007726", refund="pending"),
    "pm_card_refundFail": Card("4000000000005126", refund="fails"),
    "pm_card_processing": replace(_VISA, settles_later=True),
    "pm_card_processingDeclined": replace(_VISA, settles_later=True, decline="generic_decline"),
}
for _name in [name for name in CARDS if name.startswith("pm_card_chargeDeclined")]:
    CARDS[_name.replace("pm_card_", "pm_card_visa_")] = CARDS[_name]

_NUMBERS = {
    card.number: name for name, card in reversed(CARDS.items()) if not card.settles_later
} | {"2223003122003222": "pm_card_mastercard", "6011000990139424": "pm_card_discover"}


def by_number(number: str) -> str | None:
    """Return the test id that behaves like a card number, if there is one."""
    return _NUMBERS.get(number)


def decline_error(code: str) -> dict[str, Any]:
    """Return the ``card_error`` of a decline code."""
    error = "card_declined"
    if code in _OWN_CODE or code == "authentication_required":
        error = code
    return {
        "type": "card_error",
        "code": error,
        "decline_code": code,
        "message": _MESSAGES.get(code, _DECLINED),
        "doc_url": f"https://stripe.com/docs/error-codes/{error.replace('_', '-')}",
    }
