"""Port of the unit of work: one transaction and its events.

The repositories of a transaction are those of the contexts that it serves: `InventoryWork` in
`shop.services.inventory.ports` is a unit of work with the inventory's, and so on.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self
from uuid import UUID

from shop.contracts.events import Event


class UnitOfWork(Protocol):
    """A transaction: committed when the block ends, rolled back when it raises.

    Events recorded in it become outbox rows in the same transaction and are published right after the
    commit; the relay publishes those that could not be published then.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def record(
        self, event: Event, *, correlation_id: UUID | str, event_id: UUID | None = None
    ) -> None:
        """Record an event, to be published if and only if the transaction commits.

        If the caller passes an `event_id` that was recorded before, the event is not recorded again.
        """

    def audit(
        self,
        action: str,
        subject: str,
        subject_id: UUID | str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a row of the audit log if the transaction has an actor from staff or a service.

        The parameters are those of `shop.domain.audit.AuditRow`.
        """

    def log_on_commit(self, message: str, **fields: str) -> None:
        """Write a log line if and only if the transaction commits."""


class OpenReading[Work: UnitOfWork](Protocol):
    """Begin a unit of work that only reads.

    It is not a transaction: each statement runs in autocommit mode, which saves the round trips of BEGIN and
    COMMIT; it must not change or record anything.
    """

    def __call__(self) -> Work:
        """Begin."""


class OpenTransaction[Work: UnitOfWork](Protocol):
    """Begin a unit of work whose events, if any, are published by the relay."""

    def __call__(self) -> Work:
        """Begin."""


class OpenUnitOfWork[Work: UnitOfWork = UnitOfWork](Protocol):
    """Begin a unit of work."""

    def __call__(
        self,
        *,
        publish: bool = True,
        autocommit: bool = False,
        consumed: tuple[str, UUID] | None = None,
    ) -> Work:
        """Begin.

        Parameters
        ----------
        publish : bool
            Whether to publish its events after the commit. If False, the next unit of work of the same
            aggregate or the relay publishes them.
        autocommit : bool
            Whether each statement is its own transaction, which saves the round trip of COMMIT. For reads,
            and for single statements that record their event themselves.
        consumed : (str, UUID), optional
            The consumer and the event that it processes, recorded by the transaction's last statement. A
            repeated delivery raises `AlreadyConsumed` at the end of the block and rolls everything back.
        """
