"""Payments: what the provider says about an intent, and what that means for the order."""

from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.orders import OrderStatus

#: Stripe forgets an idempotency key after 24 h. Past this age the same key might charge again, so a
#: payment whose intent is not known is searched for, never repeated.
KEY_LIFETIME: Final = timedelta(hours=23)
#: The provider goes on repeating an error that it has stored with the key. If its search does not know the
#: intent after this long (it says: within a minute, in an outage an hour) the attempt was never charged;
#: should it have been all the same, the money is late and goes back.
NEVER_CHARGED_AFTER: Final = timedelta(hours=1)
#: A customer who has not finished the bank's check by then is not coming back.
ACTION_TIMEOUT: Final = timedelta(minutes=30)

#: Decline codes that tell a thief too much; the customer hears of a plain decline.
_CONFIDENTIAL: Final = frozenset(
    {"fraudulent", "lost_card", "merchant_blacklist", "pickup_card", "restricted_card",
     "security_violation", "stolen_card"}
)  # fmt: skip


class PaymentStatus(StrEnum):
    """Where our record of an attempt stands."""

    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: Attempts whose outcome is not known yet.
OPEN: Final = frozenset({PaymentStatus.PROCESSING, PaymentStatus.REQUIRES_ACTION})


class IntentStatus(StrEnum):
    """Where the provider's payment intent stands. REFUSED: the provider would not make one."""

    REFUSED = "refused"
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"


class Verdict(StrEnum):
    """What an intent means for the order it was made for."""

    PAID = "paid"
    #: The money is there, but not the amount that was asked for: it goes back.
    WRONG_AMOUNT = "wrong_amount"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    NEEDS_ACTION = "needs_action"
    WAIT = "wait"


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A payment intent as the provider tells it.

    Attributes
    ----------
    intent_id : str or None
        None when the provider would not make one.
    amount_minor : int
        What is charged, in minor units of `currency` (ISO 4217, upper case).
    order_id, attempt
        From the metadata that we gave; None on intents that are not ours.
    client_secret : str or None
        With it the customer's browser carries out the bank's check.
    failure_code : str or None
        Why it failed: the decline code, or the provider's error code.
    """

    intent_id: str | None
    status: IntentStatus
    amount_minor: int = 0
    currency: str = ""
    order_id: UUID | None = None
    attempt: int | None = None
    client_secret: str | None = None
    failure_code: str | None = None


_VERDICTS: Final = {
    IntentStatus.REFUSED: Verdict.DECLINED,
    IntentStatus.REQUIRES_PAYMENT_METHOD: Verdict.DECLINED,
    IntentStatus.REQUIRES_CONFIRMATION: Verdict.NEEDS_ACTION,
    IntentStatus.REQUIRES_ACTION: Verdict.NEEDS_ACTION,
    IntentStatus.PROCESSING: Verdict.WAIT,
    IntentStatus.REQUIRES_CAPTURE: Verdict.WAIT,
    IntentStatus.CANCELED: Verdict.CANCELLED,
    IntentStatus.SUCCEEDED: Verdict.PAID,
}


def judge(intent: Intent, *, amount_minor: int, currency: str) -> Verdict:
    """Say what an intent means for an order.

    Parameters
    ----------
    amount_minor : int
        What the order asks for, in minor units of `currency`.
    """
    verdict = _VERDICTS[intent.status]
    asked = (intent.amount_minor, intent.currency) == (amount_minor, currency)
    return Verdict.WRONG_AMOUNT if verdict is Verdict.PAID and not asked else verdict


def charge_key(order_id: UUID, attempt: int) -> str:
    """Give the idempotency key of a charge: one attempt charges once, however often it is sent."""
    return f"order:{order_id}:attempt:{attempt}"


def refund_key(payment_intent_id: str) -> str:
    """Give the idempotency key of a refund: the money of an intent goes back once."""
    return f"refund:{payment_intent_id}"


def public_decline_code(failure_code: str | None) -> str:
    """Give the reason that the customer may hear."""
    if failure_code is None or failure_code in _CONFIDENTIAL:
        return "generic_decline"
    return failure_code


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to pay an order.

    Attributes
    ----------
    age : timedelta
        Since the attempt began.
    """

    order_id: UUID
    attempt: int
    status: PaymentStatus
    amount_minor: int
    currency: str
    payment_method_id: str
    payment_intent_id: str | None
    failure_code: str | None
    age: timedelta


class Payable(msgspec.Struct, frozen=True, kw_only=True):
    """An order as payments see it; `attempt` is its latest."""

    order_id: UUID
    status: OrderStatus
    correlation_id: UUID
    attempt: Attempt | None


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What became of beginning a payment.

    Attributes
    ----------
    attempt : Attempt or None
        None: nothing was changed.
    being_placed : bool
        Why not: the order is PENDING, but its stock is not held yet.
    reservation_lapsed : bool
        Why not: the order is PENDING, but some of its stock is no longer held.
        Otherwise the order is PENDING no more.
    """

    attempt: Attempt | None = None
    being_placed: bool = False
    reservation_lapsed: bool = False


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What became of recording an outcome.

    Attributes
    ----------
    moved : bool
        False: the order was in another status; it keeps it.
    status : OrderStatus
        The order's status after it.
    is_ours : bool
        False: the attempt was made with another intent.
    """

    moved: bool
    status: OrderStatus
    correlation_id: UUID
    is_ours: bool


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money that goes back, or has gone back."""

    payment_intent_id: str
    order_id: UUID
    amount_minor: int
    reason: str


class ProviderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's content, its signature verified.

    Attributes
    ----------
    intent : Intent or None
        Of ``payment_intent.*`` events: as it was when the event was made, maybe not as it is now.
    refunded_intent_id : str or None
        Of ``charge.refunded`` events whose charge was refunded in whole.
    refunded_order_id : UUID or None
        The order in that charge's metadata, which are those of its intent.
    refund_id, refund_intent_id : str or None
        Of events about one refund: it, and the intent whose money it gives back.
    refund_failed : bool
        The bank would not take the money back.
    """

    event_id: str
    event_type: str
    intent: Intent | None = None
    refunded_intent_id: str | None = None
    refunded_order_id: UUID | None = None
    refund_id: str | None = None
    refund_intent_id: str | None = None
    refund_failed: bool = False
