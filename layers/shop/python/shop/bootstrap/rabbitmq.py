"""Adapters on RabbitMQ."""

from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
from shop.bootstrap import Settings, credentials, part


@part(close=RabbitMQPublisher.close)
def publisher(settings: Settings) -> RabbitMQPublisher:
    """The broker."""
    return RabbitMQPublisher(credentials(settings.rabbitmq_url, settings.rabbitmq_secret))
