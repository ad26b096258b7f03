"""Adapters on PostgreSQL."""

from shop.adapters.postgres.database import Database
from shop.adapters.postgres.idempotency import PostgresIdempotencyRecords
from shop.adapters.postgres.outbox import PostgresOutbox
from shop.adapters.postgres.records import PostgresRecords
from shop.adapters.postgres.search_documents import PostgresSearchDocuments
from shop.adapters.postgres.unit_of_work import PostgresUnitOfWork
from shop.bootstrap import Settings, part
from shop.services.idempotency.ports import IdempotencyRecords
from shop.services.search.ports import SearchDocuments
from shop.services.unit_of_work import UnitOfWork


@part(close=Database.close)
def database(settings: Settings) -> Database:
    """The connection to PostgreSQL."""
    return Database(settings.database_url, prepare=settings.database_prepare)


def read() -> UnitOfWork:
    """Begin a unit of work that only reads; see `shop.services.unit_of_work`."""
    return PostgresUnitOfWork(database(), None, autocommit=True)


def write() -> UnitOfWork:
    """Begin a unit of work that publishes nothing; the relay publishes its events, if any."""
    return PostgresUnitOfWork(database(), None)


@part
def idempotency(_settings: Settings) -> IdempotencyRecords:
    """Idempotency keys and their stored answers."""
    return PostgresIdempotencyRecords(database())


@part
def outbox(_settings: Settings) -> PostgresOutbox:
    """Committed events that are not published yet."""
    return PostgresOutbox(database())


@part
def records(_settings: Settings) -> PostgresRecords:
    """Rows past their retention period."""
    return PostgresRecords(database())


@part
def search_documents(_settings: Settings) -> SearchDocuments:
    """Documents for the search index."""
    return PostgresSearchDocuments(database())
