"""The refund ledger in PostgreSQL. Every method is one statement."""

from collections.abc import Sequence
from datetime import timedelta
from typing import override
from uuid import UUID

from shop.adapters.postgres import refunds_sql as sql
from shop.adapters.postgres.database import Transaction
from shop.domain.payments import Intent
from shop.domain.provider_events import Dispute
from shop.domain.refunds import Charge, ProviderRefund, Refund
from shop.services.payments.refund_ports import RefundLedger


class PostgresRefunds(RefundLedger):
    """The refund ledger in PostgreSQL."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def charge(self, order_id: UUID) -> Charge | None:
        return self._transaction.one(Charge, sql.CHARGE, (order_id,))

    @override
    def add(self, refund: Refund) -> bool:
        lines = refund.lines
        added = self._transaction.row(
            sql.ADD,
            {
                "refund_id": refund.refund_id,
                "order_id": refund.order_id,
                "payment_intent_id": refund.payment_intent_id,
                "amount_minor": refund.amount_minor,
                "tax_minor": refund.tax_minor,
                "reason": refund.reason,
                "status": refund.status.value,
                "shipping": refund.shipping,
                "external": refund.external,
                "provider_refund_id": refund.provider_refund_id,
                "problem": refund.problem,
                "products": [line.product_id for line in lines],
                "quantities": [line.quantity for line in lines],
                "amounts": [line.amount_minor for line in lines],
                "taxes": [line.tax_minor for line in lines],
                "return_id": refund.return_id,
                "restocks": [line.restock for line in lines],
            },
        )
        return added is not None

    @override
    def get(self, refund_id: UUID) -> Refund | None:
        return self._transaction.one(Refund, sql.GET, (refund_id,))

    @override
    def of_order(self, order_id: UUID) -> Sequence[Refund]:
        return self._transaction.all(Refund, sql.OF_ORDER, (order_id,))

    @override
    def find(self, made: ProviderRefund) -> Refund | None:
        return self._transaction.one(
            Refund,
            sql.FIND,
            {
                "intent": made.payment_intent_id,
                "provider_refund_id": made.provider_refund_id,
                "refund_id": made.refund_id,
                "amount": made.amount_minor,
            },
        )

    @override
    def succeed(self, refund_id: UUID, provider_refund_id: str) -> None:
        values = {"refund_id": refund_id, "provider_refund_id": provider_refund_id}
        self._transaction.send(sql.SUCCEED, values)

    @override
    def fail(self, refund_id: UUID, provider_refund_id: str, problem: str) -> None:
        values = {"refund_id": refund_id, "provider_refund_id": provider_refund_id}
        self._transaction.send(sql.FAIL, values | {"problem": problem})

    @override
    def void(self, refund_id: UUID) -> None:
        self._transaction.send(sql.VOID, (refund_id,))

    @override
    def close_return(self, return_id: UUID) -> None:
        self._transaction.send(sql.CLOSE_RETURN, (return_id,))

    @override
    def note_problem(self, refund_id: UUID, problem: str) -> None:
        self._transaction.send(sql.NOTE_PROBLEM, (problem, refund_id))

    @override
    def claim(self, idle: timedelta, limit: int) -> Sequence[Refund]:
        return self._transaction.all(Refund, sql.CLAIM, {"idle": idle, "limit": limit})

    @override
    def unbooked(self, made: Sequence[ProviderRefund]) -> Sequence[str]:
        rows = self._transaction.rows(
            sql.UNBOOKED,
            {
                "intents": [each.payment_intent_id for each in made],
                "ids": [each.provider_refund_id for each in made],
                "dead": [each.is_dead for each in made],
            },
        )
        return [row.payment_intent_id for row in rows]

    @override
    def expect_nothing(self, order_id: UUID, intent: Intent) -> bool:
        recorded = self._transaction.row(
            sql.EXPECT_NOTHING,
            (intent.intent_id, order_id, intent.amount_minor, intent.currency),
        )
        return recorded is not None

    @override
    def return_unexpected(self, payment_intent_id: str, refunded_minor: int) -> UUID | None:
        row = self._transaction.row(
            sql.RETURN_UNEXPECTED, {"intent": payment_intent_id, "refunded": refunded_minor}
        )
        return row.order_id if row else None

    @override
    def dispute(self, dispute: Dispute) -> UUID | None:
        row = self._transaction.row(
            sql.DISPUTE,
            {
                "id": dispute.dispute_id,
                "intent": dispute.payment_intent_id,
                "amount": dispute.amount_minor,
                "currency": dispute.currency,
                "reason": dispute.reason,
                "status": dispute.status,
            },
        )
        return row.order_id if row else None

    @override
    def differing(self, disputes: Sequence[Dispute]) -> Sequence[str]:
        rows = self._transaction.rows(
            sql.DIFFERING,
            {
                "ids": [each.dispute_id for each in disputes],
                "intents": [each.payment_intent_id for each in disputes],
                "amounts": [each.amount_minor for each in disputes],
                "statuses": [each.status for each in disputes],
            },
        )
        return [row.id for row in rows]

    @override
    def claim_disputes(self, idle: timedelta, limit: int) -> Sequence[str]:
        rows = self._transaction.rows(sql.CLAIM_DISPUTES, {"idle": idle, "limit": limit})
        return [row.id for row in rows]
