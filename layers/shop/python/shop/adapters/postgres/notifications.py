"""The record of what customers were told, in PostgreSQL."""

from uuid import UUID

from shop.adapters.postgres.database import Transaction
from shop.domain.notifications import NotificationKind, Outcome


class PostgresNotifications:
    """See `shop.services.notifications.ports.NotificationLog`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def begin(
        self, order_id: UUID, kind: NotificationKind, recipient: str | None
    ) -> Outcome | None:
        """Lock the row of a notification; whoever comes second waits here until the first is through."""
        row = self._transaction.row(
            "INSERT INTO notifications AS known (order_id, kind, recipient) VALUES (%s, %s, %s)"
            " ON CONFLICT (order_id, kind) DO UPDATE SET recipient = known.recipient"
            " RETURNING outcome",
            (order_id, kind.value, recipient),
        )
        if row is None:
            raise RuntimeError("an upsert with RETURNING gave no row")
        return None if row[0] is None else Outcome(row[0])

    def finish(
        self, order_id: UUID, kind: NotificationKind, outcome: Outcome, message_id: str | None
    ) -> None:
        """Record what became of it."""
        self._transaction.execute(
            "UPDATE notifications SET outcome = %s, message_id = %s, finished_at = now()"
            " WHERE order_id = %s AND kind = %s",
            (outcome.value, message_id, order_id, kind.value),
        )
