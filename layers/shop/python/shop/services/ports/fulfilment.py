"""Ports of the state machines: placing an order, and waking its fulfilment."""

from enum import StrEnum
from typing import Protocol
from uuid import UUID

from shop.contracts.tasks import CreateOrder, PlacedOrder, StepOutcome


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
