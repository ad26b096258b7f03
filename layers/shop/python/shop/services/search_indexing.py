"""Keep the search index fresh: what events say is only that something changed, the tables say what."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from shop.observability import metric
from shop.services.ports.search import SearchDocuments, SearchIndex


def refresh_index(
    index: SearchIndex | None, documents: SearchDocuments, product_ids: Iterable[UUID]
) -> int:
    """Write products to the index as they are now, all of a batch at once.

    Safe to repeat and to call with old events: each document carries the version of the snapshot it was
    read from, and the index keeps the newest.

    Parameters
    ----------
    index : SearchIndex or None
        None: there is none to be kept fresh.

    Returns
    -------
    int
        How many of them the index did not have yet.

    Raises
    ------
    DependencyUnavailable
        If the index or the database is away.
    """
    if index is None:
        return 0
    current = documents.read(sorted(set(product_ids)))
    written = index.write(current)
    if written:
        now = datetime.now(UTC)
        oldest = min(document.changed_at for document in written)
        metric("SearchIndexLag", max(0.0, (now - oldest).total_seconds()), unit="Seconds")
    return len(written)
