"""Payments and webhook events in PostgreSQL. Every method is one statement."""

from collections.abc import Sequence
from datetime import timedelta
from typing import override
from uuid import UUID

from shop.adapters.postgres import payments_sql as sql
from shop.adapters.postgres.database import Transaction
from shop.adapters.postgres.event_log import EventLog, WaitingEvent, new_event, parameters
from shop.contracts.events import Event, OrderPaid, OrderPaymentFailed
from shop.domain.ids import new_id
from shop.domain.orders import OrderStatus
from shop.domain.payments import (
    Applied,
    Attempt,
    Begun,
    BeingPlaced,
    Fee,
    NotPending,
    Payable,
    PaymentStatus,
    ReservationExpired,
    public_decline_code,
)
from shop.services.payments.ports import PaymentRepository


class _Begun(Payable, frozen=True, kw_only=True):
    has_begun: bool
    being_placed: bool | None


class _Applied(Applied, frozen=True, kw_only=True):
    waiting: list[WaitingEvent]


class PostgresPayments(PaymentRepository):
    """Payments and webhook events in PostgreSQL."""

    def __init__(self, transaction: Transaction, events: EventLog) -> None:
        self._transaction = transaction
        self._events = events

    @override
    def find(self, order_id: UUID, *, user_id: UUID | None = None) -> Payable | None:
        return self._transaction.one(Payable, sql.FIND, {"order_id": order_id, "user_id": user_id})

    @override
    def find_by_intent(self, payment_intent_id: str) -> Payable | None:
        return self._transaction.one(Payable, sql.FIND_BY_INTENT, (payment_intent_id,))

    @override
    def begin(self, order_id: UUID, user_id: UUID | None, payment_method_id: str) -> Begun | None:
        found = self._transaction.one(
            _Begun,
            sql.BEGIN,
            {
                "order_id": order_id,
                "user_id": user_id,
                "payment_method_id": payment_method_id,
                "payment_id": new_id(),
            },
        )
        if found is None:
            return None
        if found.has_begun and found.attempt is not None:
            return found.attempt
        if found.status is not OrderStatus.PENDING:
            return NotPending(
                Payable(
                    order_id=found.order_id,
                    status=found.status,
                    correlation_id=found.correlation_id,
                    attempt=found.attempt,
                )
            )
        return BeingPlaced() if found.being_placed else ReservationExpired()

    @override
    def note(self, attempt: Attempt, status: PaymentStatus, payment_intent_id: str | None) -> None:
        self._transaction.send(
            sql.NOTE,
            {
                "order_id": attempt.order_id,
                "attempt": attempt.attempt,
                "status": status.value,
                "intent": payment_intent_id,
            },
        )

    @override
    def settle(self, attempt: Attempt, payment_intent_id: str) -> Applied:
        paid = OrderPaid(order_id=attempt.order_id, payment_intent_id=payment_intent_id)
        return self._apply(
            attempt,
            PaymentStatus.SUCCEEDED,
            OrderStatus.PAID,
            paid,
            {"intent": payment_intent_id, "failure_code": None, "reason": None},
        )

    @override
    def fail(
        self,
        attempt: Attempt,
        status: PaymentStatus,
        *,
        payment_intent_id: str | None,
        failure_code: str | None,
    ) -> Applied:
        # Customers see the timeline and the event.
        reason = public_decline_code(failure_code)
        return self._apply(
            attempt,
            status,
            OrderStatus.PAYMENT_FAILED,
            OrderPaymentFailed(order_id=attempt.order_id, reason=reason),
            {"intent": payment_intent_id, "failure_code": failure_code, "reason": reason},
        )

    def _apply(
        self,
        attempt: Attempt,
        status: PaymentStatus,
        target: OrderStatus,
        event: Event,
        values: dict[str, str | None],
    ) -> Applied:
        recorded = new_event(event, attempt.correlation_id)
        applied = self._transaction.one(
            _Applied,
            sql.APPLY,
            parameters([recorded])
            | values
            | {
                "order_id": attempt.order_id,
                "attempt": attempt.attempt,
                "payment_status": status.value,
                "target": target.value,
            },
        )
        if applied is None:
            raise LookupError(f"attempt {attempt.attempt} of order {attempt.order_id} is not there")
        if applied.moved:
            self._events.was_recorded(recorded, applied.waiting)
        return Applied(
            moved=applied.moved,
            status=target if applied.moved else applied.status,
            correlation_id=applied.correlation_id,
            is_ours=applied.is_ours,
        )

    @override
    def note_charged(self, attempt: Attempt, payment_intent_id: str, amount_minor: int) -> None:
        self._transaction.send(
            "UPDATE payments SET charged_minor = %s,"
            " payment_intent_id = coalesce(payment_intent_id, %s), updated_at = clock_timestamp()"
            " WHERE order_id = %s AND attempt = %s AND charged_minor IS NULL",
            (amount_minor, payment_intent_id, attempt.order_id, attempt.attempt),
        )

    @override
    def claim_open(self, idle: timedelta, limit: int) -> Sequence[Attempt]:
        return self._transaction.all(Attempt, sql.CLAIM_OPEN, {"idle": idle, "limit": limit})

    @override
    def without_fee(self, limit: int) -> Sequence[str]:
        return [row.payment_intent_id for row in self._transaction.rows(sql.WITHOUT_FEE, (limit,))]

    @override
    def record_fee(self, fee: Fee) -> None:
        self._transaction.send(
            "INSERT INTO payment_fees (payment_intent_id, balance_transaction_id, fee_minor, currency)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (payment_intent_id) DO NOTHING",
            (fee.payment_intent_id, fee.balance_transaction_id, fee.fee_minor, fee.currency),
        )

    @override
    def lock_stranded_order(self, idle: timedelta) -> Payable | None:
        return self._transaction.one(Payable, sql.STRANDED, (idle,))

    @override
    def record_webhook(self, event_id: str, event_type: str, outcome: str) -> bool:
        recorded = self._transaction.row(
            "INSERT INTO webhook_events (event_id, event_type, outcome) VALUES (%s, %s, %s)"
            " ON CONFLICT (event_id) DO NOTHING RETURNING event_id",
            (event_id, event_type, outcome),
        )
        return recorded is not None
