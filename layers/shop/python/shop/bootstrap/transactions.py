"""Transactions whose events are published right after the commit: PostgreSQL and RabbitMQ together."""

from functools import partial

from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork
from shop.bootstrap.postgres import database, outbox
from shop.bootstrap.rabbitmq import publisher
from shop.services.messaging.outbox import publish_pending
from shop.services.unit_of_work import UnitOfWork


def unit_of_work(*, publish: bool = True, reading: bool = False) -> UnitOfWork:
    """Begin a unit of work; see `shop.services.unit_of_work.OpenUnitOfWork`."""
    publishing = partial(publish_pending, outbox(), publisher()) if publish else None
    return PostgresUnitOfWork(database(), publishing, reading=reading)
