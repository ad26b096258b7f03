"""Idempotency keys as Stripe documents them.

The first answer of a key is kept for 24 hours, declines included, and replayed with
``Idempotent-Replayed: true``. Nothing is kept for a request whose parameters were refused or that
met a conflict. The same key with other parameters, or on another path, is an
``idempotency_error`` (400); a key whose first request is still running is a 409.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stripe_fake.errors import ApiError, invalid
from stripe_fake.store import Store

KEPT_SECONDS = 24 * 3600
LONGEST = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored answer: HTTP status, JSON text, and the request that was given it first."""

    status: int
    body: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request that came with a key; ``params`` are as sent, before any check."""

    account: str
    key: str
    method: str
    path: str
    params: dict[str, Any]


class Keys:
    """The keys of one process: the running ones in memory, the answered ones in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._running: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def held(self, account: str, key: str | None) -> Iterator[None]:
        """Hold a key while its request runs; a second holder gets a 409."""
        if key is None:
            yield
            return
        if not 0 < len(key) <= LONGEST:
            raise invalid(
                f"Idempotency keys have between 1 and {LONGEST} characters.",
                param="Idempotency-Key",
            )
        held = (account, key)
        with self._lock:
            if held in self._running:
                raise ApiError(
                    409,
                    "idempotency_error",
                    "There is currently another in-progress request using this Idempotent Key"
                    f" (that probably means you submitted twice, and the other request is still"
                    f" going through): {key}. Please try again later.",
                    code="idempotency_key_in_use",
                )
            self._running.add(held)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(held)

    def stored(self, request: Keyed) -> Answer | None:
        """Return the answer to replay, or refuse a key that was used for something else."""
        self._store.rows(
            "DELETE FROM answers WHERE created <= ?", (self._store.clock() - KEPT_SECONDS,)
        )
        row = self._store.row(
            "SELECT * FROM answers WHERE account = ? AND key = ?", (request.account, request.key)
        )
        if row is None:
            return None
        if (row["method"], row["path"]) != (request.method, request.path):
            raise ApiError(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used for the same endpoint they were"
                f" first used for ('{request.path}' vs '{row['path']}'). Try using a key other than"
                f" '{request.key}' if you meant to execute a different request.",
            )
        if row["params"] != _canonical(request.params):
            raise ApiError(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were"
                f" first used with. Try using a key other than '{request.key}' if you meant to"
                " execute a different request.",
            )
        return Answer(row["status"], row["body"], row["request_id"])

    def keep(self, request: Keyed, answer: Answer) -> None:
        """Store the answer in the transaction that produced it."""
        self._store.rows(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                request.account,
                request.key,
                request.method,
                request.path,
                _canonical(request.params),
                answer.status,
                answer.body,
                answer.request_id,
                self._store.clock(),
            ),
        )


def _canonical(params: dict[str, Any]) -> str:
    return json.dumps(params, sort_keys=True)
