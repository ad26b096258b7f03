"""Port of the search engines."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from shop.domain.search import SearchQuery
from shop.domain.search_results import SearchDocument, SearchPage, Suggestions


class SearchEngine(Protocol):
    """Finds products. Only active ones are ever found."""

    def search(self, query: SearchQuery) -> SearchPage:
        """Find products.

        Raises
        ------
        DependencyUnavailable
            If the engine is unavailable, or has no index yet.
        QueryRefused
            If the engine does not take the query.
        """

    def suggest(self, prefix: str, limit: int) -> Suggestions:
        """Find products while their name is being typed; raises as `search` does."""


class SearchDocuments(Protocol):
    """Where the index's documents come from."""

    def read(self, product_ids: Sequence[UUID]) -> Sequence[SearchDocument]:
        """Read some products as they are now, in one statement."""


class SearchIndex(Protocol):
    """An index that is kept beside the tables."""

    def write(self, documents: Sequence[SearchDocument]) -> Sequence[SearchDocument]:
        """Write documents that are newer than what the index holds; return when they can be found.

        Returns
        -------
        sequence of SearchDocument
            Those that were newer.

        Raises
        ------
        DependencyUnavailable
            If the index is unavailable.
        """
