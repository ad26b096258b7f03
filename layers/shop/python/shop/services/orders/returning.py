"""Returns the lines of an order to the cart, when the order ends unpaid."""

import logging
from uuid import UUID

from shop.domain.cart import CartItem
from shop.domain.errors import DependencyUnavailable
from shop.services.cart.ports import CartStore
from shop.services.orders.ports import OrdersWork
from shop.services.unit_of_work import OpenUnitOfWork

_log = logging.getLogger(__name__)


def return_cart(
    carts: CartStore, open_unit_of_work: OpenUnitOfWork[OrdersWork], order_id: UUID
) -> bool:
    """Add the lines of an order that ended unpaid to its owner's cart, once.

    The database decides first, in a transaction of its own: from its commit on the order's cart id cannot be
    ordered, so a checkout that read the cart before cannot sell the lines a second time. A crash after it is
    completed by a repetition; the cart store adds an order's lines once.

    Returns
    -------
    bool
        Whether lines were added. Not if the order was paid, is not cancelled, or never took its lines; nor if
        a checkout that had read the cart earlier sold them in another order.

    Raises
    ------
    DependencyUnavailable
        The caller can repeat it.
    """
    with open_unit_of_work(autocommit=True) as work:
        order = work.orders.get(order_id)
    if order is None or order.cart_id is None or not order.ended_unpaid:
        return False
    if not carts.has_taken(order_id):
        return False
    with open_unit_of_work(autocommit=True) as work:
        if not work.orders.return_cart(order_id):
            return False
    lines = [
        CartItem(line.product_id, line.quantity, line.unit_price_minor) for line in order.lines
    ]
    return carts.give_back(order.user_id, order_id, lines)


def return_cart_at_once(
    carts: CartStore, open_unit_of_work: OpenUnitOfWork[OrdersWork], order_id: UUID
) -> None:
    """Return an order's lines before the customer is answered; if that fails, the event's consumer does."""
    try:
        return_cart(carts, open_unit_of_work, order_id)
    except DependencyUnavailable as unavailable:
        _log.warning("cart left for the consumer", extra={"detail": unavailable.detail})
