"""The connection to PostgreSQL, and transactions that publish nothing."""

from shop.adapters.postgres.database import Database
from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork
from shop.bootstrap import Settings, address, part
from shop.domain.sessions import Session
from shop.services.unit_of_work import OpenReading, OpenTransaction


@part(close=Database.close)
def database(settings: Settings) -> Database:
    """The connection to PostgreSQL."""
    url = address("database_url", settings.database_url, settings.database_secret)
    return Database(url, prepare=settings.database_prepare)


def read[Work: PostgresUnitOfWork](kind: type[Work]) -> OpenReading[Work]:
    """Return what begins a unit of work of this kind that only reads; see `shop.services.unit_of_work`."""
    return lambda: kind(database(), None, autocommit=True)


def write[Work: PostgresUnitOfWork](
    kind: type[Work], actor: Session | None = None
) -> OpenTransaction[Work]:
    """Return what begins a unit of work of this kind whose events, if any, wait for the relay.

    Parameters
    ----------
    actor : Session, optional
        Who changes something; changes by staff and services are audited.
    """
    return lambda: kind(database(), None, actor=actor)
