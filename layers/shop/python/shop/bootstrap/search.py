"""Search: OpenSearch if configured; PostgreSQL otherwise, and while OpenSearch is unavailable."""

from shop.adapters.opensearch.engine import OpenSearchEngine
from shop.adapters.opensearch.writer import OpenSearchIndex
from shop.adapters.postgres.search import PostgresSearchEngine
from shop.adapters.postgres.search_documents import PostgresSearchDocuments
from shop.bootstrap import Settings, credentials, part
from shop.bootstrap.postgres import database
from shop.services.circuit_breaker import CircuitBreaker
from shop.services.search.fallback import OPEN_SECONDS, FallbackSearchEngine
from shop.services.search.ports import SearchDocuments, SearchEngine, SearchIndex


@part
def search_engine(settings: Settings) -> SearchEngine:
    """OpenSearch with PostgreSQL as its fallback, or PostgreSQL alone if OpenSearch is not configured."""
    embedded = PostgresSearchEngine(database())
    if not settings.opensearch_url:
        return embedded
    chosen = OpenSearchEngine(
        credentials(settings.opensearch_url, settings.opensearch_secret),
        timeout_seconds=settings.opensearch_timeout_seconds,
    )
    return FallbackSearchEngine(chosen, embedded, CircuitBreaker(OPEN_SECONDS))


@part
def search_index(settings: Settings) -> SearchIndex | None:
    """The index to keep up to date; None if OpenSearch is not configured."""
    if not settings.opensearch_url:
        return None
    return OpenSearchIndex(credentials(settings.opensearch_url, settings.opensearch_secret))


@part
def search_documents(_settings: Settings) -> SearchDocuments:
    """Documents for the search index."""
    return PostgresSearchDocuments(database())
