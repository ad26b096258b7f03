"""How many messages wait in RabbitMQ."""

from collections.abc import Sequence
from typing import override

import pika
from pika.adapters.blocking_connection import BlockingConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError

from shop.domain.errors import DependencyUnavailable
from shop.services.platform.ports import QueueDepths


class RabbitMQQueueDepths(QueueDepths):
    """Messages in queues, over a connection for each call.

    AMQP's own passive declaration gives them: the management API would be a second address with a second
    password.

    Parameters
    ----------
    url : str
        ``amqp[s]://user:password@host:port/vhost``.
    """

    def __init__(self, url: str) -> None:
        self._parameters = pika.URLParameters(url)

    @override
    def total(self, queues: Sequence[str]) -> int:
        try:
            with BlockingConnection(self._parameters) as connection:
                channel = connection.channel()
                return sum(
                    channel.queue_declare(queue, passive=True).method.message_count
                    for queue in queues
                )
        except (AMQPError, AMQPConnectorException, OSError) as error:
            raise DependencyUnavailable("rabbitmq", f"RabbitMQ: {error!r}", outage=True) from error
