"""POST and DELETE /api/sessions."""

import hashlib
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shop.domain.passwords import slow_digest
from shop.domain.sessions import Role
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway
from tests.support.people import token_of
from tests.support.round_trips import round_trips

_ADA = {"email": "Ada@Example.com", "password": "correct horse", "name": "Ada"}
_LOGIN = {"email": "ada@example.COM", "password": "correct horse"}


def test_guest_session(shop: Gateway, container: Container) -> None:
    answer = shop.post("/api/sessions", json={})

    assert answer.status == 201
    assert answer.json["role"] == "guest"
    assert answer.headers["cache-control"] == "no-store"
    expires_at = datetime.fromisoformat(answer.json["expires_at"])
    assert answer.json["expires_at"].endswith("Z")
    assert abs(expires_at - datetime.now(UTC) - timedelta(hours=24)) < timedelta(seconds=5)
    digest = hashlib.sha256(answer.json["token"].encode()).hexdigest()
    assert 86_390 <= container.redis.ttl(f"session:{digest}") <= 86_400


def test_the_token_is_not_stored(shop: Gateway, container: Container) -> None:
    token = shop.post("/api/sessions", json={}).json["token"]

    for key in map(str, container.redis.keys("*")):
        assert token not in key
        if container.redis.type(key) == "string":
            assert token not in str(container.redis.get(key))


def test_customer_logs_in_whatever_the_case_of_the_address(shop: Gateway) -> None:
    customer = shop.post("/api/customers", json=_ADA)
    session = shop.post("/api/sessions", json=_LOGIN)

    assert customer.status == 201
    assert customer.json["email"] == "ada@example.com"
    assert session.status == 201
    assert session.json["user_id"] == customer.json["user_id"]
    assert session.json["role"] == "customer"
    assert shop.get("/api/cart", token=session.json["token"]).status == 200


def test_password_is_hashed(shop: Gateway, container: Container) -> None:
    shop.post("/api/customers", json=_ADA, key="k1")

    with container.database.transaction() as transaction:
        [[stored]] = transaction.rows("SELECT password_hash FROM customers")
    assert stored.startswith("scrypt$32768$8$3$")


def test_an_idempotency_record_does_not_help_to_guess_the_password(
    shop: Gateway, container: Container
) -> None:
    body = msgspec.json.encode(_ADA)
    shop.post("/api/customers", body=body.decode(), key="k1")

    with container.database.transaction() as transaction:
        [[digest, answer]] = transaction.rows(
            "SELECT request_hash, response_body FROM idempotency_keys"
        )
    assert bytes(digest) == slow_digest(b"POST /api/customers\n" + body, "k1")
    assert _ADA["password"] not in answer


def test_address_is_taken(shop: Gateway) -> None:
    shop.post("/api/customers", json=_ADA)
    answer = shop.post("/api/customers", json={**_ADA, "email": "ADA@example.com"})

    assert (answer.status, answer.code) == (409, "email_taken")


def test_registering_again_with_the_same_key(shop: Gateway) -> None:
    first = shop.post("/api/customers", json=_ADA, key="register-1")
    second = shop.post("/api/customers", json=_ADA, key="register-1")

    assert second.headers["idempotency-replayed"] == "true"
    assert (second.status, second.json) == (201, first.json)


@pytest.mark.parametrize(
    "login", [{**_LOGIN, "password": "wrong horse"}, {**_LOGIN, "email": "bob@example.com"}]
)
def test_wrong_credentials(shop: Gateway, login: dict[str, str]) -> None:
    shop.post("/api/customers", json=_ADA)
    answer = shop.post("/api/sessions", json=login)

    assert (answer.status, answer.code) == (401, "invalid_credentials")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "ada@example.com"}, "password"),
        ({"password": "x"}, "email"),
        ({"email": 3, "password": "x"}, "email"),
        ({"role": "staff"}, "role"),
    ],
)
def test_malformed_login(shop: Gateway, body: dict[str, object], field: str) -> None:
    answer = shop.post("/api/sessions", json=body)

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"email": "ada@localhost"}, "email"),
        ({"email": "ada@example.com\n"}, "email"),
        ({"email": "a" * 65 + "@example.com"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"role": "staff"}, "role"),
    ],
)
def test_malformed_customer(shop: Gateway, change: dict[str, str], field: str) -> None:
    answer = shop.post("/api/customers", json={**_ADA, **change})

    assert (answer.status, answer.code) == (400, "validation_failed")
    assert answer.json["errors"][0]["field"] == field


def test_logout_ends_the_session_and_may_be_repeated(shop: Gateway, container: Container) -> None:
    token = token_of(container)

    assert shop.delete("/api/sessions", token=token).status == 204
    assert shop.delete("/api/sessions", token=token).status == 204
    after = shop.get("/api/cart", token=token)
    assert (after.status, after.code) == (401, "session_expired")


def test_logout_without_a_token(shop: Gateway) -> None:
    answer = shop.delete("/api/sessions")

    assert (answer.status, answer.code) == (401, "session_required")


def test_rate_limit_of_a_session(database: str, redis: str) -> None:
    with container_for(database, redis, rate_limit_per_second=1, rate_limit_burst=3) as container:
        shop = Gateway(container)
        token, other = token_of(container), token_of(container, Role.CUSTOMER)
        answers = [shop.get("/api/cart", token=token) for _ in range(5)]

        assert [answer.status for answer in answers[:3]] == [200, 200, 200]
        assert answers[4].status == 429
        assert int(answers[4].headers["retry-after"]) >= 1
        assert shop.get("/api/cart", token=other).status == 200


def test_session_and_rate_limit_take_one_round_trip(container: Container) -> None:
    token = token_of(container)
    container.sessions.authenticate(token)  # the script is known from here on
    with round_trips(container.settings.redis_url) as trips:
        container.sessions.authenticate(token)

    assert trips.count == 1


def test_redis_is_unavailable(database: str) -> None:
    with container_for(database, "redis://127.0.0.1:1") as container:
        shop = Gateway(container)
        answers = [
            shop.post("/api/sessions", json={}),
            shop.post("/api/sessions", json=_LOGIN),
            shop.post("/api/customers", json=_ADA),
            shop.delete("/api/sessions", token="t"),
            shop.get("/api/cart", token="t"),
        ]

    for answer in answers:
        assert (answer.status, answer.code) == (503, "dependency_unavailable")
        assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("body", [{}, {"email": "ada@example.com", "password": "correct horse"}])
def test_an_ended_session_does_not_prevent_a_new_one(shop: Gateway, body: dict[str, str]) -> None:
    ada = {"email": "ada@example.com", "password": "correct horse", "name": "Ada"}
    assert shop.post("/api/customers", json=ada).status == 201
    answer = shop.post("/api/sessions", json=body, token="a-token-that-has-expired")
    assert answer.status == 201, answer.text


def test_public_endpoints_ignore_other_credentials(shop: Gateway) -> None:
    headers = {"Authorization": "Basic YTpi"}
    assert shop.get("/api/catalog/categories", headers=headers).status == 200
    assert shop.post("/api/sessions", json={}, headers=headers).status == 201
    for refused in (
        shop.get("/api/cart", headers=headers),
        shop.delete("/api/sessions", headers=headers),
    ):
        assert (refused.status, refused.code) == (401, "session_required")
