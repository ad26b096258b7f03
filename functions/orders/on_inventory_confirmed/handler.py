"""orders.inventory.confirmed: move a paid order whose stock is committed to CONFIRMED."""

from shop.bootstrap.work.orders import PostgresOrdersWork
from shop.contracts.events import InventoryConfirmed
from shop.entrypoints.rabbitmq import Delivery, consumer
from shop.services.orders.confirm import confirm


@consumer(service="orders", event=InventoryConfirmed, work=PostgresOrdersWork)
def handler(delivery: Delivery[InventoryConfirmed, PostgresOrdersWork]) -> None:
    """Confirm the order."""
    confirm(delivery.work, delivery.event.order_id)
