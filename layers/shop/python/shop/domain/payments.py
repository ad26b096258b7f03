"""Payments: what the provider says about an intent, and what that means for the order."""

from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.errors import FieldError, InvalidRequest
from shop.domain.orders import CHARGED, OrderStatus

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

    @property
    def is_paid(self) -> bool:
        """Whether money was taken, whatever the amount."""
        return self.status is IntentStatus.SUCCEEDED


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


def unusable_payment_method() -> InvalidRequest:
    """Make the refusal of a payment method that does not exist, or cannot be charged."""
    error = FieldError("payment_method_id", "is not a payment method that can be charged")
    return InvalidRequest("A field is wrong.", errors=[error])


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

    @property
    def is_open(self) -> bool:
        """Whether its outcome is not known yet."""
        return self.status in OPEN

    @property
    def may_be_repeated(self) -> bool:
        """Whether the provider still recognises the charge by its idempotency key."""
        return self.age < KEY_LIFETIME

    @property
    def is_abandoned(self) -> bool:
        """Whether a customer who was asked to act will not do so any more."""
        return self.age > ACTION_TIMEOUT

    def judge(self, intent: Intent) -> Verdict:
        """Say what an intent means for the order."""
        verdict = _VERDICTS[intent.status]
        asked = (intent.amount_minor, intent.currency) == (self.amount_minor, self.currency)
        return Verdict.WRONG_AMOUNT if verdict is Verdict.PAID and not asked else verdict

    def is_settled_by(self, intent: Intent) -> bool:
        """Whether its outcome is recorded and this is its intent."""
        return not self.is_open and self.payment_intent_id == intent.intent_id


class Payable(msgspec.Struct, frozen=True, kw_only=True):
    """An order as payments see it; `attempt` is its latest."""

    order_id: UUID
    status: OrderStatus
    correlation_id: UUID
    attempt: Attempt | None

    @property
    def is_charged(self) -> bool:
        """Whether the customer's money has been taken and not given back."""
        return self.status in CHARGED


class BeingPlaced(msgspec.Struct, frozen=True):
    """No payment begins: the order is PENDING, but its stock is not held yet."""


class ReservationExpired(msgspec.Struct, frozen=True):
    """No payment begins: the order is PENDING, but some of its stock is no longer held."""


class NotPending(msgspec.Struct, frozen=True):
    """No payment begins: the order has moved on."""

    order: Payable


#: What became of beginning a payment; `Attempt`: the order is PAYMENT_PROCESSING.
type Begun = Attempt | BeingPlaced | ReservationExpired | NotPending


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


class IntentChanged(msgspec.Struct, frozen=True, kw_only=True):
    """An intent changed; `intent` is as it was when the event was made, maybe not as it is now."""

    event_id: str
    event_type: str
    intent: Intent


class ChargeRefunded(msgspec.Struct, frozen=True, kw_only=True):
    """All the money of an intent has gone back.

    Attributes
    ----------
    order_id : UUID or None
        From the charge's metadata, which are those of its intent.
    """

    event_id: str
    event_type: str
    payment_intent_id: str
    order_id: UUID | None


class RefundFailed(msgspec.Struct, frozen=True, kw_only=True):
    """The bank would not take back the money of a refund."""

    event_id: str
    event_type: str
    refund_id: str
    payment_intent_id: str


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing that the shop acts on."""

    event_id: str
    event_type: str


#: A webhook's content, its signature verified.
type ProviderEvent = IntentChanged | ChargeRefunded | RefundFailed | Ignored
