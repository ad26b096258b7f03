"""What a guest has goes over to the account that logs in with the guest's session."""

import logging
from typing import Final
from uuid import UUID

from shop.services.cart.ports import CartStore
from shop.services.identity.account import AccountWork
from shop.services.unit_of_work import OpenTransaction

_log = logging.getLogger(__name__)

#: Each attempt after the first follows a change of the guest's cart in between.
_ATTEMPTS: Final = 5


def take_over(
    carts: CartStore, write: OpenTransaction[AccountWork], guest_id: UUID, customer_id: UUID
) -> None:
    """Make a guest's orders and cart the customer's, while the guest's checkout may be running.

    The database decides whether the cart's lines are an order's or the account's. If the cart is ordered, the
    order takes its lines first, as the end of its checkout does, and only the others move. If it is not, it
    belongs to the customer from the commit on: a checkout that read it before writes no order after. A crash
    after the commit is completed by a repetition, or by the guest's next checkout of the cart.

    Raises
    ------
    DependencyUnavailable
        The caller can repeat it.
    """
    for _ in range(_ATTEMPTS):
        cart = carts.read(guest_id)
        order, owner_id = None, customer_id
        with write() as work:
            if cart is not None:
                work.orders.lock_cart(cart.cart_id)
                order = work.orders.of_cart(cart.cart_id)
                if order is None:
                    owner_id = work.orders.own_cart(cart.cart_id, guest_id, customer_id)
            work.customers.take_orders(guest_id, customer_id)
        if cart is not None and order is not None:
            bought = {line.product_id: line.quantity for line in order.lines}
            carts.remove_bought(guest_id, cart.cart_id, bought, order_id=order.order_id)
        elif carts.merge(guest_id, owner_id, None if cart is None else cart.cart_id):
            return
    _log.warning("the guest's cart changes all the time and stays the guest's")
