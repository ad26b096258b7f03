"""The record of what customers were e-mailed, in PostgreSQL."""

from typing import Final, override
from uuid import UUID

from shop.adapters.postgres.database import Transaction
from shop.domain.notifications import NotificationKind, Outcome
from shop.services.notifications.ports import NotificationLog

_BEGIN: Final = """
    INSERT INTO notifications AS known (order_id, kind, recipient) VALUES (%s, %s, %s)
    ON CONFLICT (order_id, kind) DO UPDATE SET recipient = known.recipient RETURNING outcome
"""
_FINISH: Final = """
    UPDATE notifications SET outcome = %s, message_id = %s, finished_at = now()
    WHERE order_id = %s AND kind = %s
"""


class PostgresNotifications(NotificationLog):
    """One row an order and kind; whoever comes second waits for it until the first is through."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def begin(
        self, order_id: UUID, kind: NotificationKind, recipient: str | None
    ) -> Outcome | None:
        row = self._transaction.row(_BEGIN, (order_id, kind.value, recipient))
        if row is None:
            raise RuntimeError("an upsert with RETURNING gave no row")
        return None if row.outcome is None else Outcome(row.outcome)

    @override
    def finish(
        self, order_id: UUID, kind: NotificationKind, outcome: Outcome, message_id: str | None
    ) -> None:
        self._transaction.send(_FINISH, (outcome.value, message_id, order_id, kind.value))
