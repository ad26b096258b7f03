"""Refunds: a ledger of what a charge has returned."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from shop.domain.errors import Conflict


class RefundStatus(StrEnum):
    """The status of a refund. VOIDED: replaced, because less was left of the charge than it asked for."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    VOIDED = "voided"


class RefundLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a product that a refund is for."""

    product_id: UUID
    quantity: int
    amount_minor: int
    tax_minor: int
    restock: bool = False


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of a charge, or of a part of it.

    Attributes
    ----------
    shipping : bool
        Whether the shipping costs are part of it.
    external : bool
        Whether it was made elsewhere, for example in the provider's dashboard.
    problem : str or None
        Why it could not be made yet, or has returned no money; staff must act.
    lines : tuple of RefundLine
        Empty for a refund of an amount, or of what is left.
    return_id : UUID or None
        The return whose units it is for.
    age : timedelta
        Time since it was recorded.
    """

    refund_id: UUID
    order_id: UUID
    payment_intent_id: str
    amount_minor: int
    tax_minor: int = 0
    reason: str
    status: RefundStatus = RefundStatus.PENDING
    shipping: bool = False
    external: bool = False
    provider_refund_id: str | None = None
    problem: str | None = None
    lines: tuple[RefundLine, ...] = ()
    return_id: UUID | None = None
    created_at: datetime | None = None
    age: timedelta = timedelta()

    @property
    def is_pending(self) -> bool:
        """Whether it is recorded and not carried out yet."""
        return self.status is RefundStatus.PENDING


class ProviderRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund, as the provider reports it.

    Attributes
    ----------
    is_dead : bool
        Whether it failed or was cancelled: no money was returned.
    refund_id : UUID or None
        The shop's own id; None if the refund was made elsewhere.
    """

    provider_refund_id: str
    payment_intent_id: str
    amount_minor: int
    is_dead: bool
    refund_id: UUID | None = None


def charge_disputed() -> Conflict:
    """Create the refusal to refund a disputed charge."""
    return Conflict(
        "The customer's bank disputes the charge; it cannot be refunded.", code="charge_disputed"
    )


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """What was charged for an order, and what of it has been returned.

    Attributes
    ----------
    refunded_minor : int
        Including pending refunds.
    tax_minor, refunded_tax_minor : int
        The tax in the charge, and in its refunds.
    disputed_minor : int
        What the customer's bank has taken back, or may keep.
    refunds : int
        Number of refunds, in whatever status.
    units, returning : dict of UUID to int
        Units by product: refunded ones, and those of returns that are not refunded yet.
    """

    payment_intent_id: str
    order_id: UUID
    correlation_id: UUID
    charged_minor: int
    refunded_minor: int
    tax_minor: int
    refunded_tax_minor: int
    disputed_minor: int
    shipping_refunded: bool
    refunds: int
    units: dict[UUID, int]
    returning: dict[UUID, int]

    @property
    def left_minor(self) -> int:
        """What can still be refunded."""
        return max(0, self.charged_minor - self.refunded_minor - self.disputed_minor)

    @property
    def is_disputed(self) -> bool:
        """Whether the customer's bank has taken money back, or may keep it."""
        return self.disputed_minor > 0

    def check_undisputed(self) -> None:
        """Refuse to refund a disputed charge.

        Raises
        ------
        Conflict
            ``charge_disputed``.
        """
        if self.is_disputed:
            raise charge_disputed()

    def tax_in(self, amount_minor: int, expected_minor: int | None = None) -> int:
        """Return the tax in a refund; that of the last one is what is left of the charge's tax.

        Parameters
        ----------
        expected_minor : int, optional
            The tax of the refunded units; by default the same proportion as in the charge.
        """
        left = self.tax_minor - self.refunded_tax_minor
        if amount_minor >= self.charged_minor - self.refunded_minor:
            return max(0, min(left, amount_minor))
        if expected_minor is None:
            expected_minor = proportion(self.tax_minor, amount_minor, self.charged_minor)
        return max(0, min(expected_minor, left, amount_minor))


def refund_key(refund_id: UUID) -> str:
    """Return the idempotency key of a refund, so that it is made once however often it is sent."""
    return f"refund:{refund_id}"


def proportion(amount_minor: int, part: int, whole: int) -> int:
    """Return `part` / `whole` of an amount, rounded half up."""
    return (2 * amount_minor * part + whole) // (2 * whole) if whole else 0
