"""Addresses that a customer keeps."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from shop.domain.customer_addresses import MAX_ADDRESSES
from shop.domain.customers import Customer
from shop.domain.ids import new_id
from shop.domain.passwords import UNUSABLE
from shop.domain.sessions import Role
from tests.support.at_once import at_once
from tests.support.containers import Container, container_for
from tests.support.gateway import Gateway, Response
from tests.support.orders import ADDRESS
from tests.support.people import token_of
from tests.support.stock import query

_PATH = "/api/customers/me/addresses"


class _Account:
    """A customer, and the customer's requests."""

    def __init__(self, shop: Gateway, container: Container, name: str = "ada") -> None:
        self.shop = shop
        self.user_id = new_id()
        with container.unit_of_work(publish=False) as unit:
            unit.customers.add(
                Customer(
                    user_id=self.user_id,
                    email=f"{name}@shop.example",
                    name=name,
                    password_hash=UNUSABLE,
                )
            )
        self.token = token_of(container, Role.CUSTOMER, self.user_id)

    def add(self, *, key: str | None = None, **changes: Any) -> Response:
        return self.shop.post(_PATH, json=ADDRESS | changes, token=self.token, key=key)

    def added(self, **changes: Any) -> str:
        answer = self.add(**changes)
        assert answer.status == 201, answer.text
        address_id: str = answer.json["address_id"]
        return address_id

    def listed(self) -> list[Any]:
        addresses: list[Any] = self.shop.get(_PATH, token=self.token).json["addresses"]
        return addresses

    def default(self) -> str | None:
        [*found] = [each["address_id"] for each in self.listed() if each["is_default"]]
        assert len(found) <= 1
        return found[0] if found else None

    def call(self, method: str, address_id: object, json: Any = None) -> Response:
        return self.shop.call(method, f"{_PATH}/{address_id}", json=json, token=self.token)


@pytest.fixture
def ada(shop: Gateway, container: Container) -> _Account:
    """A customer without addresses."""
    return _Account(shop, container)


def test_an_address_is_kept_in_the_form_of_its_country(ada: _Account) -> None:
    answer = ada.add(region="Calif.", postal_code=" 94105 ", name="  Ada King ")
    assert answer.status == 201
    kept = answer.json
    assert (kept["region"], kept["postal_code"], kept["name"]) == ("CA", "94105", "Ada King")
    assert (kept["line2"], kept["is_default"]) == (None, True)
    assert ada.call("GET", kept["address_id"]).json == kept
    assert ada.listed() == [kept]
    assert ada.shop.get(_PATH, token=ada.token).json["limit"] == MAX_ADDRESSES


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"postal_code": "94105-XX"}, "postal_code"),
        ({"city": None}, "city"),
        ({"country": "XX"}, "country"),
        ({"country": "JP", "region": "Kalifornien", "postal_code": "100-0001"}, "region"),
    ],
)
def test_what_checkout_refuses_is_not_kept(
    ada: _Account, changes: dict[str, Any], field: str
) -> None:
    answer = ada.add(**changes)
    assert (answer.status, answer.code) == (400, "validation_failed")
    assert [error["field"] for error in answer.json["errors"]] == [field]
    address_id = ada.added()
    before = ada.listed()
    assert ada.call("PATCH", address_id, changes).status == 400
    assert ada.listed() == before


def test_no_postal_code_is_invented(ada: _Account) -> None:
    answer = ada.add(country="HK", region="Kowloon", postal_code=None, city="Mong Kok")
    assert answer.status == 201, answer.text
    assert answer.json["postal_code"] is None


def test_a_change_keeps_what_it_does_not_name_and_removes_what_is_null(ada: _Account) -> None:
    address_id = ada.added(line2="Flat 2")
    answer = ada.call("PATCH", address_id, {"line1": "2 Main Street", "line2": None})
    assert answer.status == 200
    assert (answer.json["line1"], answer.json["line2"]) == ("2 Main Street", None)
    assert answer.json["city"] == ADDRESS["city"]
    assert answer.json["updated_at"] > answer.json["created_at"]


def test_one_is_the_default(ada: _Account) -> None:
    first, second = ada.added(), ada.added()
    assert ada.default() == first
    third = ada.added(is_default=True)
    assert ada.default() == third
    assert ada.call("PATCH", second, {"is_default": True}).json["is_default"] is True
    assert ada.default() == second
    assert ada.call("PATCH", first, {"is_default": False}).json["is_default"] is False
    assert ada.default() == second
    assert ada.call("PATCH", second, {"is_default": False}).status == 200
    assert ada.default() is None


def test_deleting_the_default_answers_what_the_default_is_then(ada: _Account) -> None:
    first, second, third = (ada.added() for _ in range(3))
    assert ada.call("DELETE", second).json == {"default_address_id": first}
    assert ada.call("DELETE", first).json == {"default_address_id": third}
    assert ada.default() == third
    assert ada.call("DELETE", third).json == {"default_address_id": None}
    assert ada.call("DELETE", third).code == "address_not_found"
    assert ada.listed() == []


def test_deleting_another_leaves_no_default_if_there_was_none(ada: _Account) -> None:
    first, second = ada.added(), ada.added()
    ada.call("PATCH", first, {"is_default": False})
    assert ada.call("DELETE", second).json == {"default_address_id": None}


def test_the_database_holds_one_default(ada: _Account, database: str) -> None:
    ada.added()
    ada.added()
    with psycopg.connect(database) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("UPDATE customer_addresses SET is_default = true")


@pytest.fixture
def several(ada: _Account, database: str, redis: str) -> Iterator[list[_Account]]:
    """The same customer, in several environments."""
    with ExitStack() as stack:
        accounts = []
        for _ in range(4):
            one = object.__new__(_Account)
            one.shop = Gateway(stack.enter_context(container_for(database, redis)))
            one.user_id, one.token = ada.user_id, ada.token
            accounts.append(one)
        yield accounts


def test_at_once_there_is_one_default(ada: _Account, several: list[_Account]) -> None:
    ids = [ada.added() for _ in several]
    for _ in range(5):
        changes = [
            partial(one.call, "PATCH", address_id, {"is_default": True})
            for one, address_id in zip(several, ids, strict=True)
        ]
        assert {answer.status for answer in at_once(changes)} == {200}
        assert ada.default() in ids
    more = at_once([partial(one.add, is_default=True) for one in several])
    assert {answer.status for answer in more} == {201}
    assert ada.default() in {answer.json["address_id"] for answer in more}
    deleted = at_once([partial(one.call, "DELETE", ada.default()) for one in several])
    assert sorted(answer.status for answer in deleted) == [200, 404, 404, 404]
    assert ada.default() is not None


def test_at_once_no_more_are_kept_than_allowed(ada: _Account, several: list[_Account]) -> None:
    for _ in range(MAX_ADDRESSES - 2):
        ada.added()
    answers = at_once([one.add for one in several])
    assert sorted(answer.status for answer in answers) == [201, 201, 409, 409]
    assert {answer.code for answer in answers if answer.status == 409} == {"too_many_addresses"}
    assert len(ada.listed()) == MAX_ADDRESSES


def test_an_address_is_added_once_a_key(ada: _Account, database: str) -> None:
    first, again = (ada.add(key="one") for _ in range(2))
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert again.headers["idempotency-replayed"] == "true"
    assert ada.add(key="one", city="Oakland").code == "idempotency_key_reused"
    # As after a crash before the answer was stored: the attempt goes on with the same id.
    query(
        database,
        "UPDATE idempotency_keys SET response_status = NULL, response_headers = NULL,"
        " response_body = NULL, locked_until = now()",
    )
    assert ada.add(key="one").json == first.json
    assert len(ada.listed()) == 1


def test_anothers_address_is_not_found(ada: _Account, shop: Gateway, container: Container) -> None:
    address_id = ada.added()
    bob = _Account(shop, container, "bob")
    for method, body in (("GET", None), ("PATCH", {"is_default": True}), ("DELETE", None)):
        for each in (address_id, uuid4(), "nonsense"):
            answer = bob.call(method, each, body)
            assert answer.status == 404
        assert bob.call(method, address_id, body).code == "address_not_found"
    assert bob.listed() == []
    assert ada.default() == address_id


def test_guests_and_strangers_keep_none(shop: Gateway, container: Container) -> None:
    guest = token_of(container)
    for method, path, body in (
        ("GET", _PATH, None),
        ("POST", _PATH, ADDRESS),
        ("GET", f"{_PATH}/{uuid4()}", None),
        ("PATCH", f"{_PATH}/{uuid4()}", {}),
        ("DELETE", f"{_PATH}/{uuid4()}", None),
    ):
        assert shop.call(method, path, json=body, token=guest).status == 403
        assert shop.call(method, path, json=body).status == 401


@pytest.mark.parametrize(
    "body",
    [
        None, [], "x", {}, {"name": "Ada"}, ADDRESS | {"extra": 1}, ADDRESS | {"name": "\n"},
        ADDRESS | {"line1": "x" * 201}, ADDRESS | {"country": "us"}, ADDRESS | {"is_default": 1},
        ADDRESS | {"name": "\u0000"}, ADDRESS | {"postal_code": 94105},
    ],
)  # fmt: skip
def test_garbage_is_refused(ada: _Account, body: Any) -> None:
    answer = ada.shop.post(_PATH, json=body, token=ada.token)
    assert answer.status == 400
    assert ada.listed() == []


def test_they_are_exported_and_deleted_with_the_account(ada: _Account, database: str) -> None:
    ada.add(key="one")
    exported = ada.shop.get("/api/customers/me/export", token=ada.token).json
    assert exported["addresses"] == ada.listed()
    assert ada.shop.delete("/api/customers/me", token=ada.token).status == 204
    assert query(database, "SELECT count(*) FROM customer_addresses") == [(0,)]
    # Nor is the address in an answer that is kept for a repetition.
    assert query(database, "SELECT count(*) FROM idempotency_keys") == [(0,)]


def test_a_deleted_account_keeps_no_address(
    ada: _Account, container: Container, database: str
) -> None:
    """The session was opened at the same time as the account was deleted."""
    assert ada.shop.delete("/api/customers/me", token=ada.token).status == 204
    ada.token = token_of(container, Role.CUSTOMER, UUID(str(ada.user_id)))
    assert ada.add().status == 404
    assert query(database, "SELECT count(*) FROM customer_addresses") == [(0,)]
