"""Bodies of the platform's endpoints."""

from typing import Literal

import msgspec


class DependencyView(msgspec.Struct, frozen=True, kw_only=True):
    """How a server is.

    Attributes
    ----------
    latency_ms : float or None
        How long it took to answer; null without an answer.
    degraded : bool
        The shop works, but not as well as it could: the server is slow, or away and done without.
    """

    up: bool
    latency_ms: float | None
    degraded: bool


class HealthView(msgspec.Struct, frozen=True, kw_only=True):
    """How the shop is: ``down`` without PostgreSQL, ``degraded`` without any other server."""

    status: Literal["ok", "degraded", "down"]
    dependencies: dict[str, DependencyView]
