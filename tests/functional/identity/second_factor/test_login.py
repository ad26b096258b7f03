"""Logins of accounts with a second factor."""

import json
from collections.abc import Callable

import pyotp
import pytest

from shop.adapters.redis.throttles import RedisLoginThrottle
from shop.domain import one_time_codes
from tests.support.at_once import at_once
from tests.support.containers import SECOND_FACTOR_KEY
from tests.support.gateway import Gateway
from tests.support.orders import OrderingShop
from tests.support.people import audit_of
from tests.support.second_factors import (
    FACTOR,
    INVALID,
    PASSWORD,
    REQUIRED,
    Clock,
    Person,
    refused,
    shop_with,
)
from tests.support.stock import query


def test_a_login_needs_password_and_code(enrolled: Person) -> None:
    assert refused(enrolled.log_in()) == REQUIRED
    assert refused(enrolled.log_in(enrolled.code(5))) == INVALID
    for code in (None, enrolled.code(), enrolled.code(5), enrolled.recovery_codes[0]):
        answer = enrolled.log_in(code, password="wrong horse")
        assert refused(answer) == (401, "invalid_credentials"), "as for an account without one"
    assert enrolled.log_in("12345").code == "validation_failed"
    assert enrolled.log_in(enrolled.code()).status == 201


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 201), (1, 201), (2, 401)])
def test_a_code_is_valid_for_one_step_around_its_own(
    enrolled: Person, clock: Clock, steps: int, status: int
) -> None:
    clock.later(3)
    assert enrolled.log_in(enrolled.code(steps)).status == status


def test_a_code_is_accepted_once_and_no_earlier_one_after_it(enrolled: Person) -> None:
    earlier, code = enrolled.code(), enrolled.code(1)
    assert enrolled.log_in(code).status == 201
    assert refused(enrolled.log_in(code)) == INVALID
    assert refused(enrolled.log_in(earlier)) == INVALID


@pytest.mark.parametrize("kind", ["one-time", "recovery"])
def test_of_simultaneous_logins_with_one_code_exactly_one_succeeds(
    enrolled: Person, database: str, redis: str, kind: str
) -> None:
    code = enrolled.code() if kind == "one-time" else enrolled.recovery_codes[0]
    body = {"email": enrolled.email, "password": PASSWORD, "code": code}

    def log_in() -> int:
        for own in shop_with(database, redis, "optional"):
            return Gateway(own).post("/api/sessions", json=body).status
        raise AssertionError("there is a container")

    statuses: list[Callable[[], int]] = [log_in] * 6
    assert sorted(at_once(statuses)) == [201] + [401] * 5


def test_a_recovery_code_is_accepted_once(
    shop: OrderingShop, enrolled: Person, database: str
) -> None:
    first, second, *_ = enrolled.recovery_codes
    token = enrolled.token(first.upper())
    assert refused(enrolled.log_in(first)) == INVALID
    assert enrolled.log_in(second).status == 201
    actions = [action for action, *_ in audit_of(shop, token, enrolled.user_id)]
    assert actions == ["second_factor.enrolled"] + ["second_factor.recovery_code_used"] * 2
    rows = query(database, "SELECT code_sha256 FROM recovery_codes")
    assert len(rows) == one_time_codes.RECOVERY_CODES
    assert not any(first.encode() in bytes(digest) for (digest,) in rows)


def test_the_database_has_no_secret(enrolled: Person, database: str, clock: Clock) -> None:
    ((nonce, key_id),) = query(database, "SELECT nonce, key_id FROM second_factors")
    secret = pyotp.TOTP(enrolled.secret).byte_secret()
    assert secret not in bytes(nonce) + bytes(key_id)
    assert SECOND_FACTOR_KEY.encode() not in bytes(key_id)
    query(database, "UPDATE second_factors SET nonce = gen_random_uuid()::text::bytea")
    assert refused(enrolled.log_in(enrolled.code())) == INVALID


def test_neither_secret_nor_code_is_logged(
    sam: Person, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    sam.enrol()
    assert sam.log_in(sam.code(5)).status == 401
    sam.token(sam.code())
    sam.token(sam.recovery_codes[0])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    routes = {line["route"] for line in lines if line.get("message") == "invocation"}
    assert routes == {"/api/sessions", FACTOR, f"{FACTOR}/confirm"}
    text = json.dumps(lines)
    hidden = (sam.secret, sam.code(), sam.code(5), *sam.recovery_codes, SECOND_FACTOR_KEY)
    assert not any(each in text for each in hidden)


def test_wrong_codes_are_throttled_like_wrong_passwords(enrolled: Person, clock: Clock) -> None:
    guessing, own = "203.0.113.66", "198.51.100.7"
    for _ in range(RedisLoginThrottle.PAIR_LIMIT):
        assert refused(enrolled.log_in("000000", source=guessing)) == INVALID
    assert enrolled.log_in(enrolled.code(), source=guessing).code == "too_many_requests"
    assert enrolled.log_in(enrolled.code(), source=own).status == 201


def test_a_right_password_does_not_reset_the_count_of_guessed_codes(enrolled: Person) -> None:
    for number in range(RedisLoginThrottle.PAIR_LIMIT):
        answer = enrolled.log_in("000000" if number % 2 else None)
        assert answer.status == 401
    assert enrolled.log_in(enrolled.code()).code == "too_many_requests"
