"""Rebuild the search index from PostgreSQL beside the live one, then swap them.

No gap
    Searches go to the old index until one atomic change of aliases.
No change is lost
    While the new index is being built the consumers write to both. Products that changed meanwhile are read
    again before the swap. External versions make the order of writes irrelevant.
No harm
    A run that is stopped or killed at any point leaves the old index in place; the next run removes the
    unfinished one. One rebuild runs at a time.
"""

import re
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from itertools import chain
from typing import Any, Final, NamedTuple

from opensearchpy.exceptions import NotFoundError, OpenSearchException

from shop.adapters.opensearch.client import availability, connect, failures
from shop.adapters.opensearch.index import IndexNames, definition, operation
from shop.adapters.postgres.search_documents import CatalogReader, catalog_reader
from shop.domain.search_results import SearchDocument

_BATCH: Final = 1_000
_TIMEOUT_SECONDS: Final = 60.0
#: Longer than any transaction of the shop, because rows carry the time at which their transaction began.
_MARGIN: Final = timedelta(minutes=5)
_CONFLICT: Final = frozenset({409})

type Progress = Callable[[int, int], None]


class ReindexError(Exception):
    """The index was not rebuilt; the old one is still live."""


class Rebuilt(NamedTuple):
    """The result of a run: the index that is live now, and the indexes that were removed."""

    name: str
    documents: int
    seconds: float
    removed: list[str]


def reindex(
    database_url: str,
    opensearch_url: str,
    names: IndexNames | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Rebuilt:
    """Build a new index and make it the live one.

    Parameters
    ----------
    progress : callable
        Called after every batch with the number of documents written and their total.

    Raises
    ------
    DependencyUnavailable
        If a server is unavailable.
    ReindexError
        If another rebuild is running, or OpenSearch rejects documents.
    """
    names = names or IndexNames()
    began = time.monotonic()
    with ExitStack() as stack:
        reader = stack.enter_context(catalog_reader(database_url))
        if reader is None:
            raise ReindexError("Another rebuild is running; let it end.")
        with availability():
            client = stack.enter_context(closing(connect(opensearch_url, _TIMEOUT_SECONDS)))
            build = _Build(client, names)
            build.remove_abandoned()
            build.create()
            try:
                documents = build.fill(reader, progress)
                removed = build.swap()
            except BaseException:
                # The old index stays live; this one would only occupy disk space.
                with suppress(OpenSearchException):
                    build.remove(build.index)
                raise
    return Rebuilt(build.index, documents, time.monotonic() - began, removed)


class _Build:
    def __init__(self, client: Any, names: IndexNames) -> None:
        self._client = client
        self._names = names
        self._own = re.compile(rf"{re.escape(names.alias)}-[0-9]{{20}}")
        self.index = names.new()

    def create(self) -> None:
        """Create the index; from now on the consumers write to it too."""
        body = definition() | {"aliases": {self._names.building: {}}}
        self._client.indices.create(index=self.index, body=body)

    def fill(self, reader: CatalogReader, progress: Progress) -> int:
        """Write every product, then again those that changed meanwhile."""
        total, now = reader.count()
        written = 0
        for batch in reader.batches(_BATCH):
            self._write(batch)
            written += len(batch)
            progress(written, max(written, total))
        for batch in reader.batches(_BATCH, since=now - _MARGIN):
            self._write(batch)
        self._client.indices.refresh(index=self.index)
        return int(self._client.count(index=self.index)["count"])

    def swap(self) -> list[str]:
        """Make the new index live in one atomic change, and remove all others of the shop."""
        alias, building = self._names.alias, self._names.building
        actions: list[dict[str, Any]] = [
            {"add": {"index": self.index, "alias": alias}},
            {"remove": {"index": self.index, "alias": building}},
        ]
        held = self._indices(f"{alias},{alias}-*")
        for index, aliases in held.items():
            if index == alias:
                # A write before the first build created an index under the alias's name.
                actions.append({"remove_index": {"index": index}})
            elif alias in aliases:
                actions.append({"remove": {"index": index, "alias": alias}})
        self._client.indices.update_aliases(body={"actions": actions})
        old = [index for index in held if self._own.fullmatch(index) and index != self.index]
        for index in old:
            self.remove(index)
        return old

    def remove_abandoned(self) -> None:
        """Remove indexes that a killed run left behind; the lock ensures that nobody is building them."""
        for index, aliases in self._indices(f"{self._names.alias}-*").items():
            if self._own.fullmatch(index) and self._names.alias not in aliases:
                self.remove(index)

    def remove(self, index: str) -> None:
        """Delete an index; a missing one is not an error."""
        with suppress(NotFoundError):
            self._client.indices.delete(index=index)

    def _indices(self, pattern: str) -> dict[str, set[str]]:
        found = self._client.indices.get_alias(index=pattern, params={"ignore_unavailable": "true"})
        return {index: set(body["aliases"]) for index, body in found.items()}

    def _write(self, documents: Iterable[SearchDocument]) -> None:
        lines = chain.from_iterable(
            operation(document, self.index, by_alias=False) for document in documents
        )
        answer = self._client.bulk(body=list(lines))
        refused = failures(answer, accepted=_CONFLICT)
        if refused:
            raise ReindexError(f"{len(refused)} documents were refused, the first: {refused[0]}")
