"""Ports of the orders."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from shop.contracts.events import Event
from shop.contracts.tasks import PlacedOrder, PlaceOrder
from shop.domain.orders import Order, OrderStatus, StaleOrder
from shop.domain.pricing import Quote
from shop.services.inventory.ports import InventoryWork


class OrderRepository(Protocol):
    """Orders inside one transaction."""

    def add(self, order: Order, created: Event) -> bool:
        """Insert a PENDING order with its lines and first timeline entry, and record the event with it.

        False, with nothing changed, if it is there already or its cart has another order that is not
        paid yet.
        """

    def get(self, order_id: UUID, *, lock: bool = False) -> Order | None:
        """Read an order with lines, timeline and whether money is on its way back.

        With `lock` its row is kept until the transaction ends. The status is then the row's latest; lines
        never change, but the rest is as of the statement's beginning, before it waited for the row.
        """

    def move(
        self,
        order_id: UUID,
        target: OrderStatus,
        *,
        sources: frozenset[OrderStatus] | None = None,
        reason: str | None = None,
        carrier: str | None = None,
        tracking_number: str | None = None,
        estimated_delivery: date | None = None,
        unless_refunded: bool = False,
    ) -> Order | None:
        """Compare-and-set the status and append to the timeline, in one statement.

        Parameters
        ----------
        sources : frozenset of OrderStatus, optional
            States to move from; by default every state from which the table allows the move.
        unless_refunded : bool
            Leave an order whose money is being refunded, or was.

        Returns
        -------
        Order or None
            The order after the move (with lines, without timeline), or None if it was in no source state:
            a late or repeated event, which changes nothing.
        """

    def page(
        self,
        user_id: UUID,
        *,
        status: OrderStatus | None,
        limit: int,
        before: tuple[datetime, UUID] | None,
    ) -> Sequence[Order]:
        """Read a user's orders, newest first (with lines, without timeline)."""

    def lock_stale(
        self, status: OrderStatus, idle: timedelta, *, after: StaleOrder | None
    ) -> StaleOrder | None:
        """Lock the order that has stayed longest in a status, and at least `idle`; None if there is none.

        Those that another transaction has locked are left out, and those whose refund is pending.

        Parameters
        ----------
        after : StaleOrder or None
            Only those that come after it.
        """


class CheckoutMachine(Protocol):
    """The state machine that carries out a checkout while the customer waits."""

    def run(self, command: PlaceOrder) -> PlacedOrder:
        """Create an order, hold its stock and, if asked, charge it. Repeating it continues the same order.

        Raises
        ------
        ShopError
            The refusal of a step, with its code and fields.
        PaymentOutcomeUnknown
            Whether it was charged is not known yet.
        DependencyUnavailable
            It took too long, or a server is unavailable: repeat it.
        """


class PriceBook(Protocol):
    """Prices, taxes and shipping rates inside one transaction."""

    def quote(
        self,
        order_id: UUID,
        product_ids: Sequence[UUID],
        *,
        country: str,
        region: str | None,
        method: str,
    ) -> Quote:
        """Read everything that pricing an order needs, in one statement."""


class OrdersWork(InventoryWork, Protocol):
    """A transaction over orders and the stock that they hold."""

    @property
    def orders(self) -> OrderRepository:
        """Orders."""


class PlacementWork(OrdersWork, Protocol):
    """A transaction that prices and places orders."""

    @property
    def prices(self) -> PriceBook:
        """Prices, taxes and shipping rates of this moment."""
