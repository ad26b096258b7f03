"""The outbox in PostgreSQL, as the publisher reads it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final, override

from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.postgres.event_log import COLUMNS
from shop.domain.errors import DependencyUnavailable
from shop.domain.messages import StoredEvent
from shop.services.messaging.ports import Outbox, OutboxBatch

_RELAY_LOCK: Final = 7_468_638  # any number of our own
_MARK: Final = "UPDATE outbox SET published_at = clock_timestamp() WHERE event_id = ANY(%s)"


class PostgresOutboxBatch(OutboxBatch):
    """Unpublished events, locked until the transaction ends."""

    def __init__(self, transaction: Transaction, events: Sequence[StoredEvent]) -> None:
        self._transaction = transaction
        self._events = events

    @property
    @override
    def events(self) -> Sequence[StoredEvent]:
        return self._events

    @override
    def mark_published(self, events: Sequence[StoredEvent]) -> None:
        self._transaction.send(_MARK, ([event.event_id for event in events],))


class PostgresOutbox(Outbox):
    """The outbox in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    @contextmanager
    def pending(self, *, limit: int) -> Iterator[PostgresOutboxBatch]:
        unavailable: DependencyUnavailable | None = None
        with self._database.transaction() as transaction:
            # A transaction-level lock: a session-level one would outlive a relay whose host is lost.
            events = transaction.all(
                StoredEvent,
                f"SELECT {COLUMNS} FROM outbox WHERE published_at IS NULL"  # noqa: S608
                f" AND (SELECT pg_try_advisory_xact_lock({_RELAY_LOCK}))"
                " ORDER BY sequence LIMIT %(limit)s FOR UPDATE",
                {"limit": limit},
            )
            try:
                yield PostgresOutboxBatch(transaction, events)
            except DependencyUnavailable as error:
                if error.dependency == "postgresql":
                    raise
                # Events that the broker has confirmed so far stay marked as published.
                unavailable = error
        if unavailable is not None:
            raise unavailable

    @override
    def mark_published(self, events: Sequence[StoredEvent]) -> None:
        with self._database.autocommit() as transaction:
            transaction.send(_MARK, ([event.event_id for event in events],))

    @override
    def oldest_age_seconds(self) -> float:
        with self._database.autocommit() as transaction:
            row = transaction.row(
                "SELECT extract(epoch FROM clock_timestamp() - occurred_at)::float8 AS seconds"
                " FROM outbox WHERE published_at IS NULL ORDER BY sequence LIMIT 1"
            )
        return max(0.0, row.seconds) if row else 0.0

    @override
    def published_between(
        self, since: datetime, until: datetime, event_type: str | None, *, after: int, limit: int
    ) -> list[StoredEvent]:
        with self._database.autocommit() as transaction:
            return transaction.all(
                StoredEvent,
                f"SELECT {COLUMNS} FROM outbox"  # noqa: S608
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
