"""Returns by the link that a guest was sent, and the e-mails about returns."""

from typing import Any
from uuid import UUID

import pytest

from shop.domain.ids import new_id
from shop.domain.orders import order_number
from shop.domain.sessions import Role
from tests.support.builders import add_categories
from tests.support.containers import Container
from tests.support.gateway import Response
from tests.support.orders import CONTACT, OrderingShop
from tests.support.returns import deliver_order, statuses
from tests.support.stock import query


@pytest.fixture
def shop(container: Container) -> OrderingShop:
    add_categories(container.database)
    return OrderingShop(container)


@pytest.fixture
def product(shop: OrderingShop) -> UUID:
    return shop.product(name="<Phone>")


@pytest.fixture
def order_id(shop: OrderingShop, product: UUID) -> UUID:
    """A guest's order over three units, delivered."""
    guest = shop.shopper(Role.GUEST)
    placed = shop.order(guest, product, quantity=3)
    shop.pay(guest, placed)
    deliver_order(shop.container, placed)
    return placed


def link(shop: OrderingShop, order_id: UUID) -> str:
    body = {"number": order_number(order_id), "email": CONTACT["email"]}
    assert shop.post("/api/orders/lookup", json=body).status == 202
    ((_, token),) = shop.send_links()
    return token


def ask(
    shop: OrderingShop, order_id: UUID, product: UUID, quantity: int = 1, **call: Any
) -> Response:
    body = {"lines": [{"product_id": str(product), "quantity": quantity}], "reason": "too small"}
    return shop.post(f"/api/orders/{order_id}/returns", json=body, **call)


def test_a_guest_requests_a_return_by_the_link_once(
    shop: OrderingShop, order_id: UUID, product: UUID
) -> None:
    """A26: a guest has no session any more when the parcel has come."""
    token = link(shop, order_id)
    # What is refused does not use the link up.
    assert ask(shop, order_id, product, 4, query={"token": token}).status == 400
    other = shop.order(shop.shopper(), shop.product())
    assert ask(shop, other, product, query={"token": token}).code == "order_not_found"
    answer = ask(shop, order_id, product, query={"token": token}, key="k")
    assert answer.status == 201
    assert ask(shop, order_id, product, query={"token": token}, key="k").json == answer.json
    assert ask(shop, order_id, product, query={"token": token}).code == "order_not_found"
    assert statuses(shop.database_url, order_id) == ["requested"]


def _decide(shop: OrderingShop, staff: str, order_id: UUID, product: UUID, how: str) -> str:
    return_id = ask(shop, order_id, product, token=staff).json["return_id"]
    body = {"reason": "the <seal> is broken"} if how == "reject" else {}
    path = f"/api/orders/{order_id}/returns/{return_id}/{how}"
    assert shop.post(path, json=body, token=staff).status == 200
    return str(return_id)


def test_the_customer_is_told_of_each_decision_once(
    shop: OrderingShop, order_id: UUID, product: UUID, staff: str
) -> None:
    for how in ("approve", "approve", "reject"):
        _decide(shop, staff, order_id, product, how)
    for _ in range(2):
        assert shop.deliver("notifications/on_return_approved", "return.approved", order_id) == 2
        assert shop.deliver("notifications/on_return_rejected", "return.rejected", order_id) == 1
        query(shop.database_url, "DELETE FROM inbox")
    mails = [mail for recipient, mail in shop.postbox.mails if recipient == CONTACT["email"]]
    assert [mail.subject.rpartition(" ")[2] for mail in mails] == [
        "approved",
        "approved",
        "rejected",
    ]
    assert all(order_number(order_id) in mail.subject for mail in mails)
    assert "1 x <Phone>" in mails[0].text
    assert "the <seal> is broken" in mails[2].text
    assert "<seal>" not in mails[2].html
    rows = query(
        shop.database_url,
        "SELECT kind, outcome FROM notifications WHERE return_id IS NOT NULL ORDER BY kind",
    )
    assert rows == [
        ("return_approved", "sent"), ("return_approved", "sent"), ("return_rejected", "sent"),
    ]  # fmt: skip


def test_an_approval_that_was_withdrawn_before_it_was_sent_is_not_sent(
    shop: OrderingShop, order_id: UUID, product: UUID, staff: str
) -> None:
    return_id = _decide(shop, staff, order_id, product, "approve")
    path = f"/api/orders/{order_id}/returns/{return_id}/reject"
    assert shop.post(path, json={"reason": "worn"}, token=staff).status == 200
    assert shop.deliver("notifications/on_return_approved", "return.approved", order_id) == 1
    assert shop.deliver("notifications/on_return_rejected", "return.rejected", order_id) == 1
    assert [mail.subject.rpartition(" ")[2] for _, mail in shop.postbox.mails] == ["rejected"]


def test_a_return_that_nobody_knows_is_no_email(
    shop: OrderingShop, order_id: UUID, product: UUID, staff: str
) -> None:
    _decide(shop, staff, order_id, product, "approve")
    query(
        shop.database_url,
        "UPDATE outbox SET body = jsonb_set(body::jsonb, '{return_id}', to_jsonb(%s::text))::json"
        " WHERE event_type = 'return.approved'",
        (str(new_id()),),
    )
    assert shop.deliver("notifications/on_return_approved", "return.approved", order_id) == 1
    assert shop.postbox.mails == []


def test_what_a_customer_wrote_goes_with_the_account(
    shop: OrderingShop, order_id: UUID, product: UUID, staff: str
) -> None:
    ask(shop, order_id, product, token=staff)
    ((customer,),) = query(shop.database_url, "SELECT user_id FROM orders")
    query(
        shop.database_url,
        "INSERT INTO customers (id, email, password_hash, name, role)"
        " VALUES (%s, 'ada@shop.example', 'x', 'Ada', 'customer')",
        (customer,),
    )
    with shop.container.unit_of_work() as work:
        work.customers.scrub(customer)
    assert query(shop.database_url, "SELECT reason, status FROM returns") == [("", "requested")]
