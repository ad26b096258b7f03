"""Records the events of a transaction as outbox rows, and its inbox row."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from shop.adapters.postgres.database import Answer, Transaction
from shop.contracts.envelopes import Envelope, encode
from shop.contracts.events import Event
from shop.domain.ids import new_id
from shop.domain.messages import StoredEvent

#: The columns of a `StoredEvent`.
COLUMNS: Final = (
    "sequence, event_id, event_type, correlation_id, occurred_at,"
    " convert_to(body::text, 'UTF8') AS body"
)
_NEW: Final = """
    unnest(%(event_ids)s::uuid[], %(aggregate_ids)s::text[], %(event_types)s::text[],
           %(correlation_ids)s::text[], %(bodies)s::json[], %(occurred_at)s::timestamptz[])
"""
_INSERT: Final = """
    INSERT INTO outbox (event_id, aggregate_id, event_type, correlation_id, body, occurred_at)
"""
# Events of the same aggregates that are not published yet; they are published first, to keep the order.
_WAITING: Final = f"""
    SELECT {COLUMNS} FROM outbox
    WHERE published_at IS NULL AND aggregate_id = ANY(%(aggregate_ids)s::text[]) ORDER BY sequence
"""  # noqa: S608 - only constants of this module are put in
# A message that was processed before violates the inbox's primary key.
_CLOSE: Final = f"""
    WITH consumed AS (
        INSERT INTO inbox (consumer, event_id)
        SELECT %(consumer)s, %(consumed)s::uuid WHERE %(consumer)s::text IS NOT NULL
    ), recorded AS ({_INSERT} SELECT * FROM {_NEW} ON CONFLICT (event_id) DO NOTHING)
    {_WAITING}
"""  # noqa: S608
#: Name of the constraint that a repeated delivery violates.
INBOX_KEY: Final = "inbox_pkey"


def recording_if(source: str) -> str:
    """Build the CTEs that record a statement's event if and only if `source` has a row.

    Parameters
    ----------
    source : str
        Name of a CTE with at most one row.

    Returns
    -------
    str
        The CTEs ``recorded`` and ``waiting``; the column `WAITING` reads the latter.
    """
    return f"""
    recorded AS (
        {_INSERT} SELECT new.* FROM {source}, {_NEW} AS new ON CONFLICT (event_id) DO NOTHING
    ), waiting AS ({_WAITING})"""  # noqa: S608


#: Column of a statement with `recording_if`: earlier unpublished events of its aggregate.
WAITING: Final = "(SELECT coalesce(json_agg(waiting), '[]') FROM waiting) AS waiting"


class WaitingEvent(msgspec.Struct):
    """An event of the column `WAITING`."""

    event_id: UUID
    event_type: str
    correlation_id: str
    occurred_at: datetime
    body: str

    def stored(self) -> StoredEvent:
        """Return the event as the publisher expects it."""
        # json_agg writes bytea in hexadecimal.
        body = bytes.fromhex(self.body.removeprefix("\\x"))
        return StoredEvent(
            self.event_id, self.event_type, self.correlation_id, self.occurred_at, body
        )


class Recorded(msgspec.Struct):
    """The columns that every statement with `recording_if` and `WAITING` returns."""

    waiting: list[WaitingEvent]


class NewEvent(msgspec.Struct, frozen=True):
    """An event to record; its body is encoded once, for the outbox and for the broker."""

    envelope: Envelope
    body: bytes

    def stored(self) -> StoredEvent:
        """Return the event as the publisher expects it."""
        envelope = self.envelope
        return StoredEvent(
            envelope.event_id,
            envelope.event_type,
            envelope.correlation_id,
            envelope.occurred_at,
            self.body,
        )


class EventLog:
    """The events of one unit of work, and earlier unpublished events of their aggregates."""

    def __init__(self) -> None:
        self._recorded: list[NewEvent] = []
        self._open: list[NewEvent] = []
        self._waiting: list[StoredEvent] = []

    def record(self, event: NewEvent) -> None:
        """Add an event, to be inserted by the transaction's last statement."""
        self._recorded.append(event)
        self._open.append(event)

    def was_recorded(self, event: NewEvent, waiting: Sequence[WaitingEvent]) -> None:
        """Add an event that a statement has already inserted with `recording_if`."""
        self._recorded.append(event)
        self._waiting += [each.stored() for each in waiting]

    def close(
        self, transaction: Transaction, consumed: tuple[str, UUID] | None
    ) -> Answer[StoredEvent] | None:
        """Insert the remaining events and the consumed message in the transaction's last statement.

        Parameters
        ----------
        consumed : (str, UUID) or None
            The consumer and the event's id.

        Returns
        -------
        Answer of StoredEvent or None
            Earlier unpublished events of the aggregates; None if there is nothing to write.
        """
        if not self._open and consumed is None:
            return None
        consumer, event_id = consumed or (None, None)
        values = parameters(self._open) | {"consumer": consumer, "consumed": event_id}
        return transaction.ask(StoredEvent, _CLOSE, values)

    def log_lines(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield a log line for each event; for use after the commit."""
        for event in self._recorded:
            envelope = event.envelope
            about = envelope.log_fields() | {"aggregate_id": envelope.event.aggregate_id}
            yield "event recorded", about

    def to_publish(self, waiting: Answer[StoredEvent] | None) -> list[StoredEvent]:
        """Return the events to publish after the commit, in order; none if none was recorded."""
        if not self._recorded:
            return []
        before = {event.event_id: event for event in self._waiting}
        before |= {event.event_id: event for event in (waiting.rows() if waiting else ())}
        mine = [event.stored() for event in self._recorded]
        for event in mine:
            before.pop(event.event_id, None)
        return [*before.values(), *mine]


def new_event(event: Event, correlation_id: UUID | str, event_id: UUID | None = None) -> NewEvent:
    """Wrap an event in an envelope and encode its body."""
    envelope = Envelope(
        event_id=event_id or new_id(),
        occurred_at=datetime.now(UTC),
        correlation_id=str(correlation_id),
        event=event,
    )
    return NewEvent(envelope, encode(envelope))


def parameters(events: Sequence[NewEvent]) -> dict[str, Any]:
    """Build the parameters of the statements that record events."""
    envelopes = [event.envelope for event in events]
    return {
        "event_ids": [envelope.event_id for envelope in envelopes],
        "aggregate_ids": [envelope.event.aggregate_id for envelope in envelopes],
        "event_types": [envelope.event_type for envelope in envelopes],
        "correlation_ids": [envelope.correlation_id for envelope in envelopes],
        "bodies": [event.body.decode() for event in events],
        "occurred_at": [envelope.occurred_at for envelope in envelopes],
    }
