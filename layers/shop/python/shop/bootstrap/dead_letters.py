"""Messages that were dead-lettered, for those who replay them."""

from shop.adapters.rabbitmq.dead_letters import RabbitMQDeadLetters
from shop.bootstrap import Settings, part


@part
def dead_letters(settings: Settings) -> RabbitMQDeadLetters:
    """Messages that a consumer could not process."""
    return RabbitMQDeadLetters(settings.rabbitmq_url)
