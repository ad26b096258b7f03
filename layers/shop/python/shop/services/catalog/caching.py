"""Keys and values of the catalog's cache."""

import msgspec


class CacheKey(msgspec.Struct, frozen=True):
    """The key of a cached answer.

    Attributes
    ----------
    name : str
        Its name in the shared cache.
    local_seconds : float
        How long a process may keep a copy.
    shared_seconds : int
        How long the shared cache keeps it.
    """

    name: str
    local_seconds: float = 0.0
    shared_seconds: int = 300


class Cached(msgspec.Struct, frozen=True):
    """An answer as text, and whether it came from the cache."""

    text: str
    hit: bool
