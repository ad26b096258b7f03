"""Unit of work over one PostgreSQL transaction."""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, override
from uuid import UUID

from psycopg import errors

from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.postgres.event_log import INBOX_KEY, EventLog, new_event
from shop.contracts.events import Event
from shop.domain.errors import AlreadyConsumed, DependencyUnavailable
from shop.domain.messages import StoredEvent
from shop.services.unit_of_work import UnitOfWork

_log = logging.getLogger(__name__)

type Publish = Callable[[Sequence[StoredEvent]], None]


class PostgresUnitOfWork(UnitOfWork):
    """One transaction; its subclasses add the repositories of their context.

    Parameters
    ----------
    database : Database
        Where it runs.
    publish : callable or None
        Called after the commit with the events to publish. If the broker is unavailable the events stay in
        the outbox and the relay publishes them. None publishes nothing.
    autocommit : bool
        Whether each statement is its own transaction.
    consumed : (str, UUID) or None
        A consumer and the event that it processes in this transaction.
    """

    transaction: Transaction

    def __init__(
        self,
        database: Database,
        publish: Publish | None,
        *,
        autocommit: bool = False,
        consumed: tuple[str, UUID] | None = None,
    ) -> None:
        self._database = database
        self._autocommit = autocommit
        self._publish = publish
        self._consumed = consumed
        self._stack = ExitStack()
        self.events = EventLog()
        self._on_commit: list[tuple[str, dict[str, Any]]] = []

    @override
    def __enter__(self) -> Self:
        begin = self._database.autocommit if self._autocommit else self._database.transaction
        self.transaction = self._stack.enter_context(begin())
        return self

    @override
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        waiting = None
        try:
            with self._stack.pop_all() as stack:
                if error is not None:
                    stack.__exit__(kind, error, traceback)
                    return
                # COMMIT is sent with it, so its rows are read after the block.
                waiting = self.events.close(self.transaction, self._consumed)
        except errors.UniqueViolation as violation:
            if violation.diag.constraint_name == INBOX_KEY:
                raise AlreadyConsumed from violation
            raise
        for message, fields in (*self._on_commit, *self.events.log_lines()):
            _log.info(message, extra=fields)
        self._publish_all(self.events.to_publish(waiting))

    @override
    def record(
        self, event: Event, *, correlation_id: UUID | str, event_id: UUID | None = None
    ) -> None:
        if self._autocommit:
            raise RuntimeError("statements that commit one by one cannot record an event together")
        self.events.record(new_event(event, correlation_id, event_id))

    @override
    def log_on_commit(self, message: str, **fields: str) -> None:
        self._on_commit.append((message, fields))

    def _publish_all(self, events: Sequence[StoredEvent]) -> None:
        if self._publish is None or not events:
            return
        try:
            self._publish(events)
        except DependencyUnavailable as unavailable:
            _log.warning("events left for the relay", extra={"detail": unavailable.detail})
