"""Unit of work over one PostgreSQL transaction."""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from shop.adapters.postgres.catalog import PostgresProducts
from shop.adapters.postgres.customers import PostgresCustomers
from shop.adapters.postgres.database import Database, Transaction
from shop.adapters.postgres.inbox import PostgresInbox
from shop.adapters.postgres.inventory import PostgresInventory
from shop.adapters.postgres.notifications import PostgresNotifications
from shop.adapters.postgres.orders import PostgresOrders
from shop.adapters.postgres.payments import PostgresPayments
from shop.adapters.postgres.price_book import PostgresPriceBook
from shop.adapters.postgres.task_tokens import PostgresTaskTokens
from shop.contracts.events import Envelope, Event, encode
from shop.domain.errors import DependencyUnavailable
from shop.domain.ids import new_id

_log = logging.getLogger(__name__)

type PublishPending = Callable[[Sequence[str]], object]


class PostgresUnitOfWork:
    """One transaction with its repositories.

    Parameters
    ----------
    database : Database
        Where it runs.
    publish_pending : callable or None
        Called after the commit with the ids of the aggregates whose events were recorded. If the broker
        is away the events stay in the outbox and the relay publishes them.
    """

    transaction: Transaction

    def __init__(
        self,
        database: Database,
        publish_pending: PublishPending | None,
        *,
        reading: bool = False,
    ) -> None:
        self._database = database
        self._reading = reading
        self._publish_pending = publish_pending
        self._stack = ExitStack()
        self._events: list[Envelope] = []
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
        return PostgresInventory(self.transaction)

    @cached_property
    def orders(self) -> PostgresOrders:
        """Orders."""
        return PostgresOrders(self.transaction)

    @cached_property
    def prices(self) -> PostgresPriceBook:
        """Prices, taxes and shipping rates of this moment."""
        return PostgresPriceBook(self.transaction)

    @cached_property
    def task_tokens(self) -> PostgresTaskTokens:
        """Where fulfilments wait."""
        return PostgresTaskTokens(self.transaction)

    @cached_property
    def notifications(self) -> PostgresNotifications:
        """What customers were told."""
        return PostgresNotifications(self.transaction)

    @cached_property
    def inbox(self) -> PostgresInbox:
        """What each consumer has processed."""
        return PostgresInbox(self.transaction)

    @cached_property
    def payments(self) -> PostgresPayments:
        """Payments and refunds."""
        return PostgresPayments(self.transaction)

    def __enter__(self) -> Self:
        begin = self._database.reading if self._reading else self._database.transaction
        self.transaction = self._stack.enter_context(begin())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._stack.pop_all() as stack:
            if error is not None:
                stack.__exit__(kind, error, traceback)
                return
            self._write_outbox()
        for message, fields in self._told:
            _log.info(message, extra=fields)
        if self._events and self._publish_pending:
            aggregates = sorted({envelope.event.aggregate_id for envelope in self._events})
            try:
                self._publish_pending(aggregates)
            except DependencyUnavailable as away:
                _log.warning("events left for the relay", extra={"detail": away.detail})

    def record(
        self, event: Event, *, correlation_id: UUID | str, event_id: UUID | None = None
    ) -> None:
        """Have an event published if, and only if, the transaction commits."""
        if self._reading:
            raise RuntimeError("a unit of work that only reads has no events")
        envelope = Envelope(
            event_id=event_id or new_id(),
            occurred_at=datetime.now(UTC),
            correlation_id=str(correlation_id),
            event=event,
        )
        self._events.append(envelope)
        order_id = getattr(event, "order_id", None)
        self.tell(
            "event recorded",
            event_type=envelope.event_type,
            event_id=str(envelope.event_id),
            aggregate_id=event.aggregate_id,
            correlation_id=envelope.correlation_id,
            **({"order_id": str(order_id)} if order_id else {}),
        )

    def tell(self, message: str, **fields: str) -> None:
        """Write a line to the log once the transaction has committed."""
        self._told.append((message, fields))

    def _write_outbox(self) -> None:
        self.transaction.insert_many(
            "INSERT INTO outbox (event_id, aggregate_id, event_type, correlation_id, body, occurred_at)"
            " VALUES %s ON CONFLICT (event_id) DO NOTHING",
            [
                (
                    envelope.event_id,
                    envelope.event.aggregate_id,
                    envelope.event_type,
                    envelope.correlation_id,
                    encode(envelope).decode(),
                    envelope.occurred_at,
                )
                for envelope in self._events
            ],
        )
