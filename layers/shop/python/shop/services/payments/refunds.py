"""Refunds: recorded first, then made by the provider; what the provider reports is booked.

The ledger counts a refund from the moment it is recorded. A refund that returns the last of a charge cancels
an order that has not shipped.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from shop.contracts.events import OrderRefunded
from shop.domain.errors import DependencyUnavailable, PaymentOutcomeUnknown, RefundRefused
from shop.domain.ids import new_id
from shop.domain.money import to_decimal
from shop.domain.orders import REFUNDABLE
from shop.domain.payments import Payable
from shop.domain.refunds import Charge, ProviderRefund, Refund, RefundStatus, rest_of
from shop.observability import metric
from shop.services.orders.cancel import cancel
from shop.services.payments.ports import PaymentProvider, PaymentsWork
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)

#: The reason of a refund that was made elsewhere.
MADE_ELSEWHERE: Final = "refunded"
_SENT_BACK: Final = "the bank would not take the money"


def refund_rest(work: PaymentsWork, order_id: UUID, reason: str) -> Sequence[Refund]:
    """Record a refund of what is left of an order's charge, and return the order's pending refunds.

    For a transaction that has locked the order's row; the caller carries the refunds out after the commit.
    From the commit on the order cannot ship, and the reconciliation executes them if the caller does not.

    Parameters
    ----------
    reason : str
        Becomes the reason of the cancellation.
    """
    charge = work.refunds.charge(order_id)
    if charge is None:
        return ()
    if charge.left_minor > 0:
        work.refunds.add(rest_of(charge, new_id(), reason))
    return _pending(work, order_id)


def execute_refund(
    provider: PaymentProvider, open_unit_of_work: OpenUnitOfWork[PaymentsWork], refund: Refund
) -> None:
    """Have the provider make a refund, and book it.

    If the provider refuses it because less is left of the charge, what was refunded elsewhere is booked, and
    a refund of what is left takes its place.

    Raises
    ------
    PaymentOutcomeUnknown
        The provider did not answer; the reconciliation retries.
    RefundRefused
        The provider rejects the refund; staff must act. The reconciliation retries until it succeeds.
    """
    try:
        made = provider.refund(refund)
    except RefundRefused as refused:
        known = _refunds_of(provider, refund.payment_intent_id)
        with open_unit_of_work() as work:
            instead = book(work, refund.order_id, known)
            work.refunds.note_problem(refund.refund_id, str(refused))
            now = work.refunds.get(refund.refund_id)
        if now is not None and now.status in {RefundStatus.SUCCEEDED, RefundStatus.VOIDED}:
            for replacement in instead:
                execute_refund(provider, open_unit_of_work, replacement)
            return
        _log.error("refund of order %s refused: %s", refund.order_id, refused)
        metric("RefundsRefused")
        raise
    with open_unit_of_work() as work:
        book(work, refund.order_id, [made])


def _refunds_of(provider: PaymentProvider, payment_intent_id: str) -> Sequence[ProviderRefund]:
    """Read the refunds of an intent; none if the provider does not know it."""
    try:
        return provider.refunds_of(payment_intent_id)
    except PaymentOutcomeUnknown:
        return ()


def follow_up(
    provider: PaymentProvider,
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
    refunds: Sequence[Refund],
) -> None:
    """Execute recorded refunds after the commit; on failure, the reconciliation retries them."""
    for refund in refunds:
        try:
            execute_refund(provider, open_unit_of_work, refund)
        except DependencyUnavailable as unavailable:
            _log.warning(
                "refund of order %s left for the reconciliation: %s",
                refund.order_id,
                unavailable.detail,
            )
        except RefundRefused:
            _log.warning("refund of order %s left for staff", refund.order_id)


def book(work: PaymentsWork, order_id: UUID, made: Sequence[ProviderRefund]) -> Sequence[Refund]:
    """Book refunds that the provider reports for an order's charge, inside a transaction.

    What has happened comes before what is only planned: a pending refund that no longer fits is replaced by
    one of what is left.

    Returns
    -------
    sequence of Refund
        The replacements; the caller executes them after the commit.
    """
    work.inventory.lock_order(order_id)  # first in the global lock order
    charge = work.refunds.charge(order_id)
    if charge is None:
        return ()
    ours = [each for each in made if each.payment_intent_id == charge.payment_intent_id]
    for dead in (each for each in ours if each.is_dead):
        _book_failure(work, order_id, dead)
    voided: list[Refund] = []
    for alive in (each for each in ours if not each.is_dead):
        voided += _book_success(work, order_id, alive)
    instead = _replace(work, order_id, voided)
    _cancel_if_refunded(work, order_id)
    return instead


def settle_and_book(
    work: PaymentsWork, order: Payable, payment_intent_id: str, made: Sequence[ProviderRefund]
) -> Sequence[Refund]:
    """Book refunds as `book` does; a refund implies a charge, even if its event has not arrived."""
    work.inventory.lock_order(order.order_id)
    if made and order.attempt is not None and order.attempt.is_open:
        work.payments.settle(order.attempt, payment_intent_id)
    return book(work, order.order_id, made)


def _book_failure(work: PaymentsWork, order_id: UUID, dead: ProviderRefund) -> None:
    known = work.refunds.find(dead)
    if known is not None and known.status is RefundStatus.FAILED:
        return
    _log.error("refund %s of order %s failed: %s", dead.provider_refund_id, order_id, _SENT_BACK)
    metric("RefundsFailed")
    if known is not None:
        work.refunds.fail(known.refund_id, dead.provider_refund_id, _SENT_BACK)
        return
    external = _external(order_id, dead, RefundStatus.FAILED, 0)
    work.refunds.add(replace(external, problem=_SENT_BACK))


def _book_success(work: PaymentsWork, order_id: UUID, made: ProviderRefund) -> Sequence[Refund]:
    """Book a refund that was made; return the pending ones that it leaves no room for."""
    known = work.refunds.find(made)
    if known is not None and known.status in {RefundStatus.SUCCEEDED, RefundStatus.FAILED}:
        if known.provider_refund_id is None:
            work.refunds.succeed(known.refund_id, made.provider_refund_id)
        return ()
    voided: list[Refund] = []
    if known is None or not known.is_pending:
        voided = _make_room(work, order_id, made.amount_minor)
    charge = _charge_of(work, order_id)
    if known is not None:
        work.refunds.succeed(known.refund_id, made.provider_refund_id)
        _announce(work, charge, known)
        return voided
    tax = charge.tax_in(made.amount_minor)
    external = _external(order_id, made, RefundStatus.SUCCEEDED, tax)
    work.refunds.add(external)
    _log.warning(
        "order %s: %d minor units were refunded elsewhere: %s",
        order_id, made.amount_minor, made.provider_refund_id,
    )  # fmt: skip
    _announce(work, charge, external)
    return voided


def _announce(work: PaymentsWork, charge: Charge, refund: Refund) -> None:
    refunded = OrderRefunded(
        order_id=charge.order_id,
        refund_id=refund.refund_id,
        amount=to_decimal(refund.amount_minor),
        tax=to_decimal(refund.tax_minor),
        external=refund.external,
    )
    work.record(refunded, correlation_id=charge.correlation_id)


def _external(order_id: UUID, made: ProviderRefund, status: RefundStatus, tax_minor: int) -> Refund:
    return Refund(
        refund_id=new_id(),
        order_id=order_id,
        payment_intent_id=made.payment_intent_id,
        amount_minor=made.amount_minor,
        tax_minor=tax_minor,
        reason=MADE_ELSEWHERE,
        status=status,
        external=True,
        provider_refund_id=made.provider_refund_id,
    )


def _make_room(work: PaymentsWork, order_id: UUID, amount_minor: int) -> list[Refund]:
    """Void pending refunds, the latest first, until an amount fits into the charge."""
    charge = _charge_of(work, order_id)
    missing = amount_minor - (charge.charged_minor - charge.refunded_minor)
    voided: list[Refund] = []
    for refund in reversed(_pending(work, order_id)) if missing > 0 else ():
        if missing <= 0:
            break
        work.refunds.void(refund.refund_id)
        voided.append(refund)
        missing -= refund.amount_minor
    return voided


def _replace(work: PaymentsWork, order_id: UUID, voided: Sequence[Refund]) -> list[Refund]:
    """Record refunds of what is left in place of voided ones."""
    instead: list[Refund] = []
    for refund in reversed(voided):
        charge = _charge_of(work, order_id)
        amount = min(refund.amount_minor, charge.left_minor)
        if amount == 0:
            continue
        replacement = replace(
            refund,
            refund_id=new_id(),
            amount_minor=amount,
            tax_minor=charge.tax_in(amount),
            age=timedelta(),
        )
        work.refunds.add(replacement)
        instead.append(replacement)
    return instead


def _cancel_if_refunded(work: PaymentsWork, order_id: UUID) -> None:
    """Cancel an order that has not shipped, once its whole charge has been returned."""
    charge = _charge_of(work, order_id)
    if charge.refunded_minor < charge.charged_minor or _pending(work, order_id):
        return
    refunds = work.refunds.of_order(order_id)
    # Of the shop's own refunds the last one says why; a refund made elsewhere says nothing.
    reasons = [refund.reason for refund in refunds if not refund.external] or [MADE_ELSEWHERE]
    cancel(work, order_id, reasons[-1], sources=REFUNDABLE)


def _pending(work: PaymentsWork, order_id: UUID) -> list[Refund]:
    return [refund for refund in work.refunds.of_order(order_id) if refund.is_pending]


def _charge_of(work: PaymentsWork, order_id: UUID) -> Charge:
    charge = work.refunds.charge(order_id)
    if charge is None:
        raise LookupError(f"nothing was charged for order {order_id}")
    return charge
