"""Fault injection: errors, hangs and cut connections for the next requests, or for all.

A fault is a document::

    {"method": "POST", "path": "/v1/payment_intents*",    # patterns; both default to "*"
     "action": "status" | "hang" | "close" | "drop_webhooks",
     "when": "before" | "after",     # of the execution; default "before"
     "status": 503,                  # for "status"
     "seconds": 5,                   # waited first, whatever the action
     "times": 1,                     # null: until removed; default 1
     "skip": 0,                      # matching requests let through first
     "stored": false}                # "status": replay it for the idempotency key

``drop_webhooks`` matches ``path`` against event types instead. ``close`` *before* executes
nothing; ``close`` and ``status`` *after* execute everything and lose the answer.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from stripe_fake.errors import ApiError, invalid
from stripe_fake.store import Store

_ACTIONS = ("status", "hang", "close", "drop_webhooks")
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """An injected fault; see the module's docstring."""

    action: str
    method: str = "*"
    path: str = "*"
    when: str = "before"
    status: int = 500
    seconds: float = 0
    times: int | None = 1
    skip: int = 0
    stored: bool = False

    def __post_init__(self) -> None:
        numbers = (self.status, self.skip, 0 if self.times is None else self.times)
        if self.action not in _ACTIONS:
            raise invalid(f"action must be one of {', '.join(_ACTIONS)}", param="action")
        if self.when not in ("before", "after"):
            raise invalid("when must be before or after", param="when")
        if any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in numbers):
            raise invalid("status, times and skip are whole numbers", param="times")
        if self.action == "status" and not 400 <= self.status <= 599:
            raise invalid("status must be between 400 and 599", param="status")
        if not isinstance(self.seconds, int | float) or not 0 <= self.seconds <= _SECONDS:
            raise invalid(f"seconds must be between 0 and {_SECONDS}", param="seconds")

    def error(self) -> ApiError:
        """Return the answer of a ``status`` fault in Stripe's words."""
        if self.status == 429:
            return ApiError(
                429,
                "invalid_request_error",
                "Request rate limit exceeded. Learn more about rate limits here"
                " https://stripe.com/docs/rate-limits.",
                code="rate_limit",
            )
        return ApiError(
            self.status,
            "api_error" if self.status >= 500 else "invalid_request_error",
            "An unknown error occurred (ordered from the local Stripe fake).",
        )


def order(store: Store, document: dict[str, Any]) -> dict[str, Any]:
    """Store a fault and return it with its id."""
    unknown = document.keys() - Fault.__dataclass_fields__.keys()
    if unknown or "action" not in document:
        raise invalid(
            f"A fault has an action and: {', '.join(Fault.__dataclass_fields__)}",
            param=", ".join(sorted(unknown)) or "action",
        )
    fault = Fault(**document)
    store.rows(
        "INSERT INTO faults (spec, skip, remaining) VALUES (?, ?, ?)",
        (json.dumps(asdict(fault)), fault.skip, fault.times),
    )
    return listed(store)[-1]


def listed(store: Store) -> list[dict[str, Any]]:
    """Return the faults in order, with their remaining and past applications."""
    return [
        {
            "id": row["id"],
            **json.loads(row["spec"]),
            "remaining": row["remaining"],
            "hits": row["hits"],
        }
        for row in store.rows("SELECT * FROM faults ORDER BY id")
    ]


def clear(store: Store, identifier: int | None = None) -> None:
    """Remove one fault, or all."""
    store.rows("DELETE FROM faults WHERE id = coalesce(?, id)", (identifier,))


def strike(store: Store, method: str, path: str) -> Fault | None:
    """Return the fault that applies to this request, if any, and count it."""
    with store.transaction():
        return _take(store, method, path, webhooks=False)


def drops(store: Store, event_type: str) -> bool:
    """Return whether the deliveries of an event are to be lost."""
    return _take(store, "*", event_type, webhooks=True) is not None


def _take(store: Store, method: str, path: str, *, webhooks: bool) -> Fault | None:
    live = "SELECT * FROM faults WHERE remaining IS NULL OR remaining > 0 ORDER BY id"
    for row in store.rows(live):
        fault = Fault(**json.loads(row["spec"]))
        if (fault.action == "drop_webhooks") is not webhooks:
            continue
        if not (fnmatchcase(method, fault.method) and fnmatchcase(path, fault.path)):
            continue
        if row["skip"] > 0:
            store.rows("UPDATE faults SET skip = skip - 1 WHERE id = ?", (row["id"],))
            continue
        store.rows(
            "UPDATE faults SET remaining = remaining - 1, hits = hits + 1 WHERE id = ?",
            (row["id"],),
        )
        return fault
    return None
