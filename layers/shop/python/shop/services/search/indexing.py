"""Keep the search index and the caches fresh: events say that something changed, the tables say what."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from shop.observability import metric
from shop.services.search.ports import SearchDocuments, SearchIndex


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
        If the index or the database is unavailable.
    """
    if index is None:
        return 0
    current = documents.read(sorted(set(product_ids)))
    written = index.write(current)
    if written:
        now = datetime.now(UTC)
        oldest = min(document.changed_at for document in written)
        metric("SearchIndexLag", max(0.0, (now - oldest).total_seconds()))
    return len(written)


class Refresh:
    """Refreshes the index and then drops what is cached, for batches that are tried again and again.

    While the index is unavailable a batch is tried every two seconds, for as long as it takes. What is
    cached is dropped at the first failure, since pages must not wait for the index, and when the index has
    been written, since searches are cached too; but not in between: nothing would stay cached for as long
    as the index is unavailable. One of them lives as long as the process and knows the batch that failed
    last.
    """

    def __init__(self) -> None:
        self._failed: tuple[object, ...] = ()

    def run(
        self, events: Sequence[object], write: Callable[[], object], drop: Callable[[], None]
    ) -> None:
        """Try a batch; raises whatever `write` and `drop` raise.

        Parameters
        ----------
        write : callable
            Refreshes the index.
        drop : callable
            Drops what is cached of the products that `events` are about.
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
