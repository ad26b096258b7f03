"""Documents for the search index, read from the tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, override
from uuid import UUID

import psycopg

from shop.adapters.postgres.database import Database, Struct
from shop.domain.errors import DependencyUnavailable
from shop.domain.search_results import SearchDocument
from shop.services.search.ports import SearchDocuments

# Both versions only increase and are read in one snapshot, so their sum is a version of the document.
_DOCUMENTS: Final = """
    SELECT p.id AS product_id, p.version + coalesce(i.version, 0) AS version, p.name, p.description, p.brand,
           p.tags, c.slug AS category, c.path AS category_path, p.price_minor, p.currency,
           coalesce(i.quantity_available, 0) AS stock, p.image_url, p.is_active, p.created_at,
           greatest(p.updated_at, i.updated_at) AS changed_at, p.typed_name, p.plain_sku
    FROM products AS p
    JOIN categories AS c ON c.id = p.category_id
    LEFT JOIN inventory AS i ON i.product_id = p.id
"""
_CHANGED_SINCE: Final = "WHERE p.updated_at >= %(since)s OR i.updated_at >= %(since)s"
_LOCK: Final = "SELECT pg_try_advisory_lock(hashtext('shop.search.rebuild'))"


class PostgresSearchDocuments(SearchDocuments):
    """Products for the index, from PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    def read(self, product_ids: Sequence[UUID]) -> list[SearchDocument]:
        with self._database.autocommit() as transaction:
            return transaction.all(
                SearchDocument, f"{_DOCUMENTS} WHERE p.id = ANY(%s::uuid[])", (list(product_ids),)
            )


class CatalogReader:
    """Reads all products in batches over a dedicated connection that holds the rebuild's lock.

    Parameters
    ----------
    connection : psycopg.Connection
        In autocommit mode.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def count(self) -> tuple[int, datetime]:
        """Count the products and read the database's clock."""
        cursor = self._connection.execute("SELECT count(*), clock_timestamp() FROM products")
        number, now = cursor.fetchone() or (0, datetime.min)
        return number, now

    def batches(self, size: int, since: datetime | None = None) -> Iterator[list[SearchDocument]]:
        """Read all products, or those changed since a time, by a server-side cursor in constant memory."""
        statement = _DOCUMENTS if since is None else f"{_DOCUMENTS} {_CHANGED_SINCE}"
        with psycopg.ServerCursor(
            self._connection, "documents", row_factory=Struct(SearchDocument), withhold=True
        ) as cursor:
            cursor.execute(statement.encode(), {"since": since})
            while documents := cursor.fetchmany(size):
                yield documents


@contextmanager
def catalog_reader(database_url: str) -> Iterator[CatalogReader | None]:
    """Connect and acquire the lock of the rebuild; yield None if another rebuild holds it.

    Raises
    ------
    DependencyUnavailable
        If PostgreSQL is unavailable.
    """
    try:
        connection = psycopg.connect(
            database_url, autocommit=True, connect_timeout=5, application_name="reindex"
        )
    except psycopg.OperationalError as error:
        raise DependencyUnavailable("postgresql", "PostgreSQL is unavailable.") from error
    try:
        # Reading all products takes longer than a request's time-out.
        connection.execute("SET statement_timeout = 0")
        (locked,) = connection.execute(_LOCK).fetchone() or (False,)
        yield CatalogReader(connection) if locked else None
    except psycopg.OperationalError as error:
        raise DependencyUnavailable("postgresql", "PostgreSQL became unavailable.") from error
    finally:
        connection.close()
