"""Bodies of the platform's endpoints."""

from typing import Literal

import msgspec


class DependencyView(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a server.

    Attributes
    ----------
    latency_ms : float or None
        Response time; null if it did not answer.
    degraded : bool
        Whether the shop works with restrictions: the server is slow, or unavailable and not required.
    """

    up: bool
    latency_ms: float | None
    degraded: bool


class HealthView(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the shop: ``down`` without PostgreSQL, ``degraded`` without any other server."""

    status: Literal["ok", "degraded", "down"]
    dependencies: dict[str, DependencyView]
