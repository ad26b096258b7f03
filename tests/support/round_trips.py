"""Round trips to Redis, counted at the server as the reads of each connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from redis import Redis


@dataclass
class RoundTrips:
    """How often the server read from a connection; what a client sends at once is read at once."""

    count: int = 0


@contextmanager
def round_trips(redis_url: str) -> Iterator[RoundTrips]:
    """Count the round trips of all clients during a block; connecting and closing count as well."""
    trips = RoundTrips()
    with Redis.from_url(redis_url, protocol=3) as observer:
        before = _reads(observer)
        yield trips
        trips.count = _reads(observer) - before - 1  # without the observer's own


def _reads(observer: Redis) -> int:
    return int(observer.info("stats")["total_reads_processed"])
