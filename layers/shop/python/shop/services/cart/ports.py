"""Port of the carts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shop.domain.cart import Cart, CartItem, TrackedCart


class CartStore(Protocol):
    """Carts by user. Every write is atomic and extends the cart's lifetime to seven days from now.

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
        """Add to a line in one round trip, whatever the cart's size.

        Parameters
        ----------
        request_id : UUID, optional
            An addition that is repeated with the same id within a day is made once.

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
        """Set the quantity of a line; raise as `add` does, and `NotFound` if there is no such line."""

    def remove(self, user_id: UUID, product_id: UUID) -> Cart:
        """Remove a line; raise `NotFound` if it does not exist."""

    def empty(self, user_id: UUID) -> Cart | None:
        """Remove all lines; the cart keeps its id."""

    def remove_bought(
        self, user_id: UUID, cart_id: UUID, bought: Mapping[UUID, int], *, order_id: UUID
    ) -> bool:
        """Remove the bought lines if the user's cart is still `cart_id`; return whether it was.

        Products added since the cart was read for the order stay, in a cart with a new id. A repeated call
        therefore finds a different cart and changes nothing. The store remembers for a week that the order
        took its lines; it takes none once `has_taken` has found that it did not, or `merge` has moved them.

        Parameters
        ----------
        bought : mapping
            Quantities by product.
        """

    def has_taken(self, order_id: UUID) -> bool:
        """Return whether an order that has ended took its lines from the cart; if not, it no longer can."""

    def give_back(self, user_id: UUID, order_id: UUID, lines: Sequence[CartItem]) -> bool:
        """Add an order's lines to the user's cart if the order took them; a repeated call adds nothing.

        Those of a guest whose cart was merged go to that customer's cart.

        Quantities are capped at the limit of a line; lines for which the cart has no room are dropped.

        Returns
        -------
        bool
            Whether lines were added.
        """

    def merge(self, guest_id: UUID, user_id: UUID, cart_id: UUID | None) -> bool:
        """Move the lines of a guest's cart into a user's atomically; a repeated call moves nothing.

        Quantities are capped at the limit of a line; lines for which the user's cart has no room stay with
        the guest, in a cart with a new id. What `give_back` would add to the guest's cart goes to the user's
        from now on.

        Parameters
        ----------
        cart_id : UUID or None
            The guest's cart; None: the guest has none.

        Returns
        -------
        bool
            False, with nothing changed, if the guest has another cart by now.
        """

    def new_carts(self, limit: int) -> Sequence[TrackedCart]:
        """List new carts that were not reported yet."""

    def idle_carts(self, before: datetime, limit: int) -> Sequence[TrackedCart]:
        """List carts with items whose last write was before a time and was not reported yet."""

    def reported(self, new: Sequence[TrackedCart], idle: Sequence[TrackedCart]) -> None:
        """Remove reported carts from both lists; an idle cart that was written meanwhile stays."""
