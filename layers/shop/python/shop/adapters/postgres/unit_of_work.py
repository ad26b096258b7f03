"""Unit of work over one PostgreSQL transaction."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self, override
from uuid import UUID

from psycopg import errors
from psycopg.types.json import Jsonb

from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.postgres.event_log import INBOX_KEY, EventLog, new_event
from shop.contracts.encoding import to_json
from shop.contracts.events import Event
from shop.domain.errors import AlreadyConsumed, DependencyUnavailable
from shop.domain.messages import StoredEvent
from shop.domain.sessions import AUDITED, Session
from shop.services.unit_of_work import UnitOfWork

_log = logging.getLogger(__name__)

_AUDIT: Final = """
    INSERT INTO audit_log (actor_id, actor_role, action, subject, subject_id, before, after)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""

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
    actor : Session or None
        Who changes something; changes by staff and services are audited.
    """

    transaction: Transaction

    def __init__(
        self,
        database: Database,
        publish: Publish | None,
        *,
        autocommit: bool = False,
        consumed: tuple[str, UUID] | None = None,
        actor: Session | None = None,
    ) -> None:
        self._actor = actor
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
    def audit(
        self,
        action: str,
        subject: str,
        subject_id: UUID | str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        if self._actor is None or self._actor.role not in AUDITED:
            return
        if self._autocommit:
            raise RuntimeError("statements that commit one by one cannot be audited together")
        values = (
            self._actor.user_id,
            self._actor.role.value,
            action,
            subject,
            str(subject_id),
            None if before is None else Jsonb(before, dumps=to_json),
            None if after is None else Jsonb(after, dumps=to_json),
        )
        self.transaction.send(_AUDIT, values)

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
