"""cart.order.cancelled: return the lines of orders that ended unpaid to their carts."""

from collections.abc import Sequence

from shop.bootstrap.cart import carts
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.contracts.events import OrderCancelled
from shop.entrypoints.rabbitmq import batch_consumer
from shop.services.orders.returning import return_cart


# Without an inbox transaction: the return must be committed before the cart store changes.
@batch_consumer(service="cart", event=OrderCancelled)
def handler(events: Sequence[OrderCancelled]) -> None:
    """Return the lines to the carts, once."""
    for event in events:
        return_cart(carts(), unit_of_work(PostgresOrdersWork), event.order_id)
