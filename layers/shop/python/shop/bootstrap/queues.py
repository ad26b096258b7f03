"""How many messages wait in queues."""

from shop.adapters.rabbitmq.queues import RabbitMQQueueDepths
from shop.bootstrap import Settings, address, part
from shop.services.platform.ports import QueueDepths


@part
def queue_depths(settings: Settings) -> QueueDepths:
    """How many messages wait in queues."""
    return RabbitMQQueueDepths(
        address("rabbitmq_url", settings.rabbitmq_url, settings.rabbitmq_secret)
    )
