"""Payments: the states of an intent at the provider, and what each means for the order."""

from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from shop.domain.errors import FieldError, InvalidRequest
from shop.domain.orders import CHARGED, OrderStatus

#: Stripe discards an idempotency key after 24 h. Beyond this age the same key might charge again, so an
#: attempt without a known intent is searched for, never repeated.
KEY_LIFETIME: Final = timedelta(hours=23)
#: The provider replays an error that it has stored with the key. If its search does not find the intent after
#: this time (documented: within a minute, during an outage within an hour), the attempt counts as not
#: charged; a charge that appears later is refunded.
NEVER_CHARGED_AFTER: Final = timedelta(hours=1)
#: A customer who has not completed the bank's authentication this long after the hold on the order's stock
#: would have ended has abandoned the payment.
ACTION_GRACE: Final = timedelta(minutes=3)

#: Decline codes that would help a thief; the customer sees a generic decline instead.
_CONFIDENTIAL: Final = frozenset(
    {"fraudulent", "lost_card", "merchant_blacklist", "pickup_card", "restricted_card",
     "security_violation", "stolen_card"}
)  # fmt: skip


class PaymentStatus(StrEnum):
    """The recorded status of an attempt."""

    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: Statuses of attempts whose outcome is not known yet.
OPEN: Final = frozenset({PaymentStatus.PROCESSING, PaymentStatus.REQUIRES_ACTION})


class IntentStatus(StrEnum):
    """The status of the provider's payment intent. REFUSED: the provider created none."""

    REFUSED = "refused"
    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"


class Verdict(StrEnum):
    """What an intent means for its order."""

    PAID = "paid"
    #: The charged amount differs from the requested one and is refunded.
    WRONG_AMOUNT = "wrong_amount"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    NEEDS_ACTION = "needs_action"
    WAIT = "wait"


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """A payment intent, as the provider reports it.

    Attributes
    ----------
    intent_id : str or None
        None if the provider created no intent.
    amount_minor : int
        Amount in minor units of `currency` (ISO 4217, upper case).
    order_id, attempt
        From the intent's metadata; None if the shop did not create the intent.
    client_secret : str or None
        Lets the customer's browser carry out the bank's authentication.
    failure_code : str or None
        The decline code, or the provider's error code.
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
        """Whether the intent was charged, whatever the amount."""
        return self.status is IntentStatus.SUCCEEDED


class Fee(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider kept of a charge, as its balance transaction says.

    Attributes
    ----------
    fee_minor : int
        In minor units of `currency`, which may differ from the charge's.
    """

    payment_intent_id: str
    balance_transaction_id: str
    fee_minor: int
    currency: str


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
    """Return the idempotency key of a charge, so that an attempt charges once however often it is sent."""
    return f"order:{order_id}:attempt:{attempt}"


def public_decline_code(failure_code: str | None) -> str:
    """Return the decline code to show to the customer."""
    if failure_code is None or failure_code in _CONFIDENTIAL:
        return "generic_decline"
    return failure_code


def unusable_payment_method() -> InvalidRequest:
    """Create the refusal of a payment method that does not exist or cannot be charged."""
    error = FieldError("payment_method_id", "is not a payment method that can be charged")
    return InvalidRequest("A field is wrong.", errors=[error])


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to pay an order.

    Attributes
    ----------
    age : timedelta
        Time since the attempt began.
    overdue : timedelta
        Time since the end of the hold on the order's stock, had no payment begun; negative before. Only
        `PaymentRepository.claim_open` fills it.
    """

    order_id: UUID
    attempt: int
    status: PaymentStatus
    amount_minor: int
    currency: str
    payment_method_id: str
    payment_intent_id: str | None
    failure_code: str | None
    correlation_id: UUID
    age: timedelta
    overdue: timedelta = timedelta(0)

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
        """Whether the customer has abandoned the bank's authentication."""
        return self.overdue > ACTION_GRACE

    def judge(self, intent: Intent) -> Verdict:
        """Return what an intent means for the order."""
        verdict = _VERDICTS[intent.status]
        asked = (intent.amount_minor, intent.currency) == (self.amount_minor, self.currency)
        return Verdict.WRONG_AMOUNT if verdict is Verdict.PAID and not asked else verdict

    def is_settled_by(self, intent: Intent) -> bool:
        """Return whether its outcome is recorded and this is its intent."""
        return not self.is_open and self.payment_intent_id == intent.intent_id


class Payable(msgspec.Struct, frozen=True, kw_only=True):
    """The order's fields that payments use; `attempt` is its latest attempt."""

    order_id: UUID
    status: OrderStatus
    correlation_id: UUID
    attempt: Attempt | None

    @property
    def is_charged(self) -> bool:
        """Whether the customer has been charged and not refunded."""
        return self.status in CHARGED


class BeingPlaced(msgspec.Struct, frozen=True):
    """No payment begins: the order is PENDING, but its stock is not held yet."""


class ReservationExpired(msgspec.Struct, frozen=True):
    """No payment begins: the order is PENDING, but some of its stock is no longer held."""


class NotPending(msgspec.Struct, frozen=True):
    """No payment begins: the order is no longer PENDING."""

    order: Payable


#: Result of beginning a payment; with an `Attempt` the order is PAYMENT_PROCESSING.
type Begun = Attempt | BeingPlaced | ReservationExpired | NotPending


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """The result of recording an outcome.

    Attributes
    ----------
    moved : bool
        False if the order was not PAYMENT_PROCESSING and keeps its status.
    status : OrderStatus
        The order's status afterwards.
    is_ours : bool
        False if the attempt belongs to another intent.
    """

    moved: bool
    status: OrderStatus
    correlation_id: UUID
    is_ours: bool
