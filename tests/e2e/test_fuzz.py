"""Garbage on every route of the template: never a 5xx, every refusal a problem of the table."""

import json
import random
import uuid
from typing import Any

import pytest

from shop_local.functions import Function, declared
from tests.e2e.client import Shop, check

_ENDPOINTS = [function for function in declared() if function.route]
_ROUNDS = 9
_TEXTS = (
    "", " ", "0", "-1", "null", "🛒", "%", "a" * 300, "'; DROP TABLE orders; --", "../../etc/passwd",
    "1e400", "<script>", "\u200f", "true", "{}", "[]", "0199e8a0-1111-7a2b-8c3d-4e5f60718293",
)  # fmt: skip
_NAMES = (
    "email", "password", "name", "product_id", "quantity", "cart_id", "order_id", "items", "ttl",
    "payment_method_id", "shipping_address", "on_hand", "adjust_by", "reason", "price", "version",
    "carrier", "tracking_number", "page", "per_page", "sort", "category", "q", "filters", "cursor",
    "limit", "status", "\x00", "__proto__",
)  # fmt: skip
_BODIES = (
    b"", b"{", b"null", b"[]", b"0", b'"text"', b"\xff\xfe", b"[" * 30_000, b'{"a":' * 3_000,
    b" " * 70_000, b'{"quantity": 1e999}', b'{"name": "\\ud800"}', b'{"email": "\\u0000"}',
)  # fmt: skip

#: As httpx takes it; its lists are of exactly this.
type _Parameter = str | int | float | bool | None


def _value(luck: random.Random, depth: int = 0) -> Any:
    kind = luck.randrange(9 if depth < 3 else 6)
    if kind < 2:
        return luck.choice(_TEXTS)
    if kind < 4:
        return luck.choice((0, -1, 1, 2**31, 2**63, 10**30, 1.5, -0.0, 1e308))
    if kind < 6:
        return luck.choice((None, True, False))
    if kind == 6:
        return [_value(luck, depth + 1) for _ in range(luck.randrange(4))]
    return {luck.choice(_NAMES): _value(luck, depth + 1) for _ in range(luck.randrange(5))}


@pytest.mark.parametrize("function", _ENDPOINTS, ids=lambda function: function.title)
def test_garbage(shop: Shop, function: Function) -> None:
    luck = random.Random(function.title)
    assert function.route is not None
    method, route = function.route
    tokens = [None, ".", "x y", "\u00e4".encode(), shop.guest(), shop.staff]
    for _ in range(_ROUNDS):
        path = route
        for name in ("product_id", "order_id"):
            wrong = luck.choice([str(uuid.uuid4()), "7", "..%2f", "%00", "%F0%9F%9B%92", "a" * 200])
            path = path.replace(f"{{{name}}}", wrong)
        query: list[tuple[str, _Parameter]] = [
            (luck.choice(_NAMES), luck.choice(_TEXTS)) for _ in range(luck.randrange(3))
        ]
        headers: dict[str, str | bytes] = {
            luck.choice(("X-Correlation-Id", "If-Match", "If-None-Match", "Stripe-Signature")):
                luck.choice(("", "*", '"1"', "t=1,v1=0", "x" * 500)),
        }  # fmt: skip
        token = luck.choice(tokens)
        if token is not None:
            headers["Authorization"] = token if isinstance(token, bytes) else f"Bearer {token}"
        if luck.random() < 0.5:
            headers["Idempotency-Key"] = luck.choice(
                (uuid.uuid4().hex, "", "k" * 256, "\u00e4".encode())
            )
        body = None
        if method != "GET":
            random_body = json.dumps(_value(luck)).encode()
            body = luck.choice((random_body, random_body, luck.choice(_BODIES)))
            headers["Content-Type"] = luck.choice(
                (
                    "application/json",
                    "application/json",
                    "text/xml",
                    "",
                    "application/json; charset=x",
                )
            )
        answer = shop.http.request(
            method,
            path,
            params=query,
            headers=headers,  # type: ignore[arg-type]  # strings and bytes
            content=body,
        )
        said = f"{method} {path} {query} {headers} {body!r:.200}: {answer.text}"
        assert answer.status_code < 500, said
        assert answer.status_code < 400 or answer.headers["content-type"].startswith(
            "application/problem+json"
        ), said
        check(answer)
