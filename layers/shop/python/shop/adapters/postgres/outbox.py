"""The transactional outbox in PostgreSQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from shop.adapters.postgres.database import Database, Transaction
from shop.domain.errors import DependencyUnavailable
from shop.domain.outbox import StoredEvent

_RELAY_LOCK: Final = 7_468_638  # any number of our own
_COLUMNS: Final = "sequence, event_id, event_type, correlation_id, occurred_at, body::text"


class PostgresOutboxBatch:
    """See `shop.services.messaging.ports.OutboxBatch`."""

    def __init__(self, transaction: Transaction, events: list[StoredEvent]) -> None:
        self._transaction = transaction
        self.events = events

    def mark_published(self, events: Sequence[StoredEvent]) -> None:
        """Note that the broker has taken these."""
        if events:
            self._transaction.execute(
                "UPDATE outbox SET published_at = clock_timestamp() WHERE sequence = ANY(%s)",
                ([event.sequence for event in events],),
            )


class PostgresOutbox:
    """See `shop.services.messaging.ports.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def pending(
        self, aggregate_ids: Sequence[str] | None, *, limit: int
    ) -> Iterator[PostgresOutboxBatch]:
        """Lock the oldest unpublished events; of all aggregates, for one relay at a time.

        When the broker goes away inside the block, what it has confirmed until then stays marked.
        """
        away: DependencyUnavailable | None = None
        with self._database.transaction() as transaction:
            # A lock of the transaction: one of the session would outlive a relay whose host vanishes.
            chosen = (
                f"AND (SELECT pg_try_advisory_xact_lock({_RELAY_LOCK}))"
                if aggregate_ids is None
                else "AND aggregate_id = ANY(%(aggregates)s)"
            )
            rows = transaction.rows(
                f"SELECT {_COLUMNS} FROM outbox WHERE published_at IS NULL {chosen}"  # noqa: S608
                " ORDER BY sequence LIMIT %(limit)s FOR UPDATE",
                {"aggregates": list(aggregate_ids or ()), "limit": limit},
            )
            try:
                yield PostgresOutboxBatch(transaction, [_event(row) for row in rows])
            except DependencyUnavailable as error:
                if error.dependency == "postgresql":
                    raise
                away = error
        if away is not None:
            raise away

    def oldest_age_seconds(self) -> float:
        """Tell how long the oldest unpublished event has waited; 0 when none waits."""
        with self._database.transaction() as transaction:
            row = transaction.row(
                "SELECT extract(epoch FROM clock_timestamp() - occurred_at)::float8"
                " FROM outbox WHERE published_at IS NULL ORDER BY sequence LIMIT 1"
            )
        return max(0.0, row[0]) if row else 0.0

    def published_between(
        self, since: datetime, until: datetime, event_type: str | None, *, after: int, limit: int
    ) -> list[StoredEvent]:
        """Read events that happened in ``[since, until)`` with a sequence above `after`, in order."""
        with self._database.transaction() as transaction:
            rows = transaction.rows(
                f"SELECT {_COLUMNS} FROM outbox"  # noqa: S608
                " WHERE occurred_at >= %(since)s AND occurred_at < %(until)s AND sequence > %(after)s"
                " AND published_at IS NOT NULL AND (%(type)s::text IS NULL OR event_type = %(type)s)"
                " ORDER BY sequence LIMIT %(limit)s",
                {
                    "since": since,
                    "until": until,
                    "type": event_type,
                    "after": after,
                    "limit": limit,
                },
            )
        return [_event(row) for row in rows]


def _event(row: tuple[Any, ...]) -> StoredEvent:
    sequence, event_id, event_type, correlation_id, occurred_at, body = row
    return StoredEvent(sequence, event_id, event_type, correlation_id, occurred_at, body.encode())
