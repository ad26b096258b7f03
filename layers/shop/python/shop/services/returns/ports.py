"""Ports of the returns."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from shop.domain.returns import Return, ReturnStatus
from shop.services.identity.ports import LinkRepository
from shop.services.payments.ports import PaymentsWork


class ReturnRepository(Protocol):
    """Returns inside one transaction.

    Writers lock the order's row first. Whatever they do, the database refuses a unit that is in two live
    returns, or in a live return and in a refund that is not the return's.
    """

    def add(self, returned: Return) -> None:
        """Insert a requested return and its lines."""

    def get(self, return_id: UUID) -> Return | None:
        """Read a return."""

    def of_order(self, order_id: UUID) -> Sequence[Return]:
        """Read the returns of an order, oldest first."""

    def free_units(self, order_id: UUID) -> Mapping[UUID, int]:
        """Read the units of an order, by product, that are in no live return and were not refunded."""

    def move(
        self,
        return_id: UUID,
        target: ReturnStatus,
        *,
        rejection_reason: str | None = None,
        restock: Collection[UUID] | None = None,
    ) -> bool:
        """Compare-and-set the status, in one statement.

        Parameters
        ----------
        rejection_reason : str, optional
            Required for ``rejected``, and for no other status.
        restock : collection of UUID, optional
            On receipt, the products that go back into stock.

        Returns
        -------
        bool
            False, with nothing changed, if it was in no status from which the table allows the move.
        """


class ReturnsWork(PaymentsWork, Protocol):
    """A transaction over returns, the refunds of their units, and the orders."""

    @property
    def returns(self) -> ReturnRepository:
        """Returns."""


class ReturnRequestsWork(ReturnsWork, Protocol):
    """A transaction over returns and the links to their orders."""

    @property
    def links(self) -> LinkRepository:
        """Links by e-mail."""
