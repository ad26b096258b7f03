"""Keeps the search index and the caches up to date; events name the products, the tables the values."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from shop.observability import metric
from shop.services.search.ports import SearchDocuments, SearchIndex


def refresh_index(
    index: SearchIndex | None, documents: SearchDocuments, product_ids: Iterable[UUID]
) -> int:
    """Write the current state of a batch of products to the index in one request.

    Safe to repeat and to call for old events: each document carries the version of the snapshot it was read
    from, and the index keeps the newest.

    Parameters
    ----------
    index : SearchIndex or None
        None if no index is configured.

    Returns
    -------
    int
        Number of documents that were newer than the index.

    Raises
    ------
    DependencyUnavailable
        If the index or the database is unavailable.
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


class Refresh:
    """Refreshes the index and then drops cached answers, for batches that may be retried many times.

    While the index is unavailable a batch is retried every two seconds. Cached answers are dropped on the
    first failure, because pages must not wait for the index, and after the index is written, because searches
    are cached too. They are not dropped in between: otherwise nothing would stay cached while the index is
    unavailable. An instance lives as long as the process and remembers the batch that failed last.
    """

    def __init__(self) -> None:
        self._failed: tuple[object, ...] = ()

    def run(
        self, events: Sequence[object], write: Callable[[], object], drop: Callable[[], None]
    ) -> None:
        """Process a batch; raise whatever `write` and `drop` raise.

        Parameters
        ----------
        write : callable
            Refreshes the index.
        drop : callable
            Drops the cached answers about the events' products.
        """
        batch = tuple(events)
        try:
            write()
        except Exception:
            if self._failed != batch:
                drop()
                self._failed = batch
            raise
        drop()
        self._failed = ()
