"""Webhook endpoints and the deliveries to them: signed, retried, in order unless told otherwise.

A delivery is tried until it is answered 2xx, with the delays of ``webhook_retry_seconds``. One
endpoint gets one request at a time; a delivery that waits for its next try lets later ones pass.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import random
import re
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from stripe_fake import attempts, refunds
from stripe_fake.call import Call
from stripe_fake.errors import invalid
from stripe_fake.events import shown
from stripe_fake.store import Store, new_id

_THREADS = 3
_IDLE_SECONDS = 5.0


def signature(secret: str, payload: bytes, at: int) -> str:
    """Return the ``Stripe-Signature`` of a payload at a Unix time in seconds."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def endpoints(store: Store) -> list[dict[str, Any]]:
    """Return the endpoints."""
    return [
        {**dict(row), "enabled_events": json.loads(row["enabled_events"])}
        for row in store.rows("SELECT * FROM endpoints ORDER BY id")
    ]


def put_endpoint(store: Store, document: dict[str, Any]) -> dict[str, Any]:
    """Add an endpoint, or change the one with the same ``id``; return it."""
    unknown = document.keys() - {"id", "url", "secret", "enabled_events"}
    if unknown:
        raise invalid(f"An endpoint has no {', '.join(sorted(unknown))}", code="parameter_unknown")
    identifier = document.get("id") or new_id("we_", 12)
    row = store.row("SELECT * FROM endpoints WHERE id = ?", (identifier,))
    known = (
        {**dict(row), "enabled_events": json.loads(row["enabled_events"])}
        if row
        else {
            "id": identifier,
            "secret": store.webhook_secret or new_id("whsec_", 32),
            "enabled_events": ["*"],
        }
    )
    known.update({name: value for name, value in document.items() if value is not None})
    known["id"] = identifier
    try:
        address = urlsplit(str(known.get("url", "")))
        good = address.scheme in ("http", "https") and address.hostname and address.port != 0
    except ValueError:  # a port that is none
        good = False
    if not good:
        raise invalid("url must be an http:// or https:// address", param="url")
    if not str(known["secret"]).startswith("whsec_"):
        raise invalid("secret must begin with whsec_", param="secret")
    wanted = known["enabled_events"]
    # Prefixes such as ``charge.*`` are for lists of events only, as at Stripe.
    if wanted != ["*"] and not (isinstance(wanted, list) and wanted and all(map(_is_type, wanted))):
        raise invalid(
            'enabled_events must be a list of event types, or ["*"]', param="enabled_events"
        )
    store.rows(
        "INSERT OR REPLACE INTO endpoints VALUES (?, ?, ?, ?)",
        (identifier, known["url"], known["secret"], json.dumps(known["enabled_events"])),
    )
    return known


def _is_type(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", name) is not None


def deliveries(store: Store, event: str | None = None) -> list[dict[str, Any]]:
    """Return the deliveries, oldest first: of one event, or all."""
    rows = store.rows(
        "SELECT * FROM deliveries WHERE event = coalesce(?, event) ORDER BY id", (event,)
    )
    return [dict(row) for row in rows]


def resume(store: Store, order: str = "created") -> int:
    """Send what waits, in the order asked for; return how many deliveries that is."""
    if order not in ("created", "reverse", "random"):
        raise invalid("order must be created, reverse or random", param="order")
    waiting = [
        row["id"]
        for row in store.rows("SELECT id FROM deliveries WHERE state = 'pending' ORDER BY id")
    ]
    if order == "reverse":
        waiting.reverse()
    elif order == "random":
        random.shuffle(waiting)
    start = time.time() - 1
    for place, identifier in enumerate(waiting):
        store.rows("UPDATE deliveries SET due = ? WHERE id = ?", (start + place * 1e-6, identifier))
    store.change_setting("webhook_paused", value=False)
    store.stir()
    return len(waiting)


class Worker:
    """The threads that deliver webhooks and complete slow payments and refunds."""

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._call = Call(store, base_url)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"webhooks-{n}", daemon=True)
            for n in range(_THREADS)
        ]

    def start(self) -> None:
        """Start; deliveries that an earlier process was sending are sent again."""
        with self._store.transaction():
            self._store.rows("UPDATE deliveries SET state = 'pending' WHERE state = 'sending'")
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the threads end."""
        self._stop.set()
        with self._store.wake:
            self._store.wake.notify_all()
        for thread in self._threads:
            thread.join(timeout=1)

    def _run(self) -> None:
        store = self._store
        while not self._stop.is_set():
            seen = store.stirs
            if self._step() or self._deliver():
                continue
            pause = self._pause()
            with store.wake:
                if store.stirs == seen and not self._stop.is_set():
                    store.wake.wait(pause)

    def _pause(self) -> float:
        """Return the seconds until the next thing is due, at most a few seconds."""
        row = self._store.row(
            "SELECT min(due) AS due FROM (SELECT due FROM jobs UNION ALL"
            " SELECT due FROM deliveries WHERE state = 'pending' AND due > ?)",
            (time.time(),),
        )
        due = None if row is None else row["due"]
        return _IDLE_SECONDS if due is None else min(_IDLE_SECONDS, max(0.01, due - time.time()))

    def _step(self) -> bool:
        """Run one scheduled step of a payment or refund, if one is due."""
        store = self._store
        due = "SELECT * FROM jobs WHERE due <= ? ORDER BY due LIMIT 1"
        if store.row(due, (time.time(),)) is None:
            return False
        with store.transaction():
            job = store.row(due, (time.time(),))
            if job is None:
                return False
            store.rows("DELETE FROM jobs WHERE id = ?", (job["id"],))
            if job["kind"] == "refund":
                refunds.settle(self._call, job["target"])
            else:
                intent = store.get("payment_intent", job["target"])
                if intent is not None:
                    attempts.settle(self._call, intent)
        return True

    def _claim(self) -> dict[str, Any] | None:
        store = self._store
        due = (
            "SELECT d.*, e.url, e.secret FROM deliveries d JOIN endpoints e ON e.id = d.endpoint"
            " WHERE d.state = 'pending' AND d.due <= ? AND NOT EXISTS (SELECT 1 FROM deliveries s"
            " WHERE s.endpoint = d.endpoint AND s.state = 'sending')"
            " ORDER BY d.due, d.id LIMIT 1"
        )
        if store.setting("webhook_paused") or store.row(due, (time.time(),)) is None:
            return None
        with store.transaction():
            row = store.row(due, (time.time(),))
            if row is None or store.setting("webhook_paused"):
                return None
            store.rows(
                "UPDATE deliveries SET state = 'sending', attempts = attempts + 1 WHERE id = ?",
                (row["id"],),
            )
            event = store.get("event", row["event"])
            if event is None:
                return None
            return {**dict(row), "payload": json.dumps(shown(store, event)).encode()}

    def _deliver(self) -> bool:
        claimed = self._claim()
        if claimed is None:
            return False
        store = self._store
        status, error = self._post(claimed)
        attempt = claimed["attempts"] + 1
        taken = status is not None and 200 <= status < 300
        waits = store.setting("webhook_retry_seconds")
        last = attempt >= store.setting("webhook_max_attempts")
        with store.transaction():
            store.rows(
                "UPDATE deliveries SET state = ?, due = ?, status = ?, error = ? WHERE id = ?",
                (
                    "delivered" if taken else "failed" if last else "pending",
                    time.time() + waits[min(attempt, len(waits)) - 1],
                    status,
                    error,
                    claimed["id"],
                ),
            )
        return True

    def _post(self, claimed: dict[str, Any]) -> tuple[int | None, str | None]:
        address = urlsplit(claimed["url"])
        kind = (
            http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        )
        timeout = self._store.setting("webhook_timeout_seconds")
        connection = kind(address.hostname or "", address.port, timeout=timeout)
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
        payload = claimed["payload"]
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(claimed["secret"], payload, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            connection.request("POST", target, payload, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            return None, f"{type(error).__name__}: {error}"
        else:
            return answer.status, None
        finally:
            connection.close()
