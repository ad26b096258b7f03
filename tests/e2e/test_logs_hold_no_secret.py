"""No log of any process holds a token, password, card, address or e-mail address (design, section 8).

Every value that the run sends and must not be logged contains a word of its own, and every log of the stack
is searched for the words: the functions' logs, also as CloudWatch Logs has them, and those of LocalStack,
which runs the state machine, of the Stripe fake, RabbitMQ, PostgreSQL and Valkey.
"""

import base64
import gzip
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.client import ADDRESS, Shop
from tests.e2e.deployment import Stack
from tests.support.waiting import eventually

_CARD = "4000056655665556"
#: Their logs must be among those that are searched.
_SERVERS = ("localstack", "postgresql", "rabbitmq", "stripe", "valkey")
_FUNCTIONS = (
    "identity/create_customer", "identity/create_session", "cart/add_item", "orders/checkout",
    "orders/create_order", "payments/process_payment", "payments/charge_order",
    "payments/receive_webhook", "notifications/on_order_confirmed", "notifications/on_order_shipped",
    "orders/ship_order", "catalog/search_products",
)  # fmt: skip


class Planted(dict[str, str]):
    """Values that must not be logged, by kind."""

    def word(self, what: str) -> str:
        """Make a word for a value, by which the value is found in a log."""
        self[what] = made = uuid.uuid4().hex
        return made

    def email(self, what: str) -> str:
        """Make an e-mail address."""
        return f"{self.word(what)}@shop.example"


def _log_files(stack: Stack) -> list[Path]:
    folders = (stack.state.logs, stack.state.data)
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and (folder == stack.state.logs or ".log" in path.name)
    ]


def _texts(stack: Stack) -> Iterator[tuple[str, bytes]]:
    for path in _log_files(stack):
        content = path.read_bytes()
        yield path.name, gzip.decompress(content) if path.suffix == ".gz" else content
    logs = stack.aws("logs")
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            name = group["logGroupName"]
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                for event in page["events"]:
                    yield name, event["message"].encode()


def _leaks(stack: Stack, planted: Mapping[str, str]) -> set[str]:
    """Name each planted value that a log holds, with the log and the line."""
    needles = {
        needle: what
        for what, word in planted.items()
        for needle in (word.encode(), *_in_base64(word.encode()))
    }
    found = set()
    for name, text in _texts(stack):
        for needle, what in needles.items():
            at = text.find(needle)
            if at >= 0:
                around = text[max(0, at - 160) : at + 80].decode(errors="replace")
                found.add(f"{what} in {name}: …{around}…")
    return found


def _in_base64(word: bytes) -> list[bytes]:
    """Encode a word as it looks in a longer text, where it may begin anywhere in a group of three bytes."""
    size = (len(word) - 2) // 3 * 3
    return [base64.b64encode(word[skipped : skipped + size]) for skipped in range(3)]


def _address(planted: Planted, what: str) -> dict[str, str]:
    return ADDRESS | {
        "name": f"Ada {planted.word(f'name of {what}')}",
        "line1": f"{planted.word(f'line 1 of {what}')} Market Street",
        "line2": f"Apartment {planted.word(f'line 2 of {what}')}",
    }


def _purchase(stack: Stack, shop: Shop, planted: Planted) -> None:
    """Buy as a customer who first was a guest, pay by 3-D Secure, and have it shipped."""
    guest = shop.guest()
    planted["token of a guest"] = guest
    product = shop.product(stock=5)
    shop.add(guest, product)
    account = {
        "email": planted.email("e-mail of a customer"),
        "password": f"pass {planted.word('password')}",
    }
    made = shop.call(
        "POST", "/api/customers",
        {**account, "name": f"Ada {planted.word('name of a customer')}"}, key=uuid.uuid4().hex,
    )  # fmt: skip
    assert made.status_code == 201, made.text
    token = planted["token of a customer"] = str(
        shop.call("POST", "/api/sessions", account, token=guest).json()["token"]
    )
    cart_id = shop.get("/api/cart", token=token)["cart_id"]
    body = {
        "cart_id": cart_id,
        "shipping_address": _address(planted, "an address"),
        "payment_method_id": "pm_card_visa",
    }
    order = shop.call("POST", "/api/orders/checkout", body, token=token, key=uuid.uuid4().hex)
    assert order.status_code == 201, order.text
    order_id = order.json()["order_id"]
    answer = shop.pay(token, order_id, "pm_card_authenticationRequired")
    assert answer.status_code == 202, answer.text
    planted["client secret"] = answer.json()["client_secret"]
    intent = answer.json()["payment_intent_id"]
    stack.stripe("POST", f"/payment_intents/{intent}/authenticate", {"outcome": "succeed"})
    shop.await_status(token, order_id, "PROCESSING")
    shipped = shop.call(
        "POST", f"/api/orders/{order_id}/ship",
        {"carrier": "UPS", "tracking_number": "1Z"}, token=shop.staff,
    )  # fmt: skip
    assert shipped.status_code == 200, shipped.text
    planted["token of staff"] = shop.staff
    shop.call("POST", "/api/customers", {**account, "name": "Ada again"})
    shop.call("POST", "/api/sessions", account | {"password": planted.word("wrong password")})
    shop.call("DELETE", "/api/sessions", token=token)
    shop.get("/api/catalog/search?q=" + planted.email("e-mail that was searched"))


def _send(shop: Shop, path: str, content: str, token: str | None = None, **headers: str) -> int:
    headers |= {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer: httpx.Response = shop.http.post(path, content=content, headers=headers)
    return answer.status_code


def _failures(shop: Shop, planted: Planted) -> None:
    """Send secrets in wrong places."""
    token = shop.guest()
    planted["token of a second guest"] = token
    cart_id = shop.add(token, shop.product(stock=5))
    customers, sessions, checkout = "/api/customers", "/api/sessions", "/api/orders/checkout"
    for what, content in {
        "broken JSON": '{"email": "%s@shop.example", "password": "%s',
        "broken escape": '{"password": "%s\\x", "email": "%s@shop.example"}',
        "wrong type": '{"email": ["%s@shop.example"], "password": {"p": "%s"}, "name": "Ada"}',
        "no address": '{"email": "%s", "password": "%s", "name": "Ada"}',
        "not UTF-8": '{"email": "%s@shop.example\udcff", "password": "%s"}',
    }.items():
        body = content % (planted.word(f"e-mail in {what}"), planted.word(f"password in {what}"))
        for path in (customers, sessions):
            headers = {"Content-Type": "application/json"}
            raw = body.encode(errors="surrogateescape")
            assert 400 <= shop.http.post(path, content=raw, headers=headers).status_code < 500
    address = _address(planted, "a wrong address")
    order: dict[str, Any] = {
        "cart_id": cart_id,
        "payment_method_id": "pm_card_visa",
        "contact": {"email": f"{planted.word('e-mail of a guest')}@shop.example"},
    }
    wrong: list[dict[str, Any]] = [
        {"country": planted.word("country")},
        {"postal_code": planted.word("postal code") * 2},
        {planted.word("unknown field of an address"): "x"},
        {"city": [planted.word("city that is a list")]},
    ]
    orders = [order | {"shipping_address": address | part} for part in wrong] + [
        order | {"shipping_address": address, "payment_method_id": card, "pay_now": True}
        for card in (_CARD, f"pm_{planted.word('id of a card that is unknown')}")
    ]
    for sent in orders:
        answer = shop.call("POST", checkout, sent, token=token, key=uuid.uuid4().hex)
        assert 400 <= answer.status_code < 500, answer.text
    planted["number of a card"] = _CARD
    for value in (
        f"Bearer {planted.word('token that is none')}",
        f"Basic {planted.word('credentials of another scheme')}",
        planted.word("authorization without a scheme"),
    ):
        shop.call("GET", "/api/cart", Authorization=value)
    webhook = f'{{"id": "evt_1", "card": "{planted.word("body of a webhook")}"}}'
    signature = f"t={int(time.time())},v1={planted.word('signature')}"
    assert _send(shop, "/api/payments/webhook", webhook, **{"Stripe-Signature": signature}) == 400
    planted_id = planted.word("X-Correlation-Id that is none")
    assert (
        shop.call("GET", "/api/cart", token=token, X_Correlation_Id=planted_id).status_code == 200
    )


def test_no_log_holds_a_secret(stack: Stack, shop: Shop) -> None:
    planted = Planted()
    _purchase(stack, shop, planted)
    _failures(shop, planted)
    planted |= {f"credential {name}": value for name, value in stack.state.secrets.items()}
    ours = {name for name in _SERVERS if not stack.services.service(name).external}
    written = {f"{name}.log" for name in ours}
    written |= {f"{stack.function(title)}.log" for title in _FUNCTIONS}
    time.sleep(2)  # logs are written in the background
    eventually(
        lambda: written - {name for name, text in _texts(stack) if text},
        what="no log is missing or empty",
        until=lambda missing: not missing,
        pause=1,
    )
    assert _leaks(stack, planted) == set()


@pytest.mark.parametrize("before", ["", "x", "xy"])
@pytest.mark.parametrize("encode", [bytes, base64.b64encode], ids=["plain", "base64"])
def test_the_search_finds_planted_values(
    stack: Stack, encode: Callable[[bytes], bytes], before: str
) -> None:
    planted = Planted()
    email = before + planted.email("an e-mail")
    line = stack.state.logs / "lambda" / "planted.log"
    try:
        line.write_bytes(b'{"message": "sent to ' + encode(email.encode()) + b'"}\n')
        (leak,) = _leaks(stack, planted)
    finally:
        line.unlink()
    assert leak.startswith("an e-mail in planted.log")
