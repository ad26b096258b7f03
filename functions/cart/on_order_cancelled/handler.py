"""cart.order.cancelled: return what orders that ended unpaid took from the cart."""

from collections.abc import Sequence

from shop.bootstrap.cart import carts
from shop.bootstrap.transactions import unit_of_work
from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.contracts.events import OrderCancelled
from shop.entrypoints.rabbitmq import batch_consumer
from shop.services.orders.returning import return_cart


# Not in the transaction of an inbox: that the cart returns must be committed before it does.
@batch_consumer(service="cart", event=OrderCancelled)
def handler(events: Sequence[OrderCancelled]) -> None:
    """Add their lines to the carts, once."""
    for event in events:
        return_cart(carts(), unit_of_work(PostgresOrdersWork), event.order_id)
