"""Port of the unit of work: one transaction, its repositories and its events."""

from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from shop.contracts.events import Event
from shop.services.catalog.ports import ProductRepository
from shop.services.identity.ports import CustomerRepository
from shop.services.inventory.ports import InventoryRepository
from shop.services.notifications.ports import NotificationLog
from shop.services.orders.ports import OrderRepository, PriceBook
from shop.services.payments.ports import PaymentRepository


class UnitOfWork(Protocol):
    """A transaction: committed when the block ends, rolled back when it raises.

    Events recorded in it become outbox rows in the same transaction and are published right after the
    commit; the relay publishes those that could not be published then.
    """

    @property
    def customers(self) -> CustomerRepository:
        """Customers."""

    @property
    def products(self) -> ProductRepository:
        """Products and categories."""

    @property
    def inventory(self) -> InventoryRepository:
        """Stock and holds."""

    @property
    def orders(self) -> OrderRepository:
        """Orders."""

    @property
    def prices(self) -> PriceBook:
        """Current prices, taxes and shipping rates."""

    @property
    def notifications(self) -> NotificationLog:
        """The record of e-mails to customers."""

    @property
    def payments(self) -> PaymentRepository:
        """Payments and refunds."""

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

    def tell(self, message: str, **fields: str) -> None:
        """Write a log line if and only if the transaction commits."""


class OpenReading(Protocol):
    """Begin a unit of work that only reads.

    It is not a transaction: each statement runs in autocommit mode, which saves the round trips of BEGIN and
    COMMIT; it must not change or record anything.
    """

    def __call__(self) -> UnitOfWork:
        """Begin."""


class OpenTransaction(Protocol):
    """Begin a unit of work whose events, if any, are published by the relay."""

    def __call__(self) -> UnitOfWork:
        """Begin."""


class OpenUnitOfWork(Protocol):
    """Begin a unit of work."""

    def __call__(
        self,
        *,
        publish: bool = True,
        autocommit: bool = False,
        consumed: tuple[str, UUID] | None = None,
    ) -> UnitOfWork:
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
