"""The argument of a route's function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_fake.store import Store

#: The version of the account, for requests that name none, and of events.
API_VERSION = "2026-08-26.dahlia"


@dataclass(frozen=True, slots=True)
class Call:
    """One request that passed authentication and the check of its parameters.

    Parameters
    ----------
    store
        The state, held by this request's transaction.
    base_url
        Where the fake listens, for links in answers.
    """

    store: Store
    base_url: str
    params: Mapping[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    idempotency_key: str | None = None
    version: str = API_VERSION


type Handler = Callable[..., dict[str, Any]]
