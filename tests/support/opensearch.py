"""Indexes of the tests: each test's own, removed at the end."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from opensearchpy import OpenSearch

from shop.adapters.opensearch.index import IndexNames


@contextmanager
def own_indexes(url: str) -> Iterator[IndexNames]:
    """Return names that nobody else uses, and remove every index under them at the end."""
    names = IndexNames(f"test-{uuid.uuid4().hex[:12]}")
    try:
        yield names
    finally:
        client = OpenSearch(hosts=[url], timeout=30)
        for index in client.indices.get_alias(index=f"{names.alias}*"):
            client.indices.delete(index=index)
        client.close()
