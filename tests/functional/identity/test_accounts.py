"""A customer's own account: profile, verification of the address, password reset, sessions."""

from functools import partial
from typing import Any

import pytest

from shop.domain.sessions import Role
from shop.services.identity import recovery
from tests.support.at_once import at_once
from tests.support.containers import Container, container_for
from tests.support.orders import OrderingShop
from tests.support.people import token_of
from tests.support.stock import query

_ADA = {"email": "ada@example.com", "password": "correct horse", "name": "Ada"}
_LOGIN = {"email": "ada@example.com", "password": "correct horse"}
_ME = "/api/customers/me"
_SESSIONS = f"{_ME}/sessions"
_RESETS = "/api/password-resets"


@pytest.fixture
def shop(container: Container) -> OrderingShop:
    """A shop with a customer, whose e-mails go to a list."""
    shop = OrderingShop(container)
    assert shop.post("/api/customers", json=_ADA).status == 201
    return shop


def _log_in(shop: OrderingShop, **changes: str) -> Any:
    return shop.post("/api/sessions", json=_LOGIN | changes)


@pytest.fixture
def token(shop: OrderingShop) -> str:
    """The token of the customer."""
    return str(_log_in(shop).json["token"])


def _reset_link(shop: OrderingShop, email: str = "ada@example.com") -> str:
    assert shop.post(_RESETS, json={"email": email}).status == 202
    [(recipient, code)] = shop.send_links()
    assert recipient == email
    return code


def test_the_profile(shop: OrderingShop, token: str) -> None:
    profile = shop.get(_ME, token=token).json
    assert (profile["email"], profile["name"], profile["email_verified"]) == (
        "ada@example.com", "Ada", False,
    )  # fmt: skip
    changed = shop.patch(_ME, json={"name": " Ada King "}, token=token)
    assert (changed.status, changed.json["name"]) == (200, "Ada King")
    assert shop.get(_ME, token=token).json["name"] == "Ada King"
    guest = shop.post("/api/sessions", json={}).json["token"]
    assert shop.get(_ME, token=guest).code == "forbidden"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "  "}, "name"),
        ({"password": "another horse"}, "current_password"),
        ({"email": "new@example.com"}, "current_password"),
        ({"password": "another horse", "current_password": "wrong"}, "current_password"),
        ({"password": "short", "current_password": "correct horse"}, "password"),
        ({"role": "staff"}, "role"),
    ],
)
def test_what_a_profile_refuses(
    shop: OrderingShop, token: str, body: dict[str, str], field: str
) -> None:
    answer = shop.patch(_ME, json=body, token=token)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert _log_in(shop).status == 201


def test_a_new_password_ends_the_other_sessions(shop: OrderingShop, token: str) -> None:
    other = _log_in(shop).json["token"]
    body = {"password": "another horse", "current_password": "correct horse"}
    assert shop.patch(_ME, json=body, token=token).status == 200
    assert shop.get(_ME, token=token).status == 200
    assert shop.get(_ME, token=other).code == "session_expired"
    assert _log_in(shop).code == "invalid_credentials"
    assert _log_in(shop, password="another horse").status == 201


def test_the_address_is_confirmed_by_a_link(shop: OrderingShop, token: str) -> None:
    answer = shop.post("/api/customers/verification", json={}, token=token)
    assert answer.status == 202
    [(recipient, code)] = shop.send_links()
    assert recipient == "ada@example.com"
    assert shop.post(f"/api/customers/verification/{code}", json={}).status == 204
    assert shop.get(_ME, token=token).json["email_verified"] is True
    again = shop.post(f"/api/customers/verification/{code}", json={})
    assert (again.status, again.code) == (404, "link_not_found")


def test_a_new_address_takes_effect_once_its_link_is_followed(
    shop: OrderingShop, token: str
) -> None:
    body = {"email": " New@Example.com", "current_password": "correct horse"}
    changed = shop.patch(_ME, json=body, token=token).json
    assert (changed["email"], changed["pending_email"]) == ("ada@example.com", "new@example.com")
    [(recipient, code)] = shop.send_links()
    assert recipient == "new@example.com"
    assert _log_in(shop, email="new@example.com").status == 401
    assert shop.post(f"/api/customers/verification/{code}", json={}).status == 204
    assert _log_in(shop, email="new@example.com").status == 201
    assert _log_in(shop).status == 401


def test_a_new_address_does_not_reveal_whether_it_is_registered(
    shop: OrderingShop, token: str
) -> None:
    shop.post("/api/customers", json=_ADA | {"email": "bob@example.com"})
    body = {"email": "bob@example.com", "current_password": "correct horse"}
    assert shop.patch(_ME, json=body, token=token).status == 200
    [(_, code)] = shop.send_links()
    answer = shop.post(f"/api/customers/verification/{code}", json={})
    assert (answer.status, answer.code) == (409, "email_taken")
    assert shop.get(_ME, token=token).json["email"] == "ada@example.com"


def test_a_forgotten_password(shop: OrderingShop, token: str) -> None:
    """Used once, within 30 minutes; all sessions end, and other links with it."""
    shop.post(_RESETS, json={"email": "ada@example.com"})
    shop.post(_RESETS, json={"email": " ADA@example.com"})
    (_, code), (_, second) = shop.send_links()
    assert shop.post(f"{_RESETS}/{code}", json={"password": "short"}).status == 400
    assert shop.post(f"{_RESETS}/{code}", json={"password": "another horse"}).status == 204
    assert shop.get(_ME, token=token).code == "session_expired"
    assert _log_in(shop).status == 401
    assert _log_in(shop, password="another horse").status == 201
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
    assert _log_in(shop).status == 201


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
    assert _log_in(shop, password=f"another horse {winner}").status == 201


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
    assert _log_in(shop).code == "invalid_credentials"
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
    assert _log_in(shop).status == 201
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


def test_sessions_are_listed_and_ended(shop: OrderingShop, token: str) -> None:
    other = _log_in(shop).json["token"]
    listed = shop.get(_SESSIONS, token=token).json["sessions"]
    assert sorted(session["current"] for session in listed) == [False, True]
    assert not any(token in str(session) for session in listed)
    assert shop.delete("/api/sessions", token=other).status == 204
    assert [s["current"] for s in shop.get(_SESSIONS, token=token).json["sessions"]] == [True]
    third = _log_in(shop).json["token"]
    assert shop.delete(_SESSIONS, token=token).status == 204
    assert {shop.get(_ME, token=ended).code for ended in (token, third)} == {"session_expired"}


@pytest.mark.parametrize(
    ("registered", "typed"),
    [
        ("Ada.King@Example.com", " ada.king@EXAMPLE.COM "),
        ("zoë@münchen.example", "ZOE\u0308@xn--mnchen-3ya.example"),
        ("иван@пример.рф", "ИВАН@ПРИМЕР.РФ"),
        ("用户@例子.公司", "用户@xn--fsqu00a.xn--55qx5d"),
    ],
)
def test_addresses_compare_without_case_trimmed_and_in_any_script(
    shop: OrderingShop, registered: str, typed: str
) -> None:
    account = _ADA | {"email": registered}
    assert shop.post("/api/customers", json=account).status == 201
    assert _log_in(shop, email=typed).status == 201
    again = shop.post("/api/customers", json=_ADA | {"email": typed})
    assert (again.status, again.code) == (409, "email_taken")


def test_an_account_is_exported_and_deleted(shop: OrderingShop, token: str) -> None:
    """Names and addresses are removed, amounts and events stay. The address may be registered again."""
    order_id = shop.order(token, shop.product())
    exported = shop.get(f"{_ME}/export", token=token).json
    assert exported["profile"]["email"] == "ada@example.com"
    assert [order["order_id"] for order in exported["orders"]] == [str(order_id)]
    assert exported["orders"][0]["timeline"]

    refused = shop.delete(_ME, token=token)
    assert (refused.status, refused.code) == (409, "order_state_conflict")
    assert shop.post(f"/api/orders/{order_id}/cancel", json={}, token=token).status == 200
    events = query(shop.database_url, "SELECT body::text FROM outbox ORDER BY sequence")
    assert shop.delete(_ME, token=token).status == 204
    assert shop.get(_ME, token=token).code == "session_expired"
    assert _log_in(shop).code == "invalid_credentials"
    [(email, phone, address, total)] = query(
        shop.database_url, "SELECT email, phone, shipping_address, total_minor FROM orders"
    )
    assert (email, phone, address) == (None, None, {"name": "", "country": "US", "region": "CA"})
    assert total > 0
    assert query(shop.database_url, "SELECT body::text FROM outbox ORDER BY sequence") == events
    [(row,)] = query(shop.database_url, "SELECT customers::text FROM customers")
    assert "ada" not in row.lower()
    assert shop.post("/api/customers", json=_ADA).status == 201


def test_staff_do_not_delete_their_own_account(shop: OrderingShop, container: Container) -> None:
    staff = token_of(container, Role.STAFF)
    assert shop.delete(_ME, token=staff).code == "forbidden"
    assert shop.get("/api/admin/orders", token=staff).status == 200
