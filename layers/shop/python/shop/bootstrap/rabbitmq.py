"""Adapters on RabbitMQ."""

from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
from shop.bootstrap import Settings, part


@part(close=RabbitMQPublisher.close)
def publisher(settings: Settings) -> RabbitMQPublisher:
    """The broker."""
    return RabbitMQPublisher(settings.rabbitmq_url)
