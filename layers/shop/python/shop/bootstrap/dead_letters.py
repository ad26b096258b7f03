"""The dead-letter queues, for the replay command."""

from shop.adapters.rabbitmq.dead_letters import RabbitMQDeadLetters
from shop.bootstrap import Settings, part


@part
def dead_letters(settings: Settings) -> RabbitMQDeadLetters:
    """The dead-letter queues."""
    return RabbitMQDeadLetters(settings.rabbitmq_url)
