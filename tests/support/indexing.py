"""A catalog and its search index, which follow each other through events."""

from typing import Any

from opensearchpy import OpenSearch

from shop.adapters.opensearch import reindex as opensearch_reindex
from shop.adapters.opensearch.engine import OpenSearchEngine
from shop.adapters.opensearch.index import IndexNames
from shop.adapters.opensearch.reindex import reindex
from shop.adapters.opensearch.writer import OpenSearchIndex
from shop.adapters.postgres.database import Database
from shop.adapters.postgres.search_documents import PostgresSearchDocuments
from shop.domain.search import Filters, SearchQuery
from shop.services.search.indexing import refresh_index
from tests.support.products import change
from tests.support.search import product_id

AERO = product_id("Aero 13 Laptop, Silver")


class World:
    """A database and an index of one test's own."""

    def __init__(self, database_url: str, opensearch_url: str, names: IndexNames) -> None:
        self.database_url, self.opensearch_url, self.names = database_url, opensearch_url, names
        self.database = Database(database_url)
        self.documents = PostgresSearchDocuments(self.database)
        self.index = OpenSearchIndex(opensearch_url, names)
        self.engine = OpenSearchEngine(opensearch_url, names)
        self.client = OpenSearch(hosts=[opensearch_url], timeout=30)

    def reindex(self) -> opensearch_reindex.Rebuilt:
        return reindex(self.database_url, self.opensearch_url, self.names)

    def found(self, text: str = "", **filters: Any) -> set[str]:
        query = SearchQuery(text=text, filters=Filters(**filters), per_page=100)
        return {found.name for found in self.engine.search(query).results}

    def indexes(self) -> set[str]:
        return set(self.client.indices.get_alias(index=f"{self.names.alias}*"))

    def change(self, **columns: object) -> None:
        change(self.database, AERO, **columns)
        with self.database.transaction() as transaction:
            transaction.execute(
                "UPDATE products SET version = version + 1, updated_at = now() WHERE id = %s",
                (AERO,),
            )

    def refresh(self) -> int:
        return refresh_index(self.index, self.documents, [AERO, AERO])
