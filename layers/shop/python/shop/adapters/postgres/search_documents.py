"""Products as the search index is to hold them, read from the tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg2

from shop.adapters.postgres.database import Database, Row
from shop.domain.errors import DependencyUnavailable
from shop.domain.search_results import SearchDocument

# Both versions only grow, and each snapshot sees them together: their sum is one version of the whole.
_DOCUMENTS: Final = """
    SELECT p.id, p.version + coalesce(i.version, 0), p.name, p.description, p.brand, p.tags, c.slug,
           c.path, p.price_minor, p.currency, coalesce(i.quantity_available, 0), p.image_url,
           p.is_active, p.created_at, greatest(p.updated_at, i.updated_at), p.typed_name
    FROM products AS p
    JOIN categories AS c ON c.id = p.category_id
    LEFT JOIN inventory AS i ON i.product_id = p.id
"""
_CHANGED_SINCE: Final = "WHERE p.updated_at >= %(since)s OR i.updated_at >= %(since)s"
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('shop.search.rebuild'))"


class PostgresSearchDocuments:
    """See `shop.services.search.ports.SearchDocuments`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, product_ids: Sequence[UUID]) -> list[SearchDocument]:
        """Read some products in one statement."""
        with self._database.transaction() as transaction:
            rows = transaction.rows(
                f"{_DOCUMENTS} WHERE p.id = ANY(%s::uuid[])", (list(product_ids),)
            )
        return [_document(row) for row in rows]


class CatalogReader:
    """All products, in batches, over a connection of its own that holds the rebuild's lock.

    Parameters
    ----------
    connection : psycopg2 connection
        In autocommit mode.
    """

    def __init__(self, connection: "psycopg2.extensions.connection") -> None:
        self._connection = connection

    def count(self) -> tuple[int, datetime]:
        """Count the products and tell the database's time."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT count(*), clock_timestamp() FROM products")
            number, now = cursor.fetchone() or (0, datetime.min)
        return number, now

    def batches(self, size: int, since: datetime | None = None) -> Iterator[list[SearchDocument]]:
        """Read everything, or what has changed since, by a server-side cursor: memory stays flat."""
        statement = _DOCUMENTS if since is None else f"{_DOCUMENTS} {_CHANGED_SINCE}"
        with self._connection.cursor("documents", withhold=True) as cursor:
            cursor.itersize = size
            cursor.execute(statement, {"since": since})
            while rows := cursor.fetchmany(size):
                yield [_document(row) for row in rows]


@contextmanager
def catalog_reader(database_url: str) -> Iterator[CatalogReader | None]:
    """Connect and take the lock that one rebuild at a time may have; None if another one has it.

    Raises
    ------
    DependencyUnavailable
        If PostgreSQL is away.
    """
    try:
        connection = psycopg2.connect(database_url, connect_timeout=5, application_name="reindex")
    except psycopg2.OperationalError as error:
        raise DependencyUnavailable("postgresql", f"PostgreSQL is away: {error}") from error
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            # Reading everything takes longer than a request may.
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(_LOCK)
            (locked,) = cursor.fetchone() or (False,)
        yield CatalogReader(connection) if locked else None
    except psycopg2.OperationalError as error:
        raise DependencyUnavailable("postgresql", f"PostgreSQL went away: {error}") from error
    finally:
        connection.close()


def _document(row: Row) -> SearchDocument:
    return SearchDocument(*row)
