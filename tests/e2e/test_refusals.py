"""Wrong requests to the deployed API: problem+json with the right status and code."""

import hashlib
import hmac
import json
import secrets
import time
import uuid
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.e2e.client import ADDRESS, CONTACT, Shop, check
from tests.e2e.deployment import Stack


def _refused(answer: httpx.Response, status: int, code: str) -> None:
    check(answer)
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/nothing"),
        ("GET", "/"),
        ("GET", "/api/cart/items"),
        ("PUT", "/api/cart"),
        ("DELETE", "/api/orders/checkout"),
        ("POST", "/api/catalog/categories"),
        ("GET", "/api/payments/webhook"),
    ],
)
def test_unknown_route_or_method(shop: Shop, method: str, path: str) -> None:
    answer = shop.call(method, path)

    _refused(answer, 404, "route_not_found")
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/api/nothing", f"/api/catalog/products/{uuid.UUID(int=7)}"])
def test_the_type_of_a_problem_links_to_its_description(shop: Shop, path: str) -> None:
    refused = shop.call("GET", path)

    described = httpx.get(refused.url.join(refused.json()["type"]), timeout=30)
    assert described.status_code == 200, described.text
    assert described.json()["code"] == refused.json()["code"]


@pytest.mark.parametrize(
    "size", [65 * 1024, pytest.param(10 * 1024 * 1024 + 1, id="more-than-10-MB")]
)
def test_oversize_body(shop: Shop, size: int) -> None:
    body = b'{"name": "' + b"x" * size + b'"}'
    answer = shop.http.post(
        "/api/customers", content=body, headers={"Content-Type": "application/json"}
    )

    _refused(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b"\xff\xfe", "invalid_json"),
        (b'{"quantity": ' + b"[" * 10_000, "validation_failed"),
        (b"[]", "validation_failed"),
        (b'{"product_id": 7, "quantity": 1}', "validation_failed"),
        (b'{"product_id": "0199e8a0-1111-7a2b-8c3d-4e5f60718293"}', "validation_failed"),
        (b'{"product_id": "0199e8a0-1111-7a2b-8c3d-4e5f60718293", "quantity": "1"}',
         "validation_failed"),
        (b'{"product_id": "0199e8a0-1111-7a2b-8c3d-4e5f60718293", "quantity": 0}',
         "validation_failed"),
        (b'{"product_id": "0199e8a0-1111-7a2b-8c3d-4e5f60718293", "quantity": -1}',
         "validation_failed"),
        (b'{"product_id": "0199e8a0-1111-7a2b-8c3d-4e5f60718293", "quantity": 1e30}',
         "validation_failed"),
        (b'{"product_id": "0199e8a0-1111-7a2b-8c3d-4e5f60718293", "quantity": 1, "price": 0.01}',
         "validation_failed"),
    ],
)  # fmt: skip
def test_wrong_body(shop: Shop, body: bytes, code: str) -> None:
    headers = {"Authorization": f"Bearer {shop.guest()}", "Content-Type": "application/json"}
    answer = shop.http.post("/api/cart/items", content=body, headers=headers)

    _refused(answer, 400, code)


def test_other_media_type(shop: Shop) -> None:
    answer = shop.http.post(
        "/api/sessions", content=b"email=a", headers={"Content-Type": "text/plain"}
    )

    _refused(answer, 415, "unsupported_media_type")


def test_sessions(stack: Stack, shop: Shop) -> None:
    _refused(shop.call("GET", "/api/cart"), 401, "session_required")
    unknown = shop.call("GET", "/api/cart", token=secrets.token_urlsafe(32))
    _refused(unknown, 401, "session_expired")
    ended = shop.guest()
    assert shop.call("DELETE", "/api/sessions", token=ended).status_code == 204
    _refused(shop.call("GET", "/api/cart", token=ended), 401, "session_expired")
    expired = shop.guest()
    with Redis.from_url(stack.values["SHOP_REDIS_URL"]) as redis:
        redis.pexpire(f"session:{hashlib.sha256(expired.encode()).hexdigest()}", 1)
    time.sleep(0.01)
    _refused(shop.call("GET", "/api/cart", token=expired), 401, "session_expired")
    _refused(
        shop.call("PUT", f"/api/stock/{uuid.uuid4()}", {"on_hand": 1}, token=shop.guest()),
        403,
        "forbidden",
    )


def test_the_order_and_cart_of_another_customer(shop: Shop) -> None:
    owner, other = shop.guest(), shop.guest()
    product = shop.product(stock=5)
    cart_id = shop.add(owner, product)
    shop.add(other, product)
    _refused(shop.check_out(other, cart_id), 404, "cart_not_found")
    order_id = shop.check_out(owner, cart_id).json()["order_id"]

    for method, path, body in (
        ("GET", f"/api/orders/{order_id}", None),
        ("POST", f"/api/orders/{order_id}/cancel", {}),
        ("POST", "/api/payments/process",
         {"order_id": order_id, "payment_method_id": "pm_card_visa"}),
    ):  # fmt: skip
        _refused(shop.call(method, path, body, token=other), 404, "order_not_found")
    assert shop.timeline(owner, order_id) == ["PENDING"]


def test_idempotency_key(stack: Stack, shop: Shop) -> None:
    """A17: the same request again is the same answer; another under the same key is refused."""
    token, product, key = shop.guest(), shop.product(stock=5), uuid.uuid4().hex
    body: dict[str, Any] = {
        "cart_id": shop.add(token, product),
        "shipping_address": ADDRESS,
        "payment_method_id": "pm_card_visa",
        "contact": CONTACT,
    }
    path = "/api/orders/checkout"
    _refused(shop.call("POST", path, body, token=token), 400, "idempotency_key_required")
    first = shop.call("POST", path, body, token=token, key=key)
    again = shop.call("POST", path, body, token=token, key=key)
    other = shop.call("POST", path, body | {"shipping_method": "express"}, token=token, key=key)

    assert first.status_code == again.status_code == 201
    assert first.headers["location"] == again.headers["location"]
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    _refused(other, 422, "idempotency_key_reused")
    assert shop.stock(product) == (5, 1, 4)
    order_id = first.json()["order_id"]

    payment = {"order_id": order_id, "payment_method_id": "pm_card_chargeDeclined"}
    declined = [
        shop.call("POST", "/api/payments/process", payment, token=token, key=key) for _ in range(2)
    ]
    for answer in declined:
        _refused(answer, 402, "card_declined")
    assert declined[1].headers["idempotency-replayed"] == "true"
    assert shop.stock(product) == (5, 0, 5)
    assert stack.charges(order_id) == []


def _signed(secret: str, body: bytes, moment: float) -> str:
    digest = hmac.new(secret.encode(), f"{int(moment)}.".encode() + body, hashlib.sha256)
    return f"t={int(moment)},v1={digest.hexdigest()}"


def test_webhook_signature(stack: Stack, shop: Shop) -> None:
    body = json.dumps(
        {"id": f"evt_{uuid.uuid4().hex}", "object": "event", "type": "customer.created",
         "created": int(time.time()), "api_version": "2026-01-01", "livemode": False,
         "pending_webhooks": 1, "request": None, "data": {"object": {"id": "cus_1"}}}
    ).encode()  # fmt: skip
    secret = stack.values["SHOP_STRIPE_WEBHOOK_SECRET"]

    def post(signature: str | None) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        if signature is not None:
            headers["Stripe-Signature"] = signature
        return check(shop.http.post("/api/payments/webhook", content=body, headers=headers))

    for wrong in (
        None, "", "nonsense", _signed("whsec_other", body, time.time()),
        _signed(secret, body + b" ", time.time()), _signed(secret, body, time.time() - 3600),
    ):  # fmt: skip
        _refused(post(wrong), 400, "invalid_signature")
    for _ in range(2):
        assert post(_signed(secret, body, time.time())).status_code == 200


def test_cors_preflight(shop: Shop) -> None:
    answer = shop.http.options(
        "/api/orders/checkout",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,idempotency-key",
        },
    )

    assert answer.status_code < 300
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Idempotency-Key" in answer.headers["access-control-allow-headers"]
    assert shop.call("GET", "/api/health").headers["access-control-allow-origin"] == "*"
