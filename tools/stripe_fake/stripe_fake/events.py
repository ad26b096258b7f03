"""Event objects, and their deliveries to webhook endpoints."""

from __future__ import annotations

import json
import time
from fnmatch import fnmatchcase
from typing import Any

from stripe_fake import faults
from stripe_fake.call import API_VERSION, Call
from stripe_fake.errors import missing
from stripe_fake.store import Store, new_id


def emit(
    call: Call, kind: str, subject: dict[str, Any], previous: dict[str, Any] | None = None
) -> None:
    """Record an event with a snapshot of its subject, in the caller's transaction."""
    store = call.store
    data: dict[str, Any] = {"object": subject}
    if previous is not None:
        data["previous_attributes"] = previous
    event = {
        "id": new_id("evt_3", 23),
        "object": "event",
        "api_version": API_VERSION,
        "created": store.now(),
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": call.request_id, "idempotency_key": call.idempotency_key},
        "type": kind,
    }
    intent = subject["id"] if subject["object"] == "payment_intent" else subject["payment_intent"]
    store.add(event, intent=intent)
    dropped = faults.drops(store, kind)
    for endpoint in store.rows("SELECT id, enabled_events FROM endpoints"):
        wanted = json.loads(endpoint["enabled_events"])
        if kind in wanted or wanted == ["*"]:
            schedule(store, event, endpoint["id"], dropped=dropped)


def schedule(
    store: Store,
    event: dict[str, Any],
    endpoint: str,
    *,
    copies: int | None = None,
    delay: float | None = None,
    dropped: bool = False,
) -> None:
    """Schedule the deliveries of an event to an endpoint, with the copies and the delay of the settings."""
    wait = store.setting("webhook_delay_seconds") if delay is None else delay
    for _ in range(store.setting("webhook_copies") if copies is None else copies):
        store.rows(
            "INSERT INTO deliveries (event, type, endpoint, state, due) VALUES (?, ?, ?, ?, ?)",
            (
                event["id"],
                event["type"],
                endpoint,
                "dropped" if dropped else "pending",
                time.time() + wait,
            ),
        )
    store.stir()


def shown(store: Store, event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with its number of pending deliveries."""
    found = store.row(
        "SELECT count(DISTINCT endpoint) AS n FROM deliveries"
        " WHERE event = ? AND state IN ('pending', 'sending')",
        (event["id"],),
    )
    return {**event, "pending_webhooks": found["n"] if found else 0}


def retrieve(call: Call, identifier: str) -> dict[str, Any]:
    """Answer ``GET /v1/events/{id}``."""
    event = call.store.get("event", identifier)
    if event is None:
        raise missing("event", identifier)
    return shown(call.store, event)


def matching(call: Call) -> list[dict[str, Any]]:
    """Return the events ``GET /v1/events`` pages through."""
    wanted = call.params.get("types") or [call.params.get("type", "*")]
    return [
        shown(call.store, event)
        for event in call.store.everything("event")
        if any(fnmatchcase(event["type"], pattern) for pattern in wanted)
    ]
