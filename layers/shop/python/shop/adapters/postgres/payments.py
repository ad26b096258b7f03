"""Payments, refunds and webhook events in PostgreSQL. Every method is one statement."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from shop.adapters.postgres import payments_sql as sql
from shop.adapters.postgres.database import Row, Transaction
from shop.domain.ids import new_id
from shop.domain.orders import OrderStatus
from shop.domain.payments import (
    Applied,
    Attempt,
    Begun,
    Payable,
    PaymentStatus,
    Refund,
    public_decline_code,
)


class PostgresPayments:
    """See `shop.services.payments.ports.PaymentRepository`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def find(self, order_id: UUID, *, user_id: UUID | None = None) -> Payable | None:
        """Read an order and its latest attempt."""
        return _payable(self._transaction.row(sql.FIND, {"order_id": order_id, "user_id": user_id}))

    def find_by_intent(self, payment_intent_id: str) -> Payable | None:
        """Read the order that an intent was made for."""
        return _payable(self._transaction.row(sql.FIND_BY_INTENT, (payment_intent_id,)))

    def begin(self, order_id: UUID, user_id: UUID, payment_method_id: str) -> Begun:
        """Begin a payment, or change nothing."""
        row = self._transaction.row(
            sql.BEGIN,
            {
                "order_id": order_id,
                "user_id": user_id,
                "payment_method_id": payment_method_id,
                "payment_id": new_id(),
            },
        )
        if row is None:
            raise RuntimeError("a LEFT JOIN on one row gave none")
        was_pending, being_placed, *attempt = row
        if attempt[0] is not None:
            return Begun(attempt=_attempt(attempt))
        return Begun(being_placed=being_placed, reservation_lapsed=was_pending and not being_placed)

    def note(self, attempt: Attempt, status: PaymentStatus, payment_intent_id: str | None) -> None:
        """Record the intent of an open attempt."""
        self._transaction.execute(
            sql.NOTE,
            {
                "order_id": attempt.order_id,
                "attempt": attempt.attempt,
                "status": status.value,
                "intent": payment_intent_id,
            },
        )

    def settle(self, attempt: Attempt, payment_intent_id: str) -> Applied:
        """Record that the money was taken."""
        return self._apply(
            attempt, PaymentStatus.SUCCEEDED, OrderStatus.PAID, payment_intent_id, None
        )

    def fail(
        self,
        attempt: Attempt,
        status: PaymentStatus,
        *,
        payment_intent_id: str | None,
        failure_code: str | None,
    ) -> Applied:
        """Record that no money was taken."""
        return self._apply(
            attempt, status, OrderStatus.PAYMENT_FAILED, payment_intent_id, failure_code
        )

    def _apply(
        self,
        attempt: Attempt,
        status: PaymentStatus,
        target: OrderStatus,
        payment_intent_id: str | None,
        failure_code: str | None,
    ) -> Applied:
        moves_to_paid = target is OrderStatus.PAID
        row = self._transaction.row(
            sql.APPLY,
            {
                "order_id": attempt.order_id,
                "attempt": attempt.attempt,
                "payment_status": status.value,
                "target": target.value,
                "intent": payment_intent_id,
                "failure_code": failure_code,
                # The timeline is shown to the customer.
                "reason": None if moves_to_paid else public_decline_code(failure_code),
            },
        )
        if row is None:
            raise LookupError(f"attempt {attempt.attempt} of order {attempt.order_id} is not there")
        moved, before, correlation_id, is_ours = row
        return Applied(
            moved=moved,
            status=target if moved else OrderStatus(before),
            correlation_id=correlation_id,
            is_ours=is_ours,
        )

    def request_refund(self, refund: Refund) -> bool:
        """Record that money must go back."""
        return bool(
            self._transaction.execute(
                "INSERT INTO refunds (payment_intent_id, order_id, amount_minor, reason)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (payment_intent_id) DO NOTHING",
                (refund.payment_intent_id, refund.order_id, refund.amount_minor, refund.reason),
            )
        )

    def request_refund_of_order(self, order_id: UUID, reason: str) -> Refund | None:
        """Record that what an order was charged must go back."""
        row = self._transaction.row(sql.REFUND_ORDER, {"order_id": order_id, "reason": reason})
        return None if row is None else _refund(row)

    def find_refund(self, payment_intent_id: str) -> Refund | None:
        """Read the refund of an intent's money."""
        row = self._transaction.row(sql.FIND_REFUND, (payment_intent_id,))
        return None if row is None else _refund(row)

    def finish_refund(self, payment_intent_id: str, refund_id: str | None) -> None:
        """Record that money has gone back."""
        self._transaction.execute(
            sql.FINISH_REFUND, {"intent": payment_intent_id, "refund_id": refund_id}
        )

    def note_refund_problem(self, payment_intent_id: str, problem: str) -> None:
        """Record why a refund could not be carried out."""
        self._transaction.execute(
            "UPDATE refunds SET problem = %s, updated_at = clock_timestamp()"
            " WHERE payment_intent_id = %s AND status = 'pending'",
            (problem, payment_intent_id),
        )

    def fail_refund(self, payment_intent_id: str, refund_id: str, problem: str) -> None:
        """Record that the bank sent back what a refund had paid out."""
        self._transaction.execute(
            sql.FAIL_REFUND,
            {"intent": payment_intent_id, "refund_id": refund_id, "problem": problem},
        )

    def has_refund(self, order_id: UUID) -> bool:
        """Tell whether the money of an order is going back, or has."""
        row = self._transaction.row(
            "SELECT EXISTS (SELECT FROM refunds JOIN payments AS p USING (payment_intent_id)"
            " WHERE p.order_id = %s AND refunds.status <> 'failed')",
            (order_id,),
        )
        return row is not None and bool(row[0])

    def claim_open(self, idle: timedelta, limit: int) -> Sequence[Attempt]:
        """Take open attempts."""
        rows = self._transaction.rows(sql.CLAIM_OPEN, {"idle": idle, "limit": limit})
        return [_attempt(row) for row in rows]

    def claim_refunds(self, idle: timedelta, limit: int) -> Sequence[Refund]:
        """Take pending refunds."""
        rows = self._transaction.rows(sql.CLAIM_REFUNDS, {"idle": idle, "limit": limit})
        return [_refund(row) for row in rows]

    def lock_stranded_order(self, idle: timedelta) -> Payable | None:
        """Lock an order that a crash left half cancelled."""
        row = self._transaction.row(sql.STRANDED, (idle,))
        if row is None:
            return None
        return Payable(
            order_id=row[0], status=OrderStatus(row[1]), correlation_id=row[2], attempt=None
        )

    def record_webhook(self, event_id: str, event_type: str) -> bool:
        """Record an event of the provider."""
        return bool(
            self._transaction.execute(
                "INSERT INTO webhook_events (event_id, event_type, outcome)"
                " VALUES (%s, %s, 'received') ON CONFLICT (event_id) DO NOTHING",
                (event_id, event_type),
            )
        )

    def conclude_webhook(self, event_id: str, outcome: str) -> None:
        """Record what an event led to."""
        self._transaction.execute(
            "UPDATE webhook_events SET outcome = %s WHERE event_id = %s", (outcome, event_id)
        )


def _payable(row: Row | None) -> Payable | None:
    if row is None:
        return None
    order_id, status, correlation_id, *attempt = row
    return Payable(
        order_id=order_id,
        status=OrderStatus(status),
        correlation_id=correlation_id,
        attempt=None if attempt[0] is None else _attempt(attempt),
    )


def _attempt(row: Sequence[Any]) -> Attempt:
    order_id, attempt, status, amount, currency, method, intent_id, failure_code, age = row
    return Attempt(
        order_id=order_id,
        attempt=attempt,
        status=PaymentStatus(status),
        amount_minor=amount,
        currency=currency,
        payment_method_id=method,
        payment_intent_id=intent_id,
        failure_code=failure_code,
        age=age,
    )


def _refund(row: Row) -> Refund:
    payment_intent_id, order_id, amount_minor, reason = row
    return Refund(
        payment_intent_id=payment_intent_id,
        order_id=order_id,
        amount_minor=amount_minor,
        reason=reason,
    )
