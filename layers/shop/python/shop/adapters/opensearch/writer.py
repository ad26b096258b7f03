"""Keeps the search index up to date."""

import logging
from collections.abc import Sequence
from typing import Any, Final, override

from opensearchpy.exceptions import NotFoundError

from shop.adapters.opensearch.client import (
    AWAY,
    WRITE_TIMEOUT_SECONDS,
    availability,
    connect,
    failures,
)
from shop.adapters.opensearch.index import IndexNames, operation
from shop.domain.errors import DependencyUnavailable
from shop.domain.search_results import SearchDocument
from shop.services.search.ports import SearchIndex

_log = logging.getLogger(__name__)

#: The index has a newer document (409), as detected by the external version; or a rebuild has just ended
#: (404) and removed the alias of its index, which received the document through the other alias.
_FINE: Final = frozenset({404, 409})


class OpenSearchIndex(SearchIndex):
    """The index on OpenSearch.

    It writes to the live index and to one that is being built. The caller reads the documents before this
    looks up the indexes, so a rebuild that begins in between reads later data.

    Parameters
    ----------
    url : str
        ``http[s]://[user:password@]host:port``.
    names : IndexNames, optional
        Names of the index and its aliases.
    """

    def __init__(self, url: str, names: IndexNames | None = None) -> None:
        self._client = connect(url, WRITE_TIMEOUT_SECONDS)
        self._names = names or IndexNames()

    @override
    def write(self, documents: Sequence[SearchDocument]) -> list[SearchDocument]:
        targets = self._targets()
        if not targets or not documents:
            # No index has been built yet; the build will read the tables.
            return []
        lines = [
            line
            for target in targets
            for document in documents
            for line in operation(document, target, by_alias=True)
        ]
        with availability():
            answer = self._client.bulk(body=lines, params={"refresh": "wait_for"})
        _check(answer)
        # The first target's operations come first, in order.
        outcomes = zip(documents, answer["items"], strict=False)
        return [document for document, item in outcomes if item["index"]["status"] < 300]

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _targets(self) -> list[str]:
        aliases = (self._names.alias, self._names.building)
        with availability():
            try:
                found = self._client.indices.get_alias(name=",".join(aliases))
            except NotFoundError as error:
                # Missing aliases cause a 404 whose body lists those that exist.
                found = {
                    index: body
                    for index, body in (error.info if isinstance(error.info, dict) else {}).items()
                    if isinstance(body, dict) and "aliases" in body
                }
        existing = {alias for index in found.values() for alias in index["aliases"]}
        return [alias for alias in aliases if alias in existing]


def _check(answer: dict[str, Any]) -> None:
    """Raise if a document was rejected for a reason other than being outdated."""
    refused = failures(answer, accepted=_FINE)
    if not refused:
        return
    _log.error("index refused documents", extra={"first": refused[0], "number": len(refused)})
    if all(each["status"] in AWAY for each in refused):
        raise DependencyUnavailable("opensearch", f"opensearch is busy: {len(refused)} documents")
    raise RuntimeError(f"the index does not take {len(refused)} documents: {refused[0]}")
