"""Transactions whose events are published right after the commit: PostgreSQL and RabbitMQ together."""

from functools import partial
from uuid import UUID

from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork
from shop.bootstrap.outbox import outbox
from shop.bootstrap.postgres import database
from shop.bootstrap.rabbitmq import publisher
from shop.domain.sessions import Session
from shop.services.messaging.outbox import publish as publish_events
from shop.services.unit_of_work import OpenUnitOfWork


def unit_of_work[Work: PostgresUnitOfWork](
    kind: type[Work], actor: Session | None = None
) -> OpenUnitOfWork[Work]:
    """Return what begins a unit of work of this kind; see `shop.services.unit_of_work`.

    Parameters
    ----------
    actor : Session, optional
        Who changes something; changes by staff and services are audited.
    """

    def begin(
        *, publish: bool = True, autocommit: bool = False, consumed: tuple[str, UUID] | None = None
    ) -> Work:
        publishing = partial(publish_events, outbox(), publisher()) if publish else None
        return kind(database(), publishing, autocommit=autocommit, consumed=consumed, actor=actor)

    return begin
