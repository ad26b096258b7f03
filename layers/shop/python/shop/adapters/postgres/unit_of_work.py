"""Unit of work over one PostgreSQL transaction."""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Any, Self, override
from uuid import UUID

from psycopg import errors

from shop.adapters.postgres import outbox
from shop.adapters.postgres.catalog import PostgresProducts
from shop.adapters.postgres.customers import PostgresCustomers
from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.postgres.inventory import PostgresInventory
from shop.adapters.postgres.notifications import PostgresNotifications
from shop.adapters.postgres.orders import PostgresOrders
from shop.adapters.postgres.payments import PostgresPayments
from shop.adapters.postgres.price_book import PostgresPriceBook
from shop.contracts.events import Event
from shop.domain.errors import AlreadyConsumed, DependencyUnavailable
from shop.domain.outbox import StoredEvent
from shop.services.unit_of_work import UnitOfWork

_log = logging.getLogger(__name__)

type Publish = Callable[[Sequence[StoredEvent]], None]


class PostgresUnitOfWork(UnitOfWork):
    """One transaction with its repositories.

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
        self._events = outbox.EventLog()
        self._told: list[tuple[str, dict[str, Any]]] = []

    @cached_property
    def customers(self) -> PostgresCustomers:
        """Customers."""
        return PostgresCustomers(self.transaction)

    @cached_property
    def products(self) -> PostgresProducts:
        """Products and categories."""
        return PostgresProducts(self.transaction)

    @cached_property
    def inventory(self) -> PostgresInventory:
        """Stock and holds."""
        return PostgresInventory(self.transaction, self._events)

    @cached_property
    def orders(self) -> PostgresOrders:
        """Orders."""
        return PostgresOrders(self.transaction, self._events)

    @cached_property
    def prices(self) -> PostgresPriceBook:
        """Current prices, taxes and shipping rates."""
        return PostgresPriceBook(self.transaction)

    @cached_property
    def notifications(self) -> PostgresNotifications:
        """The record of e-mails to customers."""
        return PostgresNotifications(self.transaction)

    @cached_property
    def payments(self) -> PostgresPayments:
        """Payments and refunds."""
        return PostgresPayments(self.transaction, self._events)

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
                waiting = self._events.close(self.transaction, self._consumed)
        except errors.UniqueViolation as violation:
            if violation.diag.constraint_name == outbox.INBOX_KEY:
                raise AlreadyConsumed from violation
            raise
        for message, fields in (*self._told, *self._events.log_lines()):
            _log.info(message, extra=fields)
        self._publish_all(self._events.to_publish(waiting))

    @override
    def record(
        self, event: Event, *, correlation_id: UUID | str, event_id: UUID | None = None
    ) -> None:
        if self._autocommit:
            raise RuntimeError("statements that commit one by one cannot record an event together")
        self._events.record(outbox.new_event(event, correlation_id, event_id))

    @override
    def tell(self, message: str, **fields: str) -> None:
        self._told.append((message, fields))

    def _publish_all(self, events: Sequence[StoredEvent]) -> None:
        if self._publish is None or not events:
            return
        try:
            self._publish(events)
        except DependencyUnavailable as unavailable:
            _log.warning("events left for the relay", extra={"detail": unavailable.detail})
