"""Guessed passwords and sign-ups are limited by source and by account; the owner can log in."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from shop.adapters.redis.throttles import RedisLoginThrottle, RedisSignUpThrottle
from shop.domain.errors import TooManyRequests
from tests.support.at_once import at_once
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.round_trips import round_trips

ADA = {"email": "ada@example.com", "password": "correct horse", "name": "Ada"}
HERS, ATTACKERS = "198.51.100.7", "203.0.113.66"
PAIR = RedisLoginThrottle.PAIR_LIMIT
SOURCE = RedisLoginThrottle.SOURCE_LIMIT
ACCOUNT = RedisLoginThrottle.ACCOUNT_LIMIT


@pytest.fixture
def ada(shop: Gateway) -> Gateway:
    """The shop, with Ada as a customer."""
    assert shop.post("/api/customers", json=ADA, source=HERS).status == 201
    return shop


def log_in(
    shop: Gateway, source: str, password: str = "correct horse", email: str = "Ada@Example.com"
) -> Response:
    return shop.post("/api/sessions", json={"email": email, "password": password}, source=source)


def fail(container: Container, times: int, email: str, source: Callable[[int], str]) -> None:
    for number in range(times):
        container.login_throttle.count(email, source(number))


def is_throttled(answer: Response, window: int = RedisLoginThrottle.WINDOW_SECONDS) -> bool:
    if answer.status != 429:
        return False
    assert answer.code == "too_many_requests"
    assert 1 <= int(answer.headers["retry-after"]) <= window
    return True


def test_a_guessing_source_is_refused_and_the_owner_logs_in_from_another(ada: Gateway) -> None:
    for _ in range(PAIR):
        assert log_in(ada, ATTACKERS, "wrong horse").status == 401
    assert is_throttled(log_in(ada, ATTACKERS, "wrong horse"))
    assert is_throttled(log_in(ada, ATTACKERS))
    assert log_in(ada, HERS).status == 201
    assert log_in(ada, ATTACKERS, email="bob@example.com").status == 401


def test_spraying_over_addresses_is_limited(ada: Gateway, container: Container) -> None:
    for number in range(SOURCE - 5):
        container.login_throttle.count(f"customer-{number}@example.com", ATTACKERS)
    answers = [
        log_in(ada, ATTACKERS, "Password1", f"somebody-{number}@example.com")
        for number in range(10)
    ]
    assert [answer.status for answer in answers] == [401] * 5 + [429] * 5
    assert all(map(is_throttled, answers[5:]))
    assert log_in(ada, HERS).status == 201


def test_guessing_from_many_sources_is_limited_and_the_owner_logs_in(
    ada: Gateway, container: Container
) -> None:
    assert log_in(ada, HERS).status == 201
    fail(container, ACCOUNT, "ada@example.com", lambda number: f"10.0.0.{number}")
    assert is_throttled(log_in(ada, ATTACKERS))
    for _ in range(PAIR):
        assert log_in(ada, HERS, "mistyped horse").status == 401
    assert is_throttled(log_in(ada, HERS))
    assert log_in(ada, ATTACKERS, email="bob@example.com").status == 401


def test_the_owner_logs_in_from_a_known_source_while_others_guess(
    ada: Gateway, container: Container
) -> None:
    assert log_in(ada, HERS).status == 201
    fail(container, ACCOUNT, "ada@example.com", lambda number: f"10.0.0.{number}")
    assert log_in(ada, HERS).status == 201
    assert is_throttled(log_in(ada, ATTACKERS)), "a success of the owner's ends no guessing"


def test_successes_are_not_counted(ada: Gateway, container: Container) -> None:
    fail(container, PAIR - 1, "ada@example.com", lambda _: HERS)
    for _ in range(3):
        assert log_in(ada, HERS).status == 201
    # Ada's mistakes of this hour count for her source, her successes do not.
    for number in range(SOURCE - (PAIR - 1)):
        container.login_throttle.count(f"{number}@example.com", HERS)
    with pytest.raises(TooManyRequests):
        container.login_throttle.count("another@example.com", HERS)


def test_concurrent_guesses_do_not_exceed_the_limit(database: str, redis: str) -> None:
    passed: list[int] = []

    def guess() -> None:
        with container_for(database, redis) as own:
            for _ in range(5):
                try:
                    own.login_throttle.count("ada@example.com", ATTACKERS)
                except TooManyRequests:
                    continue
                passed.append(1)

    at_once([guess] * 4)
    assert len(passed) == PAIR


def test_an_attempt_is_counted_in_one_round_trip(container: Container, redis: str) -> None:
    container.login_throttle.count("ada@example.com", HERS)  # the script is known from here on
    with round_trips(redis) as trips:
        container.login_throttle.count("ada@example.com", HERS)
    assert trips.count == 1


def test_counts_expire(container: Container) -> None:
    container.login_throttle.count("ada@example.com", HERS)
    container.login_throttle.succeed("ada@example.com", HERS)
    container.login_throttle.count("ada@example.com", HERS)
    keys = [str(key) for key in container.redis.keys("logins:*")]
    lives = {key.rpartition(":")[0]: container.redis.ttl(key) for key in keys}
    window = RedisLoginThrottle.WINDOW_SECONDS
    assert {"logins:pair", "logins:source", "logins:account", "logins:known"} == set(lives)
    assert all(
        window - 5 <= lives[f"logins:{each}"] <= window for each in ("pair", "source", "account")
    )
    assert 30 * 86_400 - 5 <= lives["logins:known"] <= 30 * 86_400
    assert not any("ada" in key or HERS in key for key in keys)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:198.51.100.7", HERS, True),
        ("198.51.100.8", HERS, False),
    ],
)
def test_an_ipv6_subscriber_is_one_source(
    container: Container, first: str, second: str, same: bool
) -> None:
    fail(container, PAIR, "ada@example.com", lambda _: first)
    if same:
        with pytest.raises(TooManyRequests):
            container.login_throttle.count("ada@example.com", second)
    else:
        container.login_throttle.count("ada@example.com", second)


def test_a_login_does_not_reveal_whether_the_account_exists(
    ada: Gateway, container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[dict[str, Any]] = []
    derive = hashlib.scrypt

    def measured(password: bytes, **cost: Any) -> bytes:
        work.append({name: cost[name] for name in ("n", "r", "p", "dklen")})
        return derive(password, **cost)

    monkeypatch.setattr(hashlib, "scrypt", measured)
    known, unknown = (
        log_in(ada, ATTACKERS, "wrong horse", email)
        for email in ("ada@example.com", "bob@example.com")
    )
    assert (known.status, known.code) == (401, "invalid_credentials")
    assert known.json | {"request_id": ""} == unknown.json | {"request_id": ""}
    assert set(known.headers) == set(unknown.headers)
    assert len(work) == 2
    assert work[0] == work[1]
    for email in ("ada@example.com", "bob@example.com"):
        fail(container, PAIR - 1, email, lambda _: ATTACKERS)
        assert is_throttled(log_in(ada, ATTACKERS, email=email))


def test_sign_ups_of_a_source_are_limited(database: str, redis: str) -> None:
    with container_for(database, redis, sign_ups_per_hour=3) as container:
        shop = Gateway(container)

        def sign_up(name: str, source: str = ATTACKERS, **options: Any) -> Response:
            body = ADA | {"email": f"{name}@example.com"}
            return shop.post("/api/customers", json=body, source=source, **options)

        assert sign_up("a", key="1").status == 201
        assert sign_up("a").code == "email_taken"
        assert sign_up("b").status == 201
        for name in ("a", "c"):
            assert is_throttled(sign_up(name), RedisSignUpThrottle.WINDOW_SECONDS)
        assert sign_up("a", key="1").headers["idempotency-replayed"] == "true"
        assert is_throttled(sign_up("d", key="2"), RedisSignUpThrottle.WINDOW_SECONDS)
        assert sign_up("d", HERS, key="2").status == 201
