"""The record of e-mails to customers, in PostgreSQL."""

from typing import Final, override
from uuid import UUID

from shop.adapters.postgres.database import Transaction
from shop.domain.notifications import NotificationKind, Outcome
from shop.services.notifications.ports import NotificationLog

_RECORD: Final = """
    INSERT INTO notifications (order_id, kind, recipient, outcome, message_id, return_id, finished_at)
    VALUES (%s, %s, %s, %s, %s, %s, now())
"""


class PostgresNotifications(NotificationLog):
    """One row per order, kind of notification, and return if it is about one."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @override
    def was_sent(
        self, order_id: UUID, kind: NotificationKind, return_id: UUID | None = None
    ) -> bool:
        found = self._transaction.row(
            "SELECT 1 AS one FROM notifications"
            " WHERE order_id = %s AND kind = %s AND return_id IS NOT DISTINCT FROM %s",
            (order_id, kind.value, return_id),
        )
        return found is not None

    @override
    def record(
        self,
        order_id: UUID,
        kind: NotificationKind,
        recipient: str | None,
        outcome: Outcome,
        message_id: str | None,
        *,
        return_id: UUID | None = None,
    ) -> None:
        self._transaction.send(
            _RECORD, (order_id, kind.value, recipient, outcome.value, message_id, return_id)
        )
