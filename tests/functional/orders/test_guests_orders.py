"""Links that give guests access to their orders."""

from uuid import UUID

import pytest

from shop.domain.sessions import Role
from tests.support.at_once import at_once
from tests.support.containers import container_for
from tests.support.orders import CONTACT, OrderingShop
from tests.support.stock import query

_ADA = {"email": "ada@example.com", "password": "correct horse", "name": "Ada"}
_EMAIL = CONTACT["email"]


@pytest.fixture
def guest(shop: OrderingShop) -> str:
    """The token of a guest."""
    return shop.shopper(Role.GUEST)


@pytest.fixture
def order(shop: OrderingShop, guest: str) -> tuple[UUID, str]:
    """Id and number of a guest's order."""
    order_id = shop.order(guest, shop.product())
    return order_id, shop.get(f"/api/orders/{order_id}", token=guest).json["number"]


def _look_up(shop: OrderingShop, number: str, email: str) -> int:
    return shop.post("/api/orders/lookup", json={"number": number, "email": email}).status


def test_a_link_opens_the_order_once(shop: OrderingShop, order: tuple[UUID, str]) -> None:
    """A26: after a day guests had no access to their orders (woocommerce #29138)."""
    order_id, number = order
    typed = f" {number.lower().replace('-', ' ').replace('0', 'o')}"
    assert _look_up(shop, typed, f" {_EMAIL.upper()} ") == 202
    [(recipient, token)] = shop.send_links()
    assert recipient == _EMAIL

    path = f"/api/orders/{order_id}"
    other = shop.order(shop.shopper(), shop.product())
    answer = shop.get(path, query={"token": token})
    assert (answer.status, answer.json["number"]) == (200, number)
    for again in (path, f"/api/orders/{other}"):
        answer = shop.get(again, query={"token": token})
        assert (answer.status, answer.code) == (404, "order_not_found")


def test_a_link_opens_no_other_order(shop: OrderingShop, order: tuple[UUID, str]) -> None:
    _look_up(shop, order[1], _EMAIL)
    [(_, token)] = shop.send_links()
    other = shop.order(shop.shopper(), shop.product())
    assert shop.get(f"/api/orders/{other}", query={"token": token}).code == "order_not_found"


def test_of_many_concurrent_uses_of_a_link_one_succeeds(
    shop: OrderingShop, order: tuple[UUID, str], database: str, redis: str
) -> None:
    order_id, number = order
    _look_up(shop, number, _EMAIL)
    [(_, token)] = shop.send_links()

    def follow() -> int:
        with container_for(database, redis) as own:
            return OrderingShop(own).get(f"/api/orders/{order_id}", query={"token": token}).status

    assert sorted(at_once([follow] * 4)) == [200, 404, 404, 404]


def test_an_expired_link_is_refused(shop: OrderingShop, order: tuple[UUID, str]) -> None:
    order_id, number = order
    _look_up(shop, number, _EMAIL)
    [(_, token)] = shop.send_links()
    query(shop.database_url, "UPDATE links SET expires_at = now()")
    assert shop.get(f"/api/orders/{order_id}", query={"token": token}).status == 404


def test_the_response_does_not_reveal_whether_the_order_exists(
    shop: OrderingShop, order: tuple[UUID, str]
) -> None:
    """The response and the work done for it are the same; only the consumer looks up the order."""
    _, number = order
    attempts = [(number, "bob@shop.example"), ("0000-0000-0000", _EMAIL), ("nonsense", _EMAIL)]
    answers = [
        shop.post("/api/orders/lookup", json={"number": number, "email": email})
        for number, email in [*attempts, (number, _EMAIL)]
    ]
    assert {answer.status for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert query(shop.database_url, "SELECT count(*) FROM links") == [(4,)]
    assert [recipient for recipient, _ in shop.send_links()] == [_EMAIL]


def test_a_redelivered_request_sends_one_email(shop: OrderingShop, order: tuple[UUID, str]) -> None:
    _look_up(shop, order[1], _EMAIL)
    assert len(shop.send_links()) == 1
    assert shop.send_links() == []


def test_links_are_throttled(shop: OrderingShop) -> None:
    statuses = [_look_up(shop, "0000-0000-0000", "bob@shop.example") for _ in range(6)]
    assert statuses == [202] * 5 + [429]


@pytest.mark.parametrize("signs_up", [True, False], ids=["sign-up", "log-in"])
def test_a_guests_orders_become_the_customers_once(
    shop: OrderingShop, guest: str, order: tuple[UUID, str], signs_up: bool
) -> None:
    """A26: a guest who signed up lost the orders (openfoodnetwork #7905)."""
    order_id, _ = order
    if not signs_up:
        shop.post("/api/customers", json=_ADA)
    else:
        assert shop.post("/api/customers", json=_ADA, token=guest).status == 201
    login = {name: _ADA[name] for name in ("email", "password")}
    ada = shop.post("/api/sessions", json=login, token=None if signs_up else guest).json["token"]
    assert [o["order_id"] for o in shop.get("/api/orders", token=ada).json["orders"]] == [
        str(order_id)
    ]
    assert shop.get(f"/api/orders/{order_id}", token=guest).code == "order_not_found"
    # A second account that is opened with the same token gets no orders.
    bob = {"email": "bob@example.com", "password": "correct horse"}
    shop.post("/api/customers", json=bob | {"name": "Bob"}, token=guest)
    token = shop.post("/api/sessions", json=bob, token=guest).json["token"]
    assert shop.get("/api/orders", token=token).json["orders"] == []
    assert shop.get(f"/api/orders/{order_id}", token=ada).status == 200


def test_a_customers_orders_do_not_become_anothers(shop: OrderingShop) -> None:
    owner = shop.shopper()
    order_id = shop.order(owner, shop.product())
    shop.post("/api/customers", json=_ADA, token=owner)
    shop.post("/api/sessions", json={k: _ADA[k] for k in ("email", "password")}, token=owner)
    assert shop.get(f"/api/orders/{order_id}", token=owner).status == 200


def test_a_guests_former_order_can_be_paid_or_returns_to_the_customers_cart(
    shop: OrderingShop, guest: str, order: tuple[UUID, str]
) -> None:
    order_id, _ = order
    shop.post("/api/customers", json=_ADA, token=guest)
    login = {name: _ADA[name] for name in ("email", "password")}
    ada = shop.post("/api/sessions", json=login, token=guest).json["token"]
    assert shop.post(f"/api/orders/{order_id}/cancel", json={}, token=ada).status == 200
    assert len(shop.get("/api/cart", token=ada).json["items"]) == 1
