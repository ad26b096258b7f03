"""Port of the refund ledger."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from shop.domain.payments import Intent
from shop.domain.provider_events import Dispute
from shop.domain.refunds import Charge, ProviderRefund, Refund


class RefundLedger(Protocol):
    """Charges, what they have returned, and what happened to them elsewhere, inside one transaction.

    Writers lock the order's row first. Whatever they do, the database refuses refunds that exceed their
    charge, and a unit or the shipping being refunded twice.
    """

    def charge(self, order_id: UUID) -> Charge | None:
        """Read what was charged for an order and what of it was returned; None if nothing was charged."""

    def add(self, refund: Refund) -> bool:
        """Record a refund and its lines; return False if it was recorded before."""

    def get(self, refund_id: UUID) -> Refund | None:
        """Read a refund."""

    def of_order(self, order_id: UUID) -> Sequence[Refund]:
        """Read the refunds of an order, oldest first."""

    def find(self, made: ProviderRefund) -> Refund | None:
        """Find the refund that the provider reports: by its id, or by ours."""

    def succeed(self, refund_id: UUID, provider_refund_id: str) -> None:
        """Record that the provider has made a refund; the return that it is for is then refunded."""

    def fail(self, refund_id: UUID, provider_refund_id: str, problem: str) -> None:
        """Record that a refund has returned no money, and why; the return that it is for waits again."""

    def void(self, refund_id: UUID) -> None:
        """Record that another refund replaces a pending one."""

    def close_return(self, return_id: UUID) -> None:
        """Record that a received return is refunded, because nothing is left to refund for it."""

    def note_problem(self, refund_id: UUID, problem: str) -> None:
        """Record why a refund could not be made; it stays pending."""

    def claim(self, idle: timedelta, limit: int) -> Sequence[Refund]:
        """Claim pending refunds that were unchanged for longest, at least `idle`, in no particular order.

        No two callers claim the same refund within `idle`.
        """

    def unbooked(self, made: Sequence[ProviderRefund]) -> Sequence[str]:
        """Return the intents of the shop's payments whose refunds the ledger does not have as reported."""

    def expect_nothing(self, order_id: UUID, intent: Intent) -> bool:
        """Record a payment that names an order and is not its own; return False if it was recorded before."""

    def return_unexpected(self, payment_intent_id: str, refunded_minor: int) -> UUID | None:
        """Record how much of an unexpected payment was returned.

        Returns
        -------
        UUID or None
            The order that it names; None if it is unknown.
        """

    def dispute(self, dispute: Dispute) -> UUID | None:
        """Record a dispute as the provider reports it.

        Returns
        -------
        UUID or None
            The order of the disputed payment; None if it is unknown, or the dispute was recorded like this.
        """

    def differing(self, disputes: Sequence[Dispute]) -> Sequence[str]:
        """Return the ids of the disputes of the shop's payments that are not recorded as reported."""

    def claim_disputes(self, idle: timedelta, limit: int) -> Sequence[str]:
        """Claim open disputes that the provider was not asked about for longest, at least `idle`.

        No two callers claim the same dispute within `idle`.
        """
