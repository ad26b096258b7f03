"""The connection to OpenSearch. Importing opensearch-py takes over 100 ms, so only search functions do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as OpenSearchConnectionError
from opensearchpy.exceptions import TransportError

from shop.domain.errors import DependencyUnavailable

WRITE_TIMEOUT_SECONDS: Final = 20.0
#: Statuses that mean that the node or the index is unavailable.
AWAY: Final = frozenset({404, 408, 429, 500, 502, 503, 504})


def connect(url: str, timeout_seconds: float) -> OpenSearch:
    """Create a client; it connects on first use.

    Parameters
    ----------
    url : str
        ``http[s]://[user:password@]host:port``.
    """
    return OpenSearch(hosts=[url], timeout=timeout_seconds, max_retries=0, http_compress=True)


@contextmanager
def availability() -> Iterator[None]:
    """Translate errors that mean that the node or the index is unavailable into `DependencyUnavailable`."""
    try:
        yield
    except OpenSearchConnectionError as error:
        kind = type(error).__name__
        detail = f"opensearch does not answer ({kind})"
        raise DependencyUnavailable("opensearch", detail, outage=True) from error
    except TransportError as error:
        if error.status_code in AWAY:
            raise DependencyUnavailable(
                # A single request can cause a 500; the other statuses concern the node or the index.
                "opensearch",
                f"opensearch: {error.error}",
                outage=error.status_code != 500,
            ) from error
        raise


def failures(answer: Mapping[str, Any], *, accepted: frozenset[int]) -> list[dict[str, Any]]:
    """List a bulk response's operations that failed with a status not in `accepted`."""
    operations = (next(iter(item.values())) for item in answer["items"])
    return [each for each in operations if each["status"] >= 300 and each["status"] not in accepted]
