"""Completes payments, refunds and cancellations that crashes and lost answers left unfinished."""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from shop.domain.errors import Conflict, PaymentOutcomeUnknown, RefundRefused, StillUnknown
from shop.domain.orders import STRANDED, CancelReason, OrderStatus
from shop.domain.payments import (
    NEVER_CHARGED_AFTER,
    Attempt,
    Intent,
    Verdict,
)
from shop.domain.provider_events import Dispute
from shop.domain.refunds import Refund
from shop.observability import bound
from shop.services.orders.cancel import cancel
from shop.services.payments.disputes import record_dispute
from shop.services.payments.outcomes import (
    NEVER_CHARGED,
    current_intent,
    final_word,
    record_intent,
)
from shop.services.payments.ports import PaymentProvider, PaymentsWork
from shop.services.payments.refunds import execute_refund, follow_up, settle_and_book
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)

#: Records that changed more recently may still be in progress.
IDLE: Final = timedelta(seconds=20)
_BATCH: Final = 20
#: After this many consecutive calls without an answer the provider counts as unavailable; the next run
#: continues.
_UNANSWERED: Final = 3
#: Stripe replays a stored 5xx for as long as it keeps the key; by now its search finds the intent.
_SEARCH_AFTER: Final = timedelta(minutes=2)
#: Refunds and disputes that are older were compared by earlier runs.
_LATELY: Final = timedelta(days=1)
#: How often the provider is asked about a dispute that is open, which lasts weeks.
_ASK_AGAIN_AFTER: Final = timedelta(hours=1)


class _ProviderUnavailable(Exception):
    """The provider is unavailable for the rest of this run."""


class _Run:
    """One run of the reconciliation, until nothing is left or the time is over."""

    def __init__(
        self,
        provider: PaymentProvider,
        open_unit_of_work: OpenUnitOfWork[PaymentsWork],
        idle: timedelta,
        is_over: Callable[[], bool],
    ) -> None:
        self._provider = provider
        self._open = open_unit_of_work
        self._idle = idle
        self._is_over = is_over
        self._silent_in_a_row = 0
        self.counts: Counter[str] = Counter()

    def finish_cancellations(self) -> None:
        """Cancel orders whose cancellation a crash interrupted."""
        while not self._is_over():
            with self._open() as work:
                order = work.payments.lock_stranded_order(self._idle)
                if order is None:
                    return
                failed = order.status is OrderStatus.PAYMENT_FAILED
                reason = CancelReason.PAYMENT_FAILED if failed else CancelReason.INSUFFICIENT_STOCK
                cancel(work, order.order_id, reason, sources=STRANDED)
            self.counts["stranded"] += 1

    def give_back(self) -> None:
        """Execute pending refunds."""
        while not self._is_over():
            with self._open() as work:
                refunds = work.refunds.claim(self._idle, _BATCH)
            for refund in _shuffled(refunds):
                self._one(partial(self._refund, refund), str(refund.refund_id))
            if len(refunds) < _BATCH:
                return

    def settle(self) -> None:
        """Determine the outcome of open attempts."""
        while not self._is_over():
            with self._open() as work:
                attempts = work.payments.claim_open(self._idle, _BATCH)
            for attempt in _shuffled(attempts):
                self._one(partial(self._attempt, attempt), str(attempt.order_id))
            if len(attempts) < _BATCH:
                return

    def book_refunds(self) -> None:
        """Compare the refunds that the provider has made lately with the ledger, and book the difference."""
        if self._is_over() or self._silent_in_a_row >= _UNANSWERED:
            return
        self._one(self._compare, "refunds")

    def _compare(self) -> str | None:
        lately = self._provider.recent_refunds(_LATELY)
        if not lately:
            return None
        with self._open(autocommit=True) as work:
            intents = work.refunds.unbooked(lately)
        for intent in intents:
            self._one(partial(self._book, intent), intent)
        return None

    def _book(self, payment_intent_id: str) -> str:
        made = self._provider.refunds_of(payment_intent_id)
        with self._open(autocommit=True) as work:
            order = work.payments.find_by_intent(payment_intent_id)
        if order is None:
            return "refund_of_nothing"
        with self._open() as work:
            instead = settle_and_book(work, order, payment_intent_id, made)
        follow_up(self._provider, self._open, instead)
        return "refund_booked"

    def book_disputes(self) -> None:
        """Compare the disputes opened lately, and those that are open, with what is recorded."""
        if self._is_over() or self._silent_in_a_row >= _UNANSWERED:
            return
        self._one(self._compare_disputes, "disputes")
        with self._open(autocommit=True) as work:
            waiting = work.refunds.claim_disputes(_ASK_AGAIN_AFTER, _BATCH)
        for dispute_id in waiting:
            self._one(partial(self._ask_again, dispute_id), dispute_id)

    def _compare_disputes(self) -> str | None:
        lately = {each.dispute_id: each for each in self._provider.recent_disputes(_LATELY)}
        if not lately:
            return None
        with self._open(autocommit=True) as work:
            differing = work.refunds.differing(list(lately.values()))
        for dispute_id in differing:
            self._one(partial(self._record_dispute, lately[dispute_id]), dispute_id)
        return None

    def _ask_again(self, dispute_id: str) -> str | None:
        dispute = self._provider.dispute(dispute_id)
        return None if dispute is None else self._record_dispute(dispute)

    def _record_dispute(self, dispute: Dispute) -> str | None:
        with self._open() as work:
            refunds = record_dispute(work, dispute)
        if refunds is None:
            return None
        follow_up(self._provider, self._open, refunds)
        return "dispute_recorded"

    def note_fees(self) -> None:
        """Record what the provider kept of recent charges."""
        if self._is_over():
            return
        with self._open() as work:
            intents = work.payments.without_fee(_BATCH)
        for intent in intents:
            self._one(partial(self._fee, intent), intent)

    def _one(self, action: Callable[[], str | None], name: str) -> None:
        if self._is_over():
            return
        try:
            result = action()
        except (StillUnknown, Conflict):
            result = "unknown"
            self._silent_in_a_row = 0  # it has answered
        except PaymentOutcomeUnknown:
            result = "unknown"
            self._silent_in_a_row += 1
        else:
            self._silent_in_a_row = 0
        if result is not None:
            _log.info("reconciled %s: %s", name, result)
            self.counts[result] += 1
        if self._silent_in_a_row >= _UNANSWERED:
            raise _ProviderUnavailable

    def _refund(self, refund: Refund) -> str:
        try:
            execute_refund(self._provider, self._open, refund)
        except RefundRefused:
            return "refund_refused"
        return "refunded"

    def _fee(self, payment_intent_id: str) -> str:
        fee = self._provider.fee(payment_intent_id)
        if fee is None:
            return "fee_not_booked"
        with self._open() as work:
            work.payments.record_fee(fee)
        return "fee_recorded"

    def _attempt(self, attempt: Attempt) -> str:
        with bound(order_id=str(attempt.order_id), correlation_id=str(attempt.correlation_id)):
            intent = self._intent(attempt)
            with self._open() as work:
                outcome = record_intent(work, attempt, intent)
            follow_up(self._provider, self._open, outcome.refunds)
        return outcome.verdict.value

    def _intent(self, attempt: Attempt) -> Intent:
        try:
            intent = current_intent(self._provider, attempt)
        except PaymentOutcomeUnknown as unknown:
            if attempt.payment_intent_id is not None or attempt.age < _SEARCH_AFTER:
                raise
            found = self._provider.search(attempt.order_id, attempt.attempt)
            if found is None and attempt.age < NEVER_CHARGED_AFTER:
                raise StillUnknown from unknown
            intent = final_word(self._provider, attempt, found or NEVER_CHARGED)
        needs_action = attempt.judge(intent) is Verdict.NEEDS_ACTION
        if needs_action and attempt.is_abandoned and intent.intent_id is not None:
            return self._provider.cancel(intent.intent_id)
        return intent


def reconcile(
    provider: PaymentProvider,
    open_unit_of_work: OpenUnitOfWork[PaymentsWork],
    *,
    seconds: float,
    idle: timedelta = IDLE,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, int]:
    """Settle open payments, execute refunds, compare refunds and disputes, finish cancellations, record fees.

    It is safe to run at any time, concurrently, and to stop at any point.

    Parameters
    ----------
    seconds : float
        Time after which nothing further is started.
    idle : timedelta
        Records that changed more recently are skipped.

    Returns
    -------
    dict of str to int
        Number of records by result.
    """
    deadline = clock() + seconds
    run = _Run(provider, open_unit_of_work, idle, lambda: clock() >= deadline)
    run.finish_cancellations()
    for step in (run.give_back, run.settle, run.book_refunds, run.book_disputes, run.note_fees):
        try:
            step()
        except _ProviderUnavailable:
            _log.warning("the payment provider does not answer; the next run goes on")
    return dict(run.counts)


def _shuffled[T](found: Sequence[T]) -> list[T]:
    """Return them in random order, so that a few without an answer do not always block the others."""
    return random.sample(found, len(found))
