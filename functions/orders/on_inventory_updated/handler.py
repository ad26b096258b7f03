"""orders.inventory.updated: a paid order whose stock is all confirmed becomes CONFIRMED."""

from shop.contracts.events import InventoryUpdated
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.orders import fulfilment


@consumer(service="orders", event=InventoryUpdated)
def handler(delivery: Delivery[InventoryUpdated]) -> None:
    """Confirm the order, if an order's confirmation has changed the stock."""
    if delivery.event.order_id is not None:
        fulfilment.confirm_order(delivery.work, delivery.event.order_id)
