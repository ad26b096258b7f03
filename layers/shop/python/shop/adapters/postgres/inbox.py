"""The inbox in PostgreSQL: the primary key decides whether a delivery is the first."""

from uuid import UUID

from shop.adapters.postgres.database import Transaction


class PostgresInbox:
    """See `shop.services.messaging.ports.Inbox`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def first_time(self, consumer: str, event_id: UUID) -> bool:
        """Note an event as processed; False if it was noted before."""
        return (
            self._transaction.execute(
                "INSERT INTO inbox (consumer, event_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (consumer, event_id),
            )
            == 1
        )
