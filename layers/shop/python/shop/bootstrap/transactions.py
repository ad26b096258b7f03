"""Transactions whose events are published right after the commit: PostgreSQL and RabbitMQ together."""

from functools import partial
from uuid import UUID

from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork
from shop.bootstrap.postgres import database, outbox
from shop.bootstrap.rabbitmq import publisher
from shop.services.messaging.outbox import publish as publish_events
from shop.services.unit_of_work import UnitOfWork


def unit_of_work(
    *, publish: bool = True, autocommit: bool = False, consumed: tuple[str, UUID] | None = None
) -> UnitOfWork:
    """Begin a unit of work; see `shop.services.unit_of_work.OpenUnitOfWork`."""
    publishing = partial(publish_events, outbox(), publisher()) if publish else None
    return PostgresUnitOfWork(database(), publishing, autocommit=autocommit, consumed=consumed)
