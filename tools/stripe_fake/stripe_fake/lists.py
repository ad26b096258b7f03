"""Pages of objects, and ``expand``."""

from __future__ import annotations

from typing import Any

from stripe_fake.call import Call
from stripe_fake.errors import invalid, missing

_EXPANDABLE = {
    "balance_transaction": {"source": "charge"},
    "charge": {
        "balance_transaction": "balance_transaction",
        "payment_intent": "payment_intent",
    },
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "event": {},
    "payment_intent": {"latest_charge": "charge", "payment_method": "payment_method"},
    "payment_method": {},
    "refund": {"charge": "charge", "payment_intent": "payment_intent"},
}
_DEEPEST = 4


def limit_of(call: Call) -> int:
    """Return how many items a page has."""
    limit: int = call.params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid(
            f"Invalid integer: {limit} (limit is between 1 and 100)",
            code="parameter_invalid_integer",
            param="limit",
        )
    return limit


def of_payment(call: Call, kind: str) -> list[dict[str, Any]]:
    """Return the objects of a kind that belong to the charge and the intent that a list is asked for."""
    given = call.params
    return [
        item
        for item in call.store.everything(kind)
        if given.get("payment_intent", item["payment_intent"]) == item["payment_intent"]
        and given.get("charge", item["charge"]) == item["charge"]
    ]


def page(call: Call, items: list[dict[str, Any]], url: str) -> dict[str, Any]:
    """Return one page of ``items``, which come newest first."""
    given = call.params
    limit = limit_of(call)
    bounds = given.get("created", {})
    items = [
        item
        for item in items
        if item["created"] > bounds.get("gt", -1)
        and item["created"] >= bounds.get("gte", 0)
        and item["created"] < bounds.get("lt", float("inf"))
        and item["created"] <= bounds.get("lte", float("inf"))
    ]
    if "starting_after" in given:
        left = items[_position(items, given["starting_after"], "starting_after") + 1 :]
        chosen, more = left[:limit], len(left) > limit
    elif "ending_before" in given:
        left = items[: _position(items, given["ending_before"], "ending_before")]
        chosen, more = left[-limit:], len(left) > limit
    else:
        chosen, more = items[:limit], len(items) > limit
    return {"object": "list", "data": chosen, "has_more": more, "url": url}


def _position(items: list[dict[str, Any]], identifier: str, param: str) -> int:
    for index, item in enumerate(items):
        if item["id"] == identifier:
            return index
    raise missing("object", identifier, param=param, status=400)


def expand(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Replace ids by their objects where ``expand`` asks for it."""
    for path in call.params.get("expand", []):
        names = path.split(".")
        if len(names) > _DEEPEST:
            raise invalid(
                f"You cannot expand more than {_DEEPEST} levels of a property ({path}).",
                param="expand",
            )
        if body["object"] in ("list", "search_result"):
            if names[0] != "data" or len(names) == 1:
                raise _cannot(path)
            for item in body["data"]:
                _expand(call, item, names[1:], path)
        else:
            _expand(call, body, names, path)
    return body


def _expand(call: Call, body: dict[str, Any], names: list[str], path: str) -> None:
    kinds: dict[str, str] = _EXPANDABLE[body["object"]]
    name = names[0]
    if body["object"] == "charge" and name == "refunds" and len(names) == 1:
        items = call.store.of_intent("refund", body["payment_intent"])[::-1]
        items = [item for item in items if item["charge"] == body["id"]]
        body[name] = {
            "object": "list",
            "data": items,
            "has_more": False,
            "url": f"/v1/charges/{body['id']}/refunds",
        }
        return
    if name not in kinds:
        raise _cannot(path)
    if isinstance(body[name], str):
        body[name] = call.store.get(kinds[name], body[name])
    if body[name] is not None and names[1:]:
        _expand(call, body[name], names[1:], path)


def _cannot(path: str) -> Exception:
    return invalid(
        f"This property cannot be expanded ({path}). You may want to try expanding"
        " 'data' on list objects.",
        param="expand",
    )
