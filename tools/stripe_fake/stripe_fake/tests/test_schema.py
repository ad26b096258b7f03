"""Every answer and every accepted parameter, against Stripe's published OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from stripe_fake.routes import ROUTES, Route, find
from stripe_fake.tests import openapi
from stripe_fake.tests.conftest import Fake

PAY = {
    "amount": "1999",
    "currency": "usd",
    "confirm": "true",
    "payment_method_types[]": "card",
    "metadata[order_id]": "o-1",
    "description": "An order",
    "receipt_email": "ada@example.com",
    "shipping[name]": "Ada",
    "shipping[address][line1]": "1 Street",
    "shipping[address][country]": "US",
}
METHODS = [
    "pm_card_visa",
    "pm_card_amex",
    "pm_card_chargeDeclined",
    "pm_card_chargeDeclinedExpiredCard",
    "pm_card_radarBlock",
    "pm_card_authenticationRequired",
    "pm_card_processing",
    "pm_card_pendingRefund",
]


@pytest.fixture(scope="module")
def checker() -> openapi.Checker:
    try:
        return openapi.Checker(openapi.document())
    except openapi.UnavailableError as reason:
        pytest.skip(str(reason))


class Checked:
    """Requests whose answers are validated, successes and errors alike."""

    def __init__(self, fake: Fake, checker: openapi.Checker) -> None:
        self._fake = fake
        self._checker = checker
        self.covered: set[str] = set()

    def __call__(self, method: str, path: str, **form: str) -> Any:
        answer = self._fake.raw(
            method, path, **({"params": form} if method == "GET" else {"data": form})
        )
        body = answer.json()
        found = find(method, path)
        assert found is not None
        route = found[0]
        if answer.status_code == 200:
            self.covered.add(f"{method} {route.path}")
            schema = self._checker.answer(method, route.path)
        else:
            schema = {"$ref": "#/components/schemas/error"}
        assert list(self._checker.problems(body, schema)) == [], f"{method} {path}"
        return body


def test_answers_have_stripes_shape(fake: Fake, checker: openapi.Checker) -> None:
    call = Checked(fake, checker)
    intents = "/v1/payment_intents"
    for method in METHODS:
        paid = call("POST", intents, payment_method=method, **PAY)
        identifier = paid.get("id") or paid["error"]["payment_intent"]["id"]
        shown = call("GET", f"{intents}/{identifier}", **{"expand[]": "latest_charge"})
        if shown["latest_charge"]:
            call("GET", f"/v1/charges/{shown['latest_charge']['id']}", **{"expand[]": "refunds"})
        if shown["status"] == "succeeded":
            refund = call("POST", "/v1/refunds", payment_intent=identifier, amount="500")
            call("GET", f"/v1/refunds/{refund['id']}", **{"expand[]": "charge"})
            call("POST", f"/v1/refunds/{refund['id']}", **{"metadata[a]": "b"})
            call("POST", "/v1/refunds", payment_intent=identifier, amount="5000")
    back = {"return_url": "https://shop.example/back"}
    asked = call("POST", intents, payment_method="pm_card_authenticationRequired", **PAY, **back)
    for outcome in ("fail", "succeed"):
        fake.control("POST", f"payment_intents/{asked['id']}/authenticate", outcome=outcome)
        call("GET", f"{intents}/{asked['id']}", **{"expand[]": "payment_method"})
        again = "pm_card_authenticationRequired"
        call("POST", f"{intents}/{asked['id']}/confirm", payment_method=again, **back)
    held = call("POST", intents, payment_method="pm_card_visa", capture_method="manual", **PAY)
    call("POST", f"{intents}/{held['id']}/capture", amount_to_capture="1000")
    open_intent = call("POST", intents, amount="100", currency="usd")
    call("POST", f"{intents}/{open_intent['id']}", amount="200")
    call("POST", f"{intents}/{open_intent['id']}/cancel", cancellation_reason="abandoned")
    call("GET", intents, limit="3", **{"expand[]": "data.latest_charge"})
    call("GET", f"{intents}/search", query="metadata['order_id']:'o-1'")
    call("GET", f"{intents}/search", query="bogus")
    card = {"type": "card", "card[number]": "4242424242424242", "card[exp_month]": "1"}
    made = call("POST", "/v1/payment_methods", **card, **{"card[exp_year]": "2040"})
    call("GET", f"/v1/payment_methods/{made['id']}")
    call("GET", "/v1/charges", limit="100")
    call("GET", "/v1/refunds", limit="100")
    disputed = call("POST", intents, payment_method="pm_card_visa", **PAY)["id"]
    dispute = fake.control("POST", f"payment_intents/{disputed}/dispute")
    call("GET", f"/v1/disputes/{dispute['id']}", **{"expand[]": "charge"})
    call("POST", "/v1/refunds", payment_intent=disputed)
    fake.control("POST", f"disputes/{dispute['id']}/close", outcome="won")
    call("GET", "/v1/disputes", limit="100")
    events = call("GET", "/v1/events", limit="100")["data"]
    for event in events:
        call("GET", f"/v1/events/{event['id']}")
        subject = event["data"]["object"]
        schema = {"$ref": f"#/components/schemas/{subject['object']}"}
        assert list(checker.problems(subject, schema)) == [], event["type"]
    assert call.covered == {f"{route.method} {route.path}" for route in ROUTES}


def _extra(checker: openapi.Checker, ours: Mapping[str, Any], theirs: Any, at: str) -> list[str]:
    found = []
    for name, kind in ours.items():
        if name not in theirs:
            found.append(f"{at}[{name}]")
        elif isinstance(kind, Mapping):
            members = checker.members(theirs[name])
            assert members is not None, f"{at}[{name}] has no members in Stripe's document"
            found += _extra(checker, kind, members, f"{at}[{name}]")
    return found


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_no_parameter_is_accepted_that_stripe_refuses(
    checker: openapi.Checker, route: Route
) -> None:
    theirs = checker.parameters(route.method, route.path)
    # Card data in `payment_method_data` is Stripe.js's business and left out of the document.
    allowed = {"[payment_method_data][card]"}
    assert set(_extra(checker, route.table, theirs, "")) <= allowed


def test_the_checker_finds_faults(checker: openapi.Checker) -> None:
    schema = {"$ref": "#/components/schemas/refund"}
    good = {"id": "re_1", "object": "refund", "amount": 1, "created": 1, "currency": "usd"}
    good |= dict.fromkeys(("balance_transaction", "charge", "metadata", "payment_intent"))
    assert list(checker.problems(good, schema)) == []
    for change in ({"amount": "1"}, {"amount": True}, {"object": "charge"}, {"bogus": 1}):
        assert list(checker.problems(good | change, schema)) != []
    del good["amount"]
    assert list(checker.problems(good, schema)) == ["$: amount is missing"]
