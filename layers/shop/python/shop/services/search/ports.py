"""Ports of search: engine, documents and index."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from shop.domain.search import SearchQuery
from shop.domain.search_results import SearchDocument, SearchPage, Suggestions


class SearchEngine(Protocol):
    """Finds active products."""

    @property
    def name(self) -> str:
        """The engine's name, as answers have it."""

    def search(self, query: SearchQuery) -> SearchPage:
        """Find products; a query with `after` continues where a page of this engine ended.

        Raises
        ------
        DependencyUnavailable
            If the engine is unavailable, or has no index yet.
        QueryRefused
            If the engine rejects the query.
        InvalidRequest
            If the query continues a page that this engine has not given.
        """

    def suggest(self, prefix: str, limit: int) -> Suggestions:
        """Suggest products while their name is typed; raise as `search` does."""


class SearchDocuments(Protocol):
    """The source of the index's documents."""

    def read(self, product_ids: Sequence[UUID]) -> Sequence[SearchDocument]:
        """Read the current documents of some products in one statement."""


class SearchIndex(Protocol):
    """A search index, updated from the tables."""

    def write(self, documents: Sequence[SearchDocument]) -> Sequence[SearchDocument]:
        """Write documents that are newer than the index's; return once searches find them.

        Returns
        -------
        sequence of SearchDocument
            Those that were newer.

        Raises
        ------
        DependencyUnavailable
            If the index is unavailable.
        """
