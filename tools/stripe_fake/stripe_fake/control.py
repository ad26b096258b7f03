"""The control API under ``/_fake/``: JSON in and out, no key needed. README.md lists it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from stripe_fake import attempts, disputes, events, faults, intents, webhooks
from stripe_fake.call import Call
from stripe_fake.errors import ApiError, invalid, missing
from stripe_fake.store import DEFAULTS, TABLES

type Document = dict[str, Any]
type Action = Callable[..., Any]


def _health(_call: Call, _given: Document) -> Document:
    return {"status": "ok"}


def _settings(call: Call, given: Document) -> Document:
    for name, value in given.items():
        default = DEFAULTS.get(name)
        if default is None:
            raise invalid(f"Settings are: {', '.join(DEFAULTS)}", param=name)
        numbers = isinstance(default, list) and isinstance(value, list) and value
        for item in value if numbers else [value]:
            if isinstance(default, bool):
                good = isinstance(item, bool)
            else:
                good = isinstance(item, int | float) and not isinstance(item, bool) and item >= 0
            if not good or (isinstance(default, list) and not numbers):
                raise invalid(f"Wrong value for {name}; an example: {default}", param=name)
        call.store.change_setting(name, value)
    return {name: call.store.setting(name) for name in DEFAULTS}


def _reset(call: Call, given: Document) -> Document:
    for table in TABLES:
        call.store.rows(f"DELETE FROM {table}")
    if not given.get("keep_endpoints", True):
        call.store.rows("DELETE FROM endpoints")
    return {"status": "ok"}


def _faults(call: Call, _given: Document) -> Document:
    return {"data": faults.listed(call.store)}


def _add_fault(call: Call, given: Document) -> Document:
    return faults.order(call.store, given)


def _clear_faults(call: Call, _given: Document, identifier: str | None = None) -> Document:
    faults.clear(call.store, None if identifier is None else int(identifier))
    return _faults(call, {})


def _endpoints(call: Call, _given: Document) -> Document:
    return {"data": webhooks.endpoints(call.store)}


def _put_endpoint(call: Call, given: Document, identifier: str | None = None) -> Document:
    return webhooks.put_endpoint(
        call.store, given if identifier is None else {**given, "id": identifier}
    )


def _delete_endpoint(call: Call, _given: Document, identifier: str) -> Document:
    call.store.rows("DELETE FROM endpoints WHERE id = ?", (identifier,))
    call.store.rows(
        "DELETE FROM deliveries WHERE endpoint = ? AND state = 'pending'", (identifier,)
    )
    return _endpoints(call, {})


def _deliveries(call: Call, given: Document) -> Document:
    return {"data": webhooks.deliveries(call.store, given.get("event"))}


def _pause(call: Call, _given: Document) -> Document:
    call.store.change_setting("webhook_paused", value=True)
    return {"paused": True}


def _resume(call: Call, given: Document) -> Document:
    return {"paused": False, "released": webhooks.resume(call.store, **given)}


def _redeliver(call: Call, given: Document, identifier: str) -> Document:
    event = call.store.get("event", identifier)
    if event is None:
        raise missing("event", identifier)
    for endpoint in webhooks.endpoints(call.store):
        events.schedule(
            call.store,
            event,
            endpoint["id"],
            copies=given.get("times", 1),
            delay=given.get("delay", 0),
        )
    return {"data": webhooks.deliveries(call.store, identifier)}


def _outcome(given: Document) -> bool:
    outcome = given.get("outcome", "succeed")
    if outcome not in ("succeed", "fail"):
        raise invalid("outcome must be succeed or fail", param="outcome")
    return bool(outcome == "succeed")


def _authenticate(call: Call, given: Document, identifier: str) -> Document:
    intent = intents.find(call, identifier)
    return attempts.authenticate(call, intent, succeeds=_outcome(given))


def _settle(call: Call, given: Document, identifier: str) -> Document:
    return attempts.settle(call, intents.find(call, identifier), succeeds=_outcome(given))


def _dispute(call: Call, given: Document, identifier: str) -> Document:
    amount = given.get("amount")
    if amount is not None and (not isinstance(amount, int) or amount < 1):
        raise invalid("amount must be a positive number of minor units", param="amount")
    return disputes.open_(call, identifier, amount, given.get("reason", "fraudulent"))


def _close_dispute(call: Call, given: Document, identifier: str) -> Document:
    return disputes.close(call, identifier, given.get("outcome", "lost"))


def _objects(kind: str) -> Action:
    def action(call: Call, given: Document) -> Document:
        """List objects whose metadata has every pair of the query string."""
        found = [
            item
            for item in call.store.everything(kind, given.get("order_id"))
            if all(item["metadata"].get(name) == value for name, value in given.items())
        ]
        by_status: dict[str, int] = {}
        for item in found:
            by_status[item["status"]] = by_status.get(item["status"], 0) + 1
        return {"count": len(found), "by_status": by_status, "data": found}

    return action


def _requests(call: Call, given: Document) -> Document:
    rows = call.store.rows("SELECT * FROM requests ORDER BY at, rowid")
    chosen = [dict(row) for row in rows]
    for name, value in given.items():
        chosen = [row for row in chosen if str(row.get(name)) == value]
    return {"count": len(chosen), "data": chosen}


_ACTIONS: Mapping[tuple[str, str], Action] = {
    ("GET", "health"): _health,
    ("GET", "settings"): _settings,
    ("POST", "settings"): _settings,
    ("POST", "reset"): _reset,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("DELETE", r"faults/(\d+)"): _clear_faults,
    ("GET", "webhooks/endpoints"): _endpoints,
    ("POST", "webhooks/endpoints"): _put_endpoint,
    ("PUT", "webhooks/endpoints/([^/]+)"): _put_endpoint,
    ("DELETE", "webhooks/endpoints/([^/]+)"): _delete_endpoint,
    ("GET", "webhooks/deliveries"): _deliveries,
    ("POST", "webhooks/pause"): _pause,
    ("POST", "webhooks/resume"): _resume,
    ("POST", "events/([^/]+)/deliver"): _redeliver,
    ("POST", "payment_intents/([^/]+)/authenticate"): _authenticate,
    ("POST", "payment_intents/([^/]+)/settle"): _settle,
    ("POST", "payment_intents/([^/]+)/dispute"): _dispute,
    ("POST", "disputes/([^/]+)/close"): _close_dispute,
    ("GET", "payment_intents"): _objects("payment_intent"),
    ("GET", "charges"): _objects("charge"),
    ("GET", "refunds"): _objects("refund"),
    ("GET", "requests"): _requests,
}


def run(call: Call, method: str, path: str, given: Document) -> Any:
    """Do what a control request asks; ``path`` is without its ``/_fake/``."""
    for (wanted, pattern), action in _ACTIONS.items():
        found = re.fullmatch(pattern, path) if wanted == method else None
        if found is not None:
            return action(call, given, *found.groups())
    listed = ", ".join(sorted(f"{verb} /_fake/{pattern}" for verb, pattern in _ACTIONS))
    raise ApiError(404, "invalid_request_error", f"There are: {listed}")
