"""Rebuild the search index from PostgreSQL beside the one that answers, then swap.

No gap
    Searches go to the old index until one atomic change of aliases.
No change is lost
    While the new index is being built the consumers write to both; what was changed without an event is
    read once more before the swap. External versions settle every order of arrival.
No harm
    Ended at any point, even killed, it leaves the old index in place; the next run removes the remains.
    One rebuild runs at a time.
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
#: Longer than any transaction of the shop: its rows carry the time at which it began.
_MARGIN: Final = timedelta(minutes=5)
_CONFLICT: Final = frozenset({409})

type Progress = Callable[[int, int], None]


class ReindexError(Exception):
    """The index was not rebuilt; the old one still answers."""


class Rebuilt(NamedTuple):
    """What a run has done: the index that answers now, and those that were removed."""

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
    """Build a new index and let it answer.

    Parameters
    ----------
    progress : callable
        Called after every batch with the numbers of documents written and to be written.

    Raises
    ------
    DependencyUnavailable
        If a server is unavailable.
    ReindexError
        If another rebuild is running, or documents were refused.
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
                # The old index answers; this one would only take room.
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
        """Make the index; from now on the consumers write to it too."""
        body = definition() | {"aliases": {self._names.building: {}}}
        self._client.indices.create(index=self.index, body=body)

    def fill(self, reader: CatalogReader, progress: Progress) -> int:
        """Write every product, then once more what has been changed since."""
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
        """Let the new index answer, at once and whole; remove all others of ours."""
        alias, building = self._names.alias, self._names.building
        actions: list[dict[str, Any]] = [
            {"add": {"index": self.index, "alias": alias}},
            {"remove": {"index": self.index, "alias": building}},
        ]
        held = self._indices(f"{alias},{alias}-*")
        for index, aliases in held.items():
            if index == alias:
                # Somebody wrote before there was an index, so that one came to be under the alias's name.
                actions.append({"remove_index": {"index": index}})
            elif alias in aliases:
                actions.append({"remove": {"index": index, "alias": alias}})
        self._client.indices.update_aliases(body={"actions": actions})
        old = [index for index in held if self._own.fullmatch(index) and index != self.index]
        for index in old:
            self.remove(index)
        return old

    def remove_abandoned(self) -> None:
        """Remove what a run that was killed has left: we hold the lock, so nobody builds it."""
        for index, aliases in self._indices(f"{self._names.alias}-*").items():
            if self._own.fullmatch(index) and self._names.alias not in aliases:
                self.remove(index)

    def remove(self, index: str) -> None:
        """Delete an index; if it is gone already, so much the better."""
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
