"""A customer's own account: profile, verification of the address, password reset, sessions."""

import pytest

from shop.domain.ids import new_id
from shop.domain.sessions import Role
from tests.support.accounts import ADA, ME, log_in
from tests.support.containers import Container
from tests.support.orders import OrderingShop
from tests.support.people import token_of
from tests.support.stock import query

_SESSIONS = f"{ME}/sessions"


def test_the_profile(shop: OrderingShop, token: str) -> None:
    profile = shop.get(ME, token=token).json
    assert (profile["email"], profile["name"], profile["email_verified"]) == (
        "ada@example.com", "Ada", False,
    )  # fmt: skip
    changed = shop.patch(ME, json={"name": " Ada King "}, token=token)
    assert (changed.status, changed.json["name"]) == (200, "Ada King")
    assert shop.get(ME, token=token).json["name"] == "Ada King"
    guest = shop.post("/api/sessions", json={}).json["token"]
    assert shop.get(ME, token=guest).code == "forbidden"


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
    answer = shop.patch(ME, json=body, token=token)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert log_in(shop).status == 201


def test_a_new_password_ends_the_other_sessions(shop: OrderingShop, token: str) -> None:
    other = log_in(shop).json["token"]
    body = {"password": "another horse", "current_password": "correct horse"}
    assert shop.patch(ME, json=body, token=token).status == 200
    assert shop.get(ME, token=token).status == 200
    assert shop.get(ME, token=other).code == "session_expired"
    assert log_in(shop).code == "invalid_credentials"
    assert log_in(shop, password="another horse").status == 201


def test_the_address_is_confirmed_by_a_link(shop: OrderingShop, token: str) -> None:
    answer = shop.post("/api/customers/verification", json={}, token=token)
    assert answer.status == 202
    [(recipient, code)] = shop.send_links()
    assert recipient == "ada@example.com"
    assert shop.post(f"/api/customers/verification/{code}", json={}).status == 204
    assert shop.get(ME, token=token).json["email_verified"] is True
    again = shop.post(f"/api/customers/verification/{code}", json={})
    assert (again.status, again.code) == (404, "link_not_found")


def test_a_new_address_takes_effect_once_its_link_is_followed(
    shop: OrderingShop, token: str
) -> None:
    body = {"email": " New@Example.com", "current_password": "correct horse"}
    changed = shop.patch(ME, json=body, token=token).json
    assert (changed["email"], changed["pending_email"]) == ("ada@example.com", "new@example.com")
    [(recipient, code)] = shop.send_links()
    assert recipient == "new@example.com"
    assert log_in(shop, email="new@example.com").status == 401
    assert shop.post(f"/api/customers/verification/{code}", json={}).status == 204
    assert log_in(shop, email="new@example.com").status == 201
    assert log_in(shop).status == 401


def test_a_new_address_does_not_reveal_whether_it_is_registered(
    shop: OrderingShop, token: str
) -> None:
    shop.post("/api/customers", json=ADA | {"email": "bob@example.com"})
    body = {"email": "bob@example.com", "current_password": "correct horse"}
    assert shop.patch(ME, json=body, token=token).status == 200
    [(_, code)] = shop.send_links()
    answer = shop.post(f"/api/customers/verification/{code}", json={})
    assert (answer.status, answer.code) == (409, "email_taken")
    assert shop.get(ME, token=token).json["email"] == "ada@example.com"


def test_sessions_are_listed_and_ended(shop: OrderingShop, token: str) -> None:
    other = log_in(shop).json["token"]
    listed = shop.get(_SESSIONS, token=token).json["sessions"]
    assert sorted(session["current"] for session in listed) == [False, True]
    assert not any(token in str(session) for session in listed)
    assert shop.delete("/api/sessions", token=other).status == 204
    assert [s["current"] for s in shop.get(_SESSIONS, token=token).json["sessions"]] == [True]
    third = log_in(shop).json["token"]
    assert shop.delete(_SESSIONS, token=token).status == 204
    assert {shop.get(ME, token=ended).code for ended in (token, third)} == {"session_expired"}


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
    account = ADA | {"email": registered}
    assert shop.post("/api/customers", json=account).status == 201
    assert log_in(shop, email=typed).status == 201
    again = shop.post("/api/customers", json=ADA | {"email": typed})
    assert (again.status, again.code) == (409, "email_taken")


def test_an_account_is_exported_and_deleted(shop: OrderingShop, token: str) -> None:
    """Names and addresses are removed, amounts and events stay. The address may be registered again."""
    order_id = shop.order(token, shop.product())
    exported = shop.get(f"{ME}/export", token=token).json
    assert exported["profile"]["email"] == "ada@example.com"
    assert [order["order_id"] for order in exported["orders"]] == [str(order_id)]
    assert exported["orders"][0]["timeline"]

    refused = shop.delete(ME, token=token)
    assert (refused.status, refused.code) == (409, "order_state_conflict")
    assert shop.post(f"/api/orders/{order_id}/cancel", json={}, token=token).status == 200
    events = query(shop.database_url, "SELECT body::text FROM outbox ORDER BY sequence")
    assert shop.delete(ME, token=token).status == 204
    assert shop.get(ME, token=token).code == "session_expired"
    assert log_in(shop).code == "invalid_credentials"
    [(email, phone, address, total)] = query(
        shop.database_url, "SELECT email, phone, shipping_address, total_minor FROM orders"
    )
    assert (email, phone, address) == (None, None, {"name": "", "country": "US", "region": "CA"})
    assert total > 0
    assert query(shop.database_url, "SELECT body::text FROM outbox ORDER BY sequence") == events
    [(row,)] = query(shop.database_url, "SELECT customers::text FROM customers")
    assert "ada" not in row.lower()
    assert shop.post("/api/customers", json=ADA).status == 201


def test_staff_do_not_delete_their_own_account(shop: OrderingShop, container: Container) -> None:
    staff = token_of(container, Role.STAFF)
    assert shop.delete(ME, token=staff).code == "forbidden"
    assert shop.get("/api/admin/orders", token=staff).status == 200


def test_staff_end_all_sessions_of_an_account(shop: OrderingShop, container: Container) -> None:
    opened = [log_in(shop).json for _ in range(2)]
    customer, hers = opened[0]["user_id"], [session["token"] for session in opened]
    other = token_of(container, Role.CUSTOMER)
    staff = token_of(container, Role.STAFF)
    path = f"/api/admin/customers/{customer}/sessions"
    assert shop.delete(path, token=hers[0]).code == "forbidden"
    assert shop.delete(path, token=staff).status == 204
    assert [shop.get(ME, token=token).code for token in hers] == ["session_expired"] * 2
    assert shop.get("/api/cart", token=other).status == 200
    (row,) = shop.get("/api/admin/audit", token=staff).json["rows"]
    assert (row["action"], row["subject_id"]) == ("sessions.ended", customer)
    assert log_in(shop).status == 201
    nobody = f"/api/admin/customers/{new_id()}/sessions"
    assert shop.delete(nobody, token=staff).code == "customer_not_found"
    assert shop.delete("/api/admin/customers/x/sessions", token=staff).code == "customer_not_found"
