"""The API's routes: method, path, parameters, function."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stripe_fake import (
    charges,
    disputes,
    events,
    intent_params,
    intents,
    lists,
    params,
    payment_methods,
    refunds,
    search,
)
from stripe_fake.call import Call, Handler
from stripe_fake.params import text


@dataclass(frozen=True, slots=True)
class Route:
    """One operation; ``path`` has Stripe's own placeholders, as its OpenAPI document does."""

    method: str
    path: str
    table: params.Table
    handler: Handler

    def match(self, method: str, path: str) -> tuple[str, ...] | None:
        """Return the path's ids when the request is for this route."""
        pattern = re.sub(r"\{\w+\}", r"([^/]+)", self.path)
        found = re.fullmatch(pattern, path) if method == self.method else None
        return None if found is None else found.groups()


def _pages(matching: Callable[[Call], list[dict[str, Any]]], url: str) -> Handler:
    def handler(call: Call) -> dict[str, Any]:
        return lists.page(call, matching(call), url)

    return handler


def _all_intents(call: Call) -> list[dict[str, Any]]:
    return call.store.everything("payment_intent")


_PI = "/v1/payment_intents"
_ONE: params.Table = params.EXPAND

ROUTES = (
    Route("POST", "/v1/payment_methods", payment_methods.CREATE, payment_methods.create),
    Route("GET", "/v1/payment_methods/{payment_method}", _ONE, payment_methods.retrieve),
    Route("POST", _PI, intent_params.CREATE, intents.create),
    Route("GET", _PI, params.PAGE, _pages(_all_intents, _PI)),
    Route("GET", f"{_PI}/search", search.PARAMS, search.payment_intents),
    Route("GET", f"{_PI}/{{intent}}", {**_ONE, "client_secret": text}, intents.retrieve),
    Route("POST", f"{_PI}/{{intent}}", intent_params.UPDATE, intents.update),
    Route("POST", f"{_PI}/{{intent}}/confirm", intent_params.CONFIRM, intents.confirm),
    Route("POST", f"{_PI}/{{intent}}/capture", intent_params.CAPTURE, intents.capture),
    Route("POST", f"{_PI}/{{intent}}/cancel", intent_params.CANCEL, intents.cancel),
    Route(
        "GET",
        "/v1/charges",
        {**params.PAGE, "payment_intent": text},
        _pages(charges.matching, "/v1/charges"),
    ),
    Route("GET", "/v1/charges/{charge}", _ONE, charges.retrieve),
    Route("GET", "/v1/disputes", disputes.LIST, _pages(disputes.matching, "/v1/disputes")),
    Route("GET", "/v1/disputes/{dispute}", _ONE, disputes.retrieve),
    Route("POST", "/v1/refunds", refunds.CREATE, refunds.create),
    Route("GET", "/v1/refunds", refunds.LIST, _pages(refunds.matching, "/v1/refunds")),
    Route("GET", "/v1/refunds/{refund}", _ONE, refunds.retrieve),
    Route("POST", "/v1/refunds/{refund}", refunds.UPDATE, refunds.update),
    Route(
        "GET",
        "/v1/events",
        {**params.PAGE, "type": text, "types": params.list_of(text)},
        _pages(events.matching, "/v1/events"),
    ),
    Route("GET", "/v1/events/{id}", _ONE, events.retrieve),
)


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Return the route of a request and the ids in its path."""
    for route in ROUTES:
        ids = route.match(method, path)
        if ids is not None:
            return route, ids
    return None
