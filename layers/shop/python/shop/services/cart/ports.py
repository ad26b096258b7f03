"""Ports of the carts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shop.domain.cart import Cart, TrackedCart


class CartStore(Protocol):
    """Carts by user. Every write is atomic and lets the cart live for seven more days.

    All methods raise `DependencyUnavailable` if the store is unavailable.
    """

    def read(self, user_id: UUID) -> Cart | None:
        """Read a cart in one round trip."""

    def add(
        self,
        user_id: UUID,
        product_id: UUID,
        quantity: int,
        *,
        available: int,
        price_minor: int,
        request_id: UUID | None = None,
    ) -> Cart | None:
        """Add to a line, in one round trip whatever the cart's size.

        Parameters
        ----------
        request_id : UUID, optional
            What is repeated with the same one within a day is added once.

        Raises
        ------
        InsufficientStock
            If the cart would hold more of the product than `available`.
        InvalidRequest
            If the line or the cart would become too large.
        """

    def set_quantity(
        self, user_id: UUID, product_id: UUID, quantity: int, *, available: int, price_minor: int
    ) -> Cart | None:
        """Set the quantity of a line; raises as `add` does, and `NotFound` if there is no such line."""

    def remove(self, user_id: UUID, product_id: UUID) -> Cart:
        """Take a line out; raises `NotFound` if there is none."""

    def empty(self, user_id: UUID) -> Cart | None:
        """Take all lines out; the cart keeps its id."""

    def remove_bought(self, user_id: UUID, cart_id: UUID, bought: Mapping[UUID, int]) -> bool:
        """End a cart that was bought, if the user's cart is still that one.

        What was put in since it was read for the order stays, in a cart with an id of its own: taking out
        what was bought a second time finds another cart and changes nothing.

        Parameters
        ----------
        bought : mapping
            Quantities by product.
        """

    def merge(self, guest_id: UUID, user_id: UUID) -> None:
        """Move a guest's lines into a user's cart, at once; nothing is left to move a second time.

        A line that would exceed the limit of a line is cut to it; a line for which the user's cart has
        no room stays with the guest.
        """

    def new_carts(self, limit: int) -> Sequence[TrackedCart]:
        """List carts that have begun and were not reported yet."""

    def idle_carts(self, before: datetime, limit: int) -> Sequence[TrackedCart]:
        """List carts with items whose last write lies before a moment and was not reported yet."""

    def reported(self, new: Sequence[TrackedCart], idle: Sequence[TrackedCart]) -> None:
        """Drop carts from those lists; one that was written in the meantime stays on the second."""
