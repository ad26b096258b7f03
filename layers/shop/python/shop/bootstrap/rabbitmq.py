"""Adapters on RabbitMQ."""

from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
from shop.bootstrap import Settings, credentials, part
from shop.bootstrap.settings import given


@part(close=RabbitMQPublisher.close)
def publisher(settings: Settings) -> RabbitMQPublisher:
    """The broker."""
    return RabbitMQPublisher(
        credentials(given("rabbitmq_url", settings.rabbitmq_url), settings.rabbitmq_secret)
    )
