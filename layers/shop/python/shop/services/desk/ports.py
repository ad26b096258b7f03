"""Ports of the order desk."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from shop.domain.audit import AuditRow
from shop.domain.cursors import Place
from shop.domain.desk import (
    DeadMessageRow,
    DeskOrder,
    Note,
    OrderFile,
    OrderSearch,
    UndeliverableMail,
)
from shop.services.orders.ports import OrdersWork


class DeskRepository(Protocol):
    """All orders with what belongs to them, and the audit log, inside one transaction."""

    def orders(self, search: OrderSearch, limit: int, after: Place | None) -> Sequence[DeskOrder]:
        """Read orders, newest first, those after a place."""

    def file(self, order_id: UUID) -> OrderFile:
        """Read what belongs to an order, in one statement."""

    def add_note(self, note_id: UUID, order_id: UUID, author_id: UUID, text: str) -> Note | None:
        """Insert a note; None if it already exists."""

    def note(self, note_id: UUID) -> Note | None:
        """Read a note."""

    def audit(
        self,
        *,
        actor_id: UUID | None,
        subject: str | None,
        subject_id: str | None,
        limit: int,
        before: int | None,
    ) -> Sequence[AuditRow]:
        """Read the audit log, newest first, those rows before one."""

    def dead_messages(
        self, queue: str | None, limit: int, after: Place | None
    ) -> Sequence[DeadMessageRow]:
        """Read dead-lettered messages, newest first, those after a place."""

    def undeliverable_mails(self, limit: int, after: Place | None) -> Sequence[UndeliverableMail]:
        """Read e-mails that were refused, newest first, those after a place.

        One to an address that has since accepted an e-mail of the same kind is not among them.
        """


class DeskWork(OrdersWork, Protocol):
    """A transaction of the order desk."""

    @property
    def desk(self) -> DeskRepository:
        """Orders with what belongs to them."""
