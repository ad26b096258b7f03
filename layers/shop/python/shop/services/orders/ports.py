"""Port of the orders."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from shop.contracts.tasks import CreateOrder, PlacedOrder, StepOutcome
from shop.domain.orders import Order, OrderStatus, StockState
from shop.domain.pricing import Quote


class OrderRepository(Protocol):
    """Orders inside one transaction."""

    def add(self, order: Order) -> bool:
        """Insert a PENDING order with its lines and first timeline entry.

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
    ) -> Order | None:
        """Compare-and-set the status and append to the timeline, in one statement.

        Parameters
        ----------
        sources : frozenset of OrderStatus, optional
            States to move from; by default every state from which the table allows the move.

        Returns
        -------
        Order or None
            The order after the move (without lines and timeline), or None if it was in no source state:
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

    def stock_state(self, order_id: UUID) -> StockState:
        """Tell what has become of the stock that was held for an order."""


class Step(StrEnum):
    """Where the fulfilment of an order waits for an event."""

    PAYMENT = "payment"
    CONFIRMATION = "confirmation"


class TaskTokens(Protocol):
    """The task tokens of waiting steps, inside one transaction."""

    def put(self, order_id: UUID, step: Step, token: str) -> bool:
        """Note where an order's fulfilment waits; the token of an earlier wait is forgotten.

        Returns
        -------
        bool
            False if there is no such order.
        """

    def take(self, order_id: UUID, step: Step) -> str | None:
        """Take a token away, if there is one: whoever commits this has answered it."""


class Fulfilment(Protocol):
    """The state machine that waits for an order's events."""

    def resume(self, token: str, outcome: StepOutcome) -> None:
        """Wake a waiting step. One that was woken before, or has waited too long, is left alone.

        Raises
        ------
        DependencyUnavailable
            If Step Functions is away.
        """


class OrderPlacement(Protocol):
    """The state machine that places an order while the customer waits."""

    def place(self, command: CreateOrder) -> PlacedOrder:
        """Place an order and hold its stock. Repeating it continues the same order.

        Raises
        ------
        ShopError
            The refusal of a step, with its code and fields.
        DependencyUnavailable
            If it took too long or something was away: placed or not, a repeat will tell.
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
