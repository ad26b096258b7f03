"""The state: one SQLite file, one writer at a time.

Every API object is a JSON document in ``objects``; internal state (how a card behaves, whether it was
authenticated) is a second document, ``hidden``.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_REQUESTS_KEPT = 10_000
_ALPHABET = string.ascii_letters + string.digits

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    created INTEGER NOT NULL, intent TEXT, body TEXT NOT NULL, hidden TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_intent ON objects (intent, kind);
CREATE INDEX IF NOT EXISTS objects_order
    ON objects (lower(json_extract(body, '$.metadata.order_id')), kind);
CREATE TABLE IF NOT EXISTS answers (
    account TEXT NOT NULL, key TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    params TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, request_id TEXT NOT NULL,
    created REAL NOT NULL, PRIMARY KEY (account, key));
CREATE TABLE IF NOT EXISTS endpoints (
    id TEXT PRIMARY KEY, url TEXT NOT NULL, secret TEXT NOT NULL, enabled_events TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, type TEXT NOT NULL,
    endpoint TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL, status INTEGER, error TEXT);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due);
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, target TEXT NOT NULL,
    due REAL NOT NULL);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT, spec TEXT NOT NULL, skip INTEGER NOT NULL,
    remaining INTEGER, hits INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    id TEXT PRIMARY KEY, at REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    idempotency_key TEXT, status INTEGER, replayed INTEGER NOT NULL, fault TEXT);
"""
TABLES = ("objects", "answers", "deliveries", "jobs", "faults", "settings", "requests")

DEFAULTS: dict[str, Any] = {
    "processing_seconds": 1.0,
    "refund_seconds": 1.0,
    "search_delay_seconds": 0.0,
    "clock_offset_seconds": 0.0,
    "webhook_timeout_seconds": 30.0,
    "webhook_retry_seconds": [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0],
    "webhook_max_attempts": 50,
    "webhook_delay_seconds": 0.0,
    "webhook_copies": 1,
    "webhook_paused": False,
}


class Store:
    """Documents and settings in one SQLite file.

    Parameters
    ----------
    path
        The state file; made when missing. It survives restarts of the process.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._stirred = False
        self.stirs = 0
        self.wake = threading.Condition()
        self.webhook_secret: str | None = None
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the state: all of the block's changes, or none of them."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                if outermost:
                    self._db.execute("ROLLBACK")
                raise
            else:
                if outermost:
                    self._db.execute("COMMIT")
            finally:
                self._depth -= 1
            if outermost and self._stirred:
                with self.wake:
                    self._stirred = False
                    self.stirs += 1
                    self.wake.notify_all()

    def stir(self) -> None:
        """Wake the worker when the transaction ends."""
        self._stirred = True

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Run one statement and return its rows."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """Run one statement and return its first row, if any."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def add(
        self, body: dict[str, Any], *, hidden: dict[str, Any] | None = None, intent: str | None
    ) -> None:
        """Store a new object; ``intent`` is the PaymentIntent it belongs to."""
        self.rows(
            "INSERT INTO objects (id, kind, created, intent, body, hidden)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                body["id"],
                body["object"],
                body["created"],
                intent,
                json.dumps(body),
                json.dumps(hidden or {}),
            ),
        )

    def save(self, body: dict[str, Any], hidden: dict[str, Any] | None = None) -> None:
        """Replace an object's document, and its hidden one when given."""
        self.rows(
            "UPDATE objects SET body = ?, hidden = coalesce(?, hidden) WHERE id = ?",
            (json.dumps(body), None if hidden is None else json.dumps(hidden), body["id"]),
        )

    def get(self, kind: str, identifier: str) -> dict[str, Any] | None:
        """Return an object by its id."""
        found = self.row("SELECT body FROM objects WHERE id = ? AND kind = ?", (identifier, kind))
        return None if found is None else dict(json.loads(found["body"]))

    def hidden(self, identifier: str) -> dict[str, Any]:
        """Return what is kept beside an object and never shown."""
        found = self.row("SELECT hidden FROM objects WHERE id = ?", (identifier,))
        return {} if found is None else dict(json.loads(found["hidden"]))

    def of_intent(self, kind: str, intent: str) -> list[dict[str, Any]]:
        """Return the objects of one PaymentIntent, oldest first."""
        found = self.rows(
            "SELECT body FROM objects WHERE intent = ? AND kind = ? ORDER BY seq", (intent, kind)
        )
        return [json.loads(row["body"]) for row in found]

    def everything(self, kind: str, order: str | None = None) -> list[dict[str, Any]]:
        """Return all objects of a kind, newest first; ``order`` narrows them by metadata.

        The narrowing is an index look-up that ignores the case of ASCII letters; callers compare
        the metadata themselves.
        """
        if order is None or not order.isascii():
            sql, values = "SELECT body FROM objects WHERE kind = ?", [kind]
        else:
            sql = (
                "SELECT body FROM objects WHERE kind = ?"
                " AND lower(json_extract(body, '$.metadata.order_id')) = ?"
            )
            values = [kind, order.lower()]
        found = self.rows(f"{sql} ORDER BY +seq DESC", values)
        return [json.loads(row["body"]) for row in found]

    def setting(self, name: str) -> Any:
        """Return a setting's value."""
        found = self.row("SELECT value FROM settings WHERE name = ?", (name,))
        return DEFAULTS[name] if found is None else json.loads(found["value"])

    def change_setting(self, name: str, value: Any) -> None:
        """Keep a setting's new value."""
        self.rows("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, json.dumps(value)))

    def later(self, kind: str, target: str, seconds: float) -> None:
        """Schedule a step of an object's life."""
        self.rows(
            "INSERT INTO jobs (kind, target, due) VALUES (?, ?, ?)",
            (kind, target, time.time() + seconds),
        )
        self.stir()

    def log_request(self, *values: Any) -> None:
        """Log an API request; the oldest entries are removed."""
        self.rows("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        self.rows(
            "DELETE FROM requests WHERE rowid <= (SELECT max(rowid) FROM requests) - ?",
            (_REQUESTS_KEPT,),
        )

    def now(self) -> int:
        """Return the account's clock in Unix seconds; tests may move it forward."""
        return int(self.clock())

    def clock(self) -> float:
        """Return the account's clock with its fraction of a second."""
        return time.time() + float(self.setting("clock_offset_seconds"))


def new_id(prefix: str, length: int) -> str:
    """Return a prefix such as ``pi_3`` and that many random letters and digits."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))
