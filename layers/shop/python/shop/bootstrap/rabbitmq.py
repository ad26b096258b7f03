"""Adapters on RabbitMQ."""

from shop.adapters.rabbitmq.dead_letters import RabbitMQDeadLetters
from shop.adapters.rabbitmq.publisher import RabbitMQPublisher
from shop.bootstrap import Settings, part


@part(close=RabbitMQPublisher.close)
def publisher(settings: Settings) -> RabbitMQPublisher:
    """The broker."""
    return RabbitMQPublisher(settings.rabbitmq_url)


@part
def dead_letters(settings: Settings) -> RabbitMQDeadLetters:
    """The dead-letter queues."""
    return RabbitMQDeadLetters(settings.rabbitmq_url)
