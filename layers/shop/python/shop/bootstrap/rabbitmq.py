"""Adapters on RabbitMQ."""

from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
from shop.bootstrap import Settings, address, part


@part(close=RabbitMQPublisher.close)
def publisher(settings: Settings) -> RabbitMQPublisher:
    """The broker."""
    return RabbitMQPublisher(
        address("rabbitmq_url", settings.rabbitmq_url, settings.rabbitmq_secret)
    )
