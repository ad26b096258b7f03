"""Links that set a new password, and what ends with the old one."""

from functools import partial
from typing import Any

import pytest

from shop.services.identity import recovery
from tests.support.accounts import ME, log_in
from tests.support.at_once import at_once
from tests.support.containers import container_for
from tests.support.orders import OrderingShop
from tests.support.stock import query

_RESETS = "/api/password-resets"


def _reset_link(shop: OrderingShop, email: str = "ada@example.com") -> str:
    assert shop.post(_RESETS, json={"email": email}).status == 202
    [(recipient, code)] = shop.send_links()
    assert recipient == email
    return code


def test_a_forgotten_password(shop: OrderingShop, token: str) -> None:
    """Used once, within 30 minutes; all sessions end, and other links with it."""
    shop.post(_RESETS, json={"email": "ada@example.com"})
    shop.post(_RESETS, json={"email": " ADA@example.com"})
    (_, code), (_, second) = shop.send_links()
    assert shop.post(f"{_RESETS}/{code}", json={"password": "short"}).status == 400
    assert shop.post(f"{_RESETS}/{code}", json={"password": "another horse"}).status == 204
    assert shop.get(ME, token=token).code == "session_expired"
    assert log_in(shop).status == 401
    assert log_in(shop, password="another horse").status == 201
    for used in (code, second, "nonsense"):
        answer = shop.post(f"{_RESETS}/{used}", json={"password": "third horse"})
        assert (answer.status, answer.code) == (404, "link_not_found")


def test_a_link_to_a_new_password_ends_after_30_minutes(shop: OrderingShop) -> None:
    code = _reset_link(shop)
    assert query(shop.database_url, "SELECT expires_at - created_at = '30 minutes' FROM links") == [
        (True,)
    ]
    query(shop.database_url, "UPDATE links SET expires_at = now()")
    assert shop.post(f"{_RESETS}/{code}", json={"password": "another horse"}).status == 404
    assert log_in(shop).status == 201


def test_a_link_is_valid_for_its_own_kind_only(shop: OrderingShop) -> None:
    code = _reset_link(shop)
    assert shop.post(f"/api/customers/verification/{code}", json={}).code == "link_not_found"


def test_of_many_concurrent_password_resets_one_succeeds(
    shop: OrderingShop, database: str, redis: str
) -> None:
    code = _reset_link(shop)

    def reset(number: int) -> int:
        with container_for(database, redis) as own:
            body = {"password": f"another horse {number}"}
            return OrderingShop(own).post(f"{_RESETS}/{code}", json=body).status

    answers = at_once([partial(reset, number) for number in range(4)])
    assert sorted(answers) == [204, 404, 404, 404]
    winner = answers.index(204)
    assert log_in(shop, password=f"another horse {winner}").status == 201


def test_a_login_with_the_old_password_does_not_outlive_the_new_one(
    shop: OrderingShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session is opened after the password was checked and before it changes."""
    code = _reset_link(shop)
    container = shop.container
    opened = container.sessions.open

    def reset_meanwhile(session: Any) -> Any:
        monkeypatch.undo()
        recovery.reset_password(container.sessions, container.unit_of_work, code, "another horse")
        return opened(session)

    monkeypatch.setattr(container.sessions, "open", reset_meanwhile)
    assert log_in(shop).code == "invalid_credentials"
    assert shop.container.redis.keys("session:*") == []


def test_while_the_session_store_is_unavailable_a_link_stays_valid(
    shop: OrderingShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shop.domain.errors import DependencyUnavailable

    code = _reset_link(shop)

    def unavailable(*_args: object, **_options: object) -> None:
        raise DependencyUnavailable("redis")

    with monkeypatch.context() as patched:
        patched.setattr(shop.container.sessions, "close_all", unavailable)
        assert shop.post(f"{_RESETS}/{code}", json={"password": "another horse"}).status == 503
    assert log_in(shop).status == 201
    assert shop.post(f"{_RESETS}/{code}", json={"password": "another horse"}).status == 204


def test_responses_do_not_reveal_which_addresses_are_registered(shop: OrderingShop) -> None:
    """Neither the response nor the work done for it differs."""
    answers = [
        shop.post(_RESETS, json={"email": email})
        for email in ("ada@example.com", "nobody@example.com")
    ]
    assert {answer.status for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert query(shop.database_url, "SELECT count(*) FROM links") == [(2,)]
    assert [recipient for recipient, _ in shop.send_links()] == ["ada@example.com"]


def test_events_and_records_hold_no_token_and_no_address_in_events(shop: OrderingShop) -> None:
    code = _reset_link(shop)
    rows = query(shop.database_url, "SELECT body::text FROM outbox")
    assert rows
    assert not any("ada@" in body or code in body for (body,) in rows)
    assert not any(
        code in row for (row,) in query(shop.database_url, "SELECT links::text FROM links")
    )
