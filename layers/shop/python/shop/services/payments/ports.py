"""Ports of the payments: our records, and the provider."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from shop.domain.payments import (
    Applied,
    Attempt,
    Begun,
    Intent,
    Payable,
    PaymentStatus,
    ProviderEvent,
    Refund,
)
from shop.services.orders.ports import OrdersWork


class PaymentRepository(Protocol):
    """Payments, refunds and webhook events inside one transaction; each call is one statement."""

    def find(self, order_id: UUID, *, user_id: UUID | None = None) -> Payable | None:
        """Read an order and its latest attempt; None if it is not there, or not the user's."""

    def find_by_intent(self, payment_intent_id: str) -> Payable | None:
        """Read the order that an intent was made for, with that attempt."""

    def begin(self, order_id: UUID, user_id: UUID, payment_method_id: str) -> Begun | None:
        """Move a PENDING order to PAYMENT_PROCESSING, if all its stock is held.

        The hold's clock stops and the attempt is recorded with it: all of that or nothing.

        Returns
        -------
        Begun or None
            The attempt, or why none begins; None if the order is not there, or not the user's. An attempt
            that began while this waited for the order's row is missing from `NotPending`.
        """

    def note(self, attempt: Attempt, status: PaymentStatus, payment_intent_id: str | None) -> None:
        """Record the intent of an attempt that is still open.

        Once REQUIRES_ACTION, it stays so: the customer's browser has the means to pay, or to try again.
        """

    def settle(self, attempt: Attempt, payment_intent_id: str) -> Applied:
        """Record that the money was taken, and move the order from PAYMENT_PROCESSING to PAID.

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
        """Record that no money was taken, and move the order from PAYMENT_PROCESSING to PAYMENT_FAILED.

        ``order.payment_failed`` is recorded with the move.
        """

    def request_refund(self, refund: Refund) -> bool:
        """Record that money must go back; False if that was recorded before."""

    def request_refund_of_order(self, order_id: UUID, reason: str) -> Refund | None:
        """Record that what an order was charged must go back, if it was not recorded before.

        For a transaction that has locked the order's row. From its commit on the order cannot ship, and the
        reconciliation carries the refund out if nobody does.

        Parameters
        ----------
        reason : str
            Becomes the reason of the cancellation.

        Returns
        -------
        Refund or None
            As it was recorded first; None if nothing was charged.
        """

    def find_refund(self, payment_intent_id: str) -> Refund | None:
        """Read the refund of an intent's money."""

    def finish_refund(self, payment_intent_id: str, refund_id: str | None) -> None:
        """Record that money has gone back, unless the bank is known to have sent that refund back."""

    def note_refund_problem(self, payment_intent_id: str, problem: str) -> None:
        """Record why a refund, which stays pending, could not be carried out."""

    def fail_refund(self, payment_intent_id: str, refund_id: str, problem: str) -> None:
        """Record that the bank sent back what a refund had paid out; one that is pending stays so.

        A refund that we know nothing of was made by hand, in the provider's dashboard.
        """

    def claim_open(self, idle: timedelta, limit: int) -> Sequence[Attempt]:
        """Take open attempts that nobody has touched for a while: those waiting longest, in any order.

        Two callers never get the same one within that while.
        """

    def claim_refunds(self, idle: timedelta, limit: int) -> Sequence[Refund]:
        """Take pending refunds in the same way."""

    def lock_stranded_order(self, idle: timedelta) -> Payable | None:
        """Lock an order that a crash left in PAYMENT_FAILED or INVENTORY_UNAVAILABLE, if there is one."""

    def record_webhook(self, event_id: str, event_type: str, outcome: str) -> bool:
        """Record an event of the provider and what it led to; False if it was recorded before."""


class PaymentProvider(Protocol):
    """The payment provider. It never runs inside one of our transactions."""

    def check_payment_method(self, payment_method_id: str) -> None:
        """Refuse what no customer could pay with, before anything is changed.

        Raises
        ------
        InvalidRequest
            Naming ``payment_method_id``.
        DependencyUnavailable
            If the provider is unavailable.
        """

    def charge(self, attempt: Attempt) -> Intent:
        """Charge an attempt; repeating it gives the same intent, while `KEY_LIFETIME` lasts.

        Raises
        ------
        PaymentOutcomeUnknown
            Whether it was charged is not known yet.
        Conflict
            ``request_in_progress``: another request charges the same attempt right now.
        """

    def retrieve(self, payment_intent_id: str) -> Intent:
        """Read an intent as it is now.

        Raises
        ------
        PaymentOutcomeUnknown
        """

    def search(self, order_id: UUID, attempt: int) -> Intent | None:
        """Look for the intent of an attempt by its metadata; a new one is found after a minute or so.

        Raises
        ------
        PaymentOutcomeUnknown
        """

    def cancel(self, payment_intent_id: str) -> Intent:
        """Cancel an intent if that is still possible, and give it as it is then.

        Raises
        ------
        PaymentOutcomeUnknown
        """

    def refund(self, payment_intent_id: str) -> str | None:
        """Give all the money of an intent back; repeating it gives nothing more.

        Returns
        -------
        str or None
            The refund's id; None if the money had gone back before and the refund cannot be told.

        Raises
        ------
        PaymentOutcomeUnknown
            `StillUnknown` if the provider answers, and does not know.
        RefundRefused
            The provider says that it cannot be done; staff must act.
        """

    def verify(self, payload: bytes, signature: str) -> ProviderEvent:
        """Read a webhook.

        Raises
        ------
        ShopError
            ``invalid_signature``, or ``validation_failed`` if it is signed and yet no event.
        """


class PaymentsWork(OrdersWork, Protocol):
    """A transaction over payments and the orders that they pay."""

    @property
    def payments(self) -> PaymentRepository:
        """Payments and refunds."""
