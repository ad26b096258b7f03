"""Translates Stripe's objects into the domain's."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec

from shop.contracts.http.payments import WEBHOOK_EVENTS
from shop.domain.payments import Fee, Intent, IntentStatus
from shop.domain.provider_events import (
    ChargeRefunded,
    Dispute,
    DisputeChanged,
    Ignored,
    IntentChanged,
    ProviderEvent,
    RefundChanged,
)
from shop.domain.refunds import ProviderRefund


class _Failure(msgspec.Struct, frozen=True):
    code: str | None = None
    decline_code: str | None = None


class _PaymentIntent(msgspec.Struct, frozen=True):
    id: str
    status: str
    amount: int
    currency: str
    metadata: dict[str, str] = {}
    client_secret: str | None = None
    last_payment_error: _Failure | None = None


class _Charge(msgspec.Struct, frozen=True):
    payment_intent: str | None = None
    amount_refunded: int = 0
    metadata: dict[str, str] = {}


class _Refund(msgspec.Struct, frozen=True):
    id: str
    amount: int
    status: str | None = None
    payment_intent: str | None = None
    metadata: dict[str, str] | None = None


class _Dispute(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str
    reason: str
    status: str
    payment_intent: str | None = None


class _BalanceTransaction(msgspec.Struct, frozen=True):
    id: str
    fee: int
    currency: str


class _BookedCharge(msgspec.Struct, frozen=True):
    balance_transaction: _BalanceTransaction | None = None


class _BookedIntent(msgspec.Struct, frozen=True):
    id: str
    latest_charge: _BookedCharge | None = None


class _Data(msgspec.Struct, frozen=True):
    object: msgspec.Raw


class _Event(msgspec.Struct, frozen=True):
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    type: Annotated[str, msgspec.Meta(max_length=255)]
    data: _Data


#: Statuses of refunds that returned no money.
_DEAD_REFUNDS: Final = frozenset({"failed", "canceled"})


def read_intent(document: dict[str, Any]) -> Intent:
    """Read a PaymentIntent.

    Parameters
    ----------
    document : dict
        As the API returns it. An unknown status counts as processing.
    """
    return _intent(msgspec.convert(document, _PaymentIntent))


def read_fee(document: dict[str, Any]) -> Fee | None:
    """Read the fee from a PaymentIntent with ``latest_charge.balance_transaction`` expanded."""
    intent = msgspec.convert(document, _BookedIntent)
    booked = intent.latest_charge.balance_transaction if intent.latest_charge else None
    if booked is None:
        return None
    return Fee(
        payment_intent_id=intent.id,
        balance_transaction_id=booked.id,
        fee_minor=booked.fee,
        currency=booked.currency.upper(),
    )


def read_event(payload: bytes) -> ProviderEvent:
    """Read a webhook's body.

    Raises
    ------
    ValueError
        If it is not an event.
    """
    event = msgspec.json.decode(payload, type=_Event)
    content = bytes(event.data.object)
    about = {"event_id": event.id, "event_type": event.type}
    if event.type not in WEBHOOK_EVENTS:
        return Ignored(**about)
    if event.type.startswith("payment_intent."):
        intent = _intent(msgspec.json.decode(content, type=_PaymentIntent))
        return IntentChanged(**about, intent=intent)
    if event.type == "charge.refunded":
        return _charge(about, msgspec.json.decode(content, type=_Charge))
    if event.type.startswith("charge.dispute."):
        dispute = _dispute(msgspec.json.decode(content, type=_Dispute))
        return Ignored(**about) if dispute is None else DisputeChanged(**about, dispute=dispute)
    refund = _refund(msgspec.json.decode(content, type=_Refund))
    return Ignored(**about) if refund is None else RefundChanged(**about, refund=refund)


def read_refund(document: dict[str, Any]) -> ProviderRefund | None:
    """Read a refund; None if it belongs to no payment intent."""
    return _refund(msgspec.convert(document, _Refund))


def _refund(made: _Refund) -> ProviderRefund | None:
    if made.payment_intent is None:
        return None
    return ProviderRefund(
        provider_refund_id=made.id,
        payment_intent_id=made.payment_intent,
        amount_minor=made.amount,
        is_dead=made.status in _DEAD_REFUNDS,
        refund_id=_own_id(made.metadata or {}),
    )


def _own_id(metadata: dict[str, str]) -> UUID | None:
    try:
        return UUID(metadata["refund_id"])
    except (KeyError, ValueError):
        return None


def _charge(about: dict[str, str], charge: _Charge) -> ProviderEvent:
    if charge.payment_intent is None:
        return Ignored(**about)
    order_id, _ = _origin(charge.metadata)
    return ChargeRefunded(
        **about,
        payment_intent_id=charge.payment_intent,
        refunded_minor=charge.amount_refunded,
        order_id=order_id,
    )


def read_dispute(document: dict[str, Any]) -> Dispute | None:
    """Read a dispute; None if it belongs to no payment intent."""
    return _dispute(msgspec.convert(document, _Dispute))


def _dispute(made: _Dispute) -> Dispute | None:
    if made.payment_intent is None:
        return None
    return Dispute(
        dispute_id=made.id,
        payment_intent_id=made.payment_intent,
        amount_minor=made.amount,
        currency=made.currency.upper(),
        reason=made.reason,
        status=made.status,
    )


def _intent(made: _PaymentIntent) -> Intent:
    order_id, attempt = _origin(made.metadata)
    error = made.last_payment_error
    return Intent(
        intent_id=made.id,
        status=_status(made.status),
        amount_minor=made.amount,
        currency=made.currency.upper(),
        order_id=order_id,
        attempt=attempt,
        client_secret=made.client_secret,
        failure_code=None if error is None else error.decline_code or error.code,
    )


def _status(text: str) -> IntentStatus:
    return IntentStatus(text) if text in IntentStatus else IntentStatus.PROCESSING


def _origin(metadata: dict[str, str]) -> tuple[UUID, int] | tuple[None, None]:
    try:
        return UUID(metadata["order_id"]), int(metadata["attempt"])
    except (KeyError, ValueError):
        return None, None
