"""Ports of the payments: the repository and the provider."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from shop.domain.payments import (
    Applied,
    Attempt,
    Begun,
    Fee,
    Intent,
    Payable,
    PaymentStatus,
)
from shop.domain.provider_events import Dispute, ProviderEvent
from shop.domain.refunds import ProviderRefund, Refund
from shop.services.orders.ports import OrdersWork
from shop.services.payments.refund_ports import RefundLedger


class PaymentRepository(Protocol):
    """Payments and webhook events inside one transaction; each call is one statement."""

    def find(self, order_id: UUID, *, user_id: UUID | None = None) -> Payable | None:
        """Read an order and its latest attempt; None if it does not exist or is not the user's."""

    def find_by_intent(self, payment_intent_id: str) -> Payable | None:
        """Read the order and the attempt of an intent."""

    def begin(self, order_id: UUID, user_id: UUID | None, payment_method_id: str) -> Begun | None:
        """Move a PENDING order to PAYMENT_PROCESSING, if all its stock is held.

        In the same statement the hold is exempted from expiry and the attempt is recorded.

        Returns
        -------
        Begun or None
            The attempt, or the reason why none begins; None if the order does not exist or is not the user's.
            `NotPending` does not include an attempt that began while this waited for the order's lock.
        """

    def note(self, attempt: Attempt, status: PaymentStatus, payment_intent_id: str | None) -> None:
        """Record the intent of an attempt that is still open.

        REQUIRES_ACTION is kept: the customer's browser can still pay or try again.
        """

    def settle(self, attempt: Attempt, payment_intent_id: str) -> Applied:
        """Record a successful charge, and move the order from PAYMENT_PROCESSING to PAID.

        ``order.paid`` is recorded with the move.
        """

    def fail(
        self,
        attempt: Attempt,
        status: PaymentStatus,
        *,
        payment_intent_id: str | None,
        failure_code: str | None,
    ) -> Applied:
        """Record a failed charge, and move the order from PAYMENT_PROCESSING to PAYMENT_FAILED.

        ``order.payment_failed`` is recorded with the move.
        """

    def note_charged(self, attempt: Attempt, payment_intent_id: str, amount_minor: int) -> None:
        """Record that an attempt's intent was charged with another amount than the requested one."""

    def claim_open(self, idle: timedelta, limit: int) -> Sequence[Attempt]:
        """Claim the open attempts that were unchanged for longest, at least `idle`, in no particular order.

        No two callers claim the same attempt within `idle`.
        """

    def without_fee(self, limit: int) -> Sequence[str]:
        """Give intents of successful payments, one minute to seven days old, whose fee is not recorded."""

    def record_fee(self, fee: Fee) -> None:
        """Record what the provider kept of a charge, once."""

    def lock_stranded_order(self, idle: timedelta) -> Payable | None:
        """Lock an order that a crash left in PAYMENT_FAILED or INVENTORY_UNAVAILABLE, if there is one."""

    def record_webhook(self, event_id: str, event_type: str, outcome: str) -> bool:
        """Record an event of the provider and its result; return False if it was recorded before."""


class PaymentProvider(Protocol):
    """The payment provider. It is never called inside a transaction."""

    def check_payment_method(self, payment_method_id: str) -> None:
        """Refuse an unusable payment method before anything is changed.

        Raises
        ------
        InvalidRequest
            Naming ``payment_method_id``.
        DependencyUnavailable
            If the provider is unavailable.
        """

    def charge(self, attempt: Attempt) -> Intent:
        """Charge an attempt; a repeated call within `KEY_LIFETIME` returns the same intent.

        Raises
        ------
        PaymentOutcomeUnknown
            It is not known yet whether the attempt was charged.
        Conflict
            ``request_in_progress``: another request is charging the same attempt.
        """

    def retrieve(self, payment_intent_id: str) -> Intent:
        """Read an intent as it is now.

        Raises
        ------
        PaymentOutcomeUnknown
        """

    def fee(self, payment_intent_id: str) -> Fee | None:
        """Read what the provider kept of a charge; None if it has not booked it yet.

        Raises
        ------
        PaymentOutcomeUnknown
        """

    def search(self, order_id: UUID, attempt: int) -> Intent | None:
        """Search for the intent of an attempt by its metadata; new intents appear after about a minute.

        Raises
        ------
        PaymentOutcomeUnknown
        """

    def cancel(self, payment_intent_id: str) -> Intent:
        """Cancel an intent if that is still possible, and return its resulting state.

        Raises
        ------
        PaymentOutcomeUnknown
        """

    def refund(self, refund: Refund) -> ProviderRefund:
        """Make a refund. Repeating it refunds nothing more.

        Raises
        ------
        PaymentOutcomeUnknown
            `StillUnknown` if the provider answers without knowing the outcome.
        RefundRefused
            The provider rejects the refund.
        """

    def refunds_of(self, payment_intent_id: str) -> Sequence[ProviderRefund]:
        """Read all refunds of an intent, whoever made them.

        Raises
        ------
        PaymentOutcomeUnknown
        """

    def recent_refunds(self, within: timedelta) -> Sequence[ProviderRefund]:
        """Read the refunds that were made within a time, whoever made them.

        Raises
        ------
        PaymentOutcomeUnknown
        """

    def recent_disputes(self, within: timedelta) -> Sequence[Dispute]:
        """Read the disputes that were opened within a time.

        Raises
        ------
        PaymentOutcomeUnknown
        """

    def dispute(self, dispute_id: str) -> Dispute | None:
        """Read a dispute as it is now; None if it belongs to no payment intent.

        Raises
        ------
        PaymentOutcomeUnknown
        """

    def verify(self, payload: bytes, signature: str) -> ProviderEvent:
        """Verify and parse a webhook.

        Raises
        ------
        ShopError
            ``invalid_signature``, or ``validation_failed`` if it is signed but not an event.
        """


class PaymentsWork(OrdersWork, Protocol):
    """A transaction over payments and the orders that they pay."""

    @property
    def payments(self) -> PaymentRepository:
        """Payments."""

    @property
    def refunds(self) -> RefundLedger:
        """Refunds and disputes."""
