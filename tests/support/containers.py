"""Containers for the tests: on real servers, without a broker unless one is given."""

from collections.abc import Iterator
from contextlib import contextmanager

from shop.bootstrap import Container
from shop.settings import Settings

#: Nobody listens there: events stay in the outbox.
NO_BROKER = "amqp://guest:guest@127.0.0.1:1/%2f"


@contextmanager
def container_for(
    database_url: str, redis_url: str, rabbitmq_url: str = NO_BROKER, **settings: object
) -> Iterator[Container]:
    """Make a container and close its connections at the end."""
    container = Container(
        Settings(
            database_url=database_url,
            redis_url=redis_url,
            rabbitmq_url=rabbitmq_url,
            **settings,  # type: ignore[arg-type]
        )
    )
    try:
        yield container
    finally:
        container.close()
