"""Port of the unit of work: one transaction, and the events it causes.

The repositories of a transaction are those of the contexts that it serves: `InventoryWork` in
`shop.services.inventory.ports` is a unit of work with the inventory's, and so on.
"""

from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from shop.contracts.events import Event


class UnitOfWork(Protocol):
    """A transaction: committed when the block ends, rolled back when it raises.

    Events recorded in it become outbox rows in the same transaction and are published right after the
    commit; what cannot be published then is left for the relay.
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
        """Have an event published if, and only if, the transaction commits.

        With an `event_id` of the caller's, an event that was recorded before is not recorded again.
        """

    def tell(self, message: str, **fields: str) -> None:
        """Write a line to the log if, and only if, the transaction commits."""


class OpenReading[Work: UnitOfWork](Protocol):
    """Begin a unit of work that only reads.

    It is no transaction: each statement stands by itself, which saves the round trips of beginning and
    committing; nothing may be changed or recorded in it.
    """

    def __call__(self) -> Work:
        """Begin."""


class OpenTransaction[Work: UnitOfWork](Protocol):
    """Begin a unit of work whose events, if it records any, wait for the relay."""

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
            False: its events wait for the next unit of work of the same aggregate, or the relay.
        autocommit : bool
            Each statement is a transaction of its own, which saves the round trip of the commit. For reads,
            and for single statements that record their event themselves.
        consumed : (str, UUID), optional
            The consumer and the event that it processes: noted in the transaction's last statement.
            A second delivery then raises `AlreadyConsumed` at the end of the block, with everything rolled
            back.
        """
